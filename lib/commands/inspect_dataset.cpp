#include "commands/inspect_dataset.hpp"

#include <cmath>
#include <map>
#include <numeric>

#include "dataset/inspect.hpp"
#include "evaluation/scoring.hpp"
#include "files/json.hpp"
#include "files/reader.hpp"
#include "metrics/response_quality.hpp"
#include "util/frequency.hpp"
#include "util/listed.hpp"
#include "util/memory.hpp"
#include "util/text.hpp"
#include "util/threads.hpp"

namespace strffit {

namespace {

std::string split_text(const std::optional<SplitName>& split) {
  return split ? to_string(*split) : "-";
}

std::vector<ResponseQuality> qualities_of(const Dataset& dataset) {
  std::vector<std::size_t> recorded;
  for (std::size_t s = 0; s < dataset.stimuli.size(); ++s) {
    if (dataset.stimuli[s].trials() > 0) recorded.push_back(s);
  }
  std::vector<ResponseQuality> qualities(static_cast<std::size_t>(dataset.units()));
  parallel_for(dataset.units(), available_processors(), [&](std::int64_t unit) {
    qualities[static_cast<std::size_t>(unit)] =
        response_quality(trials_of(dataset, unit, recorded));
  });
  return qualities;
}

std::vector<std::string> findings(const Dataset& dataset, const DatasetSummary& summary,
                                  const Doubts& doubts) {
  std::vector<std::string> notes = doubts.warnings;
  if (const auto without = dataset.unrecorded.size(); without == dataset.stimuli.size()) {
    notes.emplace_back("sounds without responses: good for predict and export-strfs --gradient");
    return notes;
  } else if (without > 0) {
    notes.push_back(fmt::format(
        "{} stimuli have no responses: train and eval leave them out, predict takes them",
        without));
  }
  if (!summary.leaks.empty()) {
    std::vector<std::string> pairs;
    for (const auto& leak : summary.leaks) {
      pairs.push_back(dataset.stimuli[leak.first].key + " and " + dataset.stimuli[leak.second].key);
    }
    notes.push_back("leak: " +
                    (pairs.size() == 1
                         ? "stimuli " + pairs.front()
                         : fmt::format("{} pairs of stimuli ({})", pairs.size(), listed(pairs))) +
                    " have the same spectrogram but lie in different splits");
  }
  if (!summary.repeats.empty()) {
    std::size_t stimuli = 0;
    std::vector<std::string> groups;
    for (const auto& group : summary.repeats) {
      stimuli += group.size();
      std::vector<std::string> keys;
      for (const auto i : group) keys.push_back(dataset.stimuli[i].key);
      groups.push_back(listed(keys, 2));
    }
    notes.push_back(fmt::format(
        "{} stimuli share their spectrograms with others ({}): presentations of a sound belong "
        "into one stimulus, as its trials; shares in data.split and folds would part them",
        stimuli, listed(groups, 2)));
  }
  std::int64_t repeated = 0;
  std::vector<std::string> absent, constant;
  for (const auto& unit : summary.units) {
    if (unit.stimuli == 0) {
      absent.push_back(unit.id);
    } else if (unit.constant) {
      constant.push_back(unit.id);
    }
    repeated += unit.trials_most >= 2 ? 1 : 0;
  }
  if (!absent.empty())
    notes.push_back(subject("unit", absent, "has", "have") + " no response at all");
  if (!constant.empty()) {
    notes.push_back(subject("unit", constant, "always responds", "always respond") +
                    " the same: it is impossible to fit " + (constant.size() == 1 ? "it" : "them"));
  }
  if (repeated < dataset.units()) {
    notes.push_back(
        fmt::format("{} units have fewer than 2 trials: no noise-corrected metrics for them",
                    dataset.units() - repeated));
  }
  std::map<std::string, int> splits;
  for (const auto& stimulus : summary.stimuli) ++splits[split_text(stimulus.split)];
  if (splits.size() == 1 && splits.contains("-")) {
    notes.push_back(
        "no stimulus says which split it is in: a config needs data.split, for instance {valid: "
        "0.15, test: 0.2, seed: 0}");
  } else if (splits.contains("-")) {
    notes.push_back(fmt::format("{} stimuli are in no split and stay unused", splits["-"]));
  }
  if (notes.empty()) notes.emplace_back("sound: no leaks between splits, every unit responds");
  return notes;
}

// What `import` left in the file; empty where the dataset was made otherwise.
struct Origin {
  std::string version, spectrogram, compression, manifest;
  std::vector<std::string> files, sums, notes;
};

Origin origin_of(const std::string& file) {
  Origin origin;
  const files::Reader reader(file);
  if (!reader.is_group("/import")) return origin;
  const auto word = [&](const char* name) {
    return reader.optional_string_attribute("/import", name).value_or("");
  };
  const auto texts = [&](const std::string& path) {
    return reader.is_dataset(path) ? reader.strings(path).values : std::vector<std::string>();
  };
  origin.version = word("strffit_version");
  origin.spectrogram = word("spectrogram");
  origin.compression = word("compression");
  for (const auto& text : texts("/import/manifest")) origin.manifest += text;
  origin.files = texts("/import/source_file");
  origin.sums = texts("/import/source_sha256");
  origin.notes = texts("/import/notes");
  if (origin.sums.size() != origin.files.size()) origin.sums.resize(origin.files.size());
  return origin;
}

Table manifest_table(const Origin& origin) {
  Table table{"imported by strffit " + origin.version + " with", {}, {}};
  for (std::size_t at = 0; at < origin.manifest.size();) {
    const auto end = std::min(origin.manifest.find('\n', at), origin.manifest.size());
    table.rows.push_back({origin.manifest.substr(at, end - at)});
    at = end + 1;
  }
  return table;
}

Table sources_table(const Origin& origin) {
  constexpr std::size_t kMostSources = 20;
  Table table{"from", {"file", "SHA-256"}, {}};
  for (std::size_t i = 0; i < std::min(kMostSources, origin.files.size()); ++i) {
    table.rows.push_back({origin.files[i], origin.sums[i]});
  }
  if (origin.files.size() > kMostSources) {
    table.rows.push_back({fmt::format("and {} more", origin.files.size() - kMostSources), ""});
  }
  return table;
}

// "20 ms", or why not.
std::string lag_text(const Following& following) {
  if (std::isnan(following.lag_ms)) return "not known: too few responses";
  return following.clear ? number(following.lag_ms) + " ms" : "not clear from these responses";
}

std::vector<std::pair<std::string, std::string>> facts(const Dataset& dataset,
                                                       const DatasetSummary& summary,
                                                       const Doubts& doubts) {
  const auto& bands = dataset.axes.frequencies_hz;
  std::map<std::string, int> splits;
  for (const auto& stimulus : summary.stimuli) ++splits[split_text(stimulus.split)];
  std::string split_line;
  for (const auto& [name, n] : splits) {
    split_line += fmt::format("{}{}{}", split_line.empty() ? "" : ", ", n,
                              name == "-" ? std::string(" unused") : " " + name);
  }
  return {{"file", dataset.file},
          {"name", dataset.name.empty() ? "-" : dataset.name},
          {"reference", dataset.reference.empty() ? "-" : dataset.reference},
          {"sha256", dataset.sha256},
          {"frame", number(dataset.axes.dt_ms) + " ms"},
          {"bands",
           fmt::format("{}, {}", bands.size(), frequency_range_text(bands.front(), bands.back()))},
          {"units", std::to_string(dataset.units())},
          {"stimuli", fmt::format("{}, {} s, {}", dataset.stimuli.size(), number(summary.seconds),
                                  split_line)},
          {"responses", dataset.unrecorded.size() == dataset.stimuli.size() ? "none"
                        : dataset.counts                                    ? "spike counts"
                                         : "rates (not all whole numbers)"},
          {"they follow the sound by", lag_text(doubts.following)}};
}

Json json_of(const Dataset& dataset, const DatasetSummary& summary,
             const std::vector<ResponseQuality>& qualities, const Doubts& doubts,
             const Origin& origin, const std::vector<std::string>& notes) {
  Json json = {{"format", "strffit-dataset"},
               {"file", dataset.file},
               {"name", dataset.name},
               {"reference", dataset.reference},
               {"sha256", dataset.sha256},
               {"dt_ms", dataset.axes.dt_ms},
               {"frequencies_hz", dataset.axes.frequencies_hz},
               {"counts", dataset.counts},
               {"seconds", summary.seconds},
               {"lag_ms", json_number(doubts.following.lag_ms)},
               {"lag_is_clear", doubts.following.clear},
               {"lag_begins_ms", json_number(doubts.following.begins_ms)},
               {"skewness", json_number(doubts.skewness)}};
  json["lags_ms"] = doubts.following.lags_ms;
  json["following_by_lag"] = Json::array();
  for (const double value : doubts.following.by_lag) {
    json["following_by_lag"].push_back(json_number(value));
  }
  json["stimuli"] = Json::array();
  for (const auto& stimulus : summary.stimuli) {
    json["stimuli"].push_back(
        {{"key", stimulus.key},
         {"name", stimulus.name},
         {"category", stimulus.category},
         {"split", stimulus.split ? Json(to_string(*stimulus.split)) : Json()},
         {"frames", stimulus.frames},
         {"seconds", stimulus.seconds},
         {"trials", stimulus.trials},
         {"missing", json_number(stimulus.missing)},
         {"response_per_second", json_number(stimulus.response_per_second)}});
  }
  json["units"] = Json::array();
  for (std::size_t i = 0; i < summary.units.size(); ++i) {
    const UnitSummary& unit = summary.units[i];
    json["units"].push_back({{"id", unit.id},
                             {"response_per_second", json_number(unit.response_per_second)},
                             {"stimuli", unit.stimuli},
                             {"trials_fewest", unit.trials_fewest},
                             {"trials_most", unit.trials_most},
                             {"missing", json_number(unit.missing)},
                             {"constant", unit.constant},
                             {"snr", json_number(qualities[i].snr)},
                             {"cc_max", json_number(qualities[i].cc_max)}});
  }
  json["leaks"] = Json::array();
  for (const auto& leak : summary.leaks) {
    json["leaks"].push_back({dataset.stimuli[leak.first].key, dataset.stimuli[leak.second].key});
  }
  json["repeats"] = Json::array();
  for (const auto& group : summary.repeats) {
    auto& keys = json["repeats"].emplace_back(Json::array());
    for (const auto i : group) keys.push_back(dataset.stimuli[i].key);
  }
  json["findings"] = notes;
  if (!origin.version.empty()) {
    auto& import = json["import"];
    import = {{"strffit_version", origin.version},
              {"spectrogram", origin.spectrogram},
              {"compression", origin.compression},
              {"manifest", origin.manifest},
              { "notes",
                origin.notes }};
    import["sources"] = Json::array();
    for (std::size_t i = 0; i < origin.files.size(); ++i) {
      import["sources"].push_back({{"file", origin.files[i]}, { "sha256", origin.sums[i] }});
    }
  }
  return json;
}

}  // namespace

Inspection inspect_dataset(const std::string& file) {
  const Dataset dataset = read_dataset(file, {}, {}, Content::all);
  const DatasetSummary summary = summarise(dataset);
  const Doubts doubts = doubts_about(dataset);
  const auto qualities = qualities_of(dataset);
  Inspection inspection;
  Report& report = inspection.report;
  Table overview{"dataset", {}, {}};
  for (const auto& [name, text] : facts(dataset, summary, doubts))
    overview.rows.push_back({name, text});
  report.tables.push_back(std::move(overview));

  Table stimuli{
      "stimuli", {"key", "split", "category", "seconds", "trials", "missing %", "rate /s"}, {}};
  for (const auto& stimulus : summary.stimuli) {
    stimuli.rows.push_back({stimulus.key, split_text(stimulus.split),
                            stimulus.category.empty() ? "-" : stimulus.category,
                            number(stimulus.seconds), std::to_string(stimulus.trials),
                            number(100 * stimulus.missing), number(stimulus.response_per_second)});
  }
  report.tables.push_back(std::move(stimuli));

  Table units{"units", {"id", "stimuli", "trials", "missing %", "rate /s", "SNR", "CCmax"}, {}};
  for (std::size_t i = 0; i < summary.units.size(); ++i) {
    const UnitSummary& unit = summary.units[i];
    std::string trials = std::to_string(unit.trials_fewest);
    if (unit.trials_most != unit.trials_fewest) {
      trials.append("-").append(std::to_string(unit.trials_most));
    }
    units.rows.push_back({unit.id, std::to_string(unit.stimuli), trials, number(100 * unit.missing),
                          number(unit.response_per_second), number(qualities[i].snr),
                          number(qualities[i].cc_max)});
  }
  if (dataset.units() > 0) report.tables.push_back(std::move(units));
  const Origin origin = origin_of(file);
  if (!origin.version.empty()) {
    report.tables.push_back(manifest_table(origin));
    report.tables.push_back(sources_table(origin));
  }
  report.notes = findings(dataset, summary, doubts);
  for (const auto& note : origin.notes) report.notes.push_back("import: " + note);
  inspection.json = json_of(dataset, summary, qualities, doubts, origin, report.notes).dump(2);
  return inspection;
}

}  // namespace strffit
