#include "dataset/inspect.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <unordered_map>

#include "util/fingerprint.hpp"
#include "util/nan.hpp"

namespace strffit {

namespace {

// Sum, number and range of the responses that are present.
struct Tally {
  double sum = 0;
  std::int64_t present = 0, all = 0;
  float low = std::numeric_limits<float>::infinity(), high = -low;

  void add(float value) {
    ++all;
    if (std::isnan(value)) return;
    ++present;
    sum += value;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  double missing() const { return static_cast<double>(all - present) / static_cast<double>(all); }
  double per_second(double dt_ms) const {
    return present == 0 ? kNaN : sum / static_cast<double>(present) * 1000 / dt_ms;
  }
};

StimulusSummary summary_of(const Stimulus& stimulus, double dt_ms) {
  Tally tally;
  for (const float value : stimulus.responses.values) tally.add(value);
  StimulusSummary summary;
  summary.key = stimulus.key;
  summary.name = stimulus.name;
  summary.category = stimulus.category;
  summary.split = stimulus.split;
  summary.frames = stimulus.frames();
  summary.seconds = static_cast<double>(stimulus.frames()) * dt_ms / 1000;
  summary.trials = stimulus.trials();
  summary.missing = tally.missing();
  summary.response_per_second = tally.per_second(dt_ms);
  return summary;
}

UnitSummary summary_of(const Dataset& dataset, std::int64_t unit) {
  UnitSummary summary;
  summary.id = dataset.unit_ids[static_cast<std::size_t>(unit)];
  Tally tally;
  for (const Stimulus& stimulus : dataset.stimuli) {
    const std::int64_t trials = stimulus.trials(), frames = stimulus.frames();
    const float* values = stimulus.responses.data() + unit * trials * frames;
    std::int64_t present = 0;  // trials with a response
    for (std::int64_t trial = 0; trial < trials; ++trial) {
      const std::int64_t before = tally.present;
      std::for_each(values + trial * frames, values + (trial + 1) * frames,
                    [&](float value) { tally.add(value); });
      if (tally.present > before) ++present;
    }
    if (present == 0) continue;
    summary.trials_fewest =
        summary.stimuli == 0 ? present : std::min(summary.trials_fewest, present);
    summary.trials_most = std::max(summary.trials_most, present);
    ++summary.stimuli;
  }
  summary.missing = tally.missing();
  summary.response_per_second = tally.per_second(dataset.axes.dt_ms);
  summary.constant = tally.present > 0 && tally.low == tally.high;
  return summary;
}

using Splits = std::vector<std::optional<SplitName>>;

Repeats repeats_of(const std::vector<Stimulus>& stimuli) {
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> alike;  // groups, by fingerprint
  Repeats groups;
  for (std::size_t i = 0; i < stimuli.size(); ++i) {
    const auto& spectrogram = stimuli[i].spectrogram;
    if (spectrogram.values.empty()) continue;
    Fingerprint fingerprint;
    fingerprint.add(static_cast<std::uint64_t>(spectrogram.dim(0)));
    fingerprint.add(spectrogram.values);
    auto& candidates = alike[fingerprint.value()];
    const auto same = std::find_if(candidates.begin(), candidates.end(), [&](std::size_t group) {
      const auto& other = stimuli[groups[group].front()].spectrogram;
      return other.shape == spectrogram.shape && other.values == spectrogram.values;
    });
    if (same != candidates.end()) {
      groups[*same].push_back(i);
    } else {
      candidates.push_back(groups.size());
      groups.push_back({i});
    }
  }
  std::erase_if(groups, [](const auto& group) { return group.size() < 2; });
  return groups;
}

std::vector<Leak> leaks_between(const Repeats& repeats, const Splits& splits) {
  std::vector<Leak> leaks;
  for (const auto& group : repeats) {
    for (std::size_t a = 0; a < group.size(); ++a) {
      for (std::size_t b = a + 1; b < group.size(); ++b) {
        const auto &one = splits[group[a]], &other = splits[group[b]];
        if (one && other && *one != *other) leaks.push_back({group[a], group[b]});
      }
    }
  }
  std::sort(leaks.begin(), leaks.end());
  return leaks;
}

}  // namespace

DatasetSummary summarise(const Dataset& dataset) {
  DatasetSummary summary;
  for (const Stimulus& stimulus : dataset.stimuli) {
    summary.stimuli.push_back(summary_of(stimulus, dataset.axes.dt_ms));
    summary.seconds += summary.stimuli.back().seconds;
  }
  for (std::int64_t unit = 0; unit < dataset.units(); ++unit) {
    summary.units.push_back(summary_of(dataset, unit));
  }
  Splits splits;
  for (const Stimulus& stimulus : dataset.stimuli) splits.push_back(stimulus.split);
  summary.repeats = repeats_of(dataset.stimuli);
  summary.leaks = leaks_between(summary.repeats, splits);
  return summary;
}

std::vector<Leak> find_leaks(const Dataset& dataset, const std::vector<Partition>& partitions) {
  const Repeats repeats = repeats_of(dataset.stimuli);
  std::set<Leak> leaks;  // a set, because all folds share leaks to the test stimuli
  for (const auto& partition : partitions) {
    Splits splits(dataset.stimuli.size());
    for (const SplitName split : {SplitName::train, SplitName::valid, SplitName::test}) {
      for (const std::size_t i : partition.of(split)) splits.at(i) = split;
    }
    const auto found = leaks_between(repeats, splits);
    leaks.insert(found.begin(), found.end());
  }
  return {leaks.begin(), leaks.end()};
}

}  // namespace strffit
