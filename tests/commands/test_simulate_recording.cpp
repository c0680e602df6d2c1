#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "commands/simulate_recording.hpp"
#include "dataset/dataset.hpp"
#include "sound/audio.hpp"
#include "support/temporary_folder.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

namespace fs = std::filesystem;

SimulateOptions simulated_pair() {
  SimulateOptions options;
  options.units = 2;
  options.stimuli = 3;
  options.seconds = 0.5;
  options.bands = 6;
  options.trials = 4;
  return options;
}

// Rows of two cells below a header.
std::vector<std::pair<std::string, double>> rows_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::pair<std::string, double>> rows;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    const auto comma = line.find(',');
    rows.emplace_back(line.substr(0, comma), std::stod(line.substr(comma + 1)));
  }
  return rows;
}

// Reference: spikes counted by hand, between an onset and the end of its sound, sum to the
// responses of the dataset.
TEST_CASE("simulated recording: the tables hold the responses of truth.h5") {
  const test::TemporaryFolder folder;
  const auto options = simulated_pair();
  simulate_recording(options, folder.file("rec"), false);
  const Dataset truth = read_dataset(folder.file("rec/truth.h5"));
  const auto events = rows_of(folder.file("rec/events.csv"));
  const auto spikes = rows_of(folder.file("rec/spikes.csv"));
  REQUIRE(events.size() == 12);
  REQUIRE(truth.stimuli.size() == 3);
  std::map<std::string, Array<double>> counts;  // by sound: (units, frames), over trials
  for (const auto& stimulus : truth.stimuli) counts[stimulus.key] = Array<double>({2, 100});
  std::size_t counted = 0;
  for (const auto& [unit, time] : spikes) {
    for (const auto& [sound, onset] : events) {
      if (time < onset || time >= onset + options.seconds) continue;
      const auto frame = static_cast<std::int64_t>((time - onset) * 1000 / options.dt_ms);
      counts.at(sound).data()[(unit == truth.unit_ids[0] ? 0 : 100) + frame] += 1;
      ++counted;
    }
  }
  CHECK(counted == spikes.size());
  CHECK(counted > 100);
  for (const auto& stimulus : truth.stimuli) {
    CHECK(stimulus.responses.shape == Shape{2, 4, 100});
    for (std::int64_t unit = 0; unit < 2; ++unit) {
      for (std::int64_t t = 0; t < 100; ++t) {
        double sum = 0;
        for (std::int64_t r = 0; r < 4; ++r) {
          sum += static_cast<double>(stimulus.responses.data()[(unit * 4 + r) * 100 + t]);
        }
        CHECK(sum == counts.at(stimulus.key).data()[unit * 100 + t]);
      }
    }
  }
}

TEST_CASE("simulated recording: sounds that can be heard, other ones for another seed") {
  const test::TemporaryFolder folder;
  auto options = simulated_pair();
  simulate_recording(options, folder.file("a"), false);
  simulate_recording(options, folder.file("b"), false);
  options.seed = 1;
  simulate_recording(options, folder.file("c"), false);
  const auto a = read_audio(folder.file("a/sounds/sound_1.wav"));
  CHECK(a.rate_hz == 44100);
  REQUIRE(a.samples.size() == 22050);
  double largest = 0, squares = 0;
  for (const float sample : a.samples) {
    largest = std::max(largest, std::abs(static_cast<double>(sample)));
    squares += static_cast<double>(sample) * static_cast<double>(sample);
  }
  CHECK(largest > 0.89);
  CHECK(largest < 0.91);
  CHECK(std::sqrt(squares / 22050) > 0.02);  // no click in silence
  CHECK(a.samples == read_audio(folder.file("b/sounds/sound_1.wav")).samples);
  CHECK(a.samples != read_audio(folder.file("c/sounds/sound_1.wav")).samples);
}

TEST_CASE("simulated recording: replaces a recording when asked to, and nothing else") {
  const test::TemporaryFolder folder;
  const auto options = simulated_pair();
  const std::string recording = folder.file("rec");
  simulate_recording(options, recording, false);
  CHECK_THROWS_WITH_AS(simulate_recording(options, recording, false),
                       doctest::Contains("--overwrite replaces it"), RunError);
  simulate_recording(options, recording + "/", true);
  std::ofstream(recording + "/notes.txt") << "mine";
  CHECK_THROWS_WITH_AS(simulate_recording(options, recording, true), doctest::Contains("notes.txt"),
                       RunError);
  CHECK(fs::exists(recording + "/notes.txt"));
  CHECK(fs::exists(recording + "/truth.h5"));
  CHECK_FALSE(fs::exists(recording + ".partial"));
  CHECK_THROWS_AS(simulate_recording(options, "/proc/none/rec", false), RunError);
  auto impossible = options;
  impossible.units = 0;
  CHECK_THROWS_AS(simulate_recording(impossible, folder.file("other"), false), ConfigError);
  CHECK_FALSE(fs::exists(folder.file("other")));
  CHECK_FALSE(fs::exists(folder.file("other.partial")));
}

}  // namespace
}  // namespace strffit
