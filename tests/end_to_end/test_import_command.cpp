// From files as a lab has them to fitted neurons, by the program itself.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "dataset/dataset.hpp"
#include "support/program.hpp"

namespace strffit {
namespace {

using test::run;

// What all units did in each trial.
std::vector<std::vector<float>> sorted_trials(const Stimulus& stimulus) {
  const std::int64_t trials = stimulus.trials(), frames = stimulus.frames();
  std::vector<std::vector<float>> all(static_cast<std::size_t>(trials));
  for (std::int64_t row = 0; row < stimulus.responses.dim(0) * trials; ++row) {
    const float* values = stimulus.responses.data() + row * frames;
    auto& trial = all[static_cast<std::size_t>(row % trials)];
    trial.insert(trial.end(), values, values + frames);
  }
  std::sort(all.begin(), all.end());
  return all;
}

TEST_CASE("simulate --recording, import --draft, --check, --out, train: the truth comes back") {
  const test::TemporaryFolder folder;
  const std::string recording = folder.file("lab"), manifest = recording + "/recording.yaml";
  REQUIRE(run({"simulate", "--recording", recording, "--units", "2", "--stimuli", "10", "--seconds",
               "1", "--bands", "12", "--trials", "3"})
              .code == 0);

  // The draft finds all of it but the units of time.
  const test::Ended drafted = run({"import", "--draft", recording});
  CHECK(drafted.code == 0);
  for (const char* line : {"csv: events.csv", "csv: spikes.csv", "onset: onset_s", "unit: ?"}) {
    CHECK_MESSAGE(drafted.out.find(line) != std::string::npos, drafted.out);
  }
  test::write_text(recording + "/draft.yaml", drafted.out);
  const test::Ended open = run({"import", recording + "/draft.yaml", "--check"});
  CHECK(open.code == 2);
  CHECK_MESSAGE(open.err.find("unit: is to be filled in; found ?") != std::string::npos, open.err);
  std::string filled = drafted.out;
  for (std::size_t at = 0; (at = filled.find("unit: ?", at)) != std::string::npos;) {
    filled.replace(at, 7, "unit: s");
  }
  test::write_text(recording + "/draft.yaml", filled);
  const test::Ended from_draft = run({"import", recording + "/draft.yaml", "--check"});
  CHECK_MESSAGE(from_draft.code == 0, from_draft.err);

  const test::Ended checked = run({"import", manifest, "--check"});
  CHECK_MESSAGE(checked.code == 0, checked.err);
  CHECK(checked.out.find("raster of unit") != std::string::npos);
  CHECK(checked.out.find("how responses follow the sound") != std::string::npos);
  CHECK(!std::filesystem::exists(folder.file("a.h5")));

  // Twice the same bytes; the counts that were simulated.
  for (const char* name : {"a.h5", "b.h5"}) {
    const test::Ended imported = run({"import", manifest, "--out", folder.file(name)});
    REQUIRE_MESSAGE(imported.code == 0, imported.err);
  }
  CHECK(test::read_text(folder.file("a.h5")) == test::read_text(folder.file("b.h5")));
  CHECK(run({"import", manifest, "--out", folder.file("a.h5")}).code == 1);
  CHECK(run({"import", manifest}).code == 2);
  CHECK(run({"import", manifest, "--check", "--draft"}).code == 2);
  const Dataset found = read_dataset(folder.file("a.h5"));
  const Dataset truth = read_dataset(recording + "/truth.h5");
  REQUIRE(found.stimuli.size() == truth.stimuli.size());
  CHECK(found.unit_ids == truth.unit_ids);
  for (std::size_t i = 0; i < found.stimuli.size(); ++i) {
    CHECK(found.stimuli[i].key == truth.stimuli[i].key);
    CHECK(found.stimuli[i].split == truth.stimuli[i].split);
    // Trials come in the order in which they were played.
    CHECK(sorted_trials(found.stimuli[i]) == sorted_trials(truth.stimuli[i]));
    CHECK(found.stimuli[i].spectrogram.values == truth.stimuli[i].spectrogram.values);
  }

  test::write_text(folder.file("fit.yaml"), run({"init", "ln"}).out);
  const test::Ended trained =
      run({"train", folder.file("fit.yaml"), "data.file=" + folder.file("a.h5"), "fit.max_epochs=2",
           "--out", folder.file("run"), "--threads", "1", "--device", "cpu"});
  CHECK_MESSAGE(trained.code == 0, trained.err);
}

}  // namespace
}  // namespace strffit
