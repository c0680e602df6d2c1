#include "formats/axis_names.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <utility>

#include "files/dimensions.hpp"

namespace strffit {

namespace {

using Names = std::vector<std::string>;

struct Rule {
  const char* path;  // a path that ends with "/" matches all datasets below it
  Names axes;        // as many as the dataset has, else the next rule of the path is asked
};

// The first matching rule is used. The name is `kernel_id`, not `kernel`: xarray before 2023.9
// rejects a variable that has an axis with its own name, such as /strf/kernel.
const std::vector<Rule>& rules() {
  static const std::vector<Rule> all = {
      {"/frequencies_hz", {"frequency_hz"}},
      {"/units/", {"unit"}},
      {"/units/", {"unit", ""}},  // further axes of a unit fact have their own names
      {"/members/", {"member"}},
      {"/settings/", {"setting"}},
      {"/skipped/", {"skipped"}},
      {"/inputs/channel_spread", {"member", "channel", "frequency_hz"}},
      {"/inputs/spectrogram_spread", {"member", "frequency_hz"}},
      {"/metrics/", {"member", "unit"}},
      {"/metrics/", {"member"}},  // labels of the rows
      {"/history/", {"epoch"}},
      {"/history/", {"epoch", "member"}},
      {"/ridge/", {"member", "unit"}},
      {"/strf/kernel", {"member", "kernel_id", "channel", "frequency_hz", "lag_ms"}},
      {"/strf/kernel_per_sd", {"member", "kernel_id", "channel", "frequency_hz", "lag_ms"}},
      {"/strf/gradient", {"member", "unit", "frequency_hz", "lag_ms"}},
      {"/strf/gradient_per_sd", {"member", "unit", "frequency_hz", "lag_ms"}},
      {"/strf/kernel_mean", {"unit", "channel", "frequency_hz", "lag_ms"}},
      {"/strf/kernel_standard_error", {"unit", "channel", "frequency_hz", "lag_ms"}},
      {"/strf/gradient_mean", {"unit", "frequency_hz", "lag_ms"}},
      {"/strf/gradient_standard_error", {"unit", "frequency_hz", "lag_ms"}},
      {"/strf/summary/", {"member", "kernel_id", "channel"}},
      {"/strf/gradient_summary/", {"member", "unit"}},
      {"/strf/dynamic/", {"member", "unit", "time_s", "frequency_hz", "lag_ms"}},
      {"/measures/prefilter/", {"member", "frequency_hz"}},
      {"/measures/prefilter/", {"frequency_hz"}},
      {"/measures/strf/", {"member", "kernel_id", "channel", "gaussian"}},
      {"/measures/hidden_decay/", {"member", "hidden"}},
      {"/measures/output_decay/", {"member", "unit"}},
      {"/predictions/", {"member", "unit", "time_s"}},
      {"/best/setting", {"best"}},
      {"/best/unit_setting", {"unit"}},
      {"/best/", {"setting"}},
      {"/averaged/setting", {"average_setting"}},
      {"/averaged/fold", {"average_fold"}},
      {"/averaged/members", {"average_setting", "average_fold", "unit"}},
      {"/averaged/metrics/", {"average_setting", "average_fold", "unit"}},
      {"/averaged/predictions/", {"average_setting", "average_fold", "unit", "time_s"}},
      {"/averaged/strf/gradient_summary/", {"average_setting", "average_fold", "unit"}},
      {"/averaged/strf/", {"average_setting", "average_fold", "unit", "frequency_hz", "lag_ms"}},
      {"/nested/setting", {"outer_fold", "unit"}},
      {"/nested/metrics/", {"outer_fold", "unit"}},
      {"/nested/mean/", {"unit"}},
      {"/nested/standard_error/", {"unit"}},
      {"/nested/predictions/", {"unit", "time_s"}},
  };
  return all;
}

bool fits(const Rule& rule, const std::string& path, const Shape& shape) {
  const std::string of = rule.path;
  const bool same = of.ends_with('/') ? path.starts_with(of) : path == of;
  if (!same) return false;
  if (rule.axes.back().empty()) return shape.size() >= rule.axes.size();
  return shape.size() == rule.axes.size();
}

// `length` integers that start at `first`.
files::Coordinate counted(std::int64_t length, std::int64_t first = 0) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(length));
  std::iota(values.begin(), values.end(), first);
  return {std::move(values)};
}

template <class T>
std::optional<files::Coordinate> where_as_long(const std::vector<T>& values, std::int64_t length,
                                               const char* units = "") {
  if (static_cast<std::int64_t>(values.size()) != length) return std::nullopt;
  return files::Coordinate{values, units};
}

std::optional<files::Coordinate> coordinate_of(const AxisValues& values, const std::string& name,
                                               std::int64_t length) {
  if (name == "unit") return where_as_long(values.unit_ids, length);
  if (name == "kernel_id" && values.kernel_a_unit && length > 1) {
    return where_as_long(values.unit_ids, length);
  }
  if (name == "frequency_hz") return where_as_long(values.frequencies_hz, length, "Hz");
  if (name == "channel") return where_as_long(values.channels, length);
  if (name == "lag_ms") return where_as_long(values.lags_ms, length, "ms");
  if (name == "member" && !values.member_numbers.empty()) {
    return where_as_long(values.member_numbers, length);
  }
  if (name == "epoch") return counted(length, 1);
  if (name == "time_s") {
    std::vector<double> seconds(static_cast<std::size_t>(length));
    for (std::size_t t = 0; t < seconds.size(); ++t) {
      seconds[t] = static_cast<double>(t) * values.dt_ms / 1000;
    }
    return files::Coordinate{std::move(seconds), "s"};
  }
  for (const char* counts :
       {"member", "kernel_id", "setting", "outer_fold", "hidden", "gaussian"}) {
    if (name == counts) return counted(length);
  }
  return std::nullopt;
}

constexpr std::array<const char*, 4> kLabels = {"unit_id", "seed", "fold", "setting"};

// True for a table of scores, /metrics/<split>/<metric>; false for the labels of its rows.
bool is_score(const std::string& path, const Shape& shape) {
  return path.starts_with("/metrics/") && shape.size() == 2;
}

}  // namespace

bool is_label_of_members(const std::string& name) {
  return std::find(kLabels.begin(), kLabels.end(), name) != kLabels.end();
}

void put_labels_of_members(files::Writer& writer, const std::string& group, const Roster& roster) {
  const Shape shape = {static_cast<std::int64_t>(roster.members.size())};
  const auto put = [&](const char* name, auto get) {
    Array<std::int64_t> values(shape);
    std::transform(roster.members.begin(), roster.members.end(), values.values.begin(), get);
    writer.put(group + "/" + name, values);
  };
  put("seed", [](const Member& member) { return member.seed; });
  put("fold", [](const Member& member) { return member.fold; });
  if (!roster.settings.empty()) {
    put("setting", [](const Member& member) { return member.setting; });
  }
  if (!roster.independent()) return;
  Array<std::string> ids(shape);
  std::transform(
      roster.members.begin(), roster.members.end(), ids.values.begin(),
      [&](const Member& member) { return roster.unit_ids[static_cast<std::size_t>(member.unit)]; });
  writer.put(group + "/unit_id", ids);
}

void name_axes(files::Writer& writer, const AxisValues& values) {
  files::Dimensions dimensions(writer, [&](const std::string& name, std::int64_t length) {
    return coordinate_of(values, name, length);
  });
  const auto shapes = writer.shapes();  // the list before scales are added
  for (const auto& [path, shape] : shapes) {
    const auto& all = rules();
    const auto rule = std::find_if(
        all.begin(), all.end(),
        [&, &path = path, &shape = shape](const Rule& one) { return fits(one, path, shape); });
    if (shape.empty() || rule == all.end()) continue;
    Names axes = rule->axes;
    if (axes.back().empty()) axes.pop_back();
    const bool of_file = path.starts_with("/units/") || path == "/frequencies_hz";
    dimensions.name(path, axes, of_file ? Names{"unit", "frequency_hz"} : Names{});
    if (!is_score(path, shape)) continue;
    std::string labels;
    for (const char* label : kLabels) {
      if (!shapes.contains(path.substr(0, path.rfind('/') + 1) + label)) continue;
      if (!labels.empty()) labels += ' ';
      labels += label;
    }
    if (!labels.empty()) writer.attribute(path, "coordinates", labels);
  }
  dimensions.name_others();
}

}  // namespace strffit
