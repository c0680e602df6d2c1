// log_frequency against its definition: a discrete Fourier transform summed term by term.
#include <doctest/doctest.h>

#include <complex>

#include "sounds.hpp"

namespace strffit::test {
namespace {

// docs/spectrograms.md, word by word and slowly.
Array<double> slow_log_frequency(const Sound& sound, double dt_ms, int bands, double min_hz,
                                 double max_hz, int power) {
  const double fs = sound.rate_hz, d = (std::log10(max_hz) - std::log10(min_hz)) / (bands - 1);
  const auto hop_end = [&](std::int64_t t) {
    return static_cast<std::int64_t>(
        std::floor(static_cast<double>(t + 1) * dt_ms * fs / 1000 + 0.5));
  };
  const auto w = static_cast<std::int64_t>(std::round(2 * dt_ms * fs / 1000)), length = 4 * w;
  const auto size = static_cast<std::int64_t>(sound.samples.size());
  std::int64_t T = 0;
  while (T == 0 || hop_end(T - 1) < size) ++T;
  Array<double> out({bands, T});
  for (std::int64_t t = 0; t < T; ++t) {
    std::vector<double> magnitude;
    for (std::int64_t k = 0; k <= length / 2; ++k) {
      std::complex<double> sum = 0;
      for (std::int64_t n = 0; n < w; ++n) {
        const auto place = hop_end(t) - w + n;
        if (place < 0 || place >= size) continue;
        const double window = 0.54 - 0.46 * std::cos(2 * M_PI * double(n) / double(w - 1));
        sum += window * double(sound.samples[std::size_t(place)]) *
               std::polar(1.0, -2 * M_PI * double(n * k % length) / double(length));
      }
      magnitude.push_back(std::pow(std::abs(sum), power));
    }
    for (int f = 0; f < bands; ++f) {
      double sum = 0, weights = 0;
      for (std::int64_t k = 1; k <= length / 2; ++k) {
        const double away =
            std::log10(double(k) * fs / double(length)) - (std::log10(min_hz) + f * d);
        const double weight = std::max(0.0, 1 - std::abs(away) / d);
        sum += weight * magnitude[std::size_t(k)];
        weights += weight;
      }
      out.values[std::size_t(f * T + t)] = sum / weights;
    }
  }
  return out;
}

TEST_CASE("log_frequency is its definition at any rate") {
  // Frames of 5 ms: 160, 220.5, 244.14 and 488.28 samples; 977 is a prime.
  for (const double rate_hz : {32000.0, 44100.0, 48828.125, 97656.25}) {
    CAPTURE(rate_hz);
    const auto sound = noise(static_cast<std::int64_t>(0.043 * rate_hz), rate_hz);
    const auto options = options_of("{bands: 20, min_hz: 500, max_hz: 15000}");
    const auto found = spectrogram(sound, options, {.dt_ms = 5});
    // Rounded to float32.
    CHECK(disagreement(found, slow_log_frequency(sound, 5, 20, 500, 15000, 1)) < 2e-7);
  }
}

}  // namespace
}  // namespace strffit::test
