#include "training/initialisation.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "model/kernel.hpp"
#include "model/output.hpp"
#include "ops/autograd.hpp"
#include "ops/gemm.hpp"
#include "training/ridge.hpp"
#include "training/ridge_work.hpp"
#include "util/errors.hpp"
#include "util/listed.hpp"
#include "util/text.hpp"
#include "util/threads.hpp"

namespace strffit {
namespace {

using Index = std::int64_t;

// Smallest assumed spread of the drive. A random readout of random features hardly varies at first.
// If the output were scaled to that, the first steps would move the drive out of its range: each
// step moves it by about the learning rate times the number of hidden units. The fitted drive has
// a spread of about this size. On validation stimuli 0.5 worked best; values from 0.3 to 1 worked
// equally well.
constexpr double kSmallestDriveUnit = 0.5;

Tensors one_member(const Tensors& tensors, Index m) {
  Tensors member;
  for (const auto& [name, tensor] : tensors) member[name] = tensor.narrow(0, m, 1);
  return member;
}

// Copies all tensors except the readout from the plan's core.
void put_core(const Plan& plan, Tensors& tensors) {
  for (const auto& entry : plan.model->entries()) {
    if (entry.readout) continue;
    const auto& from = plan.core->tensors.at(entry.name);
    for (std::size_t m = 0; m < plan.members.size(); ++m) {
      const auto& member = plan.members[m];
      tensors.at(entry.name)[static_cast<Index>(m)].copy_(
          from[plan.core->row.at({member.seed, member.fold})]);
    }
  }
}

// Returns the frames with a target (not NaN), and the targets there.
std::pair<at::Tensor, at::Tensor> counted(const at::Tensor& target) {
  const auto places = at::isnan(target).logical_not().nonzero().flatten();
  return {places, target.index_select(0, places)};
}

ResponseRange range_of(const at::Tensor& target, const at::Tensor& drive) {
  const auto sorted = std::get<0>(target.sort());
  const auto n = sorted.numel();
  const auto quantile = [&](double q) {
    return sorted[static_cast<Index>(std::llround(q * static_cast<double>(n - 1)))].item<double>();
  };
  ResponseRange range{quantile(0.02), quantile(0.98), drive.mean().item<double>(),
                      n > 1 ? drive.std().item<double>() : 1.0};
  const double spread = n > 1 ? target.std().item<double>() : 1.0;
  range.high =
      std::max(range.high, range.low + spread);  // for sparse responses both quantiles are 0
  return range;
}

// Inverts a fixed output nonlinearity by bisection between -20 and 20. Returns the drive and the
// slope there.
std::pair<double, double> inverse(const Output& output, double value) {
  const auto at = [&](double x) {
    return output.apply({}, at::full({1, 1, 1}, x, at::kDouble)).item<double>();
  };
  double low = -20, high = 20;
  for (int i = 0; i < 60; ++i) (at((low + high) / 2) < value ? low : high) = (low + high) / 2;
  const double x = (low + high) / 2;
  return {x, std::max((at(x + 1e-4) - at(x - 1e-4)) / 2e-4, 1e-3)};
}

// Writes the closed form of one unit into output n of one member (views, M = 1).
void place_closed_form(const Model& model, Tensors& member, Index n, const at::Tensor& kernel,
                       double bias, const at::Tensor& prediction, const at::Tensor& target,
                       const at::Tensor& metric) {
  auto weights = kernel.clone();
  const auto& output = model.backbone().output();
  double offset = bias;
  if (output.parametric()) {  // scale the drive to mean 0 and standard deviation 1
    const double mean = prediction.mean().item<double>(),
                 spread = std::max(prediction.std().item<double>(), 1e-12);
    weights.div_(spread);
    offset = (bias - mean) / spread;
    const auto drive = (prediction - mean) / spread;
    if (!output.fit(member, 0, n, drive, target))
      output.fit_range(member, 0, n, range_of(target, drive));
  } else if (!output.keeps_positive_drive()) {
    const auto [x, slope] = inverse(output, target.mean().item<double>());
    weights.div_(slope);
    offset = x + (bias - target.mean().item<double>()) / slope;
  }
  Tensors only;  // views without the member axis
  for (const auto& [name, tensor] : member) only[name] = tensor[0];
  const Kernel& strf = *model.backbone().response_kernel();
  Tensors own = strf.of_output(only, n);
  strf.imitate(own, weights.unsqueeze(0), metric);
  Kernel::set_bias(own, offset);
}

using Block = std::vector<Index>;  // units, ascending

// The units that the members of a chunk predict.
Block units_of(const Plan& plan, const std::vector<Index>& chunk) {
  std::set<Index> units;
  for (const auto m : chunk) {
    const auto unit = plan.members[static_cast<std::size_t>(m)].unit;
    if (unit >= 0) units.insert(unit);
    for (Index n = 0; unit < 0 && n < plan.dataset->units(); ++n) units.insert(n);
  }
  return {units.begin(), units.end()};
}

// The earlier choices for the units of each block. Members that differ only in their seed have the
// same choices, so any member of the fold that predicts the unit will do.
std::vector<std::vector<RidgeChoice>> choices_of(const RidgeRecord& record, const Plan& plan,
                                                 Index fold, const std::vector<Block>& blocks) {
  std::map<Index, RidgeChoice> of_unit;
  const auto N = record.penalty.dim(1);
  for (std::size_t m = 0; m < plan.members.size(); ++m) {
    if (plan.members[m].fold != fold) continue;
    for (Index n = 0; n < N; ++n) {
      const auto i = m * static_cast<std::size_t>(N) + static_cast<std::size_t>(n);
      of_unit[plan.members[m].unit < 0 ? n : plan.members[m].unit] = {
          {record.smooth_bands.values[i], record.smooth_lags.values[i]}, record.penalty.values[i]};
    }
  }
  std::vector<std::vector<RidgeChoice>> choices;
  for (const auto& block : blocks) {
    auto& own = choices.emplace_back();
    for (const auto unit : block) own.push_back(of_unit.at(unit));
  }
  return choices;
}

// Names the units, each with its folds.
std::string named_units(const std::map<Index, std::vector<Index>>& units, const Dataset& dataset,
                        std::size_t folds) {
  std::vector<std::string> names;
  for (const auto& [unit, own] : units)
    names.push_back(in_folds(dataset.unit_ids[static_cast<std::size_t>(unit)], own, folds));
  return subject("unit", names);
}

}  // namespace

Tensors random_start(const Plan& plan) {
  const ops::WithoutGradients guard;
  std::vector<Random> random;
  for (const auto& member : plan.members) {
    const auto unit =
        member.unit < 0 ? 0
                        : 1 + static_cast<std::int64_t>(
                                  plan.dataset->file_units[static_cast<std::size_t>(member.unit)]);
    random.emplace_back(
        static_cast<std::uint64_t>(member.seed),
        std::initializer_list<std::uint64_t>{static_cast<std::uint64_t>(member.fold),
                                             static_cast<std::uint64_t>(unit)});
  }
  return plan.model->start(random);
}

StartingPoint starting_point(const Plan& plan, const std::vector<FoldData>& folds,
                             const std::vector<std::vector<Index>>& chunks,
                             const RidgeRecord& chosen, int threads, Sink& sink) {
  const ops::WithoutGradients guard;
  const auto& model = *plan.model;
  const auto M = static_cast<Index>(plan.members.size()), N = model.outputs();
  StartingPoint start;
  start.tensors = random_start(plan);
  if (plan.core) put_core(plan, start.tensors);
  const bool closed_form = plan.closed_form();

  const auto channels = static_cast<Index>(model.channels().size());
  std::vector<at::Tensor> metrics(folds.size());  // only for kernels that do not imitate exactly
  std::vector<at::Tensor> inputs(folds.size());   // of the closed form, after the prefilter
  std::map<std::pair<Index, Block>, RidgeSolution> solutions;  // keys: fold and units of a chunk
  std::vector<const Block*> block_of(static_cast<std::size_t>(M));
  if (closed_form) {
    const Array<double> none({M, N}, std::numeric_limits<double>::quiet_NaN());
    start.ridge = {none, none, none};
    for (Index fold = 0; fold < static_cast<Index>(folds.size()); ++fold) {
      const auto& data = folds[static_cast<std::size_t>(fold)];
      std::set<Block> blocks;
      Index any_member = -1;
      for (const auto& chunk : chunks) {
        const auto& first = plan.members[static_cast<std::size_t>(chunk.front())];
        if (first.fold != fold) continue;
        any_member = chunk.front();
        blocks.insert(units_of(plan, chunk));
      }
      if (blocks.empty()) continue;
      // all members start with the same prefilter
      const auto any = one_member(start.tensors, any_member);
      const auto prepared = [&](const Batch& batch) {
        const auto x = model.prefilter().apply(any, batch.x.cpu(), batch.layout);
        return RidgeData{x, batch.targets.cpu(), batch.layout, channels};
      };
      const auto train = prepared(data.all());
      inputs[static_cast<std::size_t>(fold)] = train.x;
      if (!model.backbone().response_kernel()->imitates_exactly())
        metrics[static_cast<std::size_t>(fold)] = input_covariance(train, model.context());
      const auto valid = data.has_validation() ? prepared(data.validation()) : RidgeData{};
      const std::vector<Block> list(blocks.begin(), blocks.end());
      auto solved = chosen.empty() ? ridge(train, data.has_validation() ? &valid : nullptr,
                                           model.context(), list, priors_of(plan.fit.ridge_prior))
                                   : ridge_as_chosen(train, model.context(), list,
                                                     choices_of(chosen, plan, fold, list));
      for (std::size_t b = 0; b < list.size(); ++b) {
        solutions.emplace(std::make_pair(fold, list[b]), std::move(solved[b]));
      }
    }
    for (const auto& chunk : chunks) {
      const auto fold = plan.members[static_cast<std::size_t>(chunk.front())].fold;
      const auto found = solutions.find({fold, units_of(plan, chunk)});
      for (const auto m : chunk) {
        block_of[static_cast<std::size_t>(m)] = &found->first.second;
      }
    }
  }

  // Members of one unit that differ only in their seed have the same closed form. The first of them
  // computes it, and the others copy it.
  std::vector<Index> members, made_by(static_cast<std::size_t>(M), -1);
  std::map<std::pair<const Block*, Index>, Index> first_of;
  for (const auto& chunk : chunks) {
    for (const auto m : chunk) {
      const auto i = static_cast<std::size_t>(m);
      made_by[i] = m;
      if (closed_form)
        made_by[i] = first_of.try_emplace({block_of[i], plan.members[i].unit}, m).first->second;
      if (made_by[i] == m) members.push_back(m);
    }
  }
  const auto parametric = model.backbone().output().parametric();
  std::vector<Batch> here;  // stimuli of each fold, on the CPU
  for (const auto& fold : folds) {
    const auto& all = fold.all();
    here.push_back(all.layout ? Batch{all.x.cpu(), all.targets.cpu(), all.layout} : Batch{});
  }
  parallel_for(static_cast<Index>(members.size()), threads, [&](Index i) {
    const ops::WithoutGradients inner;
    const auto m = members[static_cast<std::size_t>(i)];
    const auto& member = plan.members[static_cast<std::size_t>(m)];
    const auto& data = here[static_cast<std::size_t>(member.fold)];
    const auto &x = data.x, &targets = data.targets;
    auto own = one_member(start.tensors, m);
    const auto unit_of = [&](Index n) { return member.unit < 0 ? n : member.unit; };
    if (closed_form) {
      const Block& block = *block_of[static_cast<std::size_t>(m)];
      const auto& solution = solutions.at({member.fold, block});
      const auto& input = inputs[static_cast<std::size_t>(member.fold)];
      for (Index n = 0; n < N; ++n) {
        const auto unit = unit_of(n);
        const auto place = std::lower_bound(block.begin(), block.end(), unit) - block.begin();
        const auto& choice = solution.choices[static_cast<std::size_t>(place)];
        const auto entry = static_cast<std::size_t>(m * N + n);
        start.ridge.penalty.values[entry] = choice.penalty;
        if (std::isnan(choice.penalty)) continue;
        start.ridge.smooth_bands.values[entry] = choice.smoothness.bands;
        start.ridge.smooth_lags.values[entry] = choice.smoothness.lags;
        const auto kernel = solution.weights[place].view({channels, -1, model.context()});
        const auto [places, target] = counted(targets[unit]);
        auto prediction =
            at::full({data.layout->total}, solution.bias[place].item<double>(), at::kFloat);
        for (Index lag = 0; parametric && lag < model.context(); ++lag) {
          const auto part = at::mv(input[0].narrow(0, 0, data.layout->total - lag),
                                   kernel.select(2, lag).reshape(-1));
          prediction.narrow(0, lag, data.layout->total - lag).add_(part);
        }
        place_closed_form(model, own, n, kernel, solution.bias[place].item<double>(),
                          prediction.index_select(0, places), target,
                          metrics[static_cast<std::size_t>(member.fold)]);
      }
    } else if (parametric) {
      Tensors copy;  // keeps batch norm from updating its running statistics
      for (const auto& [name, tensor] : own) copy[name] = tensor.clone();
      const auto drive = model.drive(copy, x, data.layout, !plan.fit.freeze_core)[0];  // (S, N)
      for (Index n = 0; n < N; ++n) {
        const auto [places, target] = counted(targets[unit_of(n)]);
        if (target.numel() == 0) continue;
        auto range = range_of(target, drive.select(1, n).index_select(0, places));
        range.drive_std = std::max(range.drive_std, kSmallestDriveUnit);
        model.backbone().output().fit_range(own, 0, n, range);
      }
    }
  });
  for (Index m = 0; m < M; ++m) {
    const auto first = made_by[static_cast<std::size_t>(m)];
    if (first < 0 || first == m) continue;
    for (auto& [name, tensor] : start.tensors) tensor[m].copy_(tensor[first]);
    for (auto* record :
         {&start.ridge.penalty, &start.ridge.smooth_bands, &start.ridge.smooth_lags}) {
      if (closed_form) std::copy_n(record->data() + first * N, N, record->data() + m * N);
    }
  }

  if (closed_form && chosen.empty()) {
    const auto& grid = solutions.begin()->second.grid;
    Index low = 0, high = 0, defined = 0;
    Index smooth = 0;
    bool judged = false;
    std::map<Index, std::vector<Index>> by_training, by_nothing;  // unit -> folds
    for (const auto& [key, solution] : solutions) {
      const auto& [fold, units] = key;
      const bool has_validation = folds[static_cast<std::size_t>(fold)].has_validation();
      judged = judged || has_validation;
      for (std::size_t u = 0; u < units.size(); ++u) {
        if (std::isnan(solution.choices[u].penalty)) continue;
        const bool by_held_out = solution.chosen_on[u] == ChosenOn::held_out && has_validation;
        if (!by_held_out && solution.chosen_on[u] != ChosenOn::nothing) continue;
        auto& own = (by_held_out ? by_training : by_nothing)[units[u]];
        if (own.empty() || own.back() != fold) own.push_back(fold);
      }
    }
    for (std::size_t i = 0; i < start.ridge.penalty.values.size(); ++i) {
      const double p = start.ridge.penalty.values[i];
      low += p == grid.front();
      high += p == grid.back();
      defined += !std::isnan(p);
      smooth += start.ridge.smooth_bands.values[i] > 0;
    }
    sink.began(fmt::format(
        "ridge: penalty per unit from {} between {} and {} times the inputs' power, {}; a smooth "
        "receptive field for {} of {} fits",
        grid.size(), grid.front(), static_cast<Index>(grid.back()),
        judged ? "chosen on the validation stimuli" : "chosen on held-out training stimuli", smooth,
        defined));
    if (!by_training.empty()) {
      sink.warning("ridge: the penalty of " +
                   named_units(by_training, *plan.dataset, folds.size()) +
                   " is chosen on held-out training stimuli, as responses to the validation "
                   "stimuli are constant or missing");
    }
    if (!by_nothing.empty()) {
      sink.warning("ridge: the penalty of " + named_units(by_nothing, *plan.dataset, folds.size()) +
                   " is the middle of the grid, as no stimuli tell penalties apart: responses to "
                   "those that could be held "
                   "out are constant or missing");
    }
    if (low + high > 0) {
      sink.warning(
          fmt::format("ridge: the penalty is at an end of its grid for {} (weakest) and {} "
                      "(strongest) of {} fits",
                      low, high, defined));
    }
  }
  return start;
}

namespace {

// Removes the stimuli that are also validation stimuli of the fold. The result is the layout of
// the data before the refit.
ops::LayoutPtr without_validation(const ops::Layout& layout, const Partition& partition) {
  auto kept = std::make_shared<ops::Layout>(layout);
  kept->segments.clear();
  for (std::size_t i = 0; i < layout.segments.size(); ++i) {
    if (std::find(partition.valid.begin(), partition.valid.end(), partition.train[i]) ==
        partition.valid.end())
      kept->segments.push_back(layout.segments[i]);
  }
  return kept;
}

// Measures the seconds to write one closed form into a member, for one unit of `data`. Kernels that
// do not imitate exactly take longer with more unknowns. With very many unknowns this is not
// measured and counts as 0.
double seconds_of_placing(const Plan& plan, const FoldData& data, Index unit) {
  constexpr Index kMostUnknowns = 4096;
  const auto& model = *plan.model;
  const auto channels = static_cast<Index>(model.channels().size());
  const auto bands = plan.dataset->bands(), D = channels * bands * model.context();
  const bool exact = model.backbone().response_kernel()->imitates_exactly();
  if (!exact && D > kMostUnknowns) return 0;
  const auto [places, target] = counted(data.all().targets[unit].cpu());
  if (target.numel() == 0) return 0;
  Plan one = plan;
  one.members = {plan.members.front()};
  auto member = random_start(one);
  const auto metric = exact ? at::Tensor() : at::eye(D, at::kDouble);
  const auto kernel = at::rand({channels, bands, model.context()}) - 0.5;
  const auto begun = std::chrono::steady_clock::now();
  place_closed_form(model, member, 0, kernel, 0, target + at::rand_like(target), target, metric);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

}  // namespace

ClosedFormCost cost_of_closed_form(const Plan& plan, const std::vector<FoldData>& folds,
                                   const std::vector<std::vector<Index>>& chunks, int threads) {
  const ops::WithoutGradients guard;
  const auto& model = *plan.model;
  const auto channels = static_cast<Index>(model.channels().size());
  const auto lags = model.context();
  const auto inputs = channels * plan.dataset->bands();
  const double unknowns = static_cast<double>(inputs * lags);
  const bool exact = model.backbone().response_kernel()->imitates_exactly();
  const bool filtered = plan.dataset->bands() != inputs || !model.prefilter().entries().empty();
  const auto& priors = priors_of(plan.fit.ridge_prior);
  ClosedFormCost cost;
  RidgeWork work;
  RidgeData any;
  double placed = 0, held = 0;
  for (Index fold = 0; fold < static_cast<Index>(folds.size()); ++fold) {
    const auto& data = folds[static_cast<std::size_t>(fold)];
    std::set<Block> blocks;
    for (const auto& chunk : chunks) {
      if (plan.members[static_cast<std::size_t>(chunk.front())].fold == fold)
        blocks.insert(units_of(plan, chunk));
    }
    if (blocks.empty()) continue;
    const std::vector<Block> list(blocks.begin(), blocks.end());
    // The work depends only on the number of inputs, so the values may be uninitialised.
    const auto shaped = [&](const Batch& batch) {
      return RidgeData{at::empty({1, 1, inputs}), batch.targets.cpu(), batch.layout, channels};
    };
    const auto seen = shaped(data.all());
    auto train = seen;
    train.layout =
        without_validation(*seen.layout, plan.partitions[static_cast<std::size_t>(fold)]);
    const auto valid = data.has_validation() ? shaped(data.validation()) : RidgeData{};
    work += work_of_ridge(train, data.has_validation() ? &valid : nullptr, lags, list, priors);
    if (!exact) work += work_of_covariance(train, lags);
    if (plan.fit.refit) {
      work += work_of_ridge_as_chosen(seen, lags, list, priors);
      if (!exact) work += work_of_covariance(seen, lags);
    }
    any = seen;
    double units = 0;
    for (const auto& block : list) units += static_cast<double>(block.size());
    placed += units * (plan.fit.refit ? 2 : 1);
    held += sizeof(float) * unknowns * units;
    if (filtered) held += sizeof(float) * static_cast<double>(inputs * seen.layout->total);
    if (!exact) held += sizeof(double) * unknowns * unknowns;
    if (model.backbone().output().parametric()) {
      work.score +=
          static_cast<double>(seen.layout->frames) * unknowns * units / std::max(1, threads);
    }
  }
  if (!any.layout) return cost;
  cost.bytes = work.bytes + held;
  const auto& first = plan.members[static_cast<std::size_t>(chunks.front().front())];
  Index unit = std::max<Index>(0, first.unit);
  cost.seconds = seconds_of(work, any, lags) +
                 placed *
                     seconds_of_placing(plan, folds[static_cast<std::size_t>(first.fold)], unit) /
                     std::max(1, threads);
  return cost;
}

}  // namespace strffit
