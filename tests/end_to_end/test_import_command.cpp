// From files as a lab has them to fitted neurons, by the program itself.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "dataset/dataset.hpp"
#include "files/temporary_file.hpp"
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
  CHECK_MESSAGE(open.err.find("unit: must be filled in; found ?") != std::string::npos, open.err);
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
  CHECK(checked.out.find("how the responses follow the sound") != std::string::npos);
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

// A simulated recording whose manifest is then wrong in one place. Latencies are 12 to 40 ms.
class Mistake {
 public:
  Mistake() {
    REQUIRE(run({"simulate", "--recording", lab(), "--units", "3", "--stimuli", "8", "--seconds",
                 "2", "--bands", "12", "--trials", "5"})
                .code == 0);
    manifest_ = test::read_text(lab() + "/recording.yaml");
  }

  std::string lab() const { return folder_.file("lab"); }
  const std::string& manifest() const { return manifest_; }

  // The manifest with `from` replaced.
  std::string with(const std::string& from, const std::string& to) const {
    std::string text = manifest_;
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
  }

  // What `import --check`, `import --out` and `inspect` say, each on one line.
  struct Said {
    std::string check, import, inspect;
  };
  Said said(const std::string& manifest) const {
    const std::string file = lab() + "/wrong.yaml", data = folder_.file("wrong.h5");
    test::write_text(file, manifest);
    const test::Ended check = run({"import", file, "--check"});
    REQUIRE_MESSAGE(check.code == 0, check.err);
    const test::Ended import = run({"import", file, "--out", data, "--overwrite"});
    REQUIRE_MESSAGE(import.code == 0, import.err);
    const test::Ended inspect = run({"inspect", data});
    REQUIRE_MESSAGE(inspect.code == 0, inspect.err);
    return {on_a_line(check.out), on_a_line(import.err), on_a_line(inspect.out)};
  }

 private:
  static std::string on_a_line(std::string text) {
    std::string result;
    for (const char c : text) {
      const char plain = c == '\n' ? ' ' : c;
      if (plain != ' ' || result.empty() || result.back() != ' ') result += plain;
    }
    return result;
  }

  test::TemporaryFolder folder_;
  std::string manifest_;
};

void all_say(const Mistake::Said& said, const std::string& part) {
  CAPTURE(part);
  CHECK_MESSAGE(said.check.find(part) != std::string::npos, said.check);
  CHECK_MESSAGE(said.import.find(part) != std::string::npos, said.import);
  CHECK_MESSAGE(said.inspect.find(part) != std::string::npos, said.inspect);
}

TEST_CASE("wrong units and onsets are named with their numbers, wherever one looks") {
  const Mistake mistake;
  const auto right = mistake.said(mistake.manifest());
  for (const auto& text : {right.check, right.import, right.inspect}) {
    for (const char* word : {"are wrong", "probably", "of the spikes are in", "unit of time"}) {
      CHECK_MESSAGE(text.find(word) == std::string::npos, text);
    }
  }
  const auto delayed = [&](const std::string& ms) {
    return mistake.said(mistake.with("{dt_ms: 5}", "{dt_ms: 5, delay_ms: " + ms + "}"));
  };
  // Onsets noted 70 ms early, or spikes too late by as much: what peaked at 12 to 40 ms.
  const auto early = delayed("70");
  all_say(early, "the responses lead the sound by ");
  all_say(early, "onsets or delay_ms are wrong");
  const auto late = delayed("-150");
  all_say(late, "the responses follow the sound by 1");
  all_say(late, "expected are 0 to 100 ms");

  // Spikes by sound and trial, in seconds, read as ms.
  const Dataset truth = read_dataset(mistake.lab() + "/truth.h5");
  std::string rows = "unit,sound,trial,t\n";
  for (const auto& stimulus : truth.stimuli) {
    const std::int64_t trials = stimulus.trials(), frames = stimulus.frames();
    for (std::int64_t row = 0; row < stimulus.responses.dim(0) * trials; ++row) {
      for (std::int64_t t = 0; t < frames; ++t) {
        if (!(stimulus.responses.values[static_cast<std::size_t>(row * frames + t)] > 0)) continue;
        rows += "n" + std::to_string(row / trials) + "," + stimulus.key + "," +
                std::to_string(row % trials + 1) + "," +
                std::to_string(0.005 * static_cast<double>(t) + 0.0025) + "\n";
      }
    }
  }
  test::write_text(mistake.lab() + "/by_trial.csv", rows);
  std::string by_trial = mistake.manifest();
  by_trial.erase(by_trial.find("presentations:"),
                 by_trial.find("spikes:") - by_trial.find("presentations:"));
  const auto at = by_trial.find("{csv: spikes.csv");
  by_trial.replace(at, by_trial.find('}', at) + 1 - at,
                   "{csv: by_trial.csv, id: unit, time: t, unit: ms, sound: sound, trial: trial}");
  all_say(mistake.said(by_trial), "100 % of the spikes are in frame 0 of their stimuli");
  all_say(mistake.said(by_trial), "seconds read as ms?");

  // Bands in kHz.
  std::string bands = "[";
  for (const double hz : truth.axes.frequencies_hz) {
    bands += (bands.size() > 1 ? ", " : "") + std::to_string(hz / 1000);
  }
  all_say(mistake.said("sounds: {spectrograms: truth.h5, path: \"stimuli/{sound}/spectrogram\", "
                       "dt_ms: 5, axes: [frequency, time], frequencies_hz: " +
                       bands +
                       "]}\nspikes: {counts: truth.h5, path: \"stimuli/{sound}/responses\", "
                       "dt_ms: 5, axes: [unit, trial, time]}\n"),
          "the highest band is at 20 Hz: /frequencies_hz is probably in kHz");
}

TEST_CASE("--plot draws the raster and the lags") {
  const Mistake recording;
  const std::string manifest = recording.lab() + "/recording.yaml";
  for (const char* format : {"png", "svg", "pdf"}) {
    const std::string folder = recording.lab() + "/figures-" + format;
    const test::Ended drawn =
        run({"import", manifest, "--check", "--plot", folder, "--format", format});
    CHECK_MESSAGE(drawn.code == 0, drawn.err);
    for (const char* name : {"raster", "lags"}) {
      const std::string file = folder + "/" + name + "." + format;
      CHECK(drawn.out.find("drawn: " + file) != std::string::npos);
      CHECK(std::filesystem::file_size(file) > 1000);
    }
  }
  CHECK(run({"import", manifest, "--check", "--format", "svg"}).code == 2);
  CHECK(run({"import", manifest, "--check", "--plot", "x", "--format", "gif"}).code == 2);
  CHECK(run({"import", manifest, "--draft", "--plot", "x"}).code == 2);
}

}  // namespace
}  // namespace strffit
