#include "commands/simulate_recording.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>
#include <sstream>
#include <utility>

#include "commands/ripple_sound.hpp"
#include "config/document.hpp"
#include "evaluation/figures.hpp"
#include "files/paths.hpp"
#include "files/temporary_file.hpp"
#include "sound/spectrogram.hpp"
#include "sound/write_audio.hpp"
#include "util/errors.hpp"
#include "util/random.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

namespace fs = std::filesystem;

constexpr double kSilence = 0.5;       // s between two sounds
constexpr std::uint64_t kOrder = 102;  // purposes of random numbers
constexpr std::uint64_t kPlaces = 103;
constexpr const char* kManifest = "recording.yaml";

// What a folder that may be replaced holds, and nothing else.
const std::set<std::string> kContents = {"sounds", "events.csv", "spikes.csv", kManifest,
                                         "truth.h5"};

std::string number(double value, const char* format) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string spectrogram_text(const SimulateOptions& options) {
  return fmt::format(
      "{{kind: log_frequency, bands: {}, min_hz: {}, max_hz: {}, compression: {{kind: decibel, "
      "range_db: 60}}}}",
      options.bands, number(options.min_frequency_hz, "%.17g"),
      number(options.max_frequency_hz, "%.17g"));
}

// The sounds of a split, as a YAML list.
std::string keys_of(const Dataset& dataset, SplitName split) {
  std::string text;
  for (const Stimulus& stimulus : dataset.stimuli) {
    if (stimulus.split == split) text += (text.empty() ? "" : ", ") + stimulus.key;
  }
  return "[" + text + "]";
}

std::string manifest(const SimulateOptions& options, const Dataset& dataset) {
  return "# A simulated recording, as a lab has it on disk: sounds, when they were played, spike "
         "times.\n"
         "#   strffit import recording.yaml --check\n"
         "#   strffit import recording.yaml --out data.h5\n"
         "sounds:        {audio: \"sounds/*.wav\"}\n"
         "presentations: {csv: events.csv, sound: sound, onset: onset_s, unit: s}\n"
         "spikes:        {csv: spikes.csv, id: unit, time: time_s, unit: s}\n"
         "frames:        {dt_ms: " +
         number(options.dt_ms, "%.17g") + "}\nspectrogram:   " + spectrogram_text(options) +
         "\nsplit:         {test: " + keys_of(dataset, SplitName::test) +
         ", valid: " + keys_of(dataset, SplitName::valid) + "}\n";
}

// A sound played once.
struct Played {
  std::size_t sound;
  std::int64_t trial;
  double onset_s;
};

std::vector<Played> session_of(const Dataset& dataset, const SimulateOptions& options) {
  std::vector<Played> session;
  for (std::size_t sound = 0; sound < dataset.stimuli.size(); ++sound) {
    for (std::int64_t trial = 0; trial < options.trials; ++trial) {
      session.push_back({sound, trial, 0});
    }
  }
  Random random(options.seed, {kOrder});
  random.shuffle(session);
  // The times of the table: whole samples of 0.1 ms.
  double now = kSilence;
  for (Played& played : session) {
    played.onset_s = std::round(now * 1e4) / 1e4;
    now += options.seconds + kSilence + random.uniform(0, 0.1);
  }
  return session;
}

std::string events_text(const Dataset& dataset, const std::vector<Played>& session) {
  std::string text = "sound,onset_s\n";
  for (const Played& played : session) {
    text += dataset.stimuli[played.sound].key + "," + number(played.onset_s, "%.4f") + "\n";
  }
  return text;
}

// The spikes of each frame at random places in it, away from its edges.
std::string spikes_text(const Dataset& dataset, const std::vector<Played>& session,
                        const SimulateOptions& options) {
  std::string text = "unit,time_s\n";
  for (std::int64_t unit = 0; unit < options.units; ++unit) {
    Random random(options.seed, {kPlaces, static_cast<std::uint64_t>(unit)});
    std::vector<double> times;
    for (const Played& played : session) {
      const Array<float>& responses = dataset.stimuli[played.sound].responses;
      const std::int64_t frames = responses.dim(2);
      const float* counts = responses.data() + (unit * options.trials + played.trial) * frames;
      for (std::int64_t t = 0; t < frames; ++t) {
        for (int spike = 0; spike < static_cast<int>(counts[t]); ++spike) {
          const double place = static_cast<double>(t) + random.uniform(0.02, 0.98);
          times.push_back(played.onset_s + place * options.dt_ms / 1000);
        }
      }
    }
    std::sort(times.begin(), times.end());
    const std::string& id = dataset.unit_ids[static_cast<std::size_t>(unit)];
    for (const double time : times) text += id + "," + number(time, "%.9f") + "\n";
  }
  return text;
}

// The spectrograms of the sound files, as an import makes them.
std::vector<Array<float>> heard(const std::vector<std::string>& files,
                                const SimulateOptions& options) {
  auto document =
      config::Document::from_text("spectrogram: " + spectrogram_text(options), kManifest);
  config::Node node = document.root().map("spectrogram", "");
  const SpectrogramOptions how = read_spectrogram(node);
  std::vector<Array<float>> spectrograms;
  double loudest_of_all = 0;
  for (const auto& file : files) {
    spectrograms.push_back(spectrogram(read_audio(file), how, Frames{options.dt_ms, 0, 0}));
    loudest_of_all = std::max(loudest_of_all, loudest(spectrograms.back()));
  }
  for (auto& one : spectrograms) compress(one, how.compression, loudest_of_all);
  return spectrograms;
}

void refuse_other_folder(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (kContents.contains(entry.path().filename().string())) continue;
    throw RunError(folder.string() + " holds " + entry.path().filename().string() +
                   ", which is not of a simulated recording: give another folder");
  }
}

// Everything is made in a folder beside it, which then takes its name.
void make_recording(const SimulateOptions& options, const fs::path& folder) {
  const auto keys = simulated_sound_keys(options);
  // The highest tone lies below half of it: 44.1 kHz carries 20 kHz.
  const double rate_hz = std::max(44100.0, std::ceil(options.max_frequency_hz * 2.2));
  std::vector<std::string> files;
  make_folder(folder / "sounds");
  for (std::int64_t i = 0; i < options.stimuli; ++i) {
    files.push_back(folder / "sounds" / (keys[static_cast<std::size_t>(i)] + ".wav"));
    write_audio(files.back(), {files.back(), ripple_sound(options, i, rate_hz), rate_hz});
  }
  const Simulation simulation = simulate(options, heard(files, options));
  const Dataset& dataset = simulation.dataset;
  const auto session = session_of(dataset, options);
  files::write_text(folder / "events.csv", events_text(dataset, session));
  files::write_text(folder / "spikes.csv", spikes_text(dataset, session, options));
  files::write_text(folder / kManifest, manifest(options, dataset));
  write_dataset(folder / "truth.h5", dataset, &simulation.truth);
}

}  // namespace

void simulate_recording(const SimulateOptions& options, const std::string& folder, bool overwrite) {
  const fs::path target = fs::path(folder).lexically_normal();
  const bool there = fs::exists(target);
  if (there && !overwrite) throw RunError(folder + " is there already: --overwrite replaces it");
  if (there) refuse_other_folder(target);
  fs::path beside = fs::absolute(target);
  if (!beside.has_filename()) beside = beside.parent_path();
  beside += ".partial";
  std::error_code ignored;
  fs::remove_all(beside, ignored);
  try {
    make_recording(options, beside);
    if (there) fs::remove_all(target);
    fs::rename(beside, target);
  } catch (const fs::filesystem_error& error) {
    fs::remove_all(beside, ignored);
    throw RunError("cannot write " + folder + ": " + error.code().message());
  } catch (...) {
    fs::remove_all(beside, ignored);
    throw;
  }
}

}  // namespace strffit
