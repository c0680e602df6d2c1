// pprox: one JSON file per unit, spike times by stimulus and trial
// (https://meliza.org/spec:2/pprox.json).
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "files/paths.hpp"
#include "import/events.hpp"
#include "import/paths.hpp"
#include "import/source.hpp"
#include "import/time_unit.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

using PproxJson = nlohmann::json;

constexpr std::int64_t kLargestPprox = std::int64_t{64} << 20;
constexpr std::size_t kDeepestPprox = 16;

PproxJson parsed_pprox(const std::string& file) {
  const std::string text = read_bytes(file, kLargestPprox);
  std::size_t depth = 0, deepest = 0;
  for (const char c : text) {  // also counts brackets in texts, which are few
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if ((c == ']' || c == '}') && depth > 0) --depth;
  }
  if (deepest > kDeepestPprox) {
    throw DataError(file, "", fmt::format("expected lists at most 16 deep; found {}", deepest));
  }
  try {
    return PproxJson::parse(text);
  } catch (const PproxJson::exception& error) {
    throw DataError(file, "",
                    std::string("expected JSON; found something else (") + error.what() + ")");
  }
}

double json_time(const PproxJson& value, const std::string& file, const std::string& place) {
  if (!value.is_number()) throw DataError(file, place, "expected a number; found something else");
  const double number = value.get<double>();
  if (!std::isfinite(number)) throw DataError(file, place, "expected a finite number");
  return number;
}

struct PproxFile {
  std::string id;
  std::map<std::string, PproxJson> facts;
  std::vector<TrialSpikes::Trial> trials;
};

class PproxReader {
 public:
  PproxReader(const TimeUnit& unit, bool skip, const Sounds& sounds)
      : unit_(unit), skip_(skip), sounds_(sounds) {}

  PproxFile read(const std::string& file, std::size_t place) {
    const PproxJson json = parsed_pprox(file);
    if (!json.is_object() || !json.contains("pprox") || !json["pprox"].is_array()) {
      throw DataError(file, "", "expected an object with a list pprox; found none");
    }
    PproxFile result;
    result.id = json.value("unitname", std::filesystem::path(file).stem().string());
    for (const auto& [name, value] : json.items()) {
      if (name != "unitname" && name != "$schema" && name != "id" &&
          (value.is_number() || value.is_string())) {
        result.facts.emplace(name, value);
      }
    }
    std::map<std::size_t, std::int64_t> next;
    std::vector<double> all;
    for (std::size_t i = 0; i < json["pprox"].size(); ++i) {
      const PproxJson& one = json["pprox"][i];
      const std::string where = fmt::format("pprox[{}]", i);
      add_trial(one, file, where, place, next, all, result);
    }
    refuse_whole_seconds(unit_, all, file, "pprox");
    return result;
  }

  std::map<std::string, std::size_t> absent;

 private:
  void add_trial(const PproxJson& one, const std::string& file, const std::string& where,
                 std::size_t place, std::map<std::size_t, std::int64_t>& next,
                 std::vector<double>& all, PproxFile& result) {
    if (!one.is_object() || !one.contains("events") || !one["events"].is_array()) {
      throw DataError(file, where, "expected an object with a list events; found none");
    }
    std::string name;
    if (one.contains("stimulus")) {
      const PproxJson& stimulus = one["stimulus"];
      if (stimulus.is_string()) name = stimulus.get<std::string>();
      if (stimulus.is_object()) name = stimulus.value("name", "");
    }
    const std::int64_t sound = sound_of(sounds_, name, skip_, file, where + ".stimulus");
    if (sound < 0) {
      ++absent[name];
      return;
    }
    TrialSpikes::Trial trial;
    trial.unit = place;
    trial.sound = static_cast<std::size_t>(sound);
    trial.trial = next[trial.sound]++;
    // Times count from the start of the trial; the trial gives the onset of the sound if it
    // differs.
    double onset = 0;
    if (one.contains("stimulus") && one["stimulus"].is_object() &&
        one["stimulus"].contains("interval") && one["stimulus"]["interval"].is_array() &&
        !one["stimulus"]["interval"].empty()) {
      onset = json_time(one["stimulus"]["interval"][0], file, where + ".stimulus.interval");
    }
    for (const auto& event : one["events"]) {
      const double time = json_time(event, file, where + ".events");
      all.push_back(time);
      trial.times_s.push_back((time - onset) * unit_.seconds);
    }
    std::sort(trial.times_s.begin(), trial.times_s.end());
    result.trials.push_back(std::move(trial));
  }

  TimeUnit unit_;
  bool skip_;
  const Sounds& sounds_;
};

UnitFacts facts_of_pprox(const std::vector<std::map<std::string, PproxJson>>& all) {
  std::map<std::string, bool> numbers;
  for (const auto& facts : all) {
    for (const auto& [name, value] : facts) {
      const auto [known, added] = numbers.try_emplace(name, true);
      known->second = known->second && value.is_number();
    }
  }
  const auto n = static_cast<std::int64_t>(all.size());
  UnitFacts result;
  for (const auto& [name, are_numbers] : numbers) {
    if (name.find('/') != std::string::npos) continue;
    Array<double> values({n}, kNaN);
    Array<std::string> texts({n});
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto found = all[i].find(name);
      if (found == all[i].end()) continue;
      if (are_numbers) {
        values.values[i] = found->second.get<double>();
      } else {
        texts.values[i] =
            found->second.is_string() ? found->second.get<std::string>() : found->second.dump();
      }
    }
    if (are_numbers) {
      result.emplace(name, std::move(values));
    } else {
      result.emplace(name, std::move(texts));
    }
  }
  return result;
}

ReadResponses pprox_responses(config::Node& node) {
  const std::string pattern = required_text(node, "pprox", "JSON files by a pattern, \"*.json\"");
  const TimeUnit unit = read_time_unit(node);
  const bool skip = read_skip_absent(node);
  return [=](Reading& reading, const Sounds& sounds) {
    const auto files = files_like(pattern, reading.folder);
    if (files.empty()) {
      throw DataError(reading.path(pattern), "", "expected files of this pattern; found none");
    }
    PproxReader reader(unit, skip, sounds);
    Responses responses;
    TrialSpikes spikes;
    std::vector<std::map<std::string, PproxJson>> facts;
    for (const auto& file : files) {
      reading.sources.insert(file.path);
      PproxFile one = reader.read(file.path, responses.ids.size());
      responses.ids.push_back(one.id);
      facts.push_back(std::move(one.facts));
      for (auto& trial : one.trials) spikes.trials.push_back(std::move(trial));
    }
    for (const auto& [name, trials] : reader.absent) {
      reading.notes.push_back(
          fmt::format("{} trials of {} skipped: there is no such sound", trials, name));
    }
    if (spikes.trials.empty()) {
      throw DataError(reading.path(pattern), "",
                      "expected one trial or more of a sound; found none");
    }
    responses.facts = facts_of_pprox(facts);
    responses.values = std::move(spikes);
    return responses;
  };
}

void draft_pprox(const Listing& files, Draft& draft) {
  for (const auto& file : files.ending(".json")) {
    try {
      const PproxJson json = parsed_pprox(files.folder + "/" + file);
      if (!json.is_object() || !json.contains("pprox")) continue;
    } catch (const DataError&) {
      continue;
    }
    const std::string folder = std::filesystem::path(file).parent_path().string();
    if (!draft.spikes.empty()) {
      draft.comments.push_back(file + " is a pprox file, which has the spikes as well.");
      return;
    }
    draft.spikes = {"pprox: \"" + (folder.empty() ? std::string() : folder + "/") + "*.json\"",
                    "unit: ?  # of the times: s or ms (files of spec:2 have both)",
                    "absent_sounds: refuse  # skip leaves out trials of sounds that do not exist"};
    return;
  }
}

}  // namespace

Source pprox_source() { return {"pprox", nullptr, nullptr, pprox_responses, nullptr, draft_pprox}; }

}  // namespace strffit::import
