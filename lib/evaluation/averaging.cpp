#include "evaluation/averaging.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "evaluation/one_inner_thread.hpp"
#include "training/device.hpp"
#include "util/errors.hpp"
#include "util/nan.hpp"
#include "util/threads.hpp"

namespace strffit {

namespace {

// upper limit for the means in memory at one time
constexpr double kMostMeanBytes = 256.0 * 1024 * 1024;

// [fold][stimulus]: true if the members of this fold predict this stimulus. An empty table means
// that all members predict all stimuli.
using CountingTable = std::vector<std::vector<char>>;

enum Rank : char {
  kTests = 0,
  kIsUnused = 1,
  kChooses = 2,
  kTrains = 3
};  // ascending: how much the training of a member used the stimulus

CountingTable counting_table(const std::vector<Partition>& partitions, std::size_t stimuli,
                             Averages which) {
  CountingTable table(partitions.size(), std::vector<char>(stimuli, 0));
  if (which == Averages::unseen) {
    std::vector<char> least(stimuli, kTrains);
    for (std::size_t fold = 0; fold < partitions.size(); ++fold) {
      auto& ranks = table[fold];
      std::fill(ranks.begin(), ranks.end(), kIsUnused);
      for (const auto s : partitions[fold].train) ranks.at(s) = kTrains;
      for (const auto s : partitions[fold].valid) ranks.at(s) = kChooses;
      for (const auto s : partitions[fold].test) ranks.at(s) = kTests;
      for (std::size_t s = 0; s < stimuli; ++s) least[s] = std::min(least[s], ranks[s]);
    }
    for (auto& ranks : table) {
      for (std::size_t s = 0; s < stimuli; ++s) ranks[s] = ranks[s] == least[s];
    }
    return table;
  }
  const auto split = which == Averages::train   ? SplitName::train
                     : which == Averages::valid ? SplitName::valid
                                                : SplitName::test;
  for (std::size_t fold = 0; fold < partitions.size(); ++fold) {
    for (const auto s : partitions[fold].of(split)) table[fold].at(s) = 1;
  }
  return table;
}

// The index range first .. last - 1.
struct Stretch {
  std::size_t first = 0, last = 0;

  std::size_t size() const { return last - first; }
};

// Computes the means of an average, one stimulus at a time.
class Accumulator {
 public:
  Accumulator(const Average& average, const Dataset& dataset, Averages which, const RunOptions& run)
      : average_(average), dataset_(dataset), which_(which), run_(run) {
    for (std::size_t g = 0; g < average.groups.size(); ++g) {
      const AverageGroup& group = average.groups[g];
      group_of_[{group.setting, group.fold}] = g;
    }
    for (const auto& part : average.parts) {
      Source source{&part, counting_table(part.partitions, dataset.stimuli.size(), which), {}, {}};
      const Roster& roster = part.fitted->roster;
      source.place.assign(static_cast<std::size_t>(roster.units()), kNoPlace);
      for (std::size_t u = 0; u < static_cast<std::size_t>(average.units); ++u) {
        const auto own = part.units.empty() ? static_cast<std::int64_t>(u) : part.units[u];
        if (own >= 0) source.place.at(static_cast<std::size_t>(own)) = u;
      }
      for (const auto& skipped : roster.skipped) {
        const auto place = source.place.at(static_cast<std::size_t>(skipped.unit));
        if (place != kNoPlace) skipped_.insert(place);
      }
      any_population_ = any_population_ || !roster.independent();
      sources_.push_back(std::move(source));
    }
  }

  // True if some part has members that predict all units. Such a member predicts all units in one
  // call, so all units are processed together.
  bool any_population() const { return any_population_; }
  bool is_skipped(std::size_t unit) const { return skipped_.contains(unit); }

  // True if at least one member predicts the stimulus.
  bool concerns(std::size_t stimulus) const {
    return std::any_of(sources_.begin(), sources_.end(), [&](const Source& source) {
      const auto counts = [&](const auto& fold) { return fold[stimulus] != 0; };
      return source.counts.empty() ||
             std::any_of(source.counts.begin(), source.counts.end(), counts);
    });
  }

  MeanOfStimulus means(std::size_t stimulus, Stretch groups, Stretch units) {
    const auto frames = static_cast<std::size_t>(dataset_.stimuli.at(stimulus).frames());
    const std::size_t rows = groups.size() * units.size();
    std::vector<double> total;  // sum over the parts
    double weights = 0;
    std::vector<char> predicted(rows, 1);
    for (Source& source : sources_) {
      std::vector<double> sums(rows * frames, 0);
      std::vector<std::int64_t> members(rows, 0);
      add(source, stimulus, groups, units, sums, members);
      // With a single part, use weight 1: the result is then bit-identical to the mean of that
      // part.
      const double weight = sources_.size() > 1 ? source.part->weight : 1;
      weights += weight;
      for (std::size_t row = 0; row < rows; ++row) {
        predicted[row] = predicted[row] && members[row] > 0;
        const auto number = static_cast<double>(members[row]);  // 0 members give NaN
        for (std::size_t t = row * frames; t < (row + 1) * frames; ++t) {
          sums[t] = weight * (sums[t] / number);
        }
      }
      if (total.empty()) {
        total = std::move(sums);
      } else {
        std::transform(total.begin(), total.end(), sums.begin(), total.begin(), std::plus<>());
      }
    }
    MeanOfStimulus means{
        stimulus,
        Array<float>({static_cast<std::int64_t>(groups.size()),
                      static_cast<std::int64_t>(units.size()), static_cast<std::int64_t>(frames)}),
        std::move(predicted)};
    std::transform(total.begin(), total.end(), means.values.values.begin(),
                   [weights](double value) { return static_cast<float>(value / weights); });
    return means;
  }

 private:
  static constexpr std::size_t kNoPlace = static_cast<std::size_t>(-1);

  struct Source {
    const AveragePart* part;
    CountingTable counts;
    std::vector<std::size_t> place;  // index of each unit of the part in the average
    // The members that were selected for the last stimulus. The next stimulus usually needs the
    // same members, so the selection is reused.
    std::vector<std::int64_t> members;
    FittedModel selected = {};
  };

  // The groups that include this member's prediction of this stimulus.
  std::vector<std::size_t> groups_of(const Source& source, const Member& member,
                                     std::size_t stimulus, Stretch groups) const {
    const bool counts = source.counts.empty() ||
                        source.counts.at(static_cast<std::size_t>(member.fold))[stimulus] != 0;
    std::vector<std::size_t> found;
    for (const auto setting : {member.setting, AverageGroup::kAnySetting}) {
      for (const auto fold : {std::int64_t{-1}, member.fold}) {
        const auto group = group_of_.find({setting, fold});
        if (group == group_of_.end()) continue;
        const bool wanted = counts || (fold >= 0 && which_ == Averages::unseen);
        const bool inside = group->second >= groups.first && group->second < groups.last;
        if (wanted && inside) found.push_back(group->second - groups.first);
      }
    }
    return found;
  }

  void add(Source& source, std::size_t stimulus, Stretch groups, Stretch units,
           std::vector<double>& sums, std::vector<std::int64_t>& members) const {
    const FittedModel& fitted = *source.part->fitted;
    const Roster& roster = fitted.roster;
    std::vector<std::int64_t> wanted;
    std::vector<std::vector<std::size_t>> groups_of_wanted;
    for (std::size_t m = 0; m < roster.members.size(); ++m) {
      const Member& member = roster.members[m];
      if (member.unit >= 0) {
        const auto place = source.place[static_cast<std::size_t>(member.unit)];
        if (place < units.first || place >= units.last) continue;  // also skips kNoPlace
      }
      auto found = groups_of(source, member, stimulus, groups);
      if (found.empty()) continue;
      wanted.push_back(static_cast<std::int64_t>(m));
      groups_of_wanted.push_back(std::move(found));
    }
    if (wanted.empty()) return;
    if (wanted != source.members) {
      source.members = wanted;
      source.selected = fitted.select(wanted);
    }
    const auto outputs = roster.outputs();
    const auto frames = static_cast<std::size_t>(dataset_.stimuli[stimulus].frames());
    const auto use = [&](std::int64_t first, const Array<float>& block) {
      for (std::int64_t i = 0; i < block.dim(0); ++i) {
        const auto which = static_cast<std::size_t>(first + i);
        const Member& member = roster.members[static_cast<std::size_t>(wanted[which])];
        for (std::int64_t n = 0; n < outputs; ++n) {
          const auto place = source.place[static_cast<std::size_t>(roster.unit_of(member, n))];
          if (place < units.first || place >= units.last) continue;
          const float* from = block.data() + (i * outputs + n) * static_cast<std::int64_t>(frames);
          for (const auto group : groups_of_wanted[which]) {
            const std::size_t row = group * units.size() + (place - units.first);
            double* to = sums.data() + row * frames;
            for (std::size_t t = 0; t < frames; ++t) to[t] += static_cast<double>(from[t]);
            ++members[row];
          }
        }
      }
    };
    source.selected.predict_in_blocks(dataset_.stimuli[stimulus].spectrogram, run_, use);
  }

  const Average& average_;
  const Dataset& dataset_;
  Averages which_;
  RunOptions run_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::size_t> group_of_;  // key: (setting, fold)
  std::vector<Source> sources_;
  std::set<std::size_t> skipped_;  // units that at least one part did not fit
  bool any_population_ = false;
};

// The number of groups and units whose means are in memory at one time.
struct AtOnce {
  std::size_t groups = 1, units = 1;
};

// `bytes`: size of the means of one group for one unit.
AtOnce means_at_once(std::size_t groups, std::size_t units, bool all_units, double bytes) {
  const auto fitting = [](double of_one) {
    return static_cast<std::size_t>(std::max(1.0, kMostMeanBytes / std::max(of_one, 1.0)));
  };
  AtOnce result;
  result.units = all_units ? units : std::min(units, fitting(bytes));
  result.groups = std::min(groups, fitting(bytes * static_cast<double>(result.units)));
  return result;
}

// The distinct seeds, folds and settings of the members, ascending.
struct SeedsAndFolds {
  std::set<std::int64_t> seeds, folds, settings;
};

SeedsAndFolds seeds_and_folds(const std::vector<Member>& members) {
  SeedsAndFolds found;
  for (const auto& member : members) {
    found.seeds.insert(member.seed);
    found.folds.insert(member.fold);
    found.settings.insert(member.setting);
  }
  return found;
}

std::int64_t total_frames(const Dataset& dataset) {
  std::int64_t frames = 0;
  for (const auto& stimulus : dataset.stimuli) frames += stimulus.frames();
  return frames;
}

}  // namespace

Averages averages_of(SplitName split) {
  switch (split) {
    case SplitName::train:
      return Averages::train;
    case SplitName::valid:
      return Averages::valid;
    case SplitName::test:
      return Averages::test;
  }
  throw Bug("a split has no name");
}

Averaged averages_in(const Roster& roster) {
  const auto found = seeds_and_folds(roster.members);
  Averaged averaged;
  averaged.settings.assign(found.settings.begin(), found.settings.end());
  averaged.folds = {-1};
  if (found.seeds.size() > 1 && found.folds.size() > 1) {
    averaged.folds.insert(averaged.folds.end(), found.folds.begin(), found.folds.end());
  }
  const auto S = static_cast<std::int64_t>(averaged.settings.size());
  const auto A = static_cast<std::int64_t>(averaged.folds.size());
  const auto N = roster.units();
  averaged.members = Array<std::int64_t>({S, A, N}, 0);
  const auto place = [](const std::vector<std::int64_t>& values, std::int64_t value) {
    return std::lower_bound(values.begin(), values.end(), value) - values.begin();
  };
  std::set<std::int64_t> skipped;
  for (const auto& one : roster.skipped) skipped.insert(one.unit);
  for (const auto& member : roster.members) {
    const auto s = place(averaged.settings, member.setting);
    for (std::int64_t n = 0; n < roster.outputs(); ++n) {
      const auto unit = roster.unit_of(member, n);
      if (skipped.contains(unit)) continue;
      ++averaged.members.data()[s * A * N + unit];
      if (A > 1) {
        ++averaged.members.data()[(s * A + place(averaged.folds, member.fold)) * N + unit];
      }
    }
  }
  return averaged;
}

bool has_averages(const Roster& roster) {
  std::set<std::pair<std::int64_t, std::int64_t>> seen;
  return std::any_of(roster.members.begin(), roster.members.end(), [&](const Member& member) {
    return !seen.insert({member.setting, member.unit}).second;
  });
}

Average average_of(const FittedModel& fitted, const std::vector<Partition>& partitions) {
  return {
      {{&fitted, 1, {}, partitions}}, averages_in(fitted.roster).groups(), fitted.roster.units()};
}

std::vector<UnitMetrics> score_average(const Average& average, const ScoringData& data,
                                       Averages which, NullTest* null) {
  const Dataset& dataset = *data.dataset;
  const auto N = static_cast<std::size_t>(average.units);
  std::vector<UnitMetrics> scores(average.groups.size() * N);
  if (null) null->scores.assign(scores.size(), {});
  Accumulator accumulator(average, dataset, which, data.run);
  std::vector<std::size_t> stimuli;
  double frames = 0;
  for (std::size_t s = 0; s < dataset.stimuli.size(); ++s) {
    if (!accumulator.concerns(s)) continue;
    stimuli.push_back(s);
    frames += static_cast<double>(dataset.stimuli[s].frames());
  }
  const auto at_once =
      means_at_once(average.groups.size(), N, accumulator.any_population(), frames * sizeof(float));
  const OneInnerThread inner(threads_of(data.run));
  const auto score_block = [&](Stretch groups, Stretch units) {
    std::vector<MeanOfStimulus> means;
    for (const auto s : stimuli) {
      data.between();
      means.push_back(accumulator.means(s, groups, units));
    }
    const auto work = [&](std::int64_t item) {
      const auto unit = units.first + static_cast<std::size_t>(item);
      if (accumulator.is_skipped(unit)) return;
      // groups with the same stimuli share it
      std::map<std::vector<std::size_t>, ResponseQuality> qualities;
      for (std::size_t g = groups.first; g < groups.last; ++g) {
        const std::size_t row = (g - groups.first) * units.size() + static_cast<std::size_t>(item);
        std::vector<std::size_t> scored;
        std::vector<std::span<const float>> predictions;
        for (std::size_t i = 0; i < stimuli.size(); ++i) {
          if (!means[i].predicted[row]) continue;
          const auto T = static_cast<std::size_t>(means[i].values.dim(2));
          scored.push_back(stimuli[i]);
          predictions.push_back(
              std::span(std::as_const(means[i].values.values)).subspan(row * T, T));
        }
        if (scored.empty()) continue;
        const auto trials = trials_of(dataset, data.unit_of.at(unit), scored);
        const auto quality = qualities.try_emplace(scored);
        if (quality.second) quality.first->second = response_quality(trials);
        const std::size_t at = g * N + unit;
        scores[at] = unit_metrics(trials, predictions, data.smoothed, quality.first->second);
        if (null) null->scores[at] = null_correlation(trials, predictions, scored, null->options);
      }
    };
    parallel_for(static_cast<std::int64_t>(units.size()), threads_of(data.run), work);
  };
  for (std::size_t g = 0; g < average.groups.size(); g += at_once.groups) {
    const Stretch groups{g, std::min(average.groups.size(), g + at_once.groups)};
    for (std::size_t u = 0; u < N; u += at_once.units) {
      score_block(groups, {u, std::min(N, u + at_once.units)});
    }
  }
  return scores;
}

std::vector<MeanOfStimulus> means_of_units(const Average& average, const ScoringData& data,
                                           Averages which, std::size_t first, std::size_t last) {
  Accumulator accumulator(average, *data.dataset, which, data.run);
  std::vector<MeanOfStimulus> means;
  for (std::size_t s = 0; s < data.dataset->stimuli.size(); ++s) {
    if (!accumulator.concerns(s)) continue;
    data.between();
    means.push_back(accumulator.means(s, {0, average.groups.size()}, {first, last}));
    for (std::size_t unit = first; unit < last; ++unit) {
      if (!accumulator.is_skipped(unit)) continue;
      for (std::size_t g = 0; g < average.groups.size(); ++g)
        means.back().predicted[g * (last - first) + (unit - first)] = 0;
    }
  }
  return means;
}

Array<float> predict_average(const Average& average, const Dataset& dataset, std::size_t stimulus,
                             const RunOptions& run) {
  Accumulator accumulator(average, dataset, Averages::unseen, run);
  return accumulator
      .means(stimulus, {0, average.groups.size()}, {0, static_cast<std::size_t>(average.units)})
      .values;
}

namespace {

// Writes the means for some stimuli below `group`. The first axis of `axes` gives the number of
// rows; the groups are written row by row, in their order.
void put_means(files::Writer& writer, const std::string& group, const Average& average,
               const Shape& axes, const Dataset& dataset, const std::vector<std::size_t>& stimuli,
               const RunOptions& run, const std::function<void()>& between) {
  const auto N = static_cast<std::size_t>(average.units);
  const OneInnerThread inner(threads_of(run));
  Accumulator accumulator(average, dataset, Averages::unseen, run);
  const auto rows = static_cast<std::size_t>(axes.front());
  const auto across = average.groups.size() / rows;
  for (const auto& [key, s] : by_key(dataset, stimuli)) {
    const std::string path = group + key;
    Shape shape = axes;
    shape.push_back(average.units);
    shape.push_back(dataset.stimuli[s].frames());
    writer.begin_rows(path, shape);
    for (std::size_t row = 0; row < rows; ++row) {
      between();
      const auto means = accumulator.means(s, {row * across, (row + 1) * across}, {0, N});
      writer.put_rows(path, static_cast<std::int64_t>(row), 1, means.values.data());
    }
  }
}

}  // namespace

void put_averaged_predictions(files::Writer& writer, const Average& average,
                              const Averaged& averaged, const Dataset& dataset,
                              const std::vector<std::size_t>& stimuli, const RunOptions& run,
                              const std::function<void()>& between) {
  if (average.groups.size() != averaged.groups().size())
    throw Bug("averages of other groups than there are");
  put_means(writer, kAveragedPredictions, average,
            {static_cast<std::int64_t>(averaged.settings.size()),
             static_cast<std::int64_t>(averaged.folds.size())},
            dataset, stimuli, run, between);
}

void put_mean_predictions(files::Writer& writer, const Average& average, const Dataset& dataset,
                          const std::vector<std::size_t>& stimuli, const RunOptions& run,
                          const std::function<void()>& between) {
  if (average.groups.size() != 1) throw Bug("an average of several groups");
  put_means(writer, "/predictions/", average, {1}, dataset, stimuli, run, between);
}

std::optional<Averaged> score_averages(const FittedModel& fitted, const ScoringData& data,
                                       const std::vector<Partition>& partitions) {
  if (!has_averages(fitted.roster)) return std::nullopt;
  Averaged averaged = averages_in(fitted.roster);
  const Average average = average_of(fitted, partitions);
  for (const SplitName split : {SplitName::train, SplitName::valid, SplitName::test}) {
    const bool some = std::any_of(partitions.begin(), partitions.end(),
                                  [split](const auto& part) { return !part.of(split).empty(); });
    if (!some) continue;
    averaged.metrics[to_string(split)] =
        as_metrics(score_average(average, data, averages_of(split)), averaged.members.shape);
  }
  return averaged;
}

MeanFields average_fields(const Array<float>& fields, const Roster& roster) {
  const Averaged averaged = averages_in(roster);
  const auto groups = averaged.groups();
  const auto N = roster.units(), F = fields.dim(2), L = fields.dim(3), size = F * L;
  const Shape shape = {averaged.members.dim(0), averaged.members.dim(1), N, F, L};
  MeanFields result{Array<float>(shape, static_cast<float>(kNaN)),
                    Array<float>(shape, static_cast<float>(kNaN))};
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::vector<std::vector<const float*>> of_unit(static_cast<std::size_t>(N));
    for (std::size_t m = 0; m < roster.members.size(); ++m) {
      const Member& member = roster.members[m];
      if (member.setting != groups[g].setting) continue;
      if (groups[g].fold >= 0 && member.fold != groups[g].fold) continue;
      for (std::int64_t n = 0; n < roster.outputs(); ++n) {
        of_unit[static_cast<std::size_t>(roster.unit_of(member, n))].push_back(
            fields.data() + (static_cast<std::int64_t>(m) * roster.outputs() + n) * size);
      }
    }
    for (std::int64_t unit = 0; unit < N; ++unit) {
      const auto& members = of_unit[static_cast<std::size_t>(unit)];
      const auto number = static_cast<double>(members.size());
      const auto place = (static_cast<std::int64_t>(g) * N + unit) * size;
      for (std::int64_t i = 0; i < size && !members.empty(); ++i) {
        double sum = 0, squares = 0;
        for (const float* member : members) sum += static_cast<double>(member[i]);
        const double mean = sum / number;
        for (const float* member : members) {
          const double difference = static_cast<double>(member[i]) - mean;
          squares += difference * difference;
        }
        result.mean.data()[place + i] = static_cast<float>(mean);
        if (members.size() > 1)
          result.sd.data()[place + i] = static_cast<float>(std::sqrt(squares / (number - 1)));
      }
    }
  }
  return result;
}

double averaging_bytes(const Plan& plan) {
  const auto found = seeds_and_folds(plan.members);
  const std::size_t members = found.seeds.size() * found.folds.size();
  if (members < 2) return 0;
  const auto units = static_cast<std::size_t>(plan.dataset->units());
  const bool all_units = plan.members.front().unit < 0;
  const std::size_t folds = found.seeds.size() > 1 ? found.folds.size() : 0;
  const auto groups = found.settings.size() * (1 + (folds > 1 ? folds : 0));
  const auto frames = static_cast<double>(total_frames(*plan.dataset));
  double longest = 0;
  for (const auto& stimulus : plan.dataset->stimuli) {
    longest = std::max(longest, static_cast<double>(stimulus.frames()));
  }
  const auto at_once = means_at_once(groups, units, all_units, frames * sizeof(float));
  const auto rows = static_cast<double>(at_once.groups * at_once.units);
  constexpr double kScores = sizeof(UnitMetrics) + sizeof(double) * kUnitMetrics.size();
  return rows * (frames * sizeof(float) + 2 * longest * sizeof(double)) +
         static_cast<double>(groups * units) * kScores;
}

}  // namespace strffit
