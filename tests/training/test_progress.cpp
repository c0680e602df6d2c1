#include <cmath>
#include <limits>

#include "training/progress.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

using namespace strffit;

namespace {

constexpr double kNothingYet = -std::numeric_limits<double>::infinity();

TrainerState one_member(double rate) {
  TrainerState state;
  state.status = {MemberStatus::running};
  state.best_score = {kNothingYet};
  state.best_epoch = {0};
  state.learning_rate = {rate};
  state.plateau_since = {0};
  return state;
}

// Whether the member's tensors are kept after the next epoch.
bool after_epoch(TrainerState& state, const FitOptions& fit, double score, double loss = 1) {
  ++state.epoch;
  return judge_epoch(state, 0, fit, loss, score);
}

}  // namespace

TEST_CASE("progress: the best epoch is the first with the largest score, patience counts from it") {
  FitOptions fit;
  fit.patience = 3;
  auto state = one_member(1);
  CHECK(after_epoch(state, fit, 0.1));
  CHECK(after_epoch(state, fit, 0.3));
  CHECK(!after_epoch(state, fit, 0.3));
  CHECK(!after_epoch(state, fit, std::nan("")));
  CHECK(state.status[0] == MemberStatus::running);
  CHECK(!after_epoch(state, fit, 0.2));
  CHECK(state.status[0] == MemberStatus::stopped_early);
  CHECK(state.best_epoch[0] == 2);
  CHECK(state.best_score[0] == 0.3);
}

TEST_CASE("progress: a member without any score ends when its patience is over, at its start") {
  FitOptions fit;
  fit.patience = 2;
  auto state = one_member(1);
  CHECK(!after_epoch(state, fit, std::nan("")));
  CHECK(!after_epoch(state, fit, std::nan("")));
  CHECK(state.status[0] == MemberStatus::stopped_early);
  CHECK(state.best_epoch[0] == 0);
}

TEST_CASE("progress: on a plateau the rate falls, and again after as many epochs") {
  FitOptions fit;
  fit.patience = 100;
  fit.schedule = Schedule::plateau;
  fit.schedule_patience = 2;
  fit.schedule_factor = 0.5;
  auto state = one_member(8);
  const double rates[] = {8, 8, 4, 4, 2, 2, 2, 1};
  const double scores[] = {0.5, 0.4, 0.5, 0.1, 0.2, 0.6, 0.6, 0.6};
  for (int i = 0; i < 8; ++i) {
    after_epoch(state, fit, scores[i]);
    CHECK(state.learning_rate[0] == rates[i]);
  }
}

TEST_CASE("progress: a loss that is not finite ends a member, whatever its score") {
  FitOptions fit;
  auto state = one_member(1);
  CHECK(!after_epoch(state, fit, 0.9, std::numeric_limits<double>::infinity()));
  CHECK(state.status[0] == MemberStatus::failed);
  CHECK(state.best_score[0] == kNothingYet);
}

TEST_CASE("progress: a refit has as many epochs as were best, and keeps the last") {
  FitOptions fit;
  auto state = one_member(1);
  state.best_epoch = {2};
  state.epoch = state.refit_since = 7;
  CHECK(!after_epoch(state, fit, 0.9));
  CHECK(state.is_active(0));
  CHECK(after_epoch(state, fit, 0.1));
  CHECK(!state.is_active(0));
  CHECK(state.best_epoch[0] == 2);
}

TEST_CASE("progress: cosine schedule from the whole rate towards 0; others keep their rate") {
  FitOptions fit;
  fit.learning_rate = 0.2;
  CHECK(scheduled_rate(fit, 3, 4, 0.05) == 0.05);
  fit.schedule = Schedule::cosine;
  CHECK(scheduled_rate(fit, 1, 4, 0.05) == doctest::Approx(0.2));
  CHECK(scheduled_rate(fit, 3, 4, 0.05) == doctest::Approx(0.1));
  CHECK(scheduled_rate(fit, 4, 4, 0.05) == doctest::Approx(0.1 * (1 - std::sqrt(0.5))));
}
