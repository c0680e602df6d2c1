#include "import/findings.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "util/text.hpp"

namespace strffit::import {

namespace {

constexpr double kMostRate = 500;  // spikes/s; no neuron sustains this over a whole recording
constexpr std::size_t kMostNamed = 8;
constexpr double kOddDeviation = 5;  // standard deviations; one in a million trials by chance

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string percent(std::int64_t part, std::int64_t all) {
  return short_number(100.0 * static_cast<double>(part) /
                      static_cast<double>(std::max<std::int64_t>(1, all))) +
         " %";
}

}  // namespace

void Findings::see(const Stimulus& stimulus, const Dataset& head, const Extent& extent) {
  if (!doubts_) doubts_.emplace(extent);
  doubts_->see(stimulus);
  const bool counts = head.counts;
  const std::int64_t units = stimulus.responses.dim(0), trials = stimulus.trials(),
                     frames = stimulus.frames();
  counts_.resize(static_cast<std::size_t>(units), 0);
  seconds_.resize(static_cast<std::size_t>(units), 0);
  std::vector<double> of_trial(static_cast<std::size_t>(trials), 0);
  std::vector<bool> whole(static_cast<std::size_t>(trials), true);
  std::int64_t busiest = 0;
  double most = -1;
  for (std::int64_t unit = 0; unit < units; ++unit) {
    double of_unit = 0;
    for (std::int64_t trial = 0; trial < trials; ++trial) {
      const float* row = stimulus.responses.data() + (unit * trials + trial) * frames;
      double spikes = 0;
      std::int64_t there = 0;
      for (std::int64_t frame = 0; frame < frames; ++frame) {
        if (std::isnan(row[frame])) continue;
        ++there;
        spikes += row[frame];
        whole_ = whole_ && row[frame] >= 0 && row[frame] == std::floor(row[frame]);
      }
      whole[static_cast<std::size_t>(trial)] =
          whole[static_cast<std::size_t>(trial)] && there == frames;
      of_trial[static_cast<std::size_t>(trial)] += spikes;
      of_unit += spikes;
      seconds_[static_cast<std::size_t>(unit)] += static_cast<double>(there);  // in frames until
                                                                               // result()
    }
    counts_[static_cast<std::size_t>(unit)] += of_unit;
    if (of_unit > most) {
      most = of_unit;
      busiest = unit;
    }
  }
  if (counts && most > raster_spikes_) {
    raster_spikes_ = most;
    raster_.unit = busiest;
    const auto begin = stimulus.responses.values.begin() + busiest * trials * frames;
    raster_.stimulus = stimulus.key;
    raster_.responses = Array<float>({trials, frames}, {begin, begin + trials * frames});
  }
  if (counts && trials >= 3 &&
      std::all_of(whole.begin(), whole.end(), [](bool one) { return one; })) {
    // Compares each trial with the others. Counts are expected to vary as Poisson counts, or as
    // much as they do in all trials, whichever is more.
    double mean = 0, variance = 0;
    for (const double spikes : of_trial) mean += spikes / static_cast<double>(trials);
    std::vector<double> deviations;
    for (const double spikes : of_trial) deviations.push_back(std::abs(spikes - mean));
    std::nth_element(deviations.begin(), deviations.begin() + trials / 2, deviations.end());
    const double spread = 1.4826 * deviations[static_cast<std::size_t>(trials / 2)];
    variance = std::max({mean, spread * spread, 1.0});
    trials_ += trials;
    for (std::int64_t trial = 0; trial < trials; ++trial) {
      const double spikes = of_trial[static_cast<std::size_t>(trial)];
      if (std::abs(spikes - mean) < kOddDeviation * std::sqrt(variance)) continue;
      ++odd_;
      if (odd_trials_.size() < 5) {
        odd_trials_.push_back(fmt::format("trial {} of {} has {} spikes; the mean is {}", trial + 1,
                                          stimulus.key, short_number(spikes), short_number(mean)));
      }
    }
  }
}

void Findings::note_spikes(const Assembled& assembled, std::vector<std::string>& notes) const {
  const Tally& tally = assembled.tally;
  std::int64_t spikes = 0, placed = 0, before = 0, after = 0;
  for (const auto& unit : tally.units) {
    spikes += unit.spikes;
    placed += unit.placed;
    before += unit.before;
    after += unit.after;
  }
  if (before + after > 0) {
    notes.push_back(fmt::format(
        "{} spikes before and {} after the frames of their sounds are dropped, {} of all", before,
        after, percent(before + after, spikes)));
  }
  if (tally.presentations > 0 && spikes > 0) {
    if (placed < spikes) {
      notes.push_back(
          fmt::format("{} of {} spikes ({}) are outside of all presentations and dropped",
                      spikes - placed, spikes, percent(spikes - placed, spikes)));
    }
    const double first = tally.first_onset_s, last = tally.last_offset_s;
    const double length = std::max(last - first, 1e-3);
    if (tally.last_spike_s < last - 0.1 * length - 1) {
      notes.push_back("the last spike is at " + short_number(tally.last_spike_s) +
                      " s, the last sound ends at " + short_number(last) +
                      " s: the units of time or the recordings differ");
    } else if (tally.last_spike_s > last + length + 60) {
      notes.push_back("the last spike is at " + short_number(tally.last_spike_s) +
                      " s, long after the last sound ends at " + short_number(last) +
                      " s: the units of time or the recordings differ");
    }
  } else if (spikes > 0 && tally.longest_s > 0) {
    if (tally.last_spike_s > 20 * tally.longest_s + 10) {
      notes.push_back("the last spike is " + short_number(tally.last_spike_s) +
                      " s after an onset, the longest sound lasts " +
                      short_number(tally.longest_s) +
                      " s: the unit of time is wrong (ms read as seconds?)");
    } else if (tally.last_spike_s < 0.05 * tally.longest_s) {
      notes.push_back("the last spike is " + short_number(tally.last_spike_s) +
                      " s after an onset, the longest sound lasts " +
                      short_number(tally.longest_s) +
                      " s: the unit of time is wrong (seconds read as ms?)");
    }
  }
}

void Findings::note_units(const Assembled& assembled, std::vector<std::string>& notes) const {
  const auto& ids = assembled.head.unit_ids;
  const auto list = [&](std::size_t n, const std::string& what, const std::string& names) {
    if (n == 0) return;
    notes.push_back(fmt::format("{}{}{}{}", n, what, names, n > kMostNamed ? ", ..." : ""));
  };
  std::string silent, fast;
  std::size_t n_silent = 0, n_fast = 0;
  for (std::size_t unit = 0; assembled.head.counts && unit < counts_.size(); ++unit) {
    if (counts_[unit] == 0 && ++n_silent <= kMostNamed) {
      silent += (silent.empty() ? "" : ", ") + ids[unit];
    }
    const double rate = counts_[unit] / (seconds_[unit] * assembled.head.axes.dt_ms / 1000);
    if (rate > kMostRate && ++n_fast <= kMostNamed) {
      fast += (fast.empty() ? "" : ", ") + ids[unit] + " (" + short_number(rate) + ")";
    }
  }
  list(n_silent, " units have no spike in any sound: ", silent);
  list(n_fast,
       " units have more than 500 spikes/s, which no neuron sustains (the unit of time is wrong, "
       "or these are not spikes): ",
       fast);
  if (odd_ > 0) {
    notes.push_back(fmt::format(
        "{} of {} trials have spike counts that chance does not explain:", odd_, trials_));
    notes.insert(notes.end(), odd_trials_.begin(), odd_trials_.end());
  }
}

Findings::Result Findings::result(const Assembled& assembled) && {
  Result result;
  result.notes = assembled.notes;
  note_spikes(assembled, result.notes);
  note_units(assembled, result.notes);
  if (doubts_) result.doubts = std::move(*doubts_).doubts(assembled.head.counts || whole_);
  result.raster = std::move(raster_);
  return result;
}

}  // namespace strffit::import
