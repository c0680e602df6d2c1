#include <cmath>

#include "formats/unit_mean.hpp"
#include "support/near.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::near;

TEST_CASE("unit mean: over seeds the standard error of a mean, over folds the jackknife's") {
  const std::vector<std::vector<float>> x = {{1, 10}, {2, 30}, {6, 20}};
  float mean[2], error[2];
  const auto of = [&](const std::vector<std::int64_t>& folds) {
    std::vector<MemberField> members;
    for (std::size_t i = 0; i < folds.size(); ++i) members.push_back({folds[i], x[i].data()});
    mean_and_standard_error(members, 2, mean, error);
  };
  of({0, 0, 0});  // three seeds: squared deviations 14 and 200, over 3 x 2
  CHECK(mean[0] == near(3, 1e-6));
  CHECK(error[0] == near(std::sqrt(14.0 / 6), 1e-6));
  CHECK(error[1] == near(std::sqrt(200.0 / 6), 1e-6));
  of({0, 1, 2});  // three folds: 2/3 of them
  CHECK(mean[1] == near(20, 1e-6));
  CHECK(error[0] == near(std::sqrt(2.0 / 3 * 14), 1e-6));
  of({0, 0, 1});  // two folds, of which one has two seeds: 1.5 and 6
  CHECK(mean[0] == near(3.75, 1e-6));
  CHECK(error[0] == near(std::sqrt(0.5 * 2 * 2.25 * 2.25), 1e-6));
  of({0});
  CHECK(mean[0] == 1);
  CHECK(std::isnan(error[0]));
  const float missing[2] = {NAN, 1};
  mean_and_standard_error({{0, missing}, {1, x[0].data()}}, 2, mean, error);
  CHECK(mean[1] == 10);
  CHECK(std::isnan(error[1]));
  mean_and_standard_error({{0, missing}}, 2, mean, error);
  CHECK(std::isnan(mean[1]));
}

// Reference: for the mean of numbers, the jackknife over single ones is the usual standard error.
TEST_CASE("unit mean: the jackknife of a mean is its standard error") {
  const std::vector<double> y = {3, 1, 4, 1, 5, 9};
  double sum = 0, squares = 0;
  for (const double one : y) sum += one;
  for (const double one : y) squares += (one - sum / 6) * (one - sum / 6);
  std::vector<float> without;
  for (const double one : y) without.push_back(static_cast<float>((sum - one) / 5));
  std::vector<MemberField> members;
  for (std::size_t i = 0; i < y.size(); ++i) {
    members.push_back({static_cast<std::int64_t>(i), &without[i]});
  }
  float mean = 0, error = 0;
  mean_and_standard_error(members, 1, &mean, &error);
  CHECK(mean == near(sum / 6, 1e-6));
  CHECK(error == near(std::sqrt(squares / 5 / 6), 1e-6));
}

TEST_CASE("unit mean: each unit's own fields, of members of one unit and of all") {
  Roster roster;
  roster.unit_ids = {"a", "b"};
  for (const std::int64_t fold : {0, 1}) {
    for (const std::int64_t unit : {1, 0}) roster.members.push_back({unit, 0, fold});
  }
  Fields single{Array<float>({4, 1, 1, 2, 1}, std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8}), {}};
  add_unit_means(single, roster);
  CHECK(single.mean.shape == Shape{2, 1, 2, 1});
  CHECK(single.mean.values == std::vector<float>{5, 6, 3, 4});
  CHECK(single.standard_error_of == "jackknife over 2 folds");
  roster.members = {{-1, 0, 0}, {-1, 1, 0}};
  Fields all{Array<float>({2, 2, 1, 2, 1}, std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8}), {}};
  add_unit_means(all, roster);
  CHECK(all.mean.values == std::vector<float>{3, 4, 5, 6});
  CHECK(all.standard_error_of == "over 2 seeds");
  CHECK(all.standard_error.values == std::vector<float>(4, 2.0F));
  roster.members = {{-1, 0, 0}};
  Fields one{Array<float>({1, 2, 1, 2, 1}), {}};
  add_unit_means(one, roster);
  CHECK(one.mean.size() == 0);
}

}  // namespace
}  // namespace strffit
