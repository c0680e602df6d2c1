// Real recordings, where they are beside the project: from a folder by way of the draft, with what
// it leaves open filled in, to the counts that programs written for each of them found.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "files/paths.hpp"
#include "import/assemble.hpp"
#include "import/draft.hpp"
#include "import/recording_files.hpp"
#include "support/messages.hpp"
#include "util/errors.hpp"

namespace strffit::import {
namespace {

const std::string kSamples = std::string(STRFFIT_SOURCE_DIR) + "/../shared/import";

bool have_samples() {
  const bool there = std::filesystem::exists(kSamples + "/expected");
  if (!there) MESSAGE("no " << kSamples << ": skipped");
  return there;
}

using Replacements = std::vector<std::pair<std::string, std::string>>;

// The draft, with replacements, each of which must be of something.
std::string filled_draft(const std::string& path, const Replacements& replacements) {
  std::string text = draft_manifest(path);
  for (const auto& [from, to] : replacements) {
    const auto at = text.find(from);
    REQUIRE_MESSAGE(at != std::string::npos, from << " is not in\n" << text);
    text.replace(at, from.size(), to);
  }
  return text;
}

struct Sample {
  Dataset dataset;
  std::vector<std::string> notes;
};

Sample read_sample(const std::string& text, const std::string& folder) {
  test::Quiet quiet;
  Sample sample;
  const Manifest manifest = read_manifest_text(text, "draft.yaml", folder);
  std::vector<Stimulus> stimuli;
  Assembled assembled =
      assemble(manifest, quiet, [&](const Dataset&, const Extent&, Stimulus&& stimulus) {
        stimuli.push_back(std::move(stimulus));
      });
  sample.dataset = std::move(assembled.head);
  sample.dataset.stimuli = std::move(stimuli);
  sample.notes = std::move(assembled.notes);
  return sample;
}

struct Difference {
  std::int64_t counts = 0, different = 0, missing = 0;  // missing: NaN here, a count there
  double sum = 0;                                       // of what is expected
  double spectrogram = 0;                               // largest difference over the range
};

void compare_stimulus(const Stimulus& found, const Stimulus& expected, Difference& difference) {
  CAPTURE(found.key);
  REQUIRE(to_string(found.responses.shape) == to_string(expected.responses.shape));
  for (std::size_t i = 0; i < found.responses.values.size(); ++i) {
    const float a = found.responses.values[i], b = expected.responses.values[i];
    ++difference.counts;
    if (!std::isnan(b)) difference.sum += b;
    if (std::isnan(a) && std::isnan(b)) continue;
    if (std::isnan(a)) {
      ++difference.missing;
    } else if (a != b) {
      ++difference.different;
    }
  }
  if (found.spectrogram.shape == expected.spectrogram.shape) {
    float low = expected.spectrogram.values[0], high = low, off = 0;
    for (std::size_t i = 0; i < found.spectrogram.values.size(); ++i) {
      low = std::min(low, expected.spectrogram.values[i]);
      high = std::max(high, expected.spectrogram.values[i]);
      off = std::max(off, std::abs(expected.spectrogram.values[i] - found.spectrogram.values[i]));
    }
    difference.spectrogram = std::max<double>(difference.spectrogram, off / (high - low));
  }
}

// By the stimuli's names, which the expected files have as well.
Difference compared(const Sample& sample, const std::string& expected_file, bool same_ids = true) {
  const Dataset expected = read_dataset(kSamples + "/expected/" + expected_file);
  std::map<std::string, const Stimulus*> by_name;
  for (const auto& stimulus : expected.stimuli) by_name[stimulus.name] = &stimulus;
  REQUIRE(sample.dataset.stimuli.size() == expected.stimuli.size());
  if (same_ids) CHECK(sample.dataset.unit_ids == expected.unit_ids);
  CHECK(sample.dataset.axes.dt_ms == doctest::Approx(expected.axes.dt_ms));
  Difference difference;
  for (const auto& stimulus : sample.dataset.stimuli) {
    REQUIRE(by_name.contains(stimulus.name));
    compare_stimulus(stimulus, *by_name[stimulus.name], difference);
  }
  return difference;
}

const Replacements kFewerBands = {
    {"bands: 34", "bands: 30"}, {"min_hz: 500", "min_hz: 250"}, {"max_hz: 16000", "max_hz: 8000"}};

Replacements with_bands(Replacements more) {
  more.insert(more.end(), kFewerBands.begin(), kFewerBands.end());
  return more;
}

TEST_CASE("sample: WAV files and a text file a sound") {
  if (!have_samples()) return;
  const std::string folder = kSamples + "/wav_spiketxt";
  const Sample sample = read_sample(
      filled_draft(folder, with_bands({{"unit: ?", "unit: ms"}, {"id: unit_1", "id: strflab"}})),
      folder);
  const Difference difference = compared(sample, "strflab_zf.h5");
  CHECK(difference.different == 0);
  CHECK(difference.missing == 0);
  CHECK(difference.sum > 1000);
}

// Spikes on one clock, put into frames as the program of the sample does: floor((t - onset) * 1000
// / dt) in double, without a tolerance at edges. `moved`: those that this puts into the frame
// before the one that their exact times begin, to rounding.
struct Plain {
  std::map<std::string, Array<float>> responses;  // by the sound's label, (N, R, T)
  std::int64_t moved = 0;
};

Plain plain_frames(const std::string& text, const std::string& folder, const Sample& sample) {
  Reading reading;
  reading.folder = folder;
  const Manifest manifest = read_manifest_text(text, "draft.yaml", folder);
  const Sounds sounds = manifest.sounds(reading);
  auto presentations = manifest.presentations(reading, sounds);
  std::stable_sort(presentations.begin(), presentations.end(),
                   [](const auto& a, const auto& b) { return a.onset_s < b.onset_s; });
  const Responses responses = manifest.responses(reading, sounds);
  const auto& units = std::get<ClockSpikes>(responses.values).units;
  const double dt = sample.dataset.axes.dt_ms;
  Plain plain;
  std::map<std::string, std::int64_t> trials;
  for (const auto& stimulus : sample.dataset.stimuli) {
    plain.responses[stimulus.name] = Array<float>(stimulus.responses.shape);
  }
  for (const auto& one : presentations) {
    const std::string& name = sounds.list[one.sound].label;
    Array<float>& out = plain.responses.at(name);
    const std::int64_t all = out.dim(1), frames = out.dim(2), trial = trials[name]++;
    for (std::size_t unit = 0; unit < units.size(); ++unit) {
      for (const double time : units[unit].times_s) {
        const double place = (time - one.onset_s) * 1000 / dt;
        if (place < 0 || place >= static_cast<double>(frames)) continue;
        const auto frame = static_cast<std::int64_t>(std::floor(place));
        out.values[static_cast<std::size_t>(
            (static_cast<std::int64_t>(unit) * all + trial) * frames + frame)] += 1;
        plain.moved += std::floor(place + 1e-6) > std::floor(place) ? 1 : 0;
      }
    }
  }
  return plain;
}

// A spike at the edge of a frame belongs to the frame that it begins; the program's rounding puts
// `moved` of them ahead. All else is equal, and so is everything by the program's arithmetic.
void check_edges(const std::string& text, const std::string& folder,
                 const std::string& expected_file, std::int64_t moved) {
  const Sample sample = read_sample(text, folder);
  const Difference difference = compared(sample, expected_file);
  CHECK(difference.missing == 0);
  CHECK(difference.sum > 1000);
  const Plain plain = plain_frames(text, folder, sample);
  const Dataset expected = read_dataset(kSamples + "/expected/" + expected_file);
  for (const auto& stimulus : expected.stimuli) {
    CHECK(plain.responses.at(stimulus.name).values == stimulus.responses.values);
  }
  CHECK(plain.moved == moved);
  CHECK(difference.different == 2 * moved);  // one less here, one more there
}

TEST_CASE("sample: phy") {
  if (!have_samples()) return;
  const std::string folder = kSamples + "/phy";
  check_edges(filled_draft(folder, with_bands({{"unit: ?", "unit: s"},
                                               {"groups: [good]", "groups: [good, mua]"}})),
              folder, "phy.h5", 0);
}

TEST_CASE("sample: NWB with sounds, trials and units") {
  if (!have_samples()) return;
  check_edges(filled_draft(kSamples + "/nwb/strflab_one_clock.nwb", kFewerBands), kSamples + "/nwb",
              "nwb.h5", 8);
}

TEST_CASE("sample: pprox and text of one neuron agree, and with what was expected") {
  if (!have_samples()) return;
  const std::string folder = kSamples + "/meliza_pprox";
  const std::string as_text =
      "sounds: {audio: \"stimuli/*.wav\"}\n"
      "spikes: {trials: \"spikes/{unit}/{sound}.txt\", unit: ms, absent_sounds: skip}\n"
      "units: {tsv: pprox/starling_units.tbl, id: unit}\n"
      "frames: {dt_ms: 5, pieces: 6}\n"
      "spectrogram: {kind: log_frequency, bands: 30, min_hz: 300, max_hz: 9000}\n"
      "split: {test: [A8_2], valid: [A8_4]}\n";
  const Sample text = read_sample(as_text, folder);
  const Dataset expected = read_dataset(kSamples + "/expected/meliza_starling.h5");
  REQUIRE(text.dataset.stimuli.size() == 6);
  CHECK(text.dataset.unit_ids == expected.unit_ids);
  Difference difference;
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(text.dataset.stimuli[i].key == expected.stimuli[i].key);
    CHECK(text.dataset.stimuli[i].split == expected.stimuli[i].split);
    compare_stimulus(text.dataset.stimuli[i], expected.stimuli[i], difference);
  }
  CHECK(difference.different == 0);
  CHECK(difference.missing == 0);
  const Sample json = read_sample(
      "sounds: {audio: \"stimuli/*.wav\"}\n"
      "spikes: {pprox: \"pprox/*.json\", unit: s, absent_sounds: skip}\n"
      "spectrogram: {kind: log_frequency, bands: 30, min_hz: 300, max_hz: 9000}\n",
      folder);
  CHECK(json.dataset.unit_ids == std::vector<std::string>{"st11_1_2_1"});
}

TEST_CASE("sample: BAPHY") {
  if (!have_samples()) return;
  const std::string folder = kSamples + "/baphy";
  std::string frequencies = "[";
  for (int i = 0; i < 15; ++i) {
    frequencies += (i ? ", " : "") + std::to_string(125 * std::exp2((i + 0.5) / 3));
  }
  const Sample sample = read_sample(
      filled_draft(folder, {{"dt_ms: ?", "dt_ms: 10"},
                            {"frequencies_hz: ?", "frequencies_hz: " + frequencies + "]"}}),
      folder);
  // Both units are of channel 1, sortinfo{1}{1}(1 and 2); the program took the second for
  // channel 2.
  CHECK(sample.dataset.unit_ids == std::vector<std::string>{"BRT007c-01-1", "BRT007c-01-2"});
  // 13 spikes at the edge of a frame, which the program's subtraction in floating point puts ahead
  // of it: (sample - 1) / 25000 - start is a whole number of frames for them.
  const Difference difference = compared(sample, "baphy_torc.h5", false);
  CHECK(difference.different == 26);
  CHECK(difference.missing == 0);
  CHECK(difference.spectrogram < 1e-6);
}

TEST_CASE("sample: NEMS") {
  if (!have_samples()) return;
  const std::string folder = kSamples + "/nems_csv";
  const Sample sample = read_sample(
      filled_draft(folder, {{"pieces: 5", "pieces: 1"}, {"test: 0.2\n  valid: 0.15", "{}"}}),
      folder);
  const Difference difference = compared(sample, "nems_eno052d.h5");
  CHECK(difference.different == 0);
  CHECK(difference.missing == 0);
  CHECK(difference.spectrogram == 0);
}

TEST_CASE("sample: MATLAB 7.3") {
  if (!have_samples()) return;
  const std::string folder = kSamples + "/matlab73";
  const Sample sample = read_sample(
      filled_draft(folder,
                   {{"first_hz: ?", "first_hz: " + std::to_string(440 * std::exp2(-31.0 / 24))},
                    {"per_octave: ?", "per_octave: 24"},
                    {"test: 0.2", "test: [stim04]"},
                    {"valid: 0.15", "valid: [stim03]"},
                    {"kind: none", "kind: power, exponent: 0.25"}}),
      folder);
  const Difference difference = compared(sample, "naplib_cut.h5");
  CHECK(difference.different == 0);
  CHECK(difference.missing == 0);
  CHECK(difference.spectrogram < 1e-6);
  CHECK(sample.dataset.axes.frequencies_hz.back() ==
        doctest::Approx(440 * std::exp2(96.0 / 24)).epsilon(1e-5));
}

// A manifest of configs/import on the sample that it says it was tried on.
Sample configured(const std::string& name, const std::string& folder) {
  const std::string text =
      read_bytes(std::string(STRFFIT_SOURCE_DIR) + "/configs/import/" + name, 1 << 20);
  REQUIRE(test::contains(text, "Tried"));
  return read_sample(text, kSamples + "/" + folder);
}

TEST_CASE("sample: manifests that say they were tried") {
  if (!have_samples()) return;
  const Sample strflab = configured("strflab.yaml", "wav_spiketxt");
  const Difference same = compared(strflab, "strflab_zf.h5");
  CHECK(same.different + same.missing == 0);
  CHECK(compared(configured("baphy.yaml", "baphy"), "baphy_torc.h5", false).missing == 0);
  const Difference nems = compared(configured("nems.yaml", "nems_csv"), "nems_eno052d.h5");
  CHECK(nems.different + nems.missing == 0);
  const Sample meliza = configured("meliza.yaml", "meliza_pprox");
  CHECK(meliza.dataset.stimuli.size() == 6);
  CHECK(meliza.dataset.unit_ids == std::vector<std::string>{"st11_1_2_1"});
}

TEST_CASE("sample: what has no sounds, or no responses, says so") {
  if (!have_samples()) return;
  CHECK(test::contains(draft_manifest(kSamples + "/nwb"), "This is of strflab_one_clock.nwb"));
  CHECK(test::contains(draft_manifest(kSamples + "/phy"), "# of clusters (1 good, 1 mua)"));
  CHECK(test::contains(draft_manifest(kSamples + "/nems_csv"), "pieces: 5"));
  CHECK(test::contains(draft_manifest(kSamples + "/meliza_pprox"), "pieces: 5"));
  CHECK(test::contains(draft_manifest(kSamples + "/matlab73"), "dt_ms: 10  # out.dataf"));
  CHECK(test::contains(draft_manifest(kSamples + "/nwb/A8604-211122.nwb"), "holds no sounds"));
  CHECK(test::contains(draft_manifest(kSamples + "/phy_real_no_sound"), "found none here"));
  CHECK(test::contains(draft_manifest(kSamples + "/phy_real_no_sound"), "rate_hz: ?"));
  CHECK(test::contains(test::error_of<DataError>([] { draft_manifest(kSamples + "/cnd_mat"); }),
                       "stim"));
}

}  // namespace
}  // namespace strffit::import
