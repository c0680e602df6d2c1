#include "formats/averaged.hpp"

#include "files/dimensions.hpp"
#include "files/reader.hpp"
#include "util/errors.hpp"

namespace strffit {

namespace {

Array<std::int64_t> as_column(const std::vector<std::int64_t>& values) {
  return {{static_cast<std::int64_t>(values.size())}, values};
}

}  // namespace

std::vector<AverageGroup> Averaged::groups() const {
  std::vector<AverageGroup> all;
  for (const auto setting : settings) {
    for (const auto fold : folds) all.push_back({setting, fold});
  }
  return all;
}

std::vector<double> Averaged::joined(const std::string& split, const std::string& metric) const {
  const auto& all = metrics.at(split).at(metric);
  const auto units = static_cast<std::size_t>(all.dim(2));
  std::vector<double> values;
  const auto each = groups();
  for (std::size_t g = 0; g < each.size(); ++g) {
    if (each[g].fold >= 0) continue;
    const auto begin = all.values.begin() + static_cast<std::ptrdiff_t>(g * units);
    values.insert(values.end(), begin, begin + static_cast<std::ptrdiff_t>(units));
  }
  return values;
}

void put_averaged(files::Writer& writer, const Averaged& averaged) {
  writer.put("/averaged/setting", as_column(averaged.settings));
  writer.put("/averaged/fold", as_column(averaged.folds));
  writer.put("/averaged/members", averaged.members);
  for (const auto& [split, metrics] : averaged.metrics) {
    for (const auto& [name, values] : metrics) {
      writer.put("/averaged/metrics/" + split + "/" + name, values);
    }
  }
}

void put_averaged_fields(files::Writer& writer, const AveragedFields& fields) {
  const auto put = [&](const std::string& path, const Array<float>& values) {
    writer.put(path, values.shape, values.data());
    writer.attribute(path, "lag_ms", fields.lags_ms);
    writer.attribute(path, "frequency_hz", fields.frequencies_hz);
  };
  put("/averaged/strf/gradient", fields.mean.fields);
  if (fields.mean.per_sd.size() > 0) put("/averaged/strf/gradient_per_sd", fields.mean.per_sd);
  put("/averaged/strf/gradient_sd", fields.sd);
  for (const auto& [name, values] : fields.mean.summary) {
    const std::string path = "/averaged/strf/gradient_summary/" + name;
    writer.put(path, values);
    writer.attribute(path, "weights", to_string(fields.mean.weights));
  }
}

std::optional<Averaged> read_averaged(const std::string& path) {
  const files::Reader reader(path, {"strffit-results"});
  if (!reader.exists("/averaged/members")) return std::nullopt;
  const auto units = reader.shape("/units/id").at(0);
  Averaged averaged;
  averaged.settings = reader.integers("/averaged/setting", {{-1}, "(S)"}).values;
  averaged.folds = reader.integers("/averaged/fold", {{-1}, "(A)"}).values;
  const files::Expected each({static_cast<std::int64_t>(averaged.settings.size()),
                              static_cast<std::int64_t>(averaged.folds.size()), units},
                             "(S, A, N)");
  averaged.members = reader.integers("/averaged/members", each);
  if (!reader.exists("/averaged/metrics")) return averaged;
  for (const auto& split : files::names_but_scales(reader, "/averaged/metrics")) {
    const std::string group = "/averaged/metrics/" + split;
    for (const auto& name : files::names_but_scales(reader, group)) {
      averaged.metrics[split][name] = reader.doubles(group + "/" + name, each);
    }
  }
  return averaged;
}

Array<float> read_averaged_predictions(const std::string& path, const std::string& stimulus) {
  const files::Reader reader(path, {"strffit-results"});
  return reader.floats(kAveragedPredictions + stimulus, {{-1, -1, -1, -1}, "(S, A, N, T)"});
}

}  // namespace strffit
