// Which setting is best is study/selection's; here: what is cut out of a checkpoint, and refused.
#include <cmath>
#include <filesystem>

#include "commands/best.hpp"
#include "commands/train.hpp"
#include "dataset/dataset.hpp"
#include "formats/checkpoint.hpp"
#include "support/h5_edit.hpp"
#include "support/messages.hpp"
#include "support/small_study.hpp"
#include "support/watched_run.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::SmallStudy;

void fit_for_best(const SmallStudy& study, const std::string& sweep) {
  TrainRequest request;
  request.config = study.config();
  request.assignments = {"output.checkpoint_every=1000"};
  if (!sweep.empty()) request.assignments.push_back("sweep=" + sweep);
  test::Watcher watcher;
  train_run(request, watcher);
}

const std::string kShort = "{mode: independent, max_epochs: 2}";

TEST_CASE("best: one ensemble gives one file, with its values and the configuration alone") {
  const SmallStudy study("{kind: ln, context: 3}", kShort);
  fit_for_best(study, "{fit.weight_decay: [0.5, 0, 0.25]}");
  const auto all = read_checkpoint(study.run() + "/checkpoint.h5");
  const auto outcome = cut_to_best({study.run(), study.file("best.h5"), false});
  REQUIRE(outcome.files.size() == 1);
  CHECK(outcome.files[0].path == study.file("best.h5"));
  CHECK(outcome.files[0].members == 3);
  REQUIRE(outcome.values.size() == 1);
  const auto best = read_checkpoint(study.file("best.h5"));
  CHECK(best.roster.settings.empty());
  REQUIRE(best.roster.members.size() == 3);
  // Its members are those of that setting, bit for bit.
  const auto& values = all.roster.settings.at("fit.weight_decay");
  std::vector<std::int64_t> of_it;
  for (std::size_t m = 0; m < all.roster.members.size(); ++m) {
    const auto setting = static_cast<std::size_t>(all.roster.members[m].setting);
    if ("fit.weight_decay: " + values.at(setting) == outcome.values[0]) {
      of_it.push_back(static_cast<std::int64_t>(m));
    }
  }
  REQUIRE(of_it.size() == 3);
  const auto expected = select_members(all.tensors, of_it);
  for (const auto& [name, tensor] : expected) CHECK(best.tensors.at(name).equal(tensor));
  CHECK(test::contains(best.config, "weight_decay: " + outcome.values[0].substr(18)));
  CHECK_FALSE(test::contains(best.config, "[0.5"));
}

TEST_CASE("best: of several ensembles each unit's own best, a file an ensemble") {
  const SmallStudy study("{kind: ln, context: 3}", kShort);
  fit_for_best(study, "{model.context: [3, 5]}");
  const auto outcome = cut_to_best({study.run(), study.file("each.h5"), true});
  std::int64_t members = 0;
  REQUIRE_FALSE(outcome.files.empty());
  for (const auto& file : outcome.files) {
    const auto name = std::filesystem::path(file.path).filename().string();
    CHECK((name == "each-ensemble-0.h5" || name == "each-ensemble-1.h5"));
    members += file.members;
    CHECK(read_checkpoint(file.path).model->context() == (name == "each-ensemble-0.h5" ? 3 : 5));
  }
  CHECK(members == 3);
  CHECK(outcome.values.empty());
}

TEST_CASE("best: what is refused") {
  const SmallStudy single("{kind: ln, context: 3}", kShort);
  fit_for_best(single, "");
  CHECK(test::contains(test::error_of<ConfigError>([&] {
                         cut_to_best({single.run(), single.file("x.h5")});
                       }),
                       "expected the folder of a finished run with a sweep"));
  const SmallStudy population("{kind: ln, context: 3}", "{max_epochs: 2}");
  fit_for_best(population, "{fit.weight_decay: [0, 0.5]}");
  CHECK(test::contains(test::error_of<ConfigError>([&] {
                         cut_to_best({population.run(), population.file("x.h5"), true});
                       }),
                       "a member of this run predicts all units"));
  // No dataset is replaced by a checkpoint.
  CHECK(test::contains(test::error_of<RunError>([&] {
                         cut_to_best({population.run(), population.data_file()});
                       }),
                       "is there already and is no strffit-checkpoint file"));
  CHECK(read_dataset(population.data_file()).units() == 3);
  const std::string study = population.run() + "/study.h5";
  {
    test::H5Edit edit(study);
    edit.put_integers("/best/setting", {-1});
  }
  CHECK(test::contains(test::error_of<DataError>([&] {
                         cut_to_best({population.run(), population.file("x.h5")});
                       }),
                       "no setting is marked: there were no validation stimuli to choose by"));
}

}  // namespace
}  // namespace strffit
