#include <cmath>
#include <utility>

#include "study/selection.hpp"
#include "support/near.hpp"
#include "util/nan.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::near;

constexpr double kTolerance = 1e-15;  // a sum of three numbers below 10, divided once

// One unit, three folds; scores[setting][fold] of every metric and split.
AllMembers members(const std::vector<std::vector<double>>& scores) {
  AllMembers all;
  all.roster.unit_ids = {"a"};
  Array<double> values({0, 1});
  for (std::size_t setting = 0; setting < scores.size(); ++setting) {
    all.roster.settings["fit.l1"].push_back(std::to_string(setting));
    for (std::size_t fold = 0; fold < scores[setting].size(); ++fold) {
      Member member{0, 0, static_cast<std::int64_t>(fold)};
      member.setting = static_cast<std::int64_t>(setting);
      all.roster.members.push_back(member);
      values.values.push_back(scores[setting][fold]);
    }
  }
  values.shape[0] = static_cast<std::int64_t>(values.values.size());
  for (const char* split : {"valid", "test"}) {
    for (const char* name : {"cc", "cc_norm", "mse"}) all.metrics[split][name] = values;
  }
  return all;
}

TEST_CASE("choice: a fold without a score under any setting counts for none") {
  // Reference: means of the defined scores.
  const auto all = members({{0.4, kNaN, 0.2}, {0.5, kNaN, 0.3}});
  for (const Monitor monitor : {Monitor::valid_cc, Monitor::valid_cc_norm}) {
    const Choice choice = choose(all, monitor);
    CHECK(choice.valid[0] == near(0.3, kTolerance));
    CHECK(choice.valid[1] == near(0.4, kTolerance));
    CHECK(choice.test[0] == near(0.3, kTolerance));
    CHECK(choice.best == 1);
  }
  const Choice loss = choose(all, Monitor::valid_loss);
  CHECK(loss.valid[0] == near(-0.3, kTolerance));
  CHECK(loss.best == 0);
}

TEST_CASE("choice: the lack of a score in a fold is no advantage") {
  // A fold that is hard for all, and one setting that has no score there.
  const auto hard = members({{0.4, -0.2, 0.2}, {0.5, kNaN, 0.1}});
  const Choice choice = choose(hard, Monitor::valid_cc);
  CHECK(choice.valid[0] == near(0.4 / 3, kTolerance));
  CHECK(choice.valid[1] == near(0.4 / 3, kTolerance));  // as low as the other there
  // A constant prediction is worth no correlation, whatever others have.
  CHECK(choose(members({{0.4, 0.3, 0.2}, {0.5, kNaN, 0.1}}), Monitor::valid_cc).valid[1] ==
        near(0.2, kTolerance));
  // No squared error is not the perfect one.
  const Choice loss = choose(members({{4, 9, 2}, {4, kNaN, 2}, {4, 3, 2}}), Monitor::valid_loss);
  CHECK(loss.valid[1] == near(-5, kTolerance));
  CHECK(loss.best == 2);
  // One that has no score anywhere is chosen last, and does not hinder the others.
  const Choice constant = choose(members({{kNaN, kNaN, kNaN}, {0.1, 0.2, 0.3}}), Monitor::valid_cc);
  CHECK(constant.best == 1);
  CHECK(constant.valid[0] == 0);
}

TEST_CASE("choice: where no setting has any score, none is best") {
  const Choice choice =
      choose(members({{kNaN, kNaN, kNaN}, {kNaN, kNaN, kNaN}}), Monitor::valid_cc);
  CHECK(std::isnan(choice.valid[0]));
  CHECK(choice.best == -1);
  CHECK(choice.unit[0] == -1);
}

TEST_CASE("choice: a unit without a score takes what is best for the others, else by training") {
  // Two units, two settings; of the first no prediction can be scored.
  const auto study = [](double other_0, double other_1) {
    AllMembers all;
    all.roster.unit_ids = {"a", "b"};
    all.roster.settings["fit.l1"] = {"0", "1"};
    for (const std::int64_t setting : {0, 1}) {
      for (const std::int64_t unit : {0, 1}) {
        Member member{unit, 0, 0};
        member.setting = setting;
        all.roster.members.push_back(member);
      }
    }
    const Array<double> cc({4, 1}, std::vector<double>{kNaN, other_0, kNaN, other_1});
    // The silent validation responses are predicted best by what says least: setting 0.
    const Array<double> mse({4, 1}, std::vector<double>{0.1, 0.5, 0.9, 0.4});
    const Array<double> train({4, 1}, std::vector<double>{0.9, 0.5, 0.2, 0.4});
    for (const char* split : {"train", "valid"}) {
      all.metrics[split]["cc"] = all.metrics[split]["cc_norm"] = cc;
      all.metrics[split]["mse"] = std::string(split) == "train" ? train : mse;
    }
    return all;
  };
  for (const Monitor monitor : {Monitor::valid_cc, Monitor::valid_cc_norm, Monitor::valid_loss}) {
    const Choice by_other = choose(study(0.1, 0.3), monitor);
    CHECK(by_other.best == 1);
    CHECK(by_other.unit == std::vector<std::int64_t>{1, 1});
    const Choice by_training = choose(study(kNaN, kNaN), monitor);
    CHECK(std::isnan(by_training.valid[0]));
    CHECK(by_training.best == 1);
    CHECK(by_training.unit == std::vector<std::int64_t>{1, 1});
  }
}

TEST_CASE("choice: of some folds alone") {
  const auto all = members({{0.4, kNaN, 0.2}, {0.5, 0.1, 0.1}});
  CHECK(choose(all, Monitor::valid_cc, {1, 0, 0}).best == 1);
  CHECK(choose(all, Monitor::valid_cc, {0, 0, 1}).best == 0);
}

}  // namespace
}  // namespace strffit
