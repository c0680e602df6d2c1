#include "formats/results.hpp"

#include <algorithm>

#include "files/reader.hpp"
#include "util/errors.hpp"

namespace strffit {

namespace {

constexpr const char* kResultsFormat = "strffit-results";

// A value for each member at each epoch, or one number an epoch.
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
  }
  for (const auto& [name, rows] : results.history) {
    writer.put("/history/" + name, as_table(rows, name == "seconds"));
  }
  put_ridge(writer, results.ridge);
  put_strfs(writer, results.strfs);
  if (more) more(writer);
  writer.commit();
}

ResultsSummary read_results(const std::string& path) {
  const files::Reader reader(path, {kResultsFormat});
  ResultsSummary summary;
  summary.roster = read_roster(reader);
  for (const char* name : {"strffit_version", "libtorch_version", "blas_version", "hdf5_version",
                           "cuda_version", "compiler_version", "cpu", "device", "host",
                           "command_line", "dataset", "dataset_sha256", "start", "end", "config"}) {
    if (const auto value = reader.optional_string_attribute("/", name)) {
      summary.attributes[name] = *value;
    }
  }
  const auto members = static_cast<std::int64_t>(summary.roster.members.size());
  const files::Expected each({members, summary.roster.outputs()}, "(M, N)");
  const auto names_in = [&reader](const std::string& group) {
    return reader.exists(group) ? reader.children(group) : std::vector<std::string>{};
  };
  for (const auto& split : names_in("/metrics")) {
    for (const auto& name : reader.children("/metrics/" + split)) {
      summary.metrics[split][name] = reader.doubles("/metrics/" + split + "/" + name, each);
    }
  }
  for (const auto& name : names_in("/history")) {
    const Shape shape = reader.shape("/history/" + name);
    if (!shape.empty()) summary.epochs = std::max(summary.epochs, shape.front());
  }
  for (const char* name : {"kernel", "gradient"}) {
    const std::string field = std::string("/strf/") + name;
    if (reader.exists(field)) {
      summary.strfs.push_back(std::string(name) + " " + to_string(reader.shape(field)));
    }
  }
  if (reader.exists("/members/status")) {
    summary.status = reader.strings("/members/status", {{members}, "(M)"}).values;
  }
  summary.predictions = names_in("/predictions");
  return summary;
}

}  // namespace strffit
