#include "formats/study_file.hpp"

#include <cmath>
#include <type_traits>

#include "files/dimensions.hpp"
#include "files/reader.hpp"
#include "files/writer.hpp"
#include "util/errors.hpp"
#include "util/nan.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

template <class T>
Array<T> column(const std::vector<T>& values) {
  return {{static_cast<std::int64_t>(values.size())}, values};
}

void put_nested(files::Writer& writer, const Nested& nested, bool predictions) {
  writer.put("/nested/setting", nested.setting);
  for (const auto& [name, values] : nested.metrics) writer.put("/nested/metrics/" + name, values);
  for (const auto& [name, values] : nested.mean) writer.put("/nested/mean/" + name, values);
  for (const auto& [name, values] : nested.error) {
    writer.put("/nested/standard_error/" + name, values);
  }
  if (!predictions) return;
  for (const auto& [key, values] : nested.predictions) {
    writer.put("/nested/predictions/" + key, values);
  }
}

Nested read_nested(const files::Reader& reader, std::int64_t units) {
  Nested nested;
  nested.setting = reader.integers("/nested/setting", {{-1, units}, "(outer, N)"});
  const files::Expected each({nested.setting.dim(0), units}, "(outer, N)");
  const files::Expected of_unit({units}, "(N)");
  for (const auto& name : files::names_but_scales(reader, "/nested/metrics")) {
    nested.metrics[name] = reader.doubles("/nested/metrics/" + name, each);
    nested.mean[name] = reader.doubles("/nested/mean/" + name, of_unit);
    nested.error[name] = reader.doubles("/nested/standard_error/" + name, of_unit);
    nested.of_units[name] = mean_over_units(nested.metrics[name]);
  }
  return nested;
}

}  // namespace

std::pair<double, double> mean_and_error(const std::vector<double>& values) {
  double sum = 0, n = 0, squares = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    sum += value;
    ++n;
  }
  if (n == 0) return {kNaN, kNaN};
  for (const double value : values) {
    if (std::isfinite(value)) squares += (value - sum / n) * (value - sum / n);
  }
  return {sum / n, n > 1 ? std::sqrt(squares / (n - 1) / n) : kNaN};
}

std::pair<double, double> mean_over_units(const Array<double>& scores) {
  std::vector<double> folds;
  for (std::int64_t outer = 0; outer < scores.dim(0); ++outer) {
    const double* const row = scores.data() + outer * scores.dim(1);
    folds.push_back(mean_and_error({row, row + scores.dim(1)}).first);
  }
  return mean_and_error(folds);
}

void write_study_file(const std::string& path, const StudyFile& study, bool predictions) {
  Results results;
  results.roster = study.roster;
  results.provenance = study.provenance;
  results.config = study.config;
  results.metrics = study.metrics;
  write_results(path, results, [&](files::Writer& writer) {
    const Choice& choice = study.choice;
    writer.attribute("/", "score", choice.score);
    writer.put("/best/valid_score", column(choice.valid));
    writer.put("/best/test_score", column(choice.test));
    writer.put("/best/ensemble", column(study.ensemble_of));
    writer.put("/best/setting", column<std::int64_t>({choice.best}));
    writer.put("/best/unit_setting", column(choice.unit));
    if (study.nested) put_nested(writer, *study.nested, predictions);
    if (study.averaged) put_averaged(writer, *study.averaged);
  });
}

StudyFile read_study_file(const std::string& path) {
  Results results = read_results(path);
  const files::Reader reader(path, {"strffit-results"});
  StudyFile study{std::move(results.roster),
                  std::move(results.provenance),
                  std::move(results.config),
                  std::move(results.metrics),
                  {},
                  {},
                  std::nullopt,
                  read_averaged(path)};
  const Roster& roster = study.roster;
  const std::int64_t settings = roster.number_of_settings();
  const files::Expected of_setting({settings}, "(settings)");
  Choice& choice = study.choice;
  choice.score = reader.string_attribute("/", "score");
  choice.valid = reader.doubles("/best/valid_score", of_setting).values;
  choice.test = reader.doubles("/best/test_score", of_setting).values;
  study.ensemble_of = reader.integers("/best/ensemble", of_setting).values;
  choice.best = reader.integers("/best/setting", {{1}, "one"}).values.front();
  choice.unit = reader.integers("/best/unit_setting", {{roster.units()}, "(N)"}).values;
  const auto refuse = [&](const char* where, std::int64_t found, const char* what) {
    throw DataError(path, where, fmt::format("expected {}; found {}", what, found));
  };
  const auto check = [&](const char* where, const std::vector<std::int64_t>& found) {
    for (const auto setting : found) {
      if (setting < -1 || setting >= settings) refuse(where, setting, "a setting, or -1");
    }
  };
  check("/best/setting", {choice.best});
  check("/best/unit_setting", choice.unit);
  for (const auto ensemble : study.ensemble_of) {
    if (ensemble < 0 || ensemble >= settings) refuse("/best/ensemble", ensemble, "an ensemble");
  }
  if (reader.exists("/nested")) {
    study.nested = read_nested(reader, roster.units());
    check("/nested/setting", study.nested->setting.values);
  }
  return study;
}

}  // namespace strffit
