#include <ATen/Functions.h>

#include <filesystem>
#include <functional>
#include <limits>

#include "formats/last.hpp"
#include "support/h5_edit.hpp"
#include "support/temporary_folder.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::H5Edit;
using test::TemporaryFolder;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Members, epochs and tensors of unequal sizes, with every value that is hard to keep.
LastState example() {
  LastState last{"model: {kind: ln}\n", "abc", "2026-01-31T12:00:00Z", {}};
  TrainerState& state = last.trainer;
  state.epoch = 3;
  state.tensors["current/strf/weight"] =
      at::tensor({1.0F, 2.0F, -0.0F, 1e-40F, 5.0F, 6.0F}).view({2, 3});
  state.tensors["best/norm/bias"] =
      at::tensor({std::numeric_limits<float>::quiet_NaN(), 7.0F}).view({2, 1});
  state.status = {MemberStatus::running, MemberStatus::failed};
  state.best_score = {-kInfinity, 1.0 / 3};
  state.best_epoch = {0, 2};
  state.learning_rate = {1e-3, 5e-4};
  state.plateau_since = {3, 1};
  state.history["train_loss"] = {{1, 2}, {3, 4}, {0.1, std::numeric_limits<double>::quiet_NaN()}};
  state.history["seconds"] = {{1}, {2}, {3}};
  state.ridge = {{{2, 1}, {0.1, 1.0 / 7}}, {{2, 1}, {2, 0}}, {{2, 1}, {1, 0}}};
  state.refit_since = 2;
  return last;
}

bool same_bits(double a, double b) { return (a != a && b != b) || a == b; }

TEST_CASE("last: every value comes back, bit for bit") {
  const TemporaryFolder folder;
  const auto last = example();
  write_last(folder.file("last.h5"), last);
  const auto found = read_last(folder.file("last.h5"));
  CHECK(found.config == last.config);
  CHECK(found.dataset_sha256 == last.dataset_sha256);
  CHECK(found.started == last.started);
  const TrainerState &a = last.trainer, &b = found.trainer;
  CHECK(b.epoch == 3);
  CHECK((b.status == a.status));
  CHECK(b.best_score == a.best_score);
  CHECK(b.best_epoch == a.best_epoch);
  CHECK(b.learning_rate == a.learning_rate);
  CHECK(b.plateau_since == a.plateau_since);
  CHECK(b.refit_since == 2);
  CHECK(b.ridge.penalty.shape == a.ridge.penalty.shape);
  CHECK(b.ridge.penalty.values == a.ridge.penalty.values);
  CHECK(b.ridge.smooth_bands.values == a.ridge.smooth_bands.values);
  CHECK(b.ridge.smooth_lags.values == a.ridge.smooth_lags.values);
  REQUIRE(b.tensors.size() == 2);
  for (const auto& [name, tensor] : a.tensors) {
    const auto& other = b.tensors.at(name);
    REQUIRE(other.sizes() == tensor.sizes());
    for (std::int64_t i = 0; i < tensor.numel(); ++i) {
      CHECK(same_bits(other.data_ptr<float>()[i], tensor.data_ptr<float>()[i]));
    }
  }
  CHECK(std::signbit(b.tensors.at("current/strf/weight").data_ptr<float>()[2]));
  REQUIRE(b.history.size() == 2);
  CHECK(b.history.at("seconds") == a.history.at("seconds"));
  REQUIRE(b.history.at("train_loss").size() == 3);
  CHECK(b.history.at("train_loss")[1] == a.history.at("train_loss")[1]);
  CHECK(std::isnan(b.history.at("train_loss")[2][1]));
}

TEST_CASE("last: what is broken is refused by name") {
  struct BrokenLast {
    const char* message;
    std::function<void(H5Edit&)> edit;
  };
  const std::vector<BrokenLast> table = {
      {"format", [](H5Edit& e) { e.text_attribute("format", "strffit-checkpoint"); }},
      {"config", [](H5Edit& e) { e.drop("config"); }},
      {"epoch", [](H5Edit& e) { e.number_attribute("epoch", -1); }},
      {"/members/status",
       [](H5Edit& e) {
         e.put_integers("/members/status", {0, 4});
       }},
      {"/members/status",
       [](H5Edit& e) {
         e.put_integers("/members/status", {-1, 0});
       }},
      {"/members/best_score",
       [](H5Edit& e) {
         e.put("/members/best_score", {3}, {1, 2, 3});
       }},
      {"/members/plateau_since", [](H5Edit& e) { e.remove("/members/plateau_since"); }},
      {"/tensors", [](H5Edit& e) { e.remove("/tensors"); }},
      {"/history", [](H5Edit& e) { e.remove("/history"); }},
      {"/history/seconds",
       [](H5Edit& e) {
         e.put("/history/seconds", {3}, {1, 2, 3});
       }},
      {"/history/seconds",
       [](H5Edit& e) {
         e.put("/history/seconds", {1, 3}, {1, 2, 3});
       }},
      {"/history/seconds",
       [](H5Edit& e) {
         e.put("/history/seconds", {1 << 24, 0}, {});
       }},
      {"/history/seconds",
       [](H5Edit& e) {
         e.put("/history/seconds", {2, 1}, {1, 2});
       }},
      {"/ridge/penalty",
       [](H5Edit& e) {
         e.put("/ridge/penalty", {3, 1}, {1, 2, 3});
       }},
  };
  const TemporaryFolder folder;
  const std::string file = folder.file("last.h5");
  for (const auto& [message, edit] : table) {
    CAPTURE(message);
    write_last(file, example());
    {
      H5Edit editor(file);
      edit(editor);
    }
    CHECK_THROWS_WITH_AS(read_last(file), doctest::Contains(message), DataError);
  }
}

TEST_CASE("last: a run that has not ended its first epoch") {
  const TemporaryFolder folder;
  auto last = example();
  last.trainer.epoch = 0;
  for (auto& [name, rows] : last.trainer.history) rows.clear();
  write_last(folder.file("last.h5"), last);
  const auto found = read_last(folder.file("last.h5"));
  CHECK(found.trainer.epoch == 0);
  CHECK(found.trainer.history == last.trainer.history);
}

TEST_CASE("last: groups that hold each other end") {
  const TemporaryFolder folder;
  const std::string file = folder.file("last.h5");
  write_last(file, example());
  {
    const H5::H5File opened(file, H5F_ACC_RDWR);
    opened.link(H5L_TYPE_HARD, "/tensors", "/tensors/best/again");
  }
  CHECK_THROWS_WITH_AS(read_last(file), doctest::Contains("/tensors/best/again"), DataError);
}

}  // namespace
}  // namespace strffit
