// Triangular bands, equally spaced on the mel scale of Slaney's Auditory Toolbox (1998) or of HTK.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "sound/band_range.hpp"
#include "sound/windowed.hpp"

namespace strffit {
namespace {

struct MelOptions {
  BandRange range = {40, 50, 8000};  // lower edge of the first band, upper edge of the last
  std::string scale = "slaney";      // or htk
  std::string norm = "slaney";       // slaney: triangles of area 1; none: of height 1
  WindowOptions window = {.power = 2};
};

// Slaney: linear up to 1000 Hz (15 mel), then 27 mel for each factor of 6.4.
double mel_of(double hz, const std::string& scale) {
  if (scale == "htk") return 2595 * std::log10(1 + hz / 700);
  return hz < 1000 ? hz * 3 / 200 : 15 + 27 * std::log(hz / 1000) / std::log(6.4);
}

double hz_of(double mel, const std::string& scale) {
  if (scale == "htk") return 700 * (std::pow(10, mel / 2595) - 1);
  return mel < 15 ? mel * 200 / 3 : 1000 * std::exp((mel - 15) / 27 * std::log(6.4));
}

// (bands + 2) frequencies: band f has its edges at f and f + 2 and its centre at f + 1.
std::vector<double> mel_edges_hz(const MelOptions& o) {
  const double low = mel_of(o.range.min_hz, o.scale), high = mel_of(o.range.max_hz, o.scale);
  std::vector<double> edges_hz;
  for (int i = 0; i <= o.range.bands + 1; ++i) {
    edges_hz.push_back(hz_of(low + (high - low) * i / (o.range.bands + 1), o.scale));
  }
  return edges_hz;
}

// Periodic Hann window as in LibROSA: zero at its first sample.
std::vector<double> hann(std::int64_t samples) {
  std::vector<double> values;
  for (std::int64_t n = 0; n < samples; ++n) {
    values.push_back(0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(n) /
                                          static_cast<double>(samples)));
  }
  return values;
}

std::unique_ptr<FilterBank> build_mel(const MelOptions& o, double rate_hz, double dt_ms) {
  const auto samples =
      window_samples(o.window.window_frames * dt_ms * rate_hz / 1000, rate_hz, o.window);
  const auto length = samples * o.window.padding;
  const double bin_hz = rate_hz / static_cast<double>(length);
  const auto edges_hz = mel_edges_hz(o);
  std::vector<Band> bands;
  std::vector<double> centres_hz;
  for (int f = 0; f < o.range.bands; ++f) {
    const double* const edge = edges_hz.data() + f;
    const double height = o.norm == "slaney" ? 2 / (edge[2] - edge[0]) : 1;
    Band band;
    for (auto k = static_cast<std::int64_t>(edge[0] / bin_hz); k <= length / 2; ++k) {
      const double hz = static_cast<double>(k) * bin_hz;
      if (hz >= edge[2]) break;
      const double weight =
          std::min((hz - edge[0]) / (edge[1] - edge[0]), (edge[2] - hz) / (edge[2] - edge[1]));
      if (weight <= 0) continue;
      if (band.weights.empty()) band.first = k;
      band.weights.push_back(height * weight);
    }
    bands.push_back(std::move(band));
    centres_hz.push_back(edge[1]);
  }
  refuse_empty_bands(bands, centres_hz, bin_hz, o.window.where_bands);
  return windowed_bank(hann(samples), rate_hz, 0, bin_hz, std::move(bands), o.window);
}

}  // namespace

SpectrogramOptions mel_spectrogram(config::Node& node) {
  MelOptions o;
  o.range = read_band_range(node, o.range,
                            {1, true, "on the mel scale", "lower edge of the lowest band",
                             "upper edge of the highest band"});
  o.scale = node.choice("scale", o.scale, {"slaney", "htk"}, "which mel scale");
  o.norm = node.choice("norm", o.norm, {"slaney", "none"},
                       "slaney: every triangle has area 1 over Hz; none: height 1");
  o.window = read_window(node, o.window, true);
  o.window.where_bands = node.where("bands");

  SpectrogramOptions options;
  const auto edges_hz = mel_edges_hz(o);
  options.frequencies_hz.assign(edges_hz.begin() + 1, edges_hz.end() - 1);
  options.highest_hz = o.range.max_hz;
  options.highest_key = "max_hz";
  describe_window(o.window, options);
  options.build = [o](double rate_hz, double dt_ms) { return build_mel(o, rate_hz, dt_ms); };
  return options;
}

}  // namespace strffit
