#include "prefilter/band_centres.hpp"

#include <cmath>

#include "util/text.hpp"

namespace strffit {
namespace {

double to_scale(const std::string& scale, double hz) {
  if (scale == "mel") return 2595 * std::log10(1 + hz / 700);
  if (scale == "erb") return 21.4 * std::log10(1 + 0.00437 * hz);
  if (scale == "greenwood") return std::log10(hz / 165.4 + 0.88) / 2.1;
  return std::log10(hz);
}

double to_hz(const std::string& scale, double s) {
  if (scale == "mel") return 700 * (std::pow(10, s / 2595) - 1);
  if (scale == "erb") return (std::pow(10, s / 21.4) - 1) / 0.00437;
  if (scale == "greenwood") return 165.4 * (std::pow(10, 2.1 * s) - 0.88);
  return std::pow(10, s);
}

}  // namespace

std::vector<double> BandCentres::frequencies_hz(const std::vector<double>& of_dataset) const {
  if (scale == "dataset") return of_dataset;
  const auto n = of_dataset.size();
  const double low = to_scale(scale, min_freq_hz), high = to_scale(scale, max_freq_hz);
  std::vector<double> result;
  for (std::size_t i = 0; i < n; ++i) {
    const double part = n > 1 ? static_cast<double>(i) / static_cast<double>(n - 1) : 0;
    result.push_back(to_hz(scale, low + (high - low) * part));
  }
  return result;
}

BandCentres read_band_centres(config::Node& node) {
  BandCentres centres;
  centres.scale = node.choice(
      "scale", centres.scale, {"dataset", "mel", "erb", "log", "greenwood"},
      "frequencies of the bands: those of the dataset, or equally spaced on this scale from "
      "min_freq_hz to max_freq_hz");
  auto spaced = node.only_if(centres.scale != "dataset",
                             "needs a scale: mel, erb, log or greenwood; leave it out, or set one");
  centres.min_freq_hz =
      spaced.get("min_freq_hz", centres.min_freq_hz, config::above(0), "lowest band centre, Hz");
  centres.max_freq_hz = spaced.get("max_freq_hz", centres.max_freq_hz, config::above(0),
                                   "highest band centre, Hz; above min_freq_hz");
  if (!(centres.max_freq_hz > centres.min_freq_hz)) {
    // Reports the key that the user gave, with the value of the other.
    const auto hz = [](double f) { return fmt::format("{} Hz", std::llround(f)); };
    if (node.has("max_freq_hz"))
      node.fail("max_freq_hz", "must be above min_freq_hz, " + hz(centres.min_freq_hz));
    node.fail("min_freq_hz",
              "must be below max_freq_hz, " + hz(centres.max_freq_hz) + " by default");
  }
  return centres;
}

}  // namespace strffit
