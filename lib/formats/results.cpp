#include "formats/results.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "files/dimensions.hpp"
#include "files/reader.hpp"
#include "formats/axis_names.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

constexpr const char* kResultsFormat = "strffit-results";

// A table (epochs, members), or (epochs) if `single` is true.
Array<double> as_table(const std::vector<std::vector<double>>& rows, bool single) {
  const auto columns = rows.empty() ? 0 : static_cast<std::int64_t>(rows.front().size());
  Shape shape = {static_cast<std::int64_t>(rows.size())};
  if (!single) shape.push_back(columns);
  std::vector<double> values;
  for (const auto& row : rows) values.insert(values.end(), row.begin(), row.end());
  return {std::move(shape), std::move(values)};
}

void put_members(files::Writer& writer, const Results& results) {
  const Shape members = {static_cast<std::int64_t>(results.status.size())};
  Array<std::string> status(members);
  std::transform(results.status.begin(), results.status.end(), status.values.begin(),
                 [](MemberStatus one) { return to_string(one); });
  writer.put("/members/status", status);
  writer.put("/members/best_epoch", Array<std::int64_t>(members, results.best_epoch));
}

constexpr std::array<MemberStatus, 4> kStatuses = {MemberStatus::running, MemberStatus::finished,
                                                   MemberStatus::stopped_early,
                                                   MemberStatus::failed};

MemberStatus status_named(const std::string& word, const std::string& file) {
  for (const auto status : kStatuses) {
    if (to_string(status) == word) return status;
  }
  throw DataError(file, "/members/status",
                  "expected running, finished, stopped early or failed; found \"" + word + "\"");
}

}  // namespace

void put_ridge(files::Writer& writer, const RidgeRecord& ridge) {
  if (ridge.empty()) return;
  writer.put("/ridge/penalty", ridge.penalty);
  writer.put("/ridge/smooth_bands", ridge.smooth_bands);
  writer.put("/ridge/smooth_lags", ridge.smooth_lags);
}

std::string to_string(MemberStatus status) {
  switch (status) {
    case MemberStatus::running:
      return "running";
    case MemberStatus::finished:
      return "finished";
    case MemberStatus::stopped_early:
      return "stopped early";
    case MemberStatus::failed:
      return "failed";
  }
  throw Bug("a member has no status");
}

void write_results(const std::string& path, const Results& results,
                   const std::function<void(files::Writer&)>& more) {
  files::Writer writer(path, kResultsFormat);
  put_provenance(writer, results.provenance);
  writer.attribute("/", "config", results.config);
  put_roster(writer, results.roster);
  if (!results.status.empty()) put_members(writer, results);
  if (!results.number.empty()) {
    const Shape members = {static_cast<std::int64_t>(results.number.size())};
    writer.put("/members/number", Array<std::int64_t>(members, results.number));
  }
  for (const auto& [split, metrics] : results.metrics) {
    for (const auto& [name, values] : metrics) {
      writer.put("/metrics/" + split + "/" + name, values);
    }
    put_labels_of_members(writer, "/metrics/" + split, results.roster);
  }
  for (const auto& [name, rows] : results.history) {
    writer.put("/history/" + name, as_table(rows, name == "seconds"));
  }
  put_ridge(writer, results.ridge);
  put_input_spread(writer, results.spread);
  put_strfs(writer, results.strfs);
  if (more) more(writer);
  name_axes(writer, {results.roster.axes.dt_ms, results.roster.unit_ids,
                     results.roster.axes.frequencies_hz, results.strfs.channels,
                     results.strfs.lags_ms, results.number, results.strfs.kernel_a_unit});
  writer.commit();
}

RidgeRecord read_ridge(const files::Reader& reader, std::int64_t members) {
  RidgeRecord ridge;
  if (!reader.exists("/ridge")) return ridge;
  ridge.penalty = reader.doubles("/ridge/penalty", {{members, -1}, "(M, N)"});
  const files::Expected same({members, ridge.penalty.dim(1)}, "(M, N)");
  ridge.smooth_bands = reader.doubles("/ridge/smooth_bands", same);
  ridge.smooth_lags = reader.doubles("/ridge/smooth_lags", same);
  return ridge;
}

std::vector<std::vector<double>> read_history(const files::Reader& reader, const std::string& name,
                                              const files::Expected& expected,
                                              std::int64_t members) {
  const std::string path = "/history/" + name;
  const auto table = reader.doubles(path, expected);
  const auto columns = table.shape.size() > 1 ? table.dim(1) : 1;
  if (columns != members && columns != 1 && table.size() != 0) {
    throw DataError(reader.file(), path,
                    fmt::format("expected a column for each of {} members, or one; found {}",
                                members, to_string(table.shape)));
  }
  std::vector<std::vector<double>> rows;
  for (std::int64_t i = 0; i < table.dim(0); ++i) {
    const auto begin = table.values.begin() + i * columns;
    rows.emplace_back(begin, begin + columns);
  }
  return rows;
}

Results read_results(const std::string& path) {
  const files::Reader reader(path, {kResultsFormat});
  Results results;
  results.roster = read_roster(reader);
  results.provenance = read_provenance(reader);
  results.config = reader.optional_string_attribute("/", "config").value_or("");
  const auto members = static_cast<std::int64_t>(results.roster.members.size());
  const files::Expected of_members({members}, "(M)");
  if (reader.exists("/members/status")) {
    for (const auto& word : reader.strings("/members/status", of_members).values) {
      results.status.push_back(status_named(word, path));
    }
    results.best_epoch = reader.integers("/members/best_epoch", of_members).values;
  }
  if (reader.exists("/members/number")) {
    results.number = reader.integers("/members/number", of_members).values;
  }
  const files::Expected each({members, results.roster.outputs()}, "(M, N)");
  for (const auto& split : files::names_but_scales(reader, "/metrics")) {
    for (const auto& name : files::names_but_scales(reader, "/metrics/" + split)) {
      if (is_label_of_members(name)) continue;
      results.metrics[split][name] = reader.doubles("/metrics/" + split + "/" + name, each);
    }
  }
  for (const auto& name : files::names_but_scales(reader, "/history")) {
    const files::Expected table = name == "seconds" ? files::Expected({-1}, "(epochs)")
                                                    : files::Expected({-1, -1}, "(epochs, M)");
    results.history[name] = read_history(reader, name, table, members);
  }
  results.ridge = read_ridge(reader, members);
  return results;
}

Strfs read_strfs(const std::string& path) {
  const files::Reader reader(path, {kResultsFormat});
  Strfs strfs;
  const auto fields = [&](const char* name, const char* summary) -> std::optional<Fields> {
    const std::string at = std::string("/strf/") + name;
    if (!reader.exists(at)) return std::nullopt;
    Fields found{reader.floats(at), {}};
    const Shape& shape = found.fields.shape;
    if (reader.exists(at + "_per_sd")) {
      found.per_sd = reader.floats(at + "_per_sd", {shape, "of " + at});
    }
    if (shape.size() < 3) {
      throw DataError(path, at, "expected receptive fields; found " + to_string(shape));
    }
    if (reader.exists(at + "_mean")) {
      found.mean = reader.floats(at + "_mean");
      found.standard_error =
          reader.floats(at + "_standard_error", {found.mean.shape, "as the mean"});
    }
    strfs.frequencies_hz = reader.numbers_attribute(at, "frequency_hz");
    strfs.lags_ms = reader.numbers_attribute(at, "lag_ms");
    const Shape outer(shape.begin(), shape.end() - 2);
    for (const auto& measure : files::names_but_scales(reader, summary)) {
      const std::string of = std::string(summary) + "/" + measure;
      found.summary[measure] = reader.floats(of, {outer, "of the fields"});
      const auto word = reader.optional_string_attribute(of, "weights").value_or("raw");
      found.weights = weights_named(word).value_or(Weights::raw);
    }
    if (found.per_sd.size() == 0) found.weights = Weights::raw;
    return found;
  };
  strfs.kernel = fields("kernel", "/strf/summary");
  if (strfs.kernel) strfs.channels = reader.strings_attribute("/strf/kernel", "channel");
  strfs.gradient = fields("gradient", "/strf/gradient_summary");
  for (const auto& part : files::names_but_scales(reader, "/measures")) {
    const std::string group = "/measures/" + part;
    if (!reader.is_group(group)) {
      strfs.measures[part] = reader.floats(group);
      continue;
    }
    for (const auto& name : files::names_but_scales(reader, group)) {
      strfs.measures[part + "/" + name] = reader.floats(group + "/" + name);
    }
  }
  return strfs;
}

std::vector<std::string> predicted_stimuli(const std::string& path) {
  return files::names_but_scales({path, {kResultsFormat}}, "/predictions");
}

Array<float> read_predictions(const std::string& path, const std::string& stimulus) {
  const files::Reader reader(path, {kResultsFormat});
  const Roster roster = read_roster(reader);
  return reader.floats(
      "/predictions/" + stimulus,
      {{static_cast<std::int64_t>(roster.members.size()), roster.outputs(), -1}, "(M, N, T)"});
}

}  // namespace strffit
