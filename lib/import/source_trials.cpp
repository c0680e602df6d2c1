// One text file per sound (and unit): one line per trial, spike times separated by blanks.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "files/paths.hpp"
#include "import/events.hpp"
#include "import/paths.hpp"
#include "import/source.hpp"
#include "import/time_unit.hpp"
#include "readers/table.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

constexpr std::int64_t kLargestTrialFile = std::int64_t{256} << 20;

// An empty line is a trial without a spike.
std::vector<std::vector<double>> trials_of_text(const std::string& file, const TimeUnit& unit) {
  const std::string text = read_bytes(file, kLargestTrialFile);
  std::vector<std::vector<double>> trials;
  std::vector<double> all;
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (std::size_t line = 1; at < text.size(); ++line) {
    const auto end = std::min(text.find('\n', at), text.size());
    auto& trial = trials.emplace_back();
    while (at < end) {
      const auto begin = text.find_first_not_of(" \t\r,;", at);
      if (begin >= end) break;
      const auto stop = std::min(text.find_first_of(" \t\r\n,;", begin), end);
      const std::string cell = text.substr(begin, std::min<std::size_t>(stop - begin, 60));
      const double time = as_number(cell, false);
      if (!(time == time)) {
        throw DataError(file, fmt::format("line {}", line),
                        "expected spike times, numbers between blanks; found " + cell);
      }
      all.push_back(time);
      trial.push_back(time * unit.seconds);
      at = stop;
    }
    std::sort(trial.begin(), trial.end());
    at = end + 1;
  }
  refuse_whole_seconds(unit, all, file, "");
  return trials;
}

ReadResponses text_trials(config::Node& node) {
  const std::string pattern = required_text(
      node, "trials", "text files by a pattern with {sound}, and {unit} for several units");
  if (!has_placeholder(pattern, "sound")) {
    node.fail("trials",
              "expected a pattern with {sound} in place of the sound's name, such as "
              "\"spike{sound}\"; found " +
                  pattern);
  }
  const bool several = has_placeholder(pattern, "unit");
  const std::string id = several ? "" : node.get("id", "unit", "the name of the unit");
  const TimeUnit unit = read_time_unit(node);
  const bool skip = read_skip_absent(node);
  return [=](Reading& reading, const Sounds& sounds) {
    const auto found = files_like(pattern, reading.folder);
    if (found.empty()) {
      throw DataError(reading.path(pattern), "", "expected files of this pattern; found none");
    }
    Responses responses;
    TrialSpikes spikes;
    std::map<std::string, std::size_t> units;
    std::map<std::pair<std::size_t, std::size_t>, std::string> taken;
    std::set<std::string> absent;
    for (const auto& file : found) {
      const std::string& name = file.matched.at("sound");
      const std::int64_t sound = sound_of(sounds, name, skip, file.path, "{sound}");
      if (sound < 0) {
        absent.insert(name);
        continue;
      }
      const std::string unit_name = several ? file.matched.at("unit") : id;
      const auto [place, added] = units.try_emplace(unit_name, units.size());
      if (added) responses.ids.push_back(unit_name);
      const auto which = std::pair{place->second, static_cast<std::size_t>(sound)};
      if (const auto [other, first] = taken.try_emplace(which, file.path); !first) {
        throw DataError(
            file.path, "",
            "expected one file per sound and unit; " + other->second + " is for the same");
      }
      reading.sources.insert(file.path);
      std::int64_t trial = 0;
      for (auto& times : trials_of_text(file.path, unit)) {
        spikes.trials.push_back({which.first, which.second, trial++, std::move(times)});
      }
    }
    if (!absent.empty()) {
      std::string names;
      for (const auto& name : absent) names += (names.empty() ? "" : ", ") + name;
      reading.notes.push_back(fmt::format("spikes to {} sounds that do not exist are skipped: {}",
                                          absent.size(), names));
    }
    if (spikes.trials.empty()) {
      throw DataError(reading.path(pattern), "",
                      "expected one trial or more of a sound; found none");
    }
    responses.values = std::move(spikes);
    return responses;
  };
}

bool holds_numbers(const std::string& file) {
  std::string text;
  try {
    text = read_bytes(file, 1 << 20);
  } catch (const DataError&) {
    return false;
  }
  return !text.empty() && text.find_first_not_of("0123456789.eE+- \t\r\n") == std::string::npos;
}

// Files named by the varying part of the sounds' names: stim7.wav and spike7, A8.wav and A8.txt.
void draft_text_trials(const Listing& files, Draft& draft) {
  if (!draft.spikes.empty() || draft.sound_names.empty()) return;
  namespace fs = std::filesystem;
  const std::set<std::string> names(draft.sound_names.begin(), draft.sound_names.end());
  std::map<std::string, std::pair<std::size_t, std::set<std::string>>> patterns;  // -> files, units
  for (const auto& file : files.files) {
    const fs::path path(file);
    const std::string ending = path.extension().string();
    if (!ending.empty() && ending != ".txt" && ending != ".dat" && ending != ".spk") continue;
    const std::string stem = path.filename().string();
    for (const auto& name : names) {
      const auto at = stem.find(name);
      if (at == std::string::npos) continue;
      const std::string before = stem.substr(0, at), after = stem.substr(at + name.size());
      if (!name.empty() && std::isdigit(static_cast<unsigned char>(name.back())) != 0 &&
          ((!after.empty() && std::isdigit(static_cast<unsigned char>(after[0])) != 0) ||
           (!before.empty() && std::isdigit(static_cast<unsigned char>(before.back())) != 0))) {
        continue;
      }
      if (!holds_numbers((fs::path(files.folder) / file).string())) continue;
      std::string folder = path.parent_path().string(), unit;
      // Folders with files of the same names: one folder per unit.
      if (!folder.empty()) {
        unit = fs::path(folder).filename().string();
        folder = fs::path(folder).parent_path().string();
        folder += (folder.empty() ? "" : "/") + std::string("{unit}/");
      }
      auto& [count, units] = patterns[folder + before + "{sound}" + after];
      ++count;
      units.insert(unit);
      break;
    }
  }
  const auto best = std::max_element(
      patterns.begin(), patterns.end(),
      [](const auto& a, const auto& b) { return a.second.first < b.second.first; });
  if (best == patterns.end()) return;
  draft.spikes = {
      fmt::format("trials: \"{}\"  # {} files, a line a trial", best->first, best->second.first),
      "unit: ?  # of the times: s, ms, us, min or samples (with rate_hz)"};
  if (!has_placeholder(best->first, "unit")) draft.spikes.push_back("id: unit_1");
  draft.spikes.push_back(
      "absent_sounds: refuse  # skip leaves out spikes to sounds that do not exist");
}

}  // namespace

Source trials_source() {
  return {"trials", nullptr, nullptr, text_trials, nullptr, draft_text_trials};
}

}  // namespace strffit::import
