// Fits that begin with the core of a model of other units: fit.initialise: a path, fit.freeze.
#include <filesystem>
#include <stdexcept>

#include "commands/train.hpp"
#include "formats/checkpoint.hpp"
#include "formats/last.hpp"
#include "support/h5_equal.hpp"
#include "support/small_study.hpp"
#include "support/watched_run.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::differences_of;
using test::Paths;
using test::SmallStudy;
using test::Watcher;
namespace fs = std::filesystem;

using Lines = std::vector<std::string>;

const std::string kNetwork = "{kind: nrf, context: 5, hidden: 4}";

// A run of `study` in the folder `name`, which it returns.
std::string trained(const SmallStudy& study, const std::string& name, Lines assignments,
                    Watcher* watcher = nullptr, bool resume = false) {
  TrainRequest request;
  request.config = study.config();
  request.assignments = std::move(assignments);
  request.assignments.push_back("output.folder=" + study.file(name));
  request.command_line = "strffit train";
  request.resume = resume;
  Watcher own;
  train_run(request, watcher ? *watcher : own);
  return study.file(name);
}

Checkpoint checkpoint_in(const std::string& folder) {
  return read_checkpoint(folder + "/checkpoint.h5");
}

std::string refusal(const SmallStudy& study, Lines assignments) {
  try {
    trained(study, "refused", std::move(assignments));
  } catch (const std::runtime_error& error) {
    CHECK_FALSE(fs::exists(study.file("refused")));
    return error.what();
  }
  return "accepted";
}

const Lines kOthers = {"data.units=[0-1]"}, kOwn = {"data.units=[2-2]"};

Lines with(const Lines& lines, const Lines& more) {
  Lines all = lines;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST_CASE("core: a frozen one stays as it was bit for bit, the readout is learnt") {
  for (const std::string& model :
       {kNetwork, std::string("{kind: dnet, context: 5, hidden: 4, norm: layer}"),
        std::string("{kind: conv2d, channels: 2, kernel_size: [2, 3], hidden: 3}"),
        std::string("{kind: statenet, channels: 2, kernel_frequency: 3, stride: 2, dropout: 0.2, "
                    "leaky_units: 3, context: 4, prefilter: {kind: adaptrans}}")}) {
    CAPTURE(model);
    const SmallStudy study(model, "{mode: population, max_epochs: 6, learning_rate: 0.01}");
    const auto from = trained(study, "others", kOthers);
    const auto begin = with(kOwn, {"fit.initialise=" + from});
    const auto start = trained(study, "start", with(begin, {"fit.max_epochs=0"}));
    const auto frozen = trained(study, "frozen", with(begin, {"fit.freeze=[core]"}));
    const auto learnt = trained(study, "learnt", begin);
    const auto there = checkpoint_in(from);
    // As they are after the last epoch: the best one may be the start.
    const auto now = [](const std::string& folder) {
      return read_last(folder + "/last.h5").trainer.tensors;
    };
    const auto before = now(start), after = now(frozen), free = now(learnt);
    bool core_moved = false;
    for (const auto& entry : there.model->entries()) {
      CAPTURE(entry.name);
      const auto name = "current/" + entry.name;
      if (entry.readout) continue;
      const auto& core = there.tensors.at(entry.name);
      CHECK(before.at(name).equal(core));
      CHECK(after.at(name).equal(core));
      CHECK(checkpoint_in(frozen).tensors.at(entry.name).equal(core));
      core_moved = core_moved || !free.at(name).equal(core);
    }
    CHECK(core_moved);
    const std::string readout = "current/readout/weight";
    CHECK(!after.at(readout).equal(before.at(readout)));
    CHECK(checkpoint_in(frozen).standardisation.front().mean == there.standardisation.front().mean);
  }
}

TEST_CASE("core: each member takes that of its seed and fold, or the only one") {
  const SmallStudy study(kNetwork, "{mode: population, max_epochs: 2}", ", folds: 2");
  const auto from = trained(study, "others", with(kOthers, {"fit.seeds=[3, 5]"}));
  const auto there = checkpoint_in(from);
  const auto here =
      checkpoint_in(trained(study, "own",
                            with(kOwn, {"fit.initialise=" + from, "fit.seeds=[5, 3]",
                                        "fit.freeze=[core]", "fit.mode=independent"})));
  REQUIRE(here.roster.members.size() == 4);
  for (std::size_t m = 0; m < 4; ++m) {
    const auto& member = here.roster.members[m];
    std::int64_t row = -1;
    for (std::size_t i = 0; i < 4; ++i) {
      const auto& other = there.roster.members[i];
      if (other.seed == member.seed && other.fold == member.fold)
        row = static_cast<std::int64_t>(i);
    }
    REQUIRE(row >= 0);
    CHECK(here.tensors.at("strf/weight")[static_cast<std::int64_t>(m)].equal(
        there.tensors.at("strf/weight")[row]));
    CHECK(here.standardisation[m].mean ==
          there.standardisation[static_cast<std::size_t>(row)].mean);
  }
  const auto message = refusal(study, with(kOwn, {"fit.initialise=" + from, "fit.seeds=[5, 8]"}));
  CHECK(message.find("no member of seed 8 and fold 0") != std::string::npos);
  CHECK(message.find("seeds 3 and 5") != std::string::npos);
  // Of one seed, every seed has that.
  const auto one = trained(study, "one", with(kOthers, {"fit.seeds=[3]"}));
  CHECK_NOTHROW(trained(study, "many", with(kOwn, {"fit.initialise=" + one, "fit.seeds=[0, 1]"})));
}

TEST_CASE("core: stopped and resumed it is the same bit for bit, and from another it is refused") {
  const SmallStudy study(kNetwork, "{mode: population, max_epochs: 5}");
  const auto from = trained(study, "others", kOthers);
  const auto own = with(
      kOwn, {"fit.initialise=" + from, "fit.freeze=[core]", "model.dropout=0.3", "fit.refit=true"});
  const auto whole = trained(study, "whole", own);
  Watcher stopping;
  stopping.stop_at = 2;
  CHECK_THROWS_AS(trained(study, "run", own, &stopping), Stopped);
  const auto run = study.file("run");
  fs::copy(run, study.file("copy"), fs::copy_options::recursive);
  trained(study, "run", own, nullptr, true);
  CHECK(differences_of(run, whole) == Paths{});
  fs::remove_all(from);
  trained(study, "others", with(kOthers, {"fit.seeds=[9]"}));
  CHECK_THROWS_WITH_AS(trained(study, "copy", own, nullptr, true),
                       doctest::Contains("is not what the run was begun with"), DataError);
}

TEST_CASE("core: what does not fit is refused, and named") {
  const SmallStudy study(kNetwork, "{mode: population, max_epochs: 2}");
  const auto from = trained(study, "others", kOthers);
  const auto begin = with(kOwn, {"fit.initialise=" + from});
  auto message = refusal(study, with(begin, {"model.hidden=3"}));
  CHECK(message.find("strf/weight: (4, 1, 6, 5), here (3, 1, 6, 5)") != std::string::npos);
  message = refusal(study, with(begin, {"model.kind=dnet"}));
  CHECK(message.find("model.kind: nrf, here dnet") != std::string::npos);
  CHECK(message.find("hidden_decay/d: absent, here (4)") != std::string::npos);
  message = refusal(study, with(begin, {"model.activation=tanh"}));
  CHECK(message.find("model.activation: sigmoid, here tanh") != std::string::npos);
  message = refusal(study, with(begin, {"data.standardise=per_band"}));
  CHECK(message.find("standardise") != std::string::npos);
  CHECK(refusal(study, with(kOwn, {"fit.freeze=[core]"})).find("fit.freeze=[core]") == 0);
  message = refusal(study, with(begin, {"fit.freeze=[readout]"}));
  CHECK(message.find("expected core; found readout") != std::string::npos);
  message = refusal(study, with(kOwn, {"fit.initialise=" + study.file("nowhere")}));
  CHECK(message.find("nowhere") != std::string::npos);
  CHECK(refusal(study, with(kOwn, {"fit.initialise=ridge"})).find("expected random, or a run or") !=
        std::string::npos);
  const auto single = trained(study, "single", with(kOthers, {"fit.mode=independent"}));
  message = refusal(study, with(kOwn, {"fit.initialise=" + single}));
  CHECK(message.find("population model") != std::string::npos);
}

TEST_CASE("core: axes that differ are refused, another division of the sounds is told") {
  const SmallStudy study(kNetwork, "{mode: population, max_epochs: 2}");
  const auto from = trained(study, "others", kOthers);
  Watcher watcher;
  trained(study, "folds", with(kOwn, {"fit.initialise=" + from, "data.folds=2"}), &watcher);
  CHECK(watcher.told.find("another division of the same sounds") != std::string::npos);
  Watcher silent;
  trained(study, "same", with(kOwn, {"fit.initialise=" + from}), &silent);
  CHECK(silent.told.find("another division") == std::string::npos);
  CHECK(silent.told.find("core of " + from) != std::string::npos);
  auto recording = test::small_recording().dataset;
  recording.axes.dt_ms = 2;
  write_dataset(study.data_file(), recording);
  CHECK(refusal(study, with(kOwn, {"fit.initialise=" + from})).find("dt_ms") != std::string::npos);
}

}  // namespace
}  // namespace strffit
