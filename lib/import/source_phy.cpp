// Kilosort's output in phy's format: spike_times.npy in samples, spike_clusters.npy, params.py.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>

#include "files/paths.hpp"
#include "import/paths.hpp"
#include "import/source.hpp"
#include "readers/npy.hpp"
#include "readers/table.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

namespace fs = std::filesystem;

// Finds `sample_rate = 30000.` in params.py, without executing it.
std::optional<double> rate_of_params(const std::string& file) {
  const std::string text = read_bytes(file, 1 << 20);
  const std::string word = "sample_rate";
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += word.size()) {
    if (at > 0 && text[at - 1] != '\n') continue;
    std::size_t begin = text.find_first_not_of(" \t", at + word.size());
    if (begin == std::string::npos || text[begin] != '=') continue;
    begin = text.find_first_not_of(" \t", begin + 1);
    if (begin == std::string::npos) continue;
    double rate = 0;
    const auto [stop, error] =
        std::from_chars(text.data() + begin, text.data() + text.size(), rate);
    if (error == std::errc() && rate > 0 && std::isfinite(rate)) return rate;
  }
  return std::nullopt;
}

// Metadata of each cluster, from the tables in the folder.
struct ClusterFacts {
  std::map<std::int64_t, std::map<std::string, std::string>> rows;

  void read(const std::string& file) {
    Table table(file, true);
    const std::size_t id = table.column(table.has("cluster_id") ? "cluster_id" : "id");
    while (table.next()) {
      auto& row = rows[static_cast<std::int64_t>(table.number(id))];
      for (std::size_t i = 0; i < table.header().size(); ++i) {
        // Later tables win; cluster_info.tsv and cluster_group.tsv have the same groups.
        if (i != id) row[table.header()[i]] = table.cell(i);
      }
    }
  }
  std::string group_of(std::int64_t cluster) const {
    const std::string group = of(cluster, "group");
    return group.empty() ? of(cluster, "KSLabel") : group;  // no manual curation yet
  }
  std::string of(std::int64_t cluster, const std::string& name) const {
    const auto row = rows.find(cluster);
    if (row == rows.end()) return "";
    const auto cell = row->second.find(name);
    return cell == row->second.end() ? "" : cell->second;
  }
};

UnitFacts facts_of_clusters(const std::vector<std::int64_t>& clusters, const ClusterFacts& known) {
  std::map<std::string, std::vector<std::string>> columns;
  for (const auto cluster : clusters) {
    if (const auto row = known.rows.find(cluster); row != known.rows.end()) {
      for (const auto& [name, cell] : row->second) columns[name];
    }
  }
  const auto n = static_cast<std::int64_t>(clusters.size());
  UnitFacts facts;
  for (auto& [name, cells] : columns) {
    bool numbers = true, any = false;
    for (const auto cluster : clusters) {
      cells.push_back(known.of(cluster, name));
      if (is_missing(cells.back())) continue;
      any = true;
      numbers = numbers && !std::isnan(as_number(cells.back(), false));
    }
    if (!any || name == "id" || name.find('/') != std::string::npos || name.empty()) continue;
    if (!numbers) {
      facts.emplace(name, Array<std::string>({n}, cells));
      continue;
    }
    Array<double> values({n});
    for (std::size_t i = 0; i < cells.size(); ++i) values.values[i] = as_number(cells[i], false);
    facts.emplace(name, std::move(values));
  }
  return facts;
}

ReadResponses phy_responses(config::Node& node) {
  const std::string given = required_text(node, "phy", "a folder with spike_times.npy");
  const auto groups =
      node.strings("groups", {}, "groups of clusters to import, such as [good]; default all");
  const double rate_given = node.get("rate_hz", 0.0, config::at_least(0),
                                     "samples per second, if params.py does not give them");
  const std::string where = node.where("rate_hz");
  return [=](Reading& reading, const Sounds&) {
    const std::string folder = given + "/";
    const auto there = [&](const std::string& name) {
      std::error_code ignored;
      return fs::is_regular_file(reading.path(folder + name), ignored);
    };
    double rate = rate_given;
    if (there("params.py")) {
      const std::string params = reading.source(folder + "params.py");
      const auto said = rate_of_params(params);
      if (said && rate > 0 && rate != *said) {
        throw DataError(params, "",
                        fmt::format("expected the rate_hz of the manifest, {}; found sample_rate "
                                    "{}: leave one of them out",
                                    rate, *said));
      }
      if (said) rate = *said;
    }
    if (!(rate > 0)) {
      throw DataError(reading.path(given), "",
                      "expected a params.py with sample_rate; found none: give rate_hz, the "
                      "samples per second, in the manifest (" +
                          where + ")");
    }
    const std::string times_file = reading.source(folder + "spike_times.npy");
    const std::string clusters_file = reading.source(folder + "spike_clusters.npy");
    const Array<std::int64_t> times = read_npy_integers(times_file);
    const Array<std::int64_t> clusters = read_npy_integers(clusters_file);
    const auto is_list = [](const Shape& shape) {
      return shape.size() == 1 || (shape.size() == 2 && shape[1] == 1);
    };
    for (const auto& [array, file] :
         {std::pair{&times, &times_file}, {&clusters, &clusters_file}}) {
      if (!is_list(array->shape)) {
        throw DataError(*file, "",
                        "expected a list, (n) or (n, 1); found " + to_string(array->shape));
      }
    }
    if (times.size() != clusters.size()) {
      throw DataError(clusters_file, "",
                      fmt::format("expected a cluster for each of the {} spikes; found {}",
                                  times.size(), clusters.size()));
    }
    ClusterFacts known;
    for (const char* name : {"cluster_KSLabel.tsv", "cluster_group.tsv", "cluster_info.tsv"}) {
      if (there(name)) known.read(reading.source(folder + name));
    }
    std::map<std::int64_t, std::vector<double>> trains;
    for (const auto& [cluster, row] : known.rows) trains[cluster];  // also without spikes
    std::map<std::int64_t, std::vector<double>>::iterator now = trains.end();
    for (std::size_t i = 0; i < times.values.size(); ++i) {
      if (times.values[i] < (i == 0 ? 0 : times.values[i - 1])) {
        throw DataError(
            times_file, fmt::format("[{}]", i),
            fmt::format("expected samples that ascend from 0; found {}{}", times.values[i],
                        i == 0 ? "" : fmt::format(" after {}", times.values[i - 1])));
      }
      if (now == trains.end() || now->first != clusters.values[i]) {
        now = trains.try_emplace(clusters.values[i]).first;
      }
      now->second.push_back(static_cast<double>(times.values[i]) / rate);
    }
    Responses responses;
    ClockSpikes spikes;
    std::vector<std::int64_t> taken;
    std::map<std::string, std::size_t> left_out;
    for (auto& [cluster, train] : trains) {
      const std::string group = known.group_of(cluster);
      if (!groups.empty() && std::find(groups.begin(), groups.end(), group) == groups.end()) {
        ++left_out[group.empty() ? "none" : group];
        continue;
      }
      taken.push_back(cluster);
      responses.ids.push_back(std::to_string(cluster));
      spikes.units.push_back({std::move(train), {}});
    }
    std::string groups_left;
    for (const auto& [group, n] : left_out) {
      groups_left += fmt::format("{}{} {}", groups_left.empty() ? "" : ", ", n, group);
    }
    if (!groups_left.empty())
      reading.notes.push_back("clusters of other groups left out: " + groups_left);
    if (taken.empty()) {
      throw DataError(reading.path(given), "",
                      "expected clusters of the groups wanted; found " +
                          (groups_left.empty() ? std::string("none at all") : groups_left));
    }
    responses.facts = facts_of_clusters(taken, known);
    responses.values = std::move(spikes);
    return responses;
  };
}

// Number of clusters per group, "3 good, 1 mua", from the tables.
std::string groups_there(const fs::path& folder) {
  ClusterFacts known;
  for (const char* name : {"cluster_KSLabel.tsv", "cluster_group.tsv", "cluster_info.tsv"}) {
    std::error_code ignored;
    if (!fs::is_regular_file(folder / name, ignored)) continue;
    try {
      known.read((folder / name).string());
    } catch (const DataError&) {  // the import reports it
      return "";
    }
  }
  std::map<std::string, std::size_t> groups;
  for (const auto& [cluster, row] : known.rows) ++groups[known.group_of(cluster)];
  std::string text;
  for (const auto& [group, n] : groups) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, group.empty() ? "none" : group);
  }
  return text;
}

void draft_phy(const Listing& files, Draft& draft) {
  if (!draft.spikes.empty()) return;
  const auto found = files.called("spike_times.npy");
  if (found.empty()) return;
  const std::string folder = fs::path(found.front()).parent_path().string();
  draft.spikes_on_clock = true;
  const std::string groups = groups_there(fs::path(files.folder) / folder);
  draft.spikes = {"phy: " + (folder.empty() ? std::string(".") : folder),
                  "groups: [good]  # of clusters" + (groups.empty() ? "" : " (" + groups + ")") +
                      "; leave it out to take all"};
  const auto beside = [&](const std::string& name) {
    std::error_code ignored;
    return fs::exists(fs::path(files.folder) / folder / name, ignored);
  };
  if (!beside("params.py")) {
    draft.spikes.push_back("rate_hz: ?  # samples per second; no params.py gives them");
  }
  if (beside("cluster_info.tsv") || beside("cluster_group.tsv")) {
    draft.comments.push_back("The clusters' own table is carried along as facts about units.");
  }
}

}  // namespace

Source phy_source() { return {"phy", nullptr, nullptr, phy_responses, nullptr, draft_phy}; }

}  // namespace strffit::import
