#include "evaluation/scoring.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <set>
#include <span>

#include "evaluation/one_inner_thread.hpp"
#include "training/device.hpp"
#include "util/errors.hpp"
#include "util/nan.hpp"
#include "util/threads.hpp"

namespace strffit {

namespace {

// Bytes of predictions in memory at one time: the target, and the limit if all threads need more.
constexpr double kBytesAtOnce = 64.0 * 1024 * 1024, kMostBytesAtOnce = 256.0 * 1024 * 1024;

std::set<std::int64_t> skipped_units(const Roster& roster) {
  std::set<std::int64_t> units;
  for (const auto& skipped : roster.skipped) units.insert(skipped.unit);
  return units;
}

// Selects members and keeps the last selection. The next stimulus usually needs the same members.
class Selected {
 public:
  explicit Selected(const FittedModel& all) : all_(all) {}

  const FittedModel& of(const std::vector<std::int64_t>& members) {
    if (members != members_) {
      members_ = members;
      selected_ = all_.select(members);
    }
    return selected_;
  }

 private:
  const FittedModel& all_;
  std::vector<std::int64_t> members_;
  FittedModel selected_;
};

using Qualities = std::vector<ResponseQuality>;  // for each unit of the dataset

// Response quality for each list of stimuli. Many series share the same list.
class QualityCache {
 public:
  QualityCache(const ScoringData& data, const std::vector<ScoredSeries>& series) {
    for (const auto& one : series) {
      if (qualities_.contains(one.stimuli)) continue;
      Qualities& qualities = qualities_[one.stimuli];
      qualities.resize(static_cast<std::size_t>(data.dataset->units()));
      parallel_for(data.dataset->units(), threads_of(data.run), [&](std::int64_t unit) {
        const auto trials = trials_of(*data.dataset, unit, one.stimuli);
        qualities[static_cast<std::size_t>(unit)] = response_quality(trials);
      });
    }
  }
  const Qualities& of(const std::vector<std::size_t>& stimuli) const {
    return qualities_.at(stimuli);
  }

 private:
  std::map<std::vector<std::size_t>, Qualities> qualities_;
};

// Predictions of a block of series. Key: (series, stimulus); value: (N, T).
using Block = std::map<std::pair<std::size_t, std::size_t>, std::span<const float>>;

struct BlockOfSeries {
  std::vector<Array<float>> memory;  // owns the data of the spans
  Block predictions;
};

BlockOfSeries predict_block(const ScoringData& data, const std::vector<ScoredSeries>& series,
                            std::size_t first, std::size_t last, Selected& selected) {
  BlockOfSeries block;
  std::map<std::size_t, std::vector<std::pair<std::size_t, std::int64_t>>> wanted;  // key: stimulus
  for (std::size_t i = first; i < last; ++i) {
    for (std::size_t s = 0; s < series[i].stimuli.size(); ++s) {
      wanted[series[i].stimuli[s]].emplace_back(i, series[i].member[s]);
    }
  }
  block.memory.reserve(wanted.size());  // no reallocation, so the spans stay valid
  for (const auto& [stimulus, pairs] : wanted) {
    std::vector<std::int64_t> members;
    for (const auto& [one, member] : pairs) members.push_back(member);
    block.memory.push_back(
        selected.of(members).predict(data.dataset->stimuli[stimulus].spectrogram, data.run));
    const Array<float>& array = block.memory.back();
    const auto size = static_cast<std::size_t>(array.dim(1) * array.dim(2));
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      block.predictions[{pairs[i].first, stimulus}] =
          std::span(array.values).subspan(i * size, size);
    }
  }
  return block;
}

// `series_bytes`: size of the predictions of one series.
std::size_t series_at_once(double series_bytes, int threads) {
  const double busy = series_bytes * static_cast<double>(kPredictedAtOnce * threads);
  const double bytes = std::clamp(busy, kBytesAtOnce, kMostBytesAtOnce);
  return static_cast<std::size_t>(std::max(1.0, bytes / series_bytes));
}

double bytes_of(const Dataset& dataset, const std::vector<std::size_t>& stimuli,
                std::int64_t outputs) {
  std::int64_t frames = 0;
  for (const auto s : stimuli) frames += dataset.stimuli[s].frames();
  return static_cast<double>(std::max<std::int64_t>(frames, 1) * outputs) * sizeof(float);
}

// The index of the first series of each block, followed by the total number of series. Members that
// are predicted as one batch stay in one block, because the composition of a batch affects
// rounding.
std::vector<std::size_t> blocks_of(const FittedModel& fitted, const ScoringData& data,
                                   const std::vector<ScoredSeries>& series) {
  double largest = 1;
  for (const auto& one : series) {
    largest = std::max(largest, bytes_of(*data.dataset, one.stimuli, fitted.roster.outputs()));
  }
  std::vector<std::size_t> first = {0};
  if (fitted.batch_of.empty()) {
    const auto most = static_cast<std::size_t>(std::max(1.0, kMostBytesAtOnce / largest));
    while (first.back() < series.size())
      first.push_back(std::min(series.size(), first.back() + most));
    return first;
  }
  const auto most = series_at_once(largest, threads_of(data.run));
  const auto pieces = predicted_pieces(static_cast<std::int64_t>(series.size()),
                                       fitted.standardisation.size() == 1, fitted.batch_of);
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    const auto begin = static_cast<std::size_t>(pieces[i - 1]);
    const auto end = static_cast<std::size_t>(pieces[i]);
    if (begin > first.back() && end - first.back() > most) first.push_back(begin);
  }
  first.push_back(series.size());
  return first;
}

}  // namespace

std::vector<Trials> trials_of(const Dataset& dataset, std::int64_t unit,
                              const std::vector<std::size_t>& stimuli) {
  std::vector<Trials> trials;
  for (const auto s : stimuli) {
    const Stimulus& stimulus = dataset.stimuli.at(s);
    const auto size = stimulus.trials() * stimulus.frames();
    trials.push_back(
        {stimulus.responses.data() + unit * size, stimulus.trials(), stimulus.frames()});
  }
  return trials;
}

std::vector<ScoredSeries> series_of_members(const Roster& roster,
                                            const std::vector<Partition>& partitions,
                                            SplitName split) {
  std::vector<ScoredSeries> series;
  for (std::size_t m = 0; m < roster.members.size(); ++m) {
    const Member& member = roster.members[m];
    const auto& stimuli = partitions.at(static_cast<std::size_t>(member.fold)).of(split);
    series.push_back({member.unit, member.seed, member.fold, stimuli,
                      std::vector(stimuli.size(), static_cast<std::int64_t>(m)), member.setting});
  }
  return series;
}

std::vector<ScoredSeries> series_of_all(const Roster& roster, const Dataset& dataset) {
  std::vector<std::size_t> all(dataset.stimuli.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::vector<ScoredSeries> series;
  for (std::size_t m = 0; m < roster.members.size(); ++m) {
    const Member& member = roster.members[m];
    series.push_back({member.unit, member.seed, member.fold, all,
                      std::vector(all.size(), static_cast<std::int64_t>(m)), member.setting});
  }
  return series;
}

std::vector<ScoredSeries> series_of_folds(const Roster& roster,
                                          const std::vector<Partition>& partitions) {
  // For each seed, setting and unit: the held-out stimuli, each with the member that did not see
  // it.
  std::vector<ScoredSeries> series;
  std::map<std::array<std::int64_t, 3>, std::map<std::size_t, std::int64_t>> held_out;
  for (std::size_t m = 0; m < roster.members.size(); ++m) {
    const Member& member = roster.members[m];
    const auto [found, is_new] = held_out.try_emplace({member.seed, member.setting, member.unit});
    if (is_new) series.push_back({member.unit, member.seed, -1, {}, {}, member.setting});
    for (const auto s : partitions.at(static_cast<std::size_t>(member.fold)).valid) {
      found->second[s] = static_cast<std::int64_t>(m);
    }
  }
  for (auto& one : series) {
    for (const auto& [stimulus, member] : held_out.at({one.seed, one.setting, one.unit})) {
      one.stimuli.push_back(stimulus);
      one.member.push_back(member);
    }
  }
  return series;
}

std::vector<UnitMetrics> score(const FittedModel& fitted, const ScoringData& data,
                               const std::vector<ScoredSeries>& series, NullTest* null) {
  const Roster& roster = fitted.roster;
  const std::int64_t outputs = roster.outputs();
  const auto skipped = skipped_units(roster);
  const QualityCache qualities(data, series);
  std::vector<UnitMetrics> scores(series.size() * static_cast<std::size_t>(outputs));
  if (null) null->scores.assign(scores.size(), {});
  Selected selected(fitted);
  const auto blocks = blocks_of(fitted, data, series);
  const OneInnerThread inner(threads_of(data.run));
  for (std::size_t b = 0; b + 1 < blocks.size(); ++b) {
    const auto first = blocks[b], last = blocks[b + 1];
    data.between();
    const auto block = predict_block(data, series, first, last, selected);
    const auto items = static_cast<std::int64_t>(last - first) * outputs;
    parallel_for(items, threads_of(data.run), [&](std::int64_t item) {
      const std::size_t i = first + static_cast<std::size_t>(item / outputs);
      const std::int64_t output = item % outputs;
      const ScoredSeries& one = series[i];
      const std::int64_t unit = one.unit >= 0 ? one.unit : output;
      if (skipped.contains(unit) || one.stimuli.empty()) return;
      const std::int64_t place = data.unit_of.at(static_cast<std::size_t>(unit));
      std::vector<std::span<const float>> predictions;
      for (const auto s : one.stimuli) {
        const auto frames = static_cast<std::size_t>(data.dataset->stimuli[s].frames());
        predictions.push_back(block.predictions.at({i, s}).subspan(
            static_cast<std::size_t>(output) * frames, frames));
      }
      const auto trials = trials_of(*data.dataset, place, one.stimuli);
      const std::size_t at =
          i * static_cast<std::size_t>(outputs) + static_cast<std::size_t>(output);
      scores[at] = unit_metrics(trials, predictions, data.smoothed,
                                qualities.of(one.stimuli)[static_cast<std::size_t>(place)]);
      if (!null) return;
      null->scores[at] = null_correlation(trials, predictions, one.stimuli, null->options);
    });
  }
  return scores;
}

Metrics as_metrics(const std::vector<UnitMetrics>& scores, const Shape& shape) {
  if (static_cast<std::int64_t>(scores.size()) != count(shape)) {
    throw Bug("scores of other members or averages than there are");
  }
  Metrics metrics;
  const auto add = [&](std::string_view name, double UnitMetrics::*value) {
    Array<double> values(shape);
    std::transform(scores.begin(), scores.end(), values.values.begin(),
                   [&](const UnitMetrics& one) { return one.*value; });
    metrics.emplace(name, std::move(values));
  };
  for (const auto& metric : kUnitMetrics) add(metric.name, metric.value);
  add("cc_max_error", &UnitMetrics::cc_max_error);
  return metrics;
}

Metrics as_metrics(const std::vector<UnitMetrics>& scores, const Roster& roster) {
  return as_metrics(scores, {static_cast<std::int64_t>(roster.members.size()), roster.outputs()});
}

std::map<std::string, std::size_t> by_key(const Dataset& dataset,
                                          const std::vector<std::size_t>& stimuli) {
  std::map<std::string, std::size_t> found;
  for (const auto s : stimuli) found[dataset.stimuli.at(s).key] = s;
  return found;
}

void put_predictions(files::Writer& writer, const FittedModel& fitted, const Dataset& dataset,
                     const std::vector<std::size_t>& stimuli, const RunOptions& run,
                     const std::function<void()>& between) {
  const Roster& roster = fitted.roster;
  const OneInnerThread inner(threads_of(run));
  for (const auto& [key, s] : by_key(dataset, stimuli)) {
    between();
    const std::string path = "/predictions/" + key;
    writer.begin_rows(path, {static_cast<std::int64_t>(roster.members.size()), roster.outputs(),
                             dataset.stimuli[s].frames()});
    fitted.predict_in_blocks(dataset.stimuli[s].spectrogram, run,
                             [&](std::int64_t first, const Array<float>& block) {
                               writer.put_rows(path, first, block.dim(0), block.data());
                             });
  }
}

double scoring_bytes(const Plan& plan, const RunOptions& run) {
  const auto members = static_cast<double>(plan.members.size());
  const auto outputs = plan.model->outputs();
  double largest = 1;
  for (const auto& partition : plan.seen()) {
    for (const auto split : {SplitName::train, SplitName::valid, SplitName::test})
      largest = std::max(largest, bytes_of(*plan.dataset, partition.of(split), outputs));
  }
  const double at_once =
      std::min(members, static_cast<double>(series_at_once(largest, threads_of(run))));
  constexpr double kScores = sizeof(UnitMetrics) + 3.0 * sizeof(double) * kUnitMetrics.size();
  const auto tensors = static_cast<double>(plan.model->parameter_count()) * sizeof(float);
  return at_once * (largest + tensors) + members * static_cast<double>(outputs) * kScores;
}

}  // namespace strffit
