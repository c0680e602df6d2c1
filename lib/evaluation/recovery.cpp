#include "evaluation/recovery.hpp"

#include <algorithm>

#include "metrics/statistics.hpp"
#include "util/errors.hpp"

namespace strffit {

namespace {

// Extends a field from (F, from) to (F, to) with zeros. `before` of the new lags are put at the
// start, the others at the end.
std::vector<float> lengthened(const float* field, std::int64_t bands, std::int64_t from,
                              std::int64_t before, std::int64_t to) {
  std::vector<float> result(static_cast<std::size_t>(bands * to), 0.0F);
  for (std::int64_t f = 0; f < bands; ++f) {
    std::copy(field + f * from, field + (f + 1) * from, result.begin() + f * to + before);
  }
  return result;
}

std::vector<float> field_at(const Array<float>& fields, std::int64_t index, std::int64_t size) {
  const auto begin = fields.values.begin() + index * size;
  return {begin, begin + size};
}

}  // namespace

std::vector<UnitField> unit_fields(const FittedModel& fitted, const Strfs& strfs) {
  const Roster& roster = fitted.roster;
  const bool kernel_a_unit = strfs.kernel && strfs.channels.size() == 1 &&
                             fitted.model->backbone().response_kernel() != nullptr;
  const auto& chosen = kernel_a_unit ? strfs.kernel : strfs.gradient;
  if (!chosen) return {};
  const auto size = static_cast<std::int64_t>(strfs.frequencies_hz.size() * strfs.lags_ms.size());
  std::vector<UnitField> fields;
  for (std::size_t m = 0; m < roster.members.size(); ++m) {
    for (std::int64_t n = 0; n < roster.outputs(); ++n) {
      const auto index = static_cast<std::int64_t>(m) * roster.outputs() + n;
      fields.push_back({static_cast<std::int64_t>(m), roster.unit_of(roster.members[m], n),
                        field_at(chosen->fields, index, size)});
    }
  }
  return fields;
}

std::vector<Recovery> compare_with_truth(const FittedModel& fitted,
                                         const std::vector<UnitField>& fields,
                                         const std::string& file) {
  const files::Reader reader(file, {"strffit-dataset"});
  if (!reader.exists("/truth/strf")) {
    throw DataError(file, "/truth/strf",
                    "missing; only what strffit simulate wrote has true receptive fields");
  }
  const auto bands = static_cast<std::int64_t>(fitted.roster.axes.frequencies_hz.size());
  const auto ids = reader.strings("/units/id", {{-1}, "(N)"}).values;
  const auto truth = reader.floats(
      "/truth/strf", {{static_cast<std::int64_t>(ids.size()), bands, -1}, "(N, F, L)"});
  const std::int64_t true_lags = truth.dim(2);
  if (true_lags < 1) throw DataError(file, "/truth/strf", "expected lags; found none");
  std::vector<Recovery> recovery;
  for (const auto& field : fields) {
    const Member& member = fitted.roster.members[static_cast<std::size_t>(field.member)];
    const std::string& id = fitted.roster.unit_ids[static_cast<std::size_t>(field.unit)];
    const auto found = std::find(ids.begin(), ids.end(), id);
    if (found == ids.end()) throw DataError(file, "/units/id", "unit " + id + " is missing");
    const auto lags = static_cast<std::int64_t>(field.values.size()) / bands;
    // The true field starts at lag 0. The fitted field may also have negative lags.
    const std::int64_t ahead = fitted.model->ahead();
    const std::int64_t longer = std::max(lags, ahead + true_lags);
    const float* const true_field = truth.data() + (found - ids.begin()) * bands * true_lags;
    recovery.push_back(
        {id, member.seed, member.fold,
         pearson(std::span<const float>(lengthened(field.values.data(), bands, lags, 0, longer)),
                 std::span<const float>(lengthened(true_field, bands, true_lags, ahead, longer)))});
  }
  return recovery;
}

}  // namespace strffit
