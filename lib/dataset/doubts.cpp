// Warns of quantities that are probably in other units than the format requires (DoubtsWatch in
// inspect.hpp).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <numeric>

#include "dataset/inspect.hpp"
#include "util/evenly.hpp"
#include "util/frequency.hpp"
#include "util/listed.hpp"
#include "util/nan.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

constexpr double kLowestTopHz = 100;
constexpr double kShortestFrameMs = 0.1, kLongestFrameMs = 1000;
constexpr double kShareInOneFrame = 0.9;
constexpr double kFewestSpikes = 20;
constexpr double kHighestRate = 500;      // 1/s
constexpr double kSkewOfAmplitude = 3.5;  // compressed sounds have at most 3, amplitudes 5 to 40
constexpr std::size_t kFewestValues = 100;
constexpr double kQuietBand = 0.1;  // of the standard deviation of the whole spectrogram

// A large dataset is sampled up to these limits: enough to decide, in a fraction of a second.
constexpr std::int64_t kMostSoundValues = 1000000;       // of the spectrograms, for their skewness
constexpr std::int64_t kMostResponseValues = 200000000;  // of the responses, for spikes and rates

std::string short_text(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

// Returns "" if nothing is wrong. A late response is an error for spikes only: calcium and cortical
// surface signals are slow.
std::string warning_of_lag(const Following& following, bool spikes) {
  if (!following.clear) return "";
  const std::string by = short_text(std::abs(following.lag_ms)) + " ms";
  const std::string other = "onsets or delay_ms are wrong, or spike times count from ";
  if (following.lag_ms < 0) {
    return "the responses lead the sound by " + by +
           "; expected are responses 0 to 100 ms after it: " + other +
           "another moment than the start of the sound; add " + by + " or more to them";
  }
  if (following.begins_ms < 0) {
    const std::string early = short_text(-following.begins_ms) + " ms";
    return "the responses begin " + early + " before the sound, though most come " + by +
           " after it: " + other + "another moment than the start of the sound (add " + early +
           " or more to them), or the frames of the spectrogram look ahead";
  }
  if (following.possible || !spikes) return "";
  return "the responses follow the sound by " + by + "; expected are 0 to 100 ms: " + other +
         "a moment before the start of the sound (a silence, the start of the trial); subtract "
         "that from them";
}

}  // namespace

DoubtsWatch::DoubtsWatch(const Extent& extent)
    : extent_(extent), following_(extent.axes, extent.units, extent.frames) {
  const auto bands = static_cast<std::int64_t>(extent.axes.frequencies_hz.size());
  step_ = static_cast<std::size_t>(extent.frames * bands / kMostSoundValues + 1);
  units_ = evenly(extent.units,
                  std::max<std::int64_t>(1, extent.units * kMostResponseValues /
                                                std::max(extent.responses, kMostResponseValues)));
}

void DoubtsWatch::see(const Stimulus& stimulus) {
  following_.see(stimulus);
  const auto& one = stimulus.spectrogram.values;
  for (; place_ < one.size(); place_ += step_) values_.push_back(one[place_]);
  place_ -= one.size();
  see_bands(stimulus);
  if (stimulus.responses.values.empty()) return;
  const auto frames = stimulus.frames(), trials = stimulus.trials();
  shortest_frames_ = shortest_frames_ == 0 ? frames : std::min(shortest_frames_, frames);
  if (by_frame_.size() < static_cast<std::size_t>(frames)) {
    by_frame_.resize(static_cast<std::size_t>(frames));
  }
  for (const auto unit : units_) {
    for (std::int64_t trial = 0; trial < trials; ++trial) {
      const float* const values = stimulus.responses.data() + (unit * trials + trial) * frames;
      for (std::int64_t t = 0; t < frames; ++t) {
        const bool present = !std::isnan(values[t]);
        frames_present_ += present ? 1 : 0;
        by_frame_[static_cast<std::size_t>(t)] += present ? values[t] : 0.0F;
      }
    }
  }
}

// Moments of each band, joined with those of the stimuli before (Chan et al. 1979).
void DoubtsWatch::see_bands(const Stimulus& stimulus) {
  const auto bands = extent_.axes.frequencies_hz.size();
  band_mean_.resize(bands);
  band_squares_.resize(bands);
  const auto frames = stimulus.frames();
  if (frames == 0) return;
  const auto n = static_cast<double>(frames), all = band_frames_ + n;
  for (std::size_t band = 0; band < bands; ++band) {
    const float* const values =
        stimulus.spectrogram.data() + static_cast<std::int64_t>(band) * frames;
    const double mean = std::accumulate(values, values + frames, 0.0) / n;
    double squares = 0;
    for (std::int64_t t = 0; t < frames; ++t) squares += (values[t] - mean) * (values[t] - mean);
    const double shift = mean - band_mean_[band];
    band_squares_[band] += squares + shift * shift * band_frames_ * n / all;
    band_mean_[band] += shift * n / all;
  }
  band_frames_ = all;
}

// "" where every band varies enough.
std::string DoubtsWatch::warning_of_quiet_bands() const {
  const auto bands = static_cast<double>(band_mean_.size());
  if (band_frames_ == 0 || band_mean_.size() < 2) return "";
  const double mean = std::accumulate(band_mean_.begin(), band_mean_.end(), 0.0) / bands;
  double squares = 0;
  for (std::size_t band = 0; band < band_mean_.size(); ++band) {
    const double shift = band_mean_[band] - mean;
    squares += band_squares_[band] / band_frames_ + shift * shift;
  }
  const double overall = std::sqrt(squares / bands);
  std::vector<std::string> names;
  for (std::size_t band = 0; band < band_mean_.size(); ++band) {
    const double spread = std::sqrt(band_squares_[band] / band_frames_);
    if (!(spread < kQuietBand * overall)) continue;
    names.push_back(fmt::format("{} ({}, {} of it)", band,
                                frequency_text(extent_.axes.frequencies_hz[band]),
                                short_text(spread / overall)));
  }
  if (names.empty()) return "";
  return subject("band", names, "varies", "vary") +
         " less than a tenth as much as the spectrogram as a whole: a fit can give such a band a "
         "large weight that does little, so receptive fields are shown per standard deviation of "
         "their band (--weights raw shows the weights)";
}

// Skewness of the values above the lowest one, which is taken as silence. NaN if any value is below
// 0, because amplitudes never are.
double DoubtsWatch::skewness_above_floor() {
  if (values_.empty()) return kNaN;
  const float low = *std::min_element(values_.begin(), values_.end());
  if (low < 0) return kNaN;
  std::erase_if(values_, [low](float value) { return value <= low; });
  if (values_.size() < kFewestValues) return kNaN;
  const auto n = static_cast<double>(values_.size());
  const double mean = std::accumulate(values_.begin(), values_.end(), 0.0) / n;
  double squares = 0, cubes = 0;
  for (const float value : values_) {
    const double d = value - mean;
    squares += d * d;
    cubes += d * d * d;
  }
  return cubes / n / std::pow(squares / n, 1.5);
}

Doubts DoubtsWatch::doubts(bool counts) && {
  Doubts doubts;
  auto& warnings = doubts.warnings;
  const double top = extent_.axes.frequencies_hz.back(), dt_ms = extent_.axes.dt_ms;
  if (top < kLowestTopHz) {
    warnings.push_back(
        "the highest band is at " + frequency_text(top) +
        ": /frequencies_hz is probably in kHz, but must be in Hz; multiply it by 1000");
  }
  if (dt_ms < kShortestFrameMs) {
    warnings.push_back(
        "a frame lasts " + short_text(dt_ms) +
        " ms: dt_ms is probably in seconds, but must be in milliseconds; multiply it by 1000");
  } else if (dt_ms > kLongestFrameMs) {
    warnings.push_back("a frame lasts " + short_text(dt_ms) +
                       " ms: dt_ms is probably in microseconds, or the number of frames per "
                       "second, but must be the duration of a frame in milliseconds");
  }
  if (counts && extent_.units > 0 && !by_frame_.empty()) {
    const double spikes = std::accumulate(by_frame_.begin(), by_frame_.end(), 0.0);
    const auto most = std::max_element(by_frame_.begin(), by_frame_.end());
    // Spike times in seconds, read as milliseconds, fall into the first thousandth of the sound.
    const auto beginning = std::max<std::int64_t>(1, shortest_frames_ / 500);
    const double at_first = std::accumulate(
        by_frame_.begin(),
        by_frame_.begin() +
            std::min<std::int64_t>(beginning, static_cast<std::int64_t>(by_frame_.size())),
        0.0);
    const bool enough = spikes >= kFewestSpikes && shortest_frames_ >= 10;
    if (enough && std::max(*most, at_first) > kShareInOneFrame * spikes) {
      const bool first = at_first >= *most;
      const double share = std::max(*most, at_first) / spikes;
      warnings.push_back(short_text(100 * share) + " % of the spikes are in " +
                         (!first           ? fmt::format("frame {}", most - by_frame_.begin())
                          : beginning == 1 ? "frame 0"
                                           : fmt::format("the first {} frames", beginning)) +
                         " of their stimuli: spike times are probably in seconds but were read as "
                         "milliseconds; multiply them by 1000 before you count them in frames");
    }
    const double rate = spikes / (frames_present_ * dt_ms / 1000);
    if (rate > kHighestRate) {
      warnings.push_back("the mean rate is " + short_text(rate) +
                         " spikes/s: the responses are probably rates in 1/s, but must be spikes "
                         "per frame (divide by 1000 / dt_ms), or dt_ms (" +
                         short_text(dt_ms) + " ms) is too small");
    }
  }
  doubts.skewness = skewness_above_floor();
  if (doubts.skewness > kSkewOfAmplitude) {
    warnings.push_back("the values of the spectrograms are >= 0 with a skewness of " +
                       short_text(doubts.skewness) +
                       ": they are probably amplitudes or powers, in which a few loud moments "
                       "dominate; use their logarithm, log(1 + a x), or a root");
  }
  if (const auto quiet = warning_of_quiet_bands(); !quiet.empty()) warnings.push_back(quiet);
  doubts.following = std::move(following_).following();
  const std::string lag = warning_of_lag(doubts.following, counts);
  if (!lag.empty()) warnings.push_back(lag);
  return doubts;
}

Doubts doubts_about(const Dataset& dataset) {
  Extent extent{dataset.axes, dataset.units(), 0, 0};
  for (const auto& stimulus : dataset.stimuli) {
    extent.frames += stimulus.frames();
    extent.responses += stimulus.responses.size();
  }
  DoubtsWatch watch(extent);
  for (const auto& stimulus : dataset.stimuli) watch.see(stimulus);
  return std::move(watch).doubts(dataset.counts);
}

}  // namespace strffit
