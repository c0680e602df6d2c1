#include "import/manifest.hpp"

#include <cmath>
#include <filesystem>

#include "config/document.hpp"
#include "files/paths.hpp"
#include "import/paths.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

constexpr std::int64_t kLargestManifest = 1 << 20;

FrameOptions read_frames(config::Node& node, bool as_sounds) {
  FrameOptions frames;
  if (as_sounds) {
    if (node.has("dt_ms")) {
      node.fail("dt_ms", "is given by sounds.dt_ms for spectrograms: leave it out here");
    }
  } else {
    frames.dt_ms = node.get("dt_ms", 5.0, config::above(0), "width of a frame");
  }
  frames.before_ms = node.get("before_ms", 0.0, config::at_least(0),
                              "ms kept before the onset, a whole number of frames");
  frames.after_ms = node.get("after_ms", 0.0, config::at_least(0),
                             "ms kept after the end, a whole number of frames");
  frames.delay_ms =
      node.get("delay_ms", 0.0, config::any(),
               "ms from the recorded onset to the sound: sound card, speaker, trigger");
  frames.pieces = node.get("pieces", std::int64_t{1}, config::between(1, 1000),
                           "number of stimuli into which every sound is cut");
  if (as_sounds && (frames.before_ms > 0 || frames.after_ms > 0)) {
    node.fail(frames.before_ms > 0 ? "before_ms" : "after_ms",
              "is for audio; given spectrograms are not extended");
  }
  for (const auto& [key, value] :
       {std::pair{"before_ms", frames.before_ms}, std::pair{"after_ms", frames.after_ms}}) {
    if (as_sounds) continue;
    const double whole = value / frames.dt_ms;
    if (std::abs(whole - std::round(whole)) > 1e-6) {
      node.fail(key, fmt::format("expected a whole number of frames of {} ms", frames.dt_ms));
    }
  }
  return frames;
}

SplitPart read_part(config::Node& node, const std::string& key) {
  if (!node.has(key)) {
    node.strings(key, {}, "stimuli: names or categories, a fraction (0.15), or most_trials");
    return std::monostate{};
  }
  if (node.form(key) == config::Form::list) {
    return node.strings(key, {}, "stimuli: names or categories, a fraction (0.15), or most_trials");
  }
  const auto value =
      node.number_or(key, 0.5, {0, 1, true, true}, {"most_trials"},
                     "stimuli: names or categories, a fraction (0.15), or most_trials");
  if (const auto* share = std::get_if<double>(&value)) return *share;
  return MostTrials{};
}

SplitRule read_split_rule(config::Node& node) {
  SplitRule rule;
  rule.where = node.where("");
  rule.test = read_part(node, "test");
  rule.valid = read_part(node, "valid");
  rule.column =
      node.get("column", "", "column of the table of stimuli, with train, valid and test");
  rule.seed = node.get("seed", std::int64_t{0}, config::at_least(0), "seed of random fractions");
  if (!rule.column.empty() && (rule.test.index() != 0 || rule.valid.index() != 0)) {
    node.fail("column", "defines the whole split: leave out test and valid");
  }
  return rule;
}

// An open key of a draft, `unit: ?`, is not valid YAML and needs its own message.
void refuse_open_keys(const std::string& text, const std::string& name) {
  std::size_t line = 0;
  for (std::size_t at = 0; at < text.size(); ++line) {
    const auto end = std::min(text.find('\n', at), text.size());
    std::string one = text.substr(at, end - at);
    at = end + 1;
    one.resize(std::min(one.find(" #"), one.size()));
    while (!one.empty() && (one.back() == ' ' || one.back() == '\r')) one.pop_back();
    const auto begin = one.find_first_not_of(' ');
    if (begin == std::string::npos || one[begin] == '#' || !one.ends_with(": ?")) continue;
    throw ConfigError(fmt::format("{}:{}:{}: {}", name, line + 1, begin + 1,
                                  one.substr(begin, one.size() - begin - 3)),
                      "must be filled in; found ?");
  }
}

Manifest read_document(config::Document& document) {
  Manifest manifest;
  config::Node root = document.root();
  manifest.name = root.get("name", "", "name of the recording");
  manifest.reference = root.get("reference", "", "what to cite");
  for (const char* key : {"sounds", "spikes"}) {
    if (!root.has(key)) root.fail(key, "is required");
  }
  config::Node sounds = root.map("sounds", "the sounds");
  const Source& sound_source = chosen_source(sounds, &Source::sounds);
  manifest.sounds = sound_source.sounds(sounds);
  const bool ready = sound_source.are_spectrograms;
  if (root.has("presentations")) {
    config::Node presentations = root.map("presentations", "when they were played");
    manifest.presentations =
        chosen_source(presentations, &Source::presentations).presentations(presentations);
    manifest.allow_overlap =
        presentations.choice("overlap", "refuse", {"refuse", "allow"},
                             "presentations during which another begins") == "allow";
  }
  config::Node spikes = root.map("spikes", "spike times or responses of the units");
  manifest.responses = chosen_source(spikes, &Source::responses).responses(spikes);
  if (root.has("units")) {
    config::Node units = root.map("units", "metadata of units, copied to the dataset");
    manifest.units = chosen_source(units, &Source::facts).facts(units);
  }
  if (root.has("stimuli")) {
    config::Node stimuli = root.map("stimuli", "metadata of sounds");
    manifest.stimuli = chosen_source(stimuli, &Source::facts).facts(stimuli);
    manifest.category = stimuli.get("category", "", "the column of categories");
  }
  config::Node frames = root.map("frames", "division of time into frames");
  manifest.frames = read_frames(frames, ready);
  config::Node spectrogram = root.map("spectrogram", "how spectrograms are computed");
  if (ready) {
    config::Node compression = spectrogram.map("compression", "of the values of spectrograms");
    manifest.compression = read_compression(compression, 1);
  } else {
    manifest.spectrogram = read_spectrogram(spectrogram);
    manifest.compression = manifest.spectrogram->compression;
  }
  config::Node split = root.map("split", "training, validation and test stimuli");
  manifest.split = read_split_rule(split);
  if (!manifest.split.column.empty() && !manifest.stimuli) {
    split.fail("column", "needs stimuli, the table that has it");
  }
  root.finish();
  return manifest;
}

}  // namespace

Manifest read_manifest(const std::string& file) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(file, ignored)) {
    refuse_open_keys(read_bytes(file, kLargestManifest), file);
  }
  auto document = config::Document::from_file(file);
  Manifest manifest = read_document(document);
  manifest.file = file;
  manifest.folder = std::filesystem::path(file).parent_path().string();
  manifest.text = read_bytes(file, kLargestManifest);
  return manifest;
}

Manifest read_manifest_text(const std::string& text, const std::string& name,
                            const std::string& folder) {
  refuse_open_keys(text, name);
  auto document = config::Document::from_text(text, name);
  Manifest manifest = read_document(document);
  manifest.file = name;
  manifest.folder = folder;
  manifest.text = text;
  return manifest;
}

}  // namespace strffit::import
