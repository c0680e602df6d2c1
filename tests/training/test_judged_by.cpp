#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "training/judged_by.hpp"
#include "training/study.hpp"
#include "util/nan.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

using namespace strffit;

TEST_CASE("epochs are judged by what is asked for where responses allow it, else as documented") {
  const ValidationResponses none{}, one_trial{true, false}, trials{true, true};
  CHECK(judged_by(Monitor::valid_cc_norm, trials) == JudgedBy::valid_cc_norm);
  CHECK(judged_by(Monitor::valid_cc_norm, one_trial) == JudgedBy::valid_cc);
  CHECK(judged_by(Monitor::valid_cc, trials) == JudgedBy::valid_cc);
  CHECK(judged_by(Monitor::valid_loss, trials) == JudgedBy::valid_loss);
  for (const auto monitor : {Monitor::valid_cc_norm, Monitor::valid_cc, Monitor::valid_loss})
    CHECK(judged_by(monitor, none) == JudgedBy::train_loss);
}

TEST_CASE("a constant prediction is worth no correlation, one that is no number less than any") {
  const MemberScores constant{0.5, 0.7, kNaN, kNaN}, broken{0.5, kNaN, kNaN, kNaN};
  for (const auto what : {JudgedBy::valid_cc, JudgedBy::valid_cc_norm}) {
    CHECK(score_by(what, constant) == 0);
    CHECK(score_by(what, broken) == -std::numeric_limits<double>::infinity());
  }
  CHECK(score_by(JudgedBy::valid_loss, constant) == -0.7);
  CHECK(score_by(JudgedBy::valid_loss, broken) == -std::numeric_limits<double>::infinity());
  CHECK(score_by(JudgedBy::train_loss, broken) == -0.5);
}

namespace {

// The first unit's responses to the validation stimuli become `value`.
Dataset with_validation(float value) {
  auto dataset = test::small_dataset();
  for (auto& stimulus : dataset.stimuli) {
    if (stimulus.split != SplitName::valid) continue;
    std::fill_n(stimulus.responses.data(), stimulus.trials() * stimulus.frames(), value);
  }
  return dataset;
}

}  // namespace

TEST_CASE("a unit that is silent, constant or absent in validation is trained all the same") {
  // Reference: it learns from the training stimuli alone, so its responses to the others, and what
  // is monitored, are nothing to it; the other units are what they were.
  const auto fit = [](float value, const std::string& monitor) {
    const test::Study study(
        with_validation(value),
        {"model.kind=nrf", "model.context=4", "model.hidden=3", "fit.mode=independent",
         "fit.max_epochs=6", "fit.patience=2", "fit.learning_rate=0.01", "fit.schedule=plateau",
         "fit.schedule_patience=1", "fit.monitor=" + monitor});
    return study.fit();
  };
  const auto reference = fit(std::numeric_limits<float>::quiet_NaN(), "valid_cc");
  CHECK(reference.state.best_epoch[0] > 0);
  for (const std::string monitor : {"valid_cc", "valid_cc_norm", "valid_loss"}) {
    for (const float value : {0.0F, 2.0F}) {
      CAPTURE(monitor);
      CAPTURE(value);
      const auto result = fit(value, monitor);
      CHECK(result.state.best_epoch[0] == reference.state.best_epoch[0]);
      const auto& losses = result.state.history.at("train_loss");
      const auto best = static_cast<std::size_t>(result.state.best_epoch[0] - 1);
      CHECK(result.state.best_score[0] == -losses[best][0]);
      for (const auto& [name, tensor] : reference.best) {
        CAPTURE(name);
        CHECK(result.best.at(name)[0].equal(tensor[0]));
        if (monitor == "valid_cc") CHECK(result.best.at(name).equal(tensor));
      }
      CHECK(std::isnan(result.state.history.at("valid_cc").front()[0]));
    }
  }
}

TEST_CASE("a silent unit among a population has no say in when it stops") {
  // Reference: the mean over the others alone, of the same predictions.
  const auto fit = [](float value) {
    const test::Study study(with_validation(value),
                            {"model.kind=nrf", "model.context=4", "model.hidden=3",
                             "fit.max_epochs=3", "fit.monitor=valid_cc"});
    return study.fit().state;
  };
  const auto silent = fit(0), absent = fit(std::numeric_limits<float>::quiet_NaN());
  CHECK(silent.history.at("valid_cc") == absent.history.at("valid_cc"));
  CHECK(silent.best_epoch == absent.best_epoch);
}
