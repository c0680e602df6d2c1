#include "training/chunk.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "ops/adamw.hpp"
#include "ops/autograd.hpp"
#include "ops/loss.hpp"
#include "util/errors.hpp"
#include "util/nan.hpp"
#include "util/random.hpp"
#include "util/threads.hpp"

namespace strffit {
namespace {

using Index = std::int64_t;

// The views get their own version counter. Without it, LibTorch would count a change by the thread
// of another chunk as a change of this view, and would fail with an error about "grad_fn".
Tensors rows_of(const Tensors& all, Index first, std::size_t count) {
  Tensors result;
  for (const auto& [name, tensor] : all)
    result[name] = tensor.variable_data().narrow(0, first, static_cast<Index>(count));
  return result;
}

Memory rows_of(const Memory& all, Index first, std::size_t count) {
  return {rows_of(all.current, first, count), rows_of(all.first, first, count),
          rows_of(all.second, first, count), rows_of(all.average, first, count)};
}

// The key depends only on seed, fold and unit. So a member drops the same hidden units in every
// batch.
Index dropout_key(const Plan& plan, Index member) {
  constexpr std::uint64_t kPurpose = 0x64726f706f7574ULL;
  const auto& own = plan.members[static_cast<std::size_t>(member)];
  const auto unit =
      own.unit < 0
          ? 0
          : 1 + static_cast<Index>(plan.dataset->file_units[static_cast<std::size_t>(own.unit)]);
  return static_cast<Index>(
      Random(static_cast<std::uint64_t>(own.seed),
             {static_cast<std::uint64_t>(own.fold), kPurpose, static_cast<std::uint64_t>(unit)})
          .bits());
}

}  // namespace

Chunk::Chunk(const Plan& plan, const FoldData& data, const std::vector<Index>& rows,
             std::vector<Index> members, const Memory& memory, bool recorded)
    : plan_(&plan),
      data_(&data),
      recorded_(recorded),
      members_(std::move(members)),
      first_(rows.front()),
      rows_(rows_of(memory, first_, rows.size())) {
  if (rows.back() - first_ + 1 != static_cast<Index>(rows.size()))
    throw Bug("members of a chunk are not one after the other");
  bring_together();
  take_over();
}

// The order of rows when members are brought together: first the running members, then the others.
std::vector<Index> Chunk::together() const {
  std::vector<Index> rows;
  for (const auto member : members_) rows.push_back(member - first_);
  const auto size = rows_.current.begin()->second.size(0);
  std::vector<char> runs(static_cast<std::size_t>(size), 0);
  for (const auto row : rows) runs[static_cast<std::size_t>(row)] = 1;
  for (Index row = 0; row < size; ++row) {
    if (!runs[static_cast<std::size_t>(row)]) rows.push_back(row);
  }
  return rows;
}

// Row i becomes what row order[i] was.
void Chunk::permute(const std::vector<Index>& order) {
  if (std::is_sorted(order.begin(), order.end())) return;
  const ops::WithoutGradients guard;
  const auto rows = at::tensor(order, at::kLong).to(rows_.current.begin()->second.device());
  for (auto* tensors : {&rows_.current, &rows_.first, &rows_.second, &rows_.average}) {
    for (auto& [name, tensor] : *tensors) tensor.copy_(tensor.index_select(0, rows));
  }
}

void Chunk::bring_together() { permute(together()); }

// Sets up everything that steps need for the present members.
void Chunk::take_over() {
  const ops::WithoutGradients guard;
  recordings_.clear();
  own_ = rows_of(rows_, 0, members_.size());
  learnt_.clear();
  const auto device = own_.current.begin()->second.device();
  const auto numbers = at::TensorOptions(at::kDouble).device(device);
  const auto m = members_.size();
  std::vector<Index> units;
  for (const auto member : members_)
    units.push_back(plan_->members[static_cast<std::size_t>(member)].unit);
  units_ = at::tensor(units, at::kLong).to(device);
  std::vector<Index> keys;
  for (const auto member : members_) keys.push_back(dropout_key(*plan_, member));
  keys_ = at::tensor(keys, at::kLong).to(device);
  number_ = at::zeros({}, numbers);
  loss_sum_ = at::zeros({static_cast<Index>(m)}, numbers);

  const auto& fit = plan_->fit_of(members_.front());
  std::vector<double> decays;
  for (const auto& entry : plan_->model->entries()) {
    if (!entry.is_learnt() || (plan_->fit.freeze_core && !entry.readout)) continue;
    own_.current.at(entry.name).requires_grad_(true);
    learnt_.push_back({&entry, entry.response_units ? entry.shape.front() : 1, {}, {}});
    const double decay = entry.role == Role::weight ? fit.weight_decay : 0.0;
    for_rows(learnt_.back(), [&](std::size_t, double spread) { decays.push_back(decay / spread); });
  }
  const auto all_decays = at::tensor(decays, at::kDouble).to(device);
  rates_ = at::zeros_like(all_decays);
  Index from = 0;
  for (auto& learnt : learnt_) {
    const auto rows = static_cast<Index>(m) * learnt.rows;
    learnt.rates = rates_.narrow(0, from, rows);
    learnt.decays = all_decays.narrow(0, from, rows);
    from += rows;
  }
}

// Calls each(place, spread) for every row of a learnt tensor that has its own rate. `place` is the
// place of its member. `spread` is the standard deviation of the responses if the parameter has
// the unit of the response, otherwise 1. Rates are scaled by it, so that a learning rate means the
// same for spike counts and for Hz.
void Chunk::for_rows(const Learnt& learnt,
                     const std::function<void(std::size_t, double)>& each) const {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const auto unit = plan_->members[static_cast<std::size_t>(members_[i])].unit;
    for (Index n = 0; n < learnt.rows; ++n) {
      each(i, learnt.entry->response_units
                  ? data_->target_spread()[static_cast<std::size_t>(unit < 0 ? n : unit)].second
                  : 1.0);
    }
  }
}

void Chunk::set_rates(const std::vector<double>& learning_rates) {
  const auto& fit = plan_->fit_of(members_.front());
  std::vector<double> rates;
  for (const auto& learnt : learnt_) {
    const double share =
        learnt.entry->rate_group == RateGroup::prefilter ? fit.prefilter_rate : 1.0;
    for_rows(learnt, [&](std::size_t place, double spread) {
      rates.push_back(learning_rates[place] * spread * share);
    });
  }
  rates_.copy_(at::tensor(rates, at::kDouble));
}

void Chunk::put_back() {
  const auto order = together();
  std::vector<Index> inverse(order.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    inverse[static_cast<std::size_t>(order[i])] = static_cast<Index>(i);
  permute(inverse);
}

at::Tensor Chunk::targets(const Batch& batch) const {
  const auto m = static_cast<Index>(members_.size()), S = batch.layout->total;
  if (plan_->fit.mode == FitMode::population) {
    return batch.targets.t().unsqueeze(0).expand({m, S, batch.targets.size(0)});
  }
  return batch.targets.index_select(0, units_).unsqueeze(2);
}

void Chunk::step(const Batch& batch) {
  const auto& model = *plan_->model;
  const auto& fit = plan_->fit_of(members_.front());
  // With a frozen core, the running statistics of batch norm are not updated either.
  const Pass pass(!plan_->fit.freeze_core, keys_, number_.to(at::kLong));
  const auto response = model.respond(own_.current, batch.x, batch.layout, pass);
  const auto loss = ops::loss(response, targets(batch), fit.loss);
  auto objective = loss;
  if (fit.l1 > 0 || fit.l2 > 0) {
    const auto kernels = model.backbone().kernels(own_.current)->flatten(1);
    if (fit.l1 > 0) objective = objective + fit.l1 * kernels.abs().sum(1);
    if (fit.l2 > 0) objective = objective + fit.l2 * kernels.square().sum(1);
  }
  std::vector<at::Tensor> leaves;
  for (const auto& learnt : learnt_) leaves.push_back(own_.current.at(learnt.entry->name));
  const auto gradients = ops::gradients(objective, at::ones_like(objective), leaves);

  const ops::WithoutGradients guard;
  at::Tensor scale;  // (m) factor of each member's gradient, double
  if (fit.gradient_clip > 0) {
    auto squares = at::zeros_like(loss_sum_);
    for (const auto& gradient : gradients) squares.add_(gradient.flatten(1).square().sum(1));
    scale = (fit.gradient_clip / squares.sqrt()).clamp_max(1.0);
  }
  const auto corrections = ops::adamw_corrections(number_);
  for (std::size_t e = 0; e < learnt_.size(); ++e) {
    const auto& [entry, rows, rates, decays] = learnt_[e];
    auto parameter = leaves[e].detach();
    ops::adamw(
        parameter, gradients[e], own_.first.at(entry->name), own_.second.at(entry->name), rates,
        decays,
        scale.defined() ? scale.unsqueeze(1).expand({scale.size(0), rows}).reshape(-1) : scale,
        corrections);
  }
  model.constrain(own_.current);
  loss_sum_.add_(loss.detach().to(at::kDouble), static_cast<double>(batch.layout->frames));
  follow();
  number_.add_(1);
}

// Running mean of the weights over steps. It is nearer to the minimum than the weights of any
// single step (Polyak & Juditsky 1992). Its horizon is `fit.average` epochs. The horizon is shorter
// at first, because early weights are far from the minimum.
void Chunk::follow() {
  if (own_.average.empty()) return;
  const double horizon = plan_->fit.average * static_cast<double>(steps());
  const auto share = (2 / (number_ + 2)).clamp_min(1 / (horizon + 1)).to(at::kFloat);
  for (auto& [name, tensor] : own_.average) tensor.lerp_(own_.current.at(name).detach(), share);
}

Index Chunk::step_size() const {
  const auto asked = plan_->fit_of(members_.front()).batch, stimuli = data_->stimuli();
  return asked == kAllStimuli ? stimuli : std::min(asked, stimuli);
}

Index Chunk::steps() const { return (data_->stimuli() + step_size() - 1) / step_size(); }

EpochScores Chunk::train(Index epoch, const std::vector<double>& learning_rates) {
  begin(epoch, learning_rates);
  work();
  return scores();
}

void Chunk::begin(Index epoch, const std::vector<double>& learning_rates) {
  epoch_ = epoch;
  set_rates(learning_rates);
}

void Chunk::work() {
  const auto stimuli = data_->stimuli(), size = step_size();
  std::vector<Index> order(static_cast<std::size_t>(stimuli));
  std::iota(order.begin(), order.end(), 0);
  const auto& first = plan_->members[static_cast<std::size_t>(members_.front())];
  Random(
      static_cast<std::uint64_t>(first.seed),
      {static_cast<std::uint64_t>(first.fold), 0x6f72646572ULL, static_cast<std::uint64_t>(epoch_)})
      .shuffle(order);

  number_.fill_(static_cast<double>((epoch_ - 1) * steps() + 1));
  loss_sum_.zero_();
  double frames = 0;
  for (Index i = 0; i < steps(); ++i) {
    const std::vector<Index> places(order.begin() + i * size,
                                    order.begin() + std::min(stimuli, (i + 1) * size));
    const auto batch = data_->batch(places);
    frames += static_cast<double>(batch.layout->frames);
    if (recorded_ && data_->keeps(places)) {
      const auto which = places.size() == 1 ? places.front() : Index{-1};
      recordings_[which].run(number_.device().type(), [&] { step(batch); });
    } else {
      step(batch);
    }
  }
  loss_sum_.div_(frames);
  validation_ = answer();
}

EpochScores Chunk::scores(int threads) {
  auto scores = score(std::exchange(validation_, {}), threads);
  const auto mean = loss_sum_.to(at::kCPU);
  scores.train_loss.assign(mean.data_ptr<double>(), mean.data_ptr<double>() + mean.numel());
  return scores;
}

EpochScores Chunk::validate(int threads) const { return score(answer(), threads); }

double Chunk::answer_bytes() const {
  if (!data_->has_validation()) return 0;
  return static_cast<double>(members_.size()) * static_cast<double>(plan_->model->outputs()) *
         static_cast<double>(data_->validation().layout->total) * sizeof(float);
}

Chunk::Answer Chunk::answer() const {
  if (!data_->has_validation()) return {};
  const ops::WithoutGradients guard;
  const auto& batch = data_->validation();
  const auto response = plan_->model->respond(judged(), batch.x, batch.layout, false);
  return {ops::loss(response, targets(batch), plan_->fit_of(members_.front()).loss), response};
}

EpochScores Chunk::score(const Answer& answer, int threads) const {
  const auto m = members_.size();
  EpochScores scores;
  scores.train_loss.assign(m, kNaN);
  scores.valid_loss.assign(m, kNaN);
  scores.valid_cc.assign(m, kNaN);
  scores.valid_cc_norm.assign(m, kNaN);
  if (!answer.response.defined()) return scores;
  const ops::WithoutGradients guard;
  const auto loss = answer.loss.to(at::kCPU, at::kDouble);
  const auto r = answer.response.to(at::kCPU, at::kFloat);
  const auto outputs = r.size(2);
  parallel_for(static_cast<Index>(m), threads, [&](Index member) {
    const auto i = static_cast<std::size_t>(member);
    scores.valid_loss[i] = loss.data_ptr<double>()[i];
    const auto unit = plan_->members[static_cast<std::size_t>(members_[i])].unit;
    double cc = 0, cc_norm = 0;
    Index n_cc = 0, n_cc_norm = 0;
    bool any = false;
    for (Index n = 0; n < outputs; ++n) {
      const auto& target = data_->scores()[static_cast<std::size_t>(unit < 0 ? n : unit)];
      const auto* values = r.data_ptr<float>() + member * r.stride(0) + n * r.stride(2);
      const double one = target.cc(values, r.stride(1)),
                   normalised = target.cc_norm(values, r.stride(1));
      any = any || !target.all().y.empty();
      // A constant prediction scores 0. A unit with constant or missing responses does not count.
      if (!target.varies()) continue;
      cc += std::isnan(one) ? 0 : one;
      ++n_cc;
      if (!(target.signal_power() > 0)) continue;
      cc_norm += std::isnan(normalised) ? 0 : normalised;
      ++n_cc_norm;
    }
    if (!any) scores.valid_loss[i] = kNaN;  // without responses the loss of 0 would look perfect
    scores.valid_cc[i] = n_cc > 0 ? cc / static_cast<double>(n_cc) : kNaN;
    scores.valid_cc_norm[i] = n_cc_norm > 0 ? cc_norm / static_cast<double>(n_cc_norm) : kNaN;
  });
  return scores;
}

void Chunk::store(const std::vector<std::size_t>& places, Tensors& tensors) const {
  if (places.empty()) return;
  const ops::WithoutGradients guard;
  std::vector<Index> numbers;
  for (const auto place : places) numbers.push_back(static_cast<Index>(place));
  for (const auto place : places) numbers.push_back(members_[place]);
  const auto both = at::tensor(numbers, at::kLong).view({2, -1}).to(number_.device());
  for (const auto& [name, tensor] : judged())
    tensors.at(name).index_copy_(0, both[1], tensor.detach().index_select(0, both[0]));
}

void Chunk::keep(const std::vector<std::size_t>& places) {
  put_back();
  std::vector<Index> members;
  for (const auto place : places) members.push_back(members_[place]);
  members_ = std::move(members);
  if (members_.empty()) return;
  bring_together();
  take_over();
}

}  // namespace strffit
