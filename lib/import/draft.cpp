#include "import/draft.hpp"

#include <algorithm>
#include <filesystem>

#include "import/draft_parts.hpp"
#include "import/paths.hpp"
#include "import/source.hpp"
#include "readers/table.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostListed = 100000;
constexpr int kDeepestListed = 6;
constexpr std::int64_t kFewestSounds = 3;  // training, validation and test need one each

void list_below(const fs::path& root, const fs::path& folder, int depth, Listing& listing) {
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const fs::path path = entries->path();
    if (path.filename().string().front() == '.') continue;
    if (listing.files.size() >= kMostListed) return;
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored)) {
      listing.files.push_back(path.lexically_relative(root).string());
    } else if (depth < kDeepestListed && fs::is_directory(path, ignored)) {
      list_below(root, path, depth + 1, listing);
    }
  }
}

Listing listing_of(const std::string& path) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored)) {
    return {
        fs::path(path).parent_path().string().empty() ? "." : fs::path(path).parent_path().string(),
        {fs::path(path).filename().string()}};
  }
  if (!fs::is_directory(path, ignored)) throw DataError(path, "", "no such folder or file");
  Listing listing{path, {}};
  list_below(path, path, 0, listing);
  std::sort(listing.files.begin(), listing.files.end(), natural_less);
  return listing;
}

// Finds a column by the words in its name.
std::string column_like(const std::vector<std::string>& header,
                        const std::vector<std::string>& words) {
  for (const auto& word : words) {
    for (const auto& name : header) {
      std::string lower = name;
      std::transform(lower.begin(), lower.end(), lower.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (lower.find(word) != std::string::npos) return name;
    }
  }
  return "";
}

struct DraftTable {
  std::string file, kind;  // csv or tsv
  std::vector<std::string> header;
};

std::vector<DraftTable> tables_of(const Listing& listing) {
  std::vector<DraftTable> tables;
  for (const char* ending : {".csv", ".tsv"}) {
    for (const auto& file : listing.ending(ending)) {
      if (fs::path(file).filename().string().starts_with("cluster_")) continue;
      try {
        const std::string path = (fs::path(listing.folder) / file).string();
        tables.push_back({file, ending + 1, Table(path, ending[1] == 't').header()});
      } catch (const DataError&) {  // not a table
      }
    }
  }
  return tables;
}

const std::vector<std::string> kSoundWords = {"stim", "sound", "file", "song", "name"};
constexpr const char* kUnitToFill =
    "unit: ?  # of the times: s, ms, us, min or samples (with rate_hz)";

bool draft_spike_table(const DraftTable& table, Draft& draft) {
  const std::string time = column_like(table.header, {"spike_time", "time", "spike"});
  const std::string unit = column_like(table.header, {"unit", "cluster", "neuron", "cell"});
  const std::string onset = column_like(table.header, {"onset", "start"});
  if (!draft.spikes.empty() || time.empty() || unit.empty() || !onset.empty()) return false;
  draft.spikes = {table.kind + ": " + table.file, "id: " + unit, "time: " + time, kUnitToFill};
  const std::string sound = column_like(table.header, kSoundWords);
  const std::string trial = column_like(table.header, {"trial", "repeat"});
  draft.spikes_on_clock = sound.empty() || trial.empty();
  if (!draft.spikes_on_clock) {
    draft.spikes.push_back("sound: " + sound);
    draft.spikes.push_back("trial: " + trial);
  }
  return true;
}

bool draft_event_table(const DraftTable& table, Draft& draft) {
  const std::string onset = column_like(table.header, {"onset", "start"});
  const std::string sound = column_like(table.header, kSoundWords);
  const bool wanted =
      draft.presentations.empty() && (draft.spikes.empty() || draft.spikes_on_clock);
  if (!wanted || onset.empty() || sound.empty() || onset == sound) return false;
  draft.presentations = {table.kind + ": " + table.file, "sound: " + sound, "onset: " + onset,
                         kUnitToFill};
  return true;
}

// Uses tables of spikes, and tables with columns of onsets and sounds.
void draft_tables(const Listing& listing, Draft& draft) {
  std::vector<DraftTable> tables = tables_of(listing), others;
  for (const auto& table : tables) {
    if (!draft_spike_table(table, draft)) others.push_back(table);
  }
  for (const auto& table : others) {
    if (draft_event_table(table, draft)) continue;
    std::string names;
    for (const auto& column : table.header) names += (names.empty() ? "" : ", ") + column;
    draft.comments.push_back(table.file + " is a table of " + names + ".");
  }
}

void write_part(std::string& text, const std::string& key, const std::vector<std::string>& lines,
                const std::string& meaning) {
  text += key + ":  # " + meaning + "\n";
  for (const auto& line : lines) text += "  " + line + "\n";
}

}  // namespace

std::vector<std::string> Listing::ending(const std::string& ending) const {
  std::vector<std::string> found;
  for (const auto& file : files) {
    std::string lower = file;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (lower.ends_with(ending)) found.push_back(file);
  }
  return found;
}

std::vector<std::string> Listing::called(const std::string& name) const {
  std::vector<std::string> found;
  for (const auto& file : files) {
    if (fs::path(file).filename() == name) found.push_back(file);
  }
  return found;
}

std::string draft_manifest(const std::string& path) {
  const Listing listing = listing_of(path);
  Draft draft;
  for (const Source& source : sources()) {
    if (source.draft != nullptr) source.draft(listing, draft);
  }
  draft_tables(listing, draft);
  if (draft.sounds.empty() && draft.spikes.empty() && draft.presentations.empty()) {
    std::string what = fmt::format("{} files", listing.files.size());
    for (const auto& comment : draft.comments) what += "; " + comment;
    throw DataError(path, "",
                    "expected sounds or spikes in a format that import knows "
                    "(docs/import.md); found " +
                        what);
  }
  std::string text = "# A draft: fill in every `?`, then strffit import THIS.yaml --check\n";
  text += "# (docs/import.md). Paths are relative to the folder of this file: keep it in " +
          listing.folder + ".\n";
  for (const auto& comment : draft.comments) text += "# " + comment + "\n";
  text += "\n";
  if (draft.sounds.empty()) {
    draft.sounds = {"audio: ?  # found none here: the sounds that were played, \"folder/*.wav\""};
  }
  if (draft.spikes.empty()) draft.spikes = {"csv: ?  # found none here: the spike times"};
  write_part(text, "sounds", draft.sounds, "the sounds that were played");
  if (!draft.presentations.empty()) {
    write_part(text, "presentations", draft.presentations, "when");
  } else if (!draft.spikes.empty() && draft.spikes_on_clock) {
    write_part(
        text, "presentations",
        {"csv: ?  # found none here: a table with one row per event",
         "sound: ?  # its column of sounds", "onset: ?  # of onsets", "unit: ?  # of the onsets"},
        "when");
  }
  write_part(text, "spikes", draft.spikes, "spike times or responses of the units");
  if (!draft.units.empty()) write_part(text, "units", draft.units, "metadata of the units");
  if (draft.frames.empty() && !draft.sounds_are_spectrograms) {
    draft.frames = {"dt_ms: 5", "delay_ms: 0  # from a recorded onset to the sound at the ear"};
  }
  if (draft.n_sounds > 0 && draft.n_sounds < kFewestSounds) {
    draft.frames.push_back(
        "pieces: 5  # each sound is cut into 5 stimuli, so that some can be used for testing");
  }
  if (!draft.frames.empty())
    write_part(text, "frames", draft.frames, "division of time into frames");
  if (draft.spectrogram.empty() && !draft.sounds_are_spectrograms) {
    draft.spectrogram = {"kind: log_frequency", "bands: 34", "min_hz: 500", "max_hz: 20000",
                         "compression: {kind: decibel, range_db: 80}"};
  }
  if (!draft.spectrogram.empty()) {
    write_part(text, "spectrogram", draft.spectrogram,
               "how it is computed from a sound (docs/spectrograms.md)");
  }
  if (!draft.stimuli.empty()) write_part(text, "stimuli", draft.stimuli, "metadata of sounds");
  text += "split:  # fractions of the sounds, or lists of names, or most_trials\n";
  text += "  test: 0.2\n  valid: 0.15\n";
  return text;
}

}  // namespace strffit::import
