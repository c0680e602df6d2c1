#include "training/plan.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "util/errors.hpp"

namespace strffit {

Plan make_plan(const Dataset& dataset, const SplitOptions& split, Standardise how,
               const ModelSpec& model, const FitOptions& fit,
               const std::vector<FitOptions>& settings) {
  Plan plan;
  plan.settings = settings;
  plan.dataset = &dataset;
  plan.fit = fit;
  plan.partitions = partitions(dataset, split);
  require_training(dataset, plan.partitions, split);
  std::set<std::size_t> left_out;
  for (std::size_t fold = 0; fold < plan.partitions.size(); ++fold) {
    const auto& partition = plan.partitions[fold];
    plan.standardisation.push_back(how == Standardise::none
                                       ? Standardisation{{0.0}, {1.0}}
                                       : standardisation(dataset, partition.train, how));
    for (const auto& unit : unusable_units(dataset, partition.train)) {
      if (!left_out.insert(unit.unit).second) continue;
      plan.unusable.push_back(unit);
      if (plan.partitions.size() > 1) plan.unusable.back().fold = static_cast<std::int64_t>(fold);
    }
  }
  if (left_out.size() == static_cast<std::size_t>(dataset.units())) {
    throw DataError(dataset.file, "",
                    "no unit can be fitted: " + dataset.unit_ids[plan.unusable.front().unit] + " " +
                        plan.unusable.front().reason);
  }
  if (fit.refit && plan.partitions.front().valid.empty()) {
    throw DataError(dataset.file, "",
                    "has no validation stimuli, so there is nothing to choose by before fit.refit; "
                    "data.split says how to set some aside");
  }
  bool non_negative = true;
  for (const auto& stimulus : dataset.stimuli) {
    non_negative = non_negative &&
                   std::none_of(stimulus.responses.values.begin(), stimulus.responses.values.end(),
                                [](float r) { return r < 0; });
  }
  const auto counts = [](const FitOptions& one) { return one.loss == ops::Loss::poisson; };
  if ((counts(fit) || std::any_of(settings.begin(), settings.end(), counts)) && !non_negative) {
    throw DataError(
        dataset.file, "",
        "the poisson loss needs responses that are not below 0; choose another fit.loss");
  }
  const bool population = fit.mode == FitMode::population;
  plan.model = model.build(dataset.axes, population ? dataset.units() : 1, non_negative);
  plan.model->backbone().require_possible();
  const auto number_of_settings =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(settings.size()));
  for (std::int64_t fold = 0; fold < static_cast<std::int64_t>(plan.partitions.size()); ++fold) {
    for (const auto seed : fit.seeds) {
      for (std::int64_t setting = 0; setting < number_of_settings; ++setting) {
        if (population) {
          plan.members.push_back({-1, seed, fold, setting});
          continue;
        }
        for (std::int64_t unit = 0; unit < dataset.units(); ++unit) {
          if (!left_out.contains(static_cast<std::size_t>(unit)))
            plan.members.push_back({unit, seed, fold, setting});
        }
      }
    }
  }
  return plan;
}

std::vector<Partition> Plan::seen() const {
  return fit.refit ? with_validation_in_training(partitions) : partitions;
}

bool Plan::closed_form() const {
  return fit.initialise == Initialise::ridge && model->backbone().response_kernel() != nullptr;
}

}  // namespace strffit
