// Triangular bands, equally spaced in log frequency (Rahman, Willmore, King & Harper 2019, 2020).
#include <algorithm>
#include <cmath>
#include <numbers>

#include "sound/band_range.hpp"
#include "sound/windowed.hpp"
#include "util/errors.hpp"

namespace strffit {
namespace {

struct LogFrequencyOptions {
  BandRange range = {34, 500, 20000};  // centres of the first and the last band; >= 2 bands
  WindowOptions window = {.padding = 4};
};

std::vector<double> hamming(std::int64_t samples) {
  std::vector<double> values;
  for (std::int64_t n = 0; n < samples; ++n) {
    values.push_back(0.54 - 0.46 * std::cos(2 * std::numbers::pi * static_cast<double>(n) /
                                            static_cast<double>(samples - 1)));
  }
  return values;
}

std::unique_ptr<FilterBank> build_log_frequency(const LogFrequencyOptions& o,
                                                const std::vector<double>& frequencies_hz,
                                                double rate_hz, double dt_ms) {
  const auto samples =
      window_samples(o.window.window_frames * dt_ms * rate_hz / 1000, rate_hz, o.window);
  const auto length = samples * o.window.padding;
  const double bin_hz = rate_hz / static_cast<double>(length);
  const double width = std::log10(o.range.max_hz / o.range.min_hz) / (o.range.bands - 1);
  std::vector<Band> bands;
  for (const double centre_hz : frequencies_hz) {
    Band band;
    double sum = 0;
    for (auto k = std::max<std::int64_t>(
             1, static_cast<std::int64_t>(centre_hz * std::pow(10, -width) / bin_hz));
         k <= length / 2; ++k) {
      const double away = std::log10(static_cast<double>(k) * bin_hz / centre_hz) / width;
      if (away >= 1) break;
      if (away <= -1) continue;
      if (band.weights.empty()) band.first = k;
      band.weights.push_back(1 - std::abs(away));
      sum += band.weights.back();
    }
    for (double& weight : band.weights) weight /= sum;
    bands.push_back(std::move(band));
  }
  refuse_empty_bands(bands, frequencies_hz, bin_hz, o.window.where_bands);
  return windowed_bank(hamming(samples), rate_hz, 0, bin_hz, std::move(bands), o.window);
}

}  // namespace

SpectrogramOptions log_frequency_spectrogram(config::Node& node) {
  LogFrequencyOptions o;
  o.range = read_band_range(
      node, o.range,
      {2, false, "in log frequency", "centre of the lowest band", "centre of the highest band"});
  o.window = read_window(node, o.window, true);
  o.window.where_bands = node.where("bands");

  SpectrogramOptions options;
  const BandRange& range = o.range;
  for (int f = 0; f < range.bands; ++f) {
    options.frequencies_hz.push_back(
        range.min_hz *
        std::pow(range.max_hz / range.min_hz, static_cast<double>(f) / (range.bands - 1)));
  }
  options.highest_hz = range.max_hz;
  options.highest_key = "max_hz";
  describe_window(o.window, options);
  options.build = [o, frequencies_hz = options.frequencies_hz](double rate_hz, double dt_ms) {
    return build_log_frequency(o, frequencies_hz, rate_hz, dt_ms);
  };
  return options;
}

}  // namespace strffit
