// What the ensemble trainer promises, for every kind of model.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/model.hpp"
#include "training/study.hpp"
#include "training/trainer.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

using namespace strffit;
using test::small_dataset;
using test::Study;

namespace {

std::vector<std::string> settings(const std::string& kind,
                                  const std::vector<std::string>& more = {}) {
  std::vector<std::string> all = {"model.kind=" + kind, "fit.max_epochs=4",
                                  "fit.learning_rate=0.01", "fit.patience=3"};
  if (kind == "conv2d")
    all.insert(all.end(), {"model.kernel_size=[2, 3]", "model.channels=3", "model.hidden=4"});
  if (kind == "statenet")
    all.insert(all.end(), {"model.kernel_frequency=3", "model.stride=2", "model.channels=2"});
  if (kind != "conv2d" && kind != "statenet") all.push_back("model.context=4");
  if (kind == "nrf" || kind == "dnet") all.push_back("model.hidden=3");
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// Largest difference relative to the largest magnitude.
double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  REQUIRE(a.sizes() == b.sizes());
  const double scale = std::max(b.abs().max().item<double>(), 1e-12);
  return (a - b).abs().max().item<double>() / scale;
}

Dataset only(Dataset dataset, std::int64_t unit) {
  for (auto& stimulus : dataset.stimuli) {
    const auto R = stimulus.responses.dim(1), T = stimulus.responses.dim(2);
    Array<float> own({1, R, T});
    std::copy_n(stimulus.responses.data() + unit * R * T, R * T, own.data());
    stimulus.responses = own;
  }
  dataset.unit_ids = {dataset.unit_ids[static_cast<std::size_t>(unit)]};
  dataset.file_units = {FileUnit{unit}};
  return dataset;
}

bool identical(const TrainerState& a, const TrainerState& b) {
  if (a.epoch != b.epoch || a.status != b.status || a.best_score != b.best_score ||
      a.best_epoch != b.best_epoch || a.learning_rate != b.learning_rate ||
      a.tensors.size() != b.tensors.size()) {
    return false;
  }
  for (const auto& [name, tensor] : a.tensors) {
    const auto& other = b.tensors.at(name);
    // Bitwise, so that NaN equals itself.
    const auto* values = tensor.data_ptr<float>();
    if (tensor.sizes() != other.sizes() ||
        !std::equal(values, values + tensor.numel(), other.data_ptr<float>(),
                    [](float x, float y) { return x == y || (std::isnan(x) && std::isnan(y)); })) {
      return false;
    }
  }
  for (const auto& [name, rows] : a.history) {
    if (name == "seconds") continue;
    const auto& others = b.history.at(name);
    if (rows.size() != others.size()) return false;
    for (std::size_t e = 0; e < rows.size(); ++e) {
      for (std::size_t m = 0; m < rows[e].size(); ++m) {
        if (rows[e][m] != others[e][m] && !(std::isnan(rows[e][m]) && std::isnan(others[e][m])))
          return false;
      }
    }
  }
  return true;
}

}  // namespace

// Stops after the second epoch and keeps the state that was saved.
struct StopAfterTwo : Sink {
  TrainerState saved;
  bool stop_requested() override { return ++epochs == 2; }
  void save(const TrainerState& state) override { saved = state; }
  int epochs = 0;
};

TEST_CASE("a member trained among others ends as it would have alone") {
  // Tolerance: 1e-5 relative (design.md); products of other widths round differently, four epochs
  // long. From the closed form alone no step is taken: there the gradient is zero but for rounding,
  // which AdamW divides by its own size.
  for (const auto& kind : model_kinds()) {
    for (const auto* prefilter : {"none", "adaptrans"}) {
      for (const auto* batch : {"1", "all"}) {
        std::vector<std::string> starts = {"random"};
        if (kind == "linear" || kind == "ln") starts.push_back("ridge");
        for (const auto& start : starts) {
          auto more = std::vector<std::string>{
              "fit.mode=independent", std::string("model.prefilter.kind=") + prefilter,
              std::string("fit.batch=") + batch, "fit.learning_rate=0.001"};
          if (starts.size() > 1) more.push_back("fit.initialise=" + start);
          if (start == "ridge") more.push_back("fit.max_epochs=0");
          CAPTURE(kind);
          CAPTURE(prefilter);
          CAPTURE(batch);
          CAPTURE(start);
          const Study together(small_dataset(), settings(kind, more));
          const auto all = together.fit();
          const std::int64_t unit = 3;
          const Study alone(only(small_dataset(), unit), settings(kind, more));
          const auto single = alone.fit();
          REQUIRE(single.state.best_epoch.size() == 1);
          CHECK(single.state.best_epoch[0] == all.state.best_epoch[static_cast<std::size_t>(unit)]);
          for (const auto& [name, tensor] : single.best) {
            CAPTURE(name);
            CHECK(largest_difference(all.best.at(name).narrow(0, unit, 1), tensor) < 1e-5);
          }
        }
      }
    }
  }
}

TEST_CASE("resumed training equals uninterrupted training bit for bit") {
  for (const auto& kind : model_kinds()) {
    for (const auto* mode : {"population", "independent"}) {
      CAPTURE(kind);
      CAPTURE(mode);
      const auto more =
          std::vector<std::string>{std::string("fit.mode=") + mode,  "fit.seeds=[0, 1]",
                                   "model.prefilter.kind=adaptrans", "fit.schedule=plateau",
                                   "fit.schedule_patience=1",        "fit.batch=2"};
      const Study study(small_dataset(), settings(kind, more));
      const auto whole = study.fit();

      StopAfterTwo sink;
      CHECK_THROWS_AS(train(study.plan, study.run, sink), Stopped);
      CHECK(sink.saved.epoch == 2);
      Sink silent;
      const auto resumed = train(study.plan, study.run, silent, &sink.saved);
      CHECK(identical(resumed.state, whole.state));
    }
  }
}

TEST_CASE("with dropout a member ends as alone, on any threads, and resumed, bit for bit") {
  // Chunks of one member round alike in any company.
  int kinds = 0;
  for (const auto& kind : model_kinds()) {
    const auto dropping = [&](std::int64_t threads) {
      return settings(
          kind, {"model.dropout=0.3", "fit.mode=independent", "fit.batch=2", "fit.seeds=[0, 1]",
                 "run.chunk=1", "run.threads=" + std::to_string(threads)});
    };
    try {
      Study(small_dataset(), dropping(1));
    } catch (const ConfigError&) {
      continue;
    }
    CAPTURE(kind);
    ++kinds;
    const Study study(small_dataset(), dropping(1));
    const auto whole = study.fit();
    CHECK(identical(Study(small_dataset(), dropping(2)).fit().state, whole.state));

    const std::int64_t unit = 3;
    const auto alone = Study(only(small_dataset(), unit), dropping(1)).fit();  // both seeds
    for (const auto& [name, tensor] : alone.best) {
      CAPTURE(name);
      for (const std::int64_t seed : {0, 1})
        CHECK(tensor[seed].equal(whole.best.at(name)[seed * 5 + unit]));
    }
    const Study without(only(small_dataset(), unit),
                        settings(kind, {"fit.mode=independent", "fit.batch=2"}));
    const std::string readout = "current/readout/weight";
    CHECK(!without.fit().state.tensors.at(readout)[0].equal(alone.state.tensors.at(readout)[0]));

    StopAfterTwo sink;
    CHECK_THROWS_AS(train(study.plan, study.run, sink), Stopped);
    Sink silent;
    CHECK(identical(train(study.plan, study.run, silent, &sink.saved).state, whole.state));
  }
  CHECK(kinds == 4);
}

TEST_CASE("a refit is what training on all those stimuli for as many epochs gives") {
  // Reference: the same members trained on the same stimuli without a validation split, as long as
  // was best before. Their averages are what counts at the end. The closed form is left out: it
  // chooses on the stimuli that validate.
  for (const auto& kind : model_kinds()) {
    CAPTURE(kind);
    auto more = std::vector<std::string>{"fit.mode=population", "model.prefilter.kind=adaptrans",
                                         "fit.batch=2",         "fit.monitor=valid_loss",
                                         "fit.patience=100",    "fit.refit=true"};
    if (kind == "linear" || kind == "ln") more.push_back("fit.initialise=random");
    const Study study(small_dataset(), settings(kind, more));
    const auto refitted = study.fit();
    REQUIRE(refitted.state.refitting());
    const auto epochs = refitted.state.best_epoch[0];
    REQUIRE(epochs > 0);
    CHECK(refitted.state.epoch == refitted.state.refit_since + epochs);
    std::replace(more.begin(), more.end(), std::string("fit.refit=true"),
                 "fit.max_epochs=" + std::to_string(epochs));
    Study reference(small_dataset(), settings(kind, more));
    reference.plan.partitions = study.plan.seen();
    CHECK(reference.plan.partitions[0].valid.empty());
    CHECK(reference.plan.partitions[0].train.size() ==
          study.plan.partitions[0].train.size() + study.plan.partitions[0].valid.size());
    const auto state = reference.fit().state;
    for (const auto& [name, tensor] : refitted.best) {
      CAPTURE(name);
      CHECK(tensor.equal(state.tensors.at("average/" + name)));
    }
  }
}

TEST_CASE("a refit of the closed form keeps what was chosen") {
  std::vector<std::string> settings = {"model.kind=linear", "model.context=4", "fit.solver=ridge",
                                       "fit.mode=independent"};
  const Study without(small_dataset(), settings);
  settings.emplace_back("fit.refit=true");
  const Study study(small_dataset(), settings);
  const auto a = study.fit(), b = without.fit();
  CHECK(a.state.ridge.penalty.values == b.state.ridge.penalty.values);
  CHECK(a.state.ridge.smooth_bands.values == b.state.ridge.smooth_bands.values);
  const auto difference =
      (a.best.at("strf/weight") - b.best.at("strf/weight")).abs().amax({1, 2, 3, 4});
  CHECK(difference.min().item<double>() > 0);
}

TEST_CASE("a refit resumed from any epoch equals one in one piece bit for bit") {
  for (const auto* kind : {"ln", "dnet"}) {
    CAPTURE(kind);
    const Study study(small_dataset(),
                      settings(kind, {"fit.mode=independent", "fit.refit=true", "fit.batch=2",
                                      "fit.schedule=plateau", "fit.schedule_patience=1"}));
    const auto whole = study.fit();
    REQUIRE(whole.state.epoch > whole.state.refit_since);
    for (std::int64_t stop_at = 1; stop_at < whole.state.epoch; ++stop_at) {
      CAPTURE(stop_at);
      struct Stop : Sink {
        TrainerState saved;
        std::int64_t at = 0, epochs = 0;
        bool stop_requested() override { return ++epochs == at; }
        void save(const TrainerState& state) override {
          saved = state;
          for (auto& [name, tensor] : saved.tensors) tensor = tensor.clone();
        }
      } sink;
      sink.at = stop_at;
      CHECK_THROWS_AS(train(study.plan, study.run, sink), Stopped);
      Sink silent;
      const auto resumed = train(study.plan, study.run, silent, &sink.saved);
      CHECK(identical(resumed.state, whole.state));
      for (const auto& [name, tensor] : whole.best) CHECK(resumed.best.at(name).equal(tensor));
    }
  }
}

TEST_CASE("a refit from a damaged state is refused") {
  const Study study(small_dataset(), settings("ln", {"fit.refit=true", "fit.batch=2"}));
  const auto whole = study.fit();
  const auto refused = [&](auto damage) {
    auto state = whole.state;
    damage(state);
    Sink silent;
    CHECK_THROWS_AS(train(study.plan, study.run, silent, &state), DataError);
  };
  refused([](TrainerState& state) { state.refit_since = state.epoch + 1; });
  refused([](TrainerState& state) { state.best_epoch[0] = state.refit_since + 1; });
  refused([](TrainerState& state) { state.best_epoch[0] = -1; });
  refused([](TrainerState& state) { state.history["learning_rate"][0].clear(); });
  refused([](TrainerState& state) { state.ridge.penalty = {}; });
  const Study plain(small_dataset(), settings("ln", {"fit.batch=2"}));
  auto state = whole.state;
  Sink silent;
  CHECK_THROWS_AS(train(plain.plan, plain.run, silent, &state), DataError);
}

// A step takes views of the leaves; another chunk's step may fall between a view and its use.
TEST_CASE("chunks on several threads do not see each other's steps as changes of their views") {
  for (int i = 0; i < 3; ++i) {
    Study study(small_dataset(), {"model.kind=ln", "model.context=6", "model.kernel.kind=dcls",
                                  "fit.mode=independent", "fit.batch=1", "fit.max_epochs=60",
                                  "fit.patience=60", "run.threads=2", "run.chunk=1"});
    CHECK_NOTHROW(study.fit());
  }
}

TEST_CASE("neither the size of chunks nor the number of threads changes a member's result") {
  // Tolerance as above. Hidden layers wide enough for every way that a product is worked.
  for (const auto& kind : model_kinds()) {
    for (const std::string prefilter : {"none", "adaptrans"}) {
      for (const std::string batch : {"1", "all"}) {
        std::vector<std::string> more = {"fit.mode=independent", "fit.learning_rate=0.001",
                                         "model.prefilter.kind=" + prefilter, "fit.batch=" + batch};
        if (kind == "nrf" || kind == "dnet") more.push_back("model.hidden=16");
        CAPTURE(kind);
        CAPTURE(prefilter);
        CAPTURE(batch);
        Study study(small_dataset(), settings(kind, more));
        study.run.chunk = 1;
        const auto alone = study.fit();
        for (const std::int64_t chunk : {0, 2, 5}) {
          for (const std::int64_t threads : {1, 2}) {
            CAPTURE(chunk);
            CAPTURE(threads);
            study.run.chunk = chunk;
            study.run.threads = threads;
            const auto found = study.fit();
            CHECK((found.state.best_epoch == alone.state.best_epoch));
            for (const auto& [name, tensor] : alone.best) {
              CAPTURE(name);
              CHECK(largest_difference(found.best.at(name), tensor) < 1e-5);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("the same run twice is identical") {
  const auto more =
      std::vector<std::string>{"fit.mode=independent", "model.prefilter.kind=adaptrans",
                               "run.chunk=2", "fit.learning_rate=0.001"};
  for (const std::int64_t threads : {1, 2}) {
    Study study(small_dataset(), settings("nrf", more));
    study.run.threads = threads;
    const auto first = study.fit(), second = study.fit();
    CHECK(identical(first.state, second.state));
  }
}

TEST_CASE("a member whose loss is no longer finite stops, and the others go on unharmed") {
  auto broken = small_dataset();
  // A response near the largest float makes the squared error infinite for this unit alone.
  for (auto& stimulus : broken.stimuli) {
    const auto size = stimulus.responses.dim(1) * stimulus.responses.dim(2);
    for (std::int64_t i = 0; i < size; ++i)
      stimulus.responses.values[static_cast<std::size_t>(size + i)] *= 3e37F;
  }
  const auto more =
      std::vector<std::string>{"fit.mode=independent", "fit.initialise=random", "fit.patience=10"};
  const Study study(broken, settings("linear", more)),
      sound(small_dataset(), settings("linear", more));
  struct Warnings : Sink {
    std::string text;
    void warning(const std::string& message) override { text += message; }
  } sink;
  const auto result = train(study.plan, study.run, sink);
  CHECK(result.state.status[1] == MemberStatus::failed);
  CHECK(sink.text.find(study.dataset.unit_ids[1]) != std::string::npos);
  const auto reference = sound.fit();
  for (const std::int64_t unit : {0, 2, 3, 4}) {
    CHECK(result.state.status[static_cast<std::size_t>(unit)] != MemberStatus::failed);
    CHECK(largest_difference(result.best.at("strf/weight")[unit],
                             reference.best.at("strf/weight")[unit]) < 1e-5);
  }
}

TEST_CASE("seeds and folds multiply members, each with its own history and best state") {
  const Study study(small_dataset(), settings("linear", {"fit.mode=independent", "fit.seeds=[4, 9]",
                                                         "data.folds=3", "fit.initialise=random"}));
  CHECK(study.plan.members.size() == 5 * 2 * 3);
  const auto result = study.fit();
  CHECK(result.state.history.at("train_loss").front().size() == 30);
  for (const auto score : result.state.best_score) CHECK(std::isfinite(score));
  const auto& weights = result.best.at("strf/weight");
  CHECK((weights[0] - weights[5]).abs().max().item<double>() > 0);   // another seed
  CHECK((weights[0] - weights[10]).abs().max().item<double>() > 0);  // another fold
}

TEST_CASE("missing trials, units and frames carry no weight") {
  // Reference: the same study with the missing numbers replaced by anything else gives the same
  // fit.
  auto holes = small_dataset();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  auto& responses = holes.stimuli[0].responses;
  const auto R = responses.dim(1), T = responses.dim(2);
  for (std::int64_t r = 0; r < R; ++r) {
    for (std::int64_t t = 10; t < 30; ++t)
      responses.values[static_cast<std::size_t>((2 * R + r) * T + t)] = nan;  // unit 2
  }
  auto& second = holes.stimuli[1];
  const auto size = second.trials() * second.frames();
  std::fill_n(second.responses.data() + 4 * size, size, nan);  // unit 4
  for (const auto* mode : {"population", "independent"}) {
    for (const auto& kind : model_kinds()) {
      CAPTURE(kind);
      CAPTURE(mode);
      const Study study(holes, settings(kind, {std::string("fit.mode=") + mode}));
      const auto result = study.fit();
      for (const auto& [name, tensor] : result.best) CHECK(tensor.isfinite().all().item<bool>());
      for (const auto& status : result.state.status) CHECK(status != MemberStatus::failed);
    }
  }
}

TEST_CASE("silent and constant units are fitted by nobody, and said to be") {
  auto dataset = small_dataset();
  for (auto& stimulus : dataset.stimuli) {
    const auto size = stimulus.responses.dim(1) * stimulus.responses.dim(2);
    std::fill_n(stimulus.responses.data() + 2 * size, size, 0.0F);
  }
  const Study independent(dataset, settings("ln", {"fit.mode=independent"}));
  CHECK(independent.plan.members.size() == 4);
  REQUIRE(independent.plan.unusable.size() == 1);
  CHECK(independent.plan.unusable[0].unit == 2);
  const Study population(dataset, settings("ln"));
  const auto result = population.fit();
  for (const auto& [name, tensor] : result.best) CHECK(tensor.isfinite().all().item<bool>());
}

TEST_CASE(
    "edges: one training sound, no validation sound, sounds shorter than the context, more bands "
    "than frames") {
  auto dataset =
      simulate({.units = 2, .stimuli = 3, .seconds = 0.1, .bands = 40, .trials = 1, .rate_hz = 200})
          .dataset;
  const SplitName names[] = {SplitName::train, SplitName::test, SplitName::test};
  for (std::size_t s = 0; s < 3; ++s) dataset.stimuli[s].split = names[s];
  for (const auto& kind : model_kinds()) {
    CAPTURE(kind);
    auto options = std::vector<std::string>{"model.kind=" + kind, "fit.max_epochs=3"};
    if (kind != "conv2d") options.push_back("model.context=30");  // sounds have 20 frames
    const Study study(dataset, options);
    const auto result = study.fit();
    for (const auto& [name, tensor] : result.best) CHECK(tensor.isfinite().all().item<bool>());
    CHECK(result.state.epoch == 3);
  }
}
