// Short-time Fourier transform with a Gaussian window and equally spaced bands (Theunissen et al.
// 2000, STRFPak).
#include <cmath>
#include <numbers>

#include "sound/windowed.hpp"

namespace strffit {
namespace {

// Window length in standard deviations, as in STRFPak.
constexpr double kDeviations = 6;

struct StftOptions {
  double width_hz = 125;  // standard deviation of a band, > 0
  double step_hz = 125;   // between bands, > 0; default width_hz
  double min_hz = 250;    // lowest band, >= 0
  double max_hz = 8000;   // upper limit of the bands, >= min_hz
  WindowOptions window;
};

std::unique_ptr<FilterBank> build_stft(const StftOptions& o, std::int64_t bands, double rate_hz) {
  // Standard deviation of the window in samples.
  const double deviation = rate_hz / (2 * std::numbers::pi * o.width_hz);
  const auto samples = window_samples(kDeviations * deviation, rate_hz, o.window);
  std::vector<double> window;
  for (std::int64_t n = 0; n < samples; ++n) {
    const double from_middle = static_cast<double>(n) - static_cast<double>(samples - 1) / 2;
    window.push_back(std::exp(-0.5 * std::pow(from_middle / deviation, 2)));
  }
  std::vector<Band> all;
  for (std::int64_t f = 0; f < bands; ++f) all.push_back({f, {1.0}});
  return windowed_bank(window, rate_hz, o.min_hz, o.step_hz, std::move(all), o.window);
}

}  // namespace

SpectrogramOptions stft_spectrogram(config::Node& node) {
  StftOptions o;
  o.width_hz =
      node.get("width_hz", o.width_hz, config::above(0),
               "Hz, bandwidth: standard deviation of a band; the window's is 1 / (2 pi width_hz)");
  o.step_hz =
      node.get("step_hz", o.width_hz, config::above(0), "Hz, between bands; default: width_hz");
  o.min_hz = node.get("min_hz", o.min_hz, config::at_least(0), "Hz, lowest band");
  o.max_hz = node.get("max_hz", o.max_hz, config::above(0),
                      "Hz, upper limit of the bands; at most half the rate of every sound");
  if (!(o.max_hz >= o.min_hz)) node.fail("max_hz", "must be at least min_hz");
  // The small term keeps a last band that rounding puts above max_hz.
  const double steps = std::floor((o.max_hz - o.min_hz) / o.step_hz + 1e-9);
  if (!(steps < 4096)) node.fail("step_hz", "gives more than 4096 bands; expected a larger step");
  o.window = read_window(node, o.window, false);
  o.window.where_window = node.where("width_hz");

  SpectrogramOptions options;
  const auto bands = static_cast<std::int64_t>(steps) + 1;
  for (std::int64_t f = 0; f < bands; ++f)
    options.frequencies_hz.push_back(o.min_hz + static_cast<double>(f) * o.step_hz);
  options.highest_hz = options.frequencies_hz.back();
  options.highest_key = "max_hz";
  describe_window(o.window, options);
  options.build = [o, bands](double rate_hz, double) { return build_stft(o, bands, rate_hz); };
  return options;
}

}  // namespace strffit
