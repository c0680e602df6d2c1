#include "formats/unit_mean.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "util/text.hpp"

namespace strffit {

namespace {

std::set<std::int64_t> different(const Roster& roster, std::int64_t Member::*value) {
  std::set<std::int64_t> values;
  for (const auto& member : roster.members) values.insert(member.*value);
  return values;
}

// The mean over rows. The error is the square root of `share` times the sum of squared deviations;
// NaN for a single row.
void summarise_rows(const std::vector<std::vector<double>>& rows, double share, float* mean,
                    float* error) {
  const auto n = static_cast<double>(rows.size());
  for (std::size_t i = 0; i < rows.front().size(); ++i) {
    double sum = 0, squares = 0;
    for (const auto& row : rows) sum += row[i];
    for (const auto& row : rows) squares += (row[i] - sum / n) * (row[i] - sum / n);
    mean[i] = static_cast<float>(sum / n);
    error[i] = rows.size() > 1 ? static_cast<float>(std::sqrt(share * squares))
                               : std::numeric_limits<float>::quiet_NaN();
  }
}

}  // namespace

void mean_and_standard_error(const std::vector<MemberField>& members, std::int64_t size,
                             float* mean, float* error) {
  std::map<std::int64_t, std::vector<std::vector<double>>> folds;
  for (const auto& member : members) {
    const float* const end = member.values + size;
    if (!std::all_of(member.values, end, [](float value) { return std::isfinite(value); })) {
      continue;
    }
    folds[member.fold].emplace_back(member.values, end);
  }
  if (folds.empty()) {
    std::fill_n(mean, size, std::numeric_limits<float>::quiet_NaN());
    std::fill_n(error, size, std::numeric_limits<float>::quiet_NaN());
    return;
  }
  if (folds.size() == 1) {
    const auto& seeds = folds.begin()->second;
    const auto n = static_cast<double>(seeds.size());
    return summarise_rows(seeds, 1 / (n * (n - 1)), mean, error);
  }
  std::vector<std::vector<double>> rows;
  for (const auto& [fold, seeds] : folds) {
    auto& row = rows.emplace_back(static_cast<std::size_t>(size));
    for (const auto& seed : seeds) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        row[i] += seed[i] / static_cast<double>(seeds.size());
      }
    }
  }
  const auto k = static_cast<double>(rows.size());
  summarise_rows(rows, (k - 1) / k, mean, error);
}

bool has_several_fits(const Roster& roster) {
  return different(roster, &Member::setting).size() == 1 &&
         (different(roster, &Member::seed).size() > 1 ||
          different(roster, &Member::fold).size() > 1);
}

std::string standard_error_of(const Roster& roster) {
  const auto folds = different(roster, &Member::fold).size();
  if (folds > 1) return fmt::format("jackknife over {} folds", folds);
  return fmt::format("over {} seeds", different(roster, &Member::seed).size());
}

std::vector<std::vector<MemberOutput>> outputs_of_units(const Roster& roster) {
  std::vector<std::vector<MemberOutput>> outputs(static_cast<std::size_t>(roster.units()));
  for (std::size_t m = 0; m < roster.members.size(); ++m) {
    const Member& member = roster.members[m];
    for (std::int64_t n = 0; n < roster.outputs(); ++n) {
      const auto unit = static_cast<std::size_t>(roster.unit_of(member, n));
      outputs[unit].push_back({static_cast<std::int64_t>(m), n, member.fold});
    }
  }
  return outputs;
}

void add_unit_means(Fields& fields, const Roster& roster) {
  if (!has_several_fits(roster)) return;
  const Array<float>& all = fields.shown();
  Shape shape(all.shape.begin() + 1, all.shape.end());
  shape.front() = roster.units();
  fields.mean = Array<float>(shape);
  fields.standard_error = Array<float>(shape);
  const auto size = count(shape) / std::max<std::int64_t>(1, roster.units());
  const auto outputs = outputs_of_units(roster);
  for (std::size_t unit = 0; unit < outputs.size(); ++unit) {
    std::vector<MemberField> members;
    for (const auto& one : outputs[unit]) {
      members.push_back({one.fold, all.data() + (one.member * all.dim(1) + one.output) * size});
    }
    const auto place = static_cast<std::int64_t>(unit) * size;
    mean_and_standard_error(members, size, fields.mean.data() + place,
                            fields.standard_error.data() + place);
  }
  fields.standard_error_of = standard_error_of(roster);
}

}  // namespace strffit
