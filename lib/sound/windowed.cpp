#include "sound/windowed.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sound/chirp_transform.hpp"
#include "sound/number.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"
#include "util/threads.hpp"

namespace strffit {
namespace {

constexpr std::int64_t kLongestTransform = std::int64_t{1} << 22;
constexpr std::int64_t kFramesAPiece = 512;

class WindowedBank : public FilterBank {
 public:
  WindowedBank(const std::vector<double>& window, double rate_hz, double offset_hz, double bin_hz,
               std::vector<Band> bands, const WindowOptions& options)
      : samples_(static_cast<std::int64_t>(window.size())),
        rate_hz_(rate_hz),
        bands_(std::move(bands)),
        options_(options),
        transform_(transform_of(window, rate_hz, offset_hz, bin_hz)) {}

  void analyse(std::span<const float> samples, const Frames& frames, int threads,
               Array<float>& out) const override {
    const auto T = out.dim(1);
    parallel_for((T + kFramesAPiece - 1) / kFramesAPiece, threads, [&](std::int64_t piece) {
      ChirpTransform::Scratch scratch(transform_);
      const auto end = std::min(T, (piece + 1) * kFramesAPiece);
      for (auto t = piece * kFramesAPiece; t < end; t += Wide::kLanes) {
        some_frames(samples, frames, t, std::min<std::int64_t>(end - t, Wide::kLanes), scratch,
                    out);
      }
    });
  }

 private:
  // Transforms only the bins that bands use.
  ChirpTransform transform_of(const std::vector<double>& window, double rate_hz, double offset_hz,
                              double bin_hz) {
    std::int64_t first = bands_.front().first, end = 0;
    for (const auto& band : bands_) {
      first = std::min(first, band.first);
      end = std::max(end, band.first + static_cast<std::int64_t>(band.weights.size()));
    }
    for (auto& band : bands_) band.first -= first;
    return ChirpTransform(window, (offset_hz + static_cast<double>(first) * bin_hz) / rate_hz,
                          bin_hz / rate_hz, end - first);
  }

  // First sample of the window of frame t, before the onset for t < 0.
  std::int64_t window_begin(std::int64_t t, double dt_ms) const {
    const auto end = frame_begin(t + 1, rate_hz_, dt_ms);
    if (!options_.centred) return end - samples_;
    return (frame_begin(t, rate_hz_, dt_ms) + end - samples_) / 2;
  }

  void some_frames(std::span<const float> samples, const Frames& frames, std::int64_t t,
                   std::int64_t count, ChirpTransform::Scratch& scratch, Array<float>& out) const {
    const auto size = static_cast<std::int64_t>(samples.size());
    bool silent = true;
    for (int lane = 0; lane < Wide::kLanes; ++lane) {
      const auto begin = window_begin(t + lane - frames.before, frames.dt_ms);
      const auto from = std::clamp<std::int64_t>(-begin, 0, samples_);
      const auto to = lane < count ? std::clamp<std::int64_t>(size - begin, from, samples_) : from;
      for (std::int64_t n = 0; n < from; ++n) scratch.input[index(n)].set(lane, 0);
      for (auto n = from; n < to; ++n) {
        scratch.input[index(n)].set(lane, static_cast<double>(samples[index(begin + n)]));
      }
      for (auto n = to; n < samples_; ++n) scratch.input[index(n)].set(lane, 0);
      silent = silent && from == to;
    }
    if (silent) return;  // out is zero already
    transform_(scratch);
    if (options_.power == 1) {
      for (Wide& bin : scratch.power) {
        for (int lane = 0; lane < Wide::kLanes; ++lane) bin.set(lane, std::sqrt(bin[lane]));
      }
    }
    for (std::size_t f = 0; f < bands_.size(); ++f) {
      Wide sum(0);
      for (std::size_t i = 0; i < bands_[f].weights.size(); ++i) {
        sum += scratch.power[index(bands_[f].first) + i] * Wide(bands_[f].weights[i]);
      }
      float* const row = out.data() + static_cast<std::int64_t>(f) * out.dim(1) + t;
      for (std::int64_t lane = 0; lane < count; ++lane) {
        row[lane] = static_cast<float>(sum[static_cast<int>(lane)]);
      }
    }
  }

  static std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

  std::int64_t samples_;  // of the window
  double rate_hz_;
  std::vector<Band> bands_;
  WindowOptions options_;
  ChirpTransform transform_;
};

}  // namespace

WindowOptions read_window(config::Node& node, WindowOptions o, bool of_frames) {
  if (of_frames) {
    config::Range length = config::above(0);
    length.high = 1000;
    o.window_frames = node.get("window_frames", o.window_frames, length,
                               "length of the window in frames; it ends with its frame");
    o.padding = node.get("padding", o.padding, config::between(1, 64),
                         "length of the transform in windows");
    o.where_window = node.where("window_frames");
  }
  o.power = node.get("power", o.power, config::between(1, 2),
                     "bands are sums of: 1 magnitudes, 2 squared magnitudes");
  o.centred =
      node.choice("align", "causal", {"causal", "centred"},
                  "causal: the window ends with its frame; centred: the window is centred on its "
                  "frame, so that it looks ahead, as in some published data") == "centred";
  o.normalise = node.get(
      "normalise", o.normalise,
      "divide by the sum of the window, so that values do not depend on the rate of the sound");
  return o;
}

void describe_window(const WindowOptions& window, SpectrogramOptions& options) {
  options.power = window.power;
  options.same_at_every_rate = window.normalise;
  if (window.centred) {
    options.warnings.push_back(
        "with align: centred, frames look ahead, so that responses seem to come earlier; use it "
        "only to reproduce published data");
  }
}

std::int64_t window_samples(double samples, double rate_hz, const WindowOptions& window) {
  samples = std::round(samples);
  if (!(samples >= 2) || samples * window.padding > static_cast<double>(kLongestTransform)) {
    throw ConfigError(
        window.where_window,
        fmt::format("the window has {} samples at {} Hz; expected 2 or more, and at most {}",
                    in_words(samples), in_words(rate_hz), kLongestTransform / window.padding));
  }
  return static_cast<std::int64_t>(samples);
}

void refuse_empty_bands(const std::vector<Band>& bands, const std::vector<double>& frequencies_hz,
                        double bin_hz, const std::string& where) {
  for (std::size_t f = 0; f < bands.size(); ++f) {
    if (!bands[f].weights.empty()) continue;
    throw ConfigError(
        where, "the band at " + in_words(frequencies_hz[f]) +
                   " Hz is too narrow for the transform, whose frequencies are " +
                   in_words(bin_hz) +
                   " Hz apart: use fewer bands, a higher min_hz, a longer window or more padding");
  }
}

std::unique_ptr<FilterBank> windowed_bank(std::vector<double> window_values, double rate_hz,
                                          double offset_hz, double bin_hz, std::vector<Band> bands,
                                          const WindowOptions& window) {
  if (window.normalise) {
    const double sum = std::accumulate(window_values.begin(), window_values.end(), 0.0);
    for (double& value : window_values) value /= sum;
  }
  return std::make_unique<WindowedBank>(window_values, rate_hz, offset_hz, bin_hz, std::move(bands),
                                        window);
}

}  // namespace strffit
