// From a lab's files to counts whose truth is known.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "dataset/dataset.hpp"
#include "import/assemble.hpp"
#include "import/findings.hpp"
#include "import/recording_files.hpp"
#include "support/messages.hpp"
#include "util/errors.hpp"

namespace strffit::import {
namespace {

using test::contains;
using test::error_of;
using test::imported;
using test::refusal;
using test::TemporaryFolder;
using test::write_file;

constexpr int kRate = 16000;
const std::string kSpectrogram =
    "spectrogram: {kind: log_frequency, bands: 8, min_hz: 500, max_hz: 7000}\n";

bool any_contains(const std::vector<std::string>& notes, const std::string& part) {
  for (const auto& note : notes) {
    if (contains(note, part)) return true;
  }
  return false;
}

// Three sounds; the second lasts 0.2025 s, half a frame of 5 ms more than 40.
void write_sounds(const TemporaryFolder& folder) {
  test::write_wave(folder.file("stim1.wav"), test::noise(0.3, kRate, 1), kRate);
  test::write_wave(folder.file("stim2.wav"), test::noise(0.2025, kRate, 2), kRate);
  test::write_wave(folder.file("stim10.wav"), test::noise(0.25, kRate, 3), kRate);
}

// Spikes to sound s, trial r: known frames, as times in the middle, and one on an edge.
std::vector<int> true_frames(int sound, int trial) {
  return {sound, 3 + 2 * trial, 20 + sound + trial, 20 + sound + trial};
}

TEST_CASE("a text file a sound, a line a trial, becomes the counts that were written") {
  // Reference: the frames that the times were made from. 15 ms is frame 3: [15, 20).
  const TemporaryFolder folder;
  write_sounds(folder);
  for (const int sound : {1, 2, 10}) {
    std::string text;
    for (int trial = 0; trial < (sound == 2 ? 3 : 2); ++trial) {
      text += "-12.5 ";  // before the onset
      for (const int frame : true_frames(sound, trial)) text += std::to_string(5 * frame) + " ";
      text += "\n";
    }
    write_file(folder.file("spike" + std::to_string(sound)), text);
  }
  std::vector<std::string> notes;
  const Dataset dataset = imported(
      "sounds: {audio: \"stim{sound}.wav\"}\nspikes: {trials: \"spike{sound}\", unit: ms, id: "
      "n1}\n" +
          kSpectrogram + "split: {test: [stim10], valid: [2]}\n",
      folder.path(), &notes);
  CHECK(dataset.unit_ids == std::vector<std::string>{"n1"});
  REQUIRE(dataset.stimuli.size() == 3);
  CHECK(dataset.stimuli[0].key == "stim1");
  CHECK(dataset.stimuli[1].key == "stim10");
  CHECK(dataset.stimuli[2].name == "stim2.wav");
  CHECK(dataset.stimuli[0].frames() == 60);
  CHECK(dataset.stimuli[2].frames() == 41);
  CHECK(dataset.stimuli[0].split == SplitName::train);
  CHECK(dataset.stimuli[1].split == SplitName::test);
  CHECK(dataset.stimuli[2].split == SplitName::valid);
  const int sounds[] = {1, 10, 2};
  for (std::size_t s = 0; s < 3; ++s) {
    const Stimulus& stimulus = dataset.stimuli[s];
    for (int trial = 0; trial < stimulus.trials(); ++trial) {
      std::vector<float> expected(static_cast<std::size_t>(stimulus.frames()), 0);
      for (const int frame : true_frames(sounds[s], trial))
        ++expected[static_cast<std::size_t>(frame)];
      const auto* row = stimulus.responses.data() + trial * stimulus.frames();
      CHECK(std::vector<float>(row, row + stimulus.frames()) == expected);
    }
  }
  CHECK(any_contains(notes, "7 spikes before and 0 after"));
}

const std::string kClockManifest =
    "sounds: {audio: \"*.wav\"}\n"
    "presentations: {csv: events.csv, sound: stimulus, onset: onset_s, unit: s}\n"
    "spikes: {phy: ks, groups: [good]}\n" +
    kSpectrogram;

// Each sound twice, a second apart from 1.234567 s on; unit 4 is good, 7 is mua.
void write_phy(const TemporaryFolder& folder) {
  write_sounds(folder);
  std::string events = "stimulus,onset_s,note\n";
  std::vector<std::uint64_t> times;
  std::vector<std::int32_t> clusters;
  const int order[] = {1, 2, 10, 10, 2, 1};
  for (int i = 0; i < 6; ++i) {
    const double onset = 1.234567 + i;
    events += "stim" + std::to_string(order[i]) + ".wav," + std::to_string(onset) + ",x\n";
    for (const int frame : true_frames(order[i], i < 3 ? 0 : 1)) {
      times.push_back(
          static_cast<std::uint64_t>(std::llround((onset + 0.005 * frame + 0.0025) * 30000)));
      clusters.push_back(4);
      times.push_back(times.back());
      clusters.push_back(7);
    }
  }
  std::sort(times.begin(), times.end());
  write_file(folder.file("events.csv"), events);
  test::write_npy(folder.file("ks/spike_times.npy"), "<u8", times);
  test::write_npy(folder.file("ks/spike_clusters.npy"), "<i4", clusters);
  write_file(folder.file("ks/params.py"), "dtype = 'int16'\nsample_rate = 30000.\n");
  write_file(folder.file("ks/cluster_info.tsv"),
             "cluster_id\tch\tdepth\tgroup\n4\t12\t1200.5\tgood\n7\t13\t\tmua\n9\t1\t3\tgood\n");
}

TEST_CASE("phy's spikes on one clock are placed by a table of presentations") {
  const TemporaryFolder folder;
  write_phy(folder);
  std::vector<std::string> notes;
  const Dataset dataset = imported(kClockManifest, folder.path(), &notes);
  CHECK(dataset.unit_ids == std::vector<std::string>{"4", "9"});
  CHECK(std::get<Array<double>>(dataset.unit_facts.at("depth")).values ==
        std::vector<double>{1200.5, 3});
  const Stimulus& second = dataset.stimuli[2];
  CHECK(second.key == "stim2");
  REQUIRE(second.trials() == 2);
  for (int trial = 0; trial < 2; ++trial) {
    std::vector<float> expected(41, 0);
    for (const int frame : true_frames(2, trial)) ++expected[static_cast<std::size_t>(frame)];
    const auto* row = second.responses.data() + trial * 41;
    CHECK(std::vector<float>(row, row + 41) == expected);
  }
  CHECK(any_contains(notes, "1 units have no spike in any sound: 9"));
  CHECK(any_contains(notes, "clusters of other groups left out: 1 mua"));
}

TEST_CASE("a delay shifts onsets, frames before the onset are silence with spikes") {
  const TemporaryFolder folder;
  write_phy(folder);
  const Dataset plain = imported(kClockManifest, folder.path());
  const Dataset late = imported(
      kClockManifest + "frames: {before_ms: 50, after_ms: 20, delay_ms: 10}\n", folder.path());
  const Stimulus &a = plain.stimuli[0], &b = late.stimuli[0];
  REQUIRE(b.frames() == a.frames() + 14);
  // A spike 10 frames of silence later and 2 frames of delay earlier: frame t is at t + 8.
  for (std::int64_t t = 0; t < a.frames(); ++t) {
    CHECK(b.responses.values[static_cast<std::size_t>(t + 8)] ==
          a.responses.values[static_cast<std::size_t>(t)]);
  }
}

TEST_CASE("the order of a table's rows, CRLF and semicolons change nothing") {
  const TemporaryFolder folder;
  write_phy(folder);
  const Dataset plain = imported(kClockManifest, folder.path());
  write_file(
      folder.file("events.csv"),
      "\xEF\xBB\xBFonset_s;stimulus\r\n6,234567;stim1\r\n2,234567;stim2\r\n5,234567;stim2.wav\r\n"
      "1,234567;stim1\r\n4,234567;\"a/stim10.wav\"\r\n3,234567;stim10\r\n");
  const Dataset other = imported(kClockManifest, folder.path());
  for (std::size_t s = 0; s < 3; ++s) {
    CHECK(other.stimuli[s].responses.values == plain.stimuli[s].responses.values);
  }
}

TEST_CASE("one spike table serves spikes on the clock and by trial") {
  const TemporaryFolder folder;
  write_sounds(folder);
  std::string by_trial = "unit,sound,trial,t_ms\n";
  for (const char* unit : {"n10", "n2"}) {
    for (const int sound : {1, 2, 10}) {
      for (int trial = 0; trial < 2; ++trial) {
        for (const int frame : true_frames(sound, trial)) {
          by_trial += std::string(unit) + ",stim" + std::to_string(sound) + "," +
                      std::to_string(trial + 1) + "," + std::to_string(5 * frame + 1) + ".5\n";
        }
      }
    }
  }
  write_file(folder.file("spikes.csv"), by_trial);
  const Dataset dataset = imported(
      "sounds: {audio: \"*.wav\"}\n"
      "spikes: {csv: spikes.csv, id: unit, time: t_ms, unit: ms, sound: sound, trial: trial}\n" +
          kSpectrogram,
      folder.path());
  CHECK(dataset.unit_ids == std::vector<std::string>{"n2", "n10"});
  for (const auto& stimulus : dataset.stimuli) {
    CHECK(stimulus.trials() == 2);
    double sum = 0;
    for (const float value : stimulus.responses.values) sum += value;
    CHECK(sum == 16);
  }
}

TEST_CASE("trials that are missing are NaN, sounds of the same samples are one") {
  const TemporaryFolder folder;
  write_sounds(folder);
  std::filesystem::copy_file(folder.file("stim1.wav"), folder.file("again1.wav"));
  write_file(folder.file("a/stim1.txt"), "10\n20\n");
  write_file(folder.file("a/again1.txt"), "30\n");
  write_file(folder.file("b/stim1.txt"), "40\n");
  std::vector<std::string> notes;
  const Dataset dataset =
      imported("sounds: {audio: \"*1.wav\"}\nspikes: {trials: \"{unit}/{sound}.txt\", unit: ms}\n" +
                   kSpectrogram,
               folder.path(), &notes);
  CHECK(any_contains(notes, "one stimulus: again1.wav, stim1.wav"));
  REQUIRE(dataset.stimuli.size() == 1);
  CHECK(dataset.stimuli[0].trials() == 3);
  CHECK(dataset.unit_ids == std::vector<std::string>{"a", "b"});
  const auto frames = static_cast<std::size_t>(dataset.stimuli[0].frames());
  const auto& values = dataset.stimuli[0].responses.values;
  CHECK(values[6] == 1);                  // a, again1: 30 ms
  CHECK(values[frames + 2] == 1);         // a, stim1, first: 10 ms
  CHECK(std::isnan(values[3 * frames]));  // b never heard again1
  CHECK(values[4 * frames + 8] == 1);     // b, stim1: 40 ms
  CHECK(std::isnan(values[5 * frames]));  // b had one trial
}

TEST_CASE("wrong units and recordings are told with numbers") {
  const TemporaryFolder folder;
  write_sounds(folder);
  for (const int sound : {1, 2, 10}) {
    std::string text;
    for (int trial = 0; trial < 4; ++trial) {
      for (const int frame : true_frames(sound, trial)) {
        text += std::to_string(0.005 * frame + 0.0012) + " ";  // seconds
      }
      text += "\n";
    }
    write_file(folder.file("spike" + std::to_string(sound)), text);
  }
  const auto notes_of = [&](const std::string& unit) {
    std::vector<std::string> notes;
    imported("sounds: {audio: \"stim{sound}.wav\"}\nspikes: {trials: \"spike{sound}\", unit: " +
                 unit + "}\n" + kSpectrogram,
             folder.path(), &notes);
    return notes;
  };
  CHECK(any_contains(notes_of("ms"), "100 % of the spikes are in frame 0"));
  CHECK(any_contains(notes_of("ms"), "seconds read as ms?"));
  CHECK(!any_contains(notes_of("s"), "unit of time is wrong"));
}

TEST_CASE("what cannot be right is refused, with its place") {
  const TemporaryFolder folder;
  write_phy(folder);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = kClockManifest;
    text.replace(text.find(from), from.size(), to);
    return refusal(text, folder.path());
  };
  CHECK(contains(with(", unit: s}", "}"), "recording.yaml:2:1"));
  CHECK(contains(with(", unit: s}", "}"), "is required"));
  CHECK(contains(with("unit: s}", "unit: \"?\"}"), "expected s, ms, us, min or samples"));
  CHECK(contains(with("onset: onset_s", "onset: onset"), "did you mean onset_s?"));
  CHECK(contains(with("sound: stimulus", "sound: note"), "events.csv:2: column note"));
  CHECK(contains(with("groups: [good]", "group: [good]"), "did you mean \"groups\"?"));
  CHECK(contains(with("groups: [good]", "groups: [best]"), "expected clusters of the groups"));
  CHECK(contains(with("max_hz: 7000", "max_hz: 9000"), "max_hz"));
  CHECK(contains(with("audio: \"*.wav\"", "audio: \"*.flac\""), "found none"));
  CHECK(contains(with("audio: \"*.wav\"", "audoi: \"*.wav\""), "expected one of the sources"));
  CHECK(contains(with("presentations:", "presentation:"), "presentation"));
  write_file(folder.file("events.csv"), "stimulus,onset_s\nstim1,1\nstim2,1.2\n");
  CHECK(contains(refusal(kClockManifest, folder.path()), "before the end of stim1.wav"));
  CHECK(refusal(
            [&] {
              std::string text = kClockManifest;
              return text.replace(text.find("unit: s}"), 8, "unit: s, overlap: allow}");
            }(),
            folder.path()) == "no error");
  write_file(folder.file("events.csv"), "stimulus,onset_s\nstim1,1.5\nstim3,2\n");
  CHECK(contains(refusal(kClockManifest, folder.path()), "events.csv:3: column stimulus"));
  std::string whole = "stimulus,onset_s\n";
  for (int i = 0; i < 12; ++i) whole += "stim1," + std::to_string(1000 * i) + "\n";
  write_file(folder.file("events.csv"), whole);
  CHECK(contains(refusal(kClockManifest, folder.path()), "12 whole numbers"));
  test::write_wave(folder.file("stim1.wav"), test::noise(0.3, kRate, 1), kRate, 2);
  write_file(folder.file("events.csv"), "stimulus,onset_s\nstim1,1.5\n");
  CHECK(contains(refusal(kClockManifest, folder.path()), "channel"));
}

TEST_CASE("frames that look ahead and sounds of several rates are told") {
  const TemporaryFolder folder;
  test::write_wave(folder.file("stim1.wav"), test::noise(0.3, 16000, 1), 16000);
  test::write_wave(folder.file("stim2.wav"), test::noise(0.3, 32000, 2), 32000);
  for (const char* name : {"spike1", "spike2"}) write_file(folder.file(name), "10 20\n30\n");
  const auto told = [&](const std::string& keys) {
    std::vector<std::string> notes;
    imported(
        "sounds: {audio: \"stim{sound}.wav\"}\nspikes: {trials: \"spike{sound}\", unit: ms}\n"
        "spectrogram: {bands: 8, min_hz: 500, max_hz: 7000" +
            keys + "}\n",
        folder.path(), &notes);
    return notes;
  };
  // Twice the rate: twice the samples under a window, of which magnitudes are sums.
  const auto mixed = told("");
  CHECK(any_contains(mixed, "sounds have 16000 (stim1.wav), 32000 (stim2.wav) samples/s"));
  CHECK(any_contains(mixed, "up to 2 times as large"));
  CHECK(any_contains(told(", power: 2"), "up to 4 times as large"));
  CHECK(!any_contains(mixed, "look ahead"));
  CHECK(any_contains(told(", align: centred"), "align: centred, frames look ahead"));
  CHECK(!any_contains(told(", normalise: true"), "samples/s"));
  CHECK(!any_contains(told(", kind: gammatone"), "samples/s"));
  std::filesystem::remove(folder.file("stim2.wav"));
  std::filesystem::remove(folder.file("spike2"));
  CHECK(!any_contains(told(""), "samples/s"));
}

TEST_CASE("a source without a single unit is refused, by its own name") {
  const TemporaryFolder folder;
  write_sounds(folder);
  const auto refused = [&](const std::string& rows) {
    write_file(folder.file("spikes.csv"), "unit,sound,trial,t\n" + rows);
    return refusal(
        "sounds: {audio: \"stim{sound}.wav\"}\n"
        "spikes: {csv: spikes.csv, id: unit, time: t, unit: ms, sound: sound, trial: trial, "
        "absent_sounds: skip}\n" +
            kSpectrogram,
        folder.path());
  };
  CHECK(contains(refused(""), "spikes.csv: expected one row per spike below the header"));
  const std::string absent = refused("n1,song3,1,12.5\nn1,song4,1,12.5\n");
  CHECK(
      contains(absent, "spikes.csv: column sound: expected spikes to one existing sound or more"));
  CHECK(contains(absent, "stim1.wav, stim2.wav, stim10.wav"));
  CHECK(contains(absent, "found only others, such as song3"));
  CHECK(refused("n1,song3,1,12.5\nn1,2,1,12.5\n") == "no error");
  // Trials that nothing is known of but the number of a later one.
  CHECK(contains(refused("n1,2,1000000,12.5\nn2,2,1,12.5\n"), "column trial: expected trials"));
  write_file(folder.file("clock.csv"), "unit,t\n");
  write_file(folder.file("events.csv"), "stimulus,onset_s\nstim1,1.5\n");
  CHECK(contains(refusal("sounds: {audio: \"*.wav\"}\n"
                         "presentations: {csv: events.csv, sound: stimulus, onset: onset_s, unit: "
                         "s}\n"
                         "spikes: {csv: clock.csv, id: unit, time: t, unit: s}\n" +
                             kSpectrogram,
                         folder.path()),
                 "clock.csv: expected one row per spike below the header"));
}

TEST_CASE("phy without a rate, or with times that do not ascend, is refused") {
  const TemporaryFolder folder;
  write_phy(folder);
  std::filesystem::remove(folder.file("ks/params.py"));
  CHECK(contains(refusal(kClockManifest, folder.path()), "rate_hz"));
  write_file(folder.file("ks/params.py"), "sample_rate = 30000\n");
  test::write_npy<std::uint64_t>(folder.file("ks/spike_times.npy"), "<u8", {5, 3});
  test::write_npy<std::int32_t>(folder.file("ks/spike_clusters.npy"), "<i4", {4, 4});
  CHECK(contains(refusal(kClockManifest, folder.path()), "spike_times.npy: [1]: expected samples"));
  test::write_npy<std::int32_t>(folder.file("ks/spike_clusters.npy"), "<i4", {4});
  CHECK(contains(refusal(kClockManifest, folder.path()), "expected a cluster for each of the 2"));
}

}  // namespace
}  // namespace strffit::import
