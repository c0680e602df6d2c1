#include "formats/fitted_model.hpp"

#include <algorithm>

#include "util/nan.hpp"

namespace strffit {

FittedModel FittedModel::select(const std::vector<std::int64_t>& which) const {
  FittedModel some{model, select_members(tensors, which), standardisation, own_standardisation,
                   roster};
  some.roster.members.clear();
  some.spread = spread.select(which);
  if (own_standardisation) some.standardisation.clear();
  for (const auto number : which) {
    const auto m = static_cast<std::size_t>(number);
    some.roster.members.push_back(roster.members.at(m));
    if (own_standardisation) some.standardisation.push_back(standardisation.at(m));
    if (!batch_of.empty()) some.batch_of.push_back(batch_of.at(m));
  }
  return some;
}

void FittedModel::mark_skipped(Array<float>& predictions) const {
  if (roster.independent()) return;
  const auto N = predictions.dim(1), T = predictions.dim(2);
  for (std::int64_t m = 0; m < predictions.dim(0); ++m) {
    for (const auto& skipped : roster.skipped) {
      std::fill_n(predictions.data() + (m * N + skipped.unit) * T, T, kNaN);
    }
  }
}

Array<float> FittedModel::predict(const Array<float>& spectrogram, const RunOptions& run) const {
  auto all = strffit::predict(*model, tensors, standardisation, spectrogram, run, batch_of);
  mark_skipped(all);
  return all;
}

void FittedModel::predict_in_blocks(const Array<float>& spectrogram, const RunOptions& run,
                                    const UsePredictions& use) const {
  strffit::predict_in_blocks(*model, tensors, standardisation, spectrogram, run, batch_of,
                             [&](std::int64_t first, const Array<float>& block) {
                               if (roster.independent() || roster.skipped.empty())
                                 return use(first, block);
                               Array<float> marked = block;
                               mark_skipped(marked);
                               use(first, marked);
                             });
}

}  // namespace strffit
