// Sounds with known properties, and what reads a spectrogram's configuration.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "config/document.hpp"
#include "sound/spectrogram.hpp"
#include "util/nan.hpp"
#include "util/random.hpp"

namespace strffit::test {

inline Sound silence(std::int64_t samples, double rate_hz) {
  return {"made", std::vector<float>(static_cast<std::size_t>(samples), 0.0F), rate_hz};
}

inline Sound tone(double hz, double seconds, double rate_hz, double amplitude = 0.5) {
  auto sound = silence(static_cast<std::int64_t>(seconds * rate_hz), rate_hz);
  for (std::size_t i = 0; i < sound.samples.size(); ++i) {
    sound.samples[i] = static_cast<float>(
        amplitude * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate_hz));
  }
  return sound;
}

// Noise whose loudness changes every 20 ms, so that frames differ.
inline Sound noise(std::int64_t samples, double rate_hz, std::uint64_t seed = 1) {
  auto sound = silence(samples, rate_hz);
  Random random(seed);
  double level = 0;
  const auto stretch = static_cast<std::size_t>(rate_hz / 50);
  for (std::size_t i = 0; i < sound.samples.size(); ++i) {
    if (i % stretch == 0) level = std::pow(10, -2 * random.uniform());
    sound.samples[i] = static_cast<float>(0.3 * level * random.normal());
  }
  return sound;
}

// "{kind: mel, bands: 20}" as the mapping `spectrogram` of a file.
inline SpectrogramOptions options_of(const std::string& yaml) {
  auto document = config::Document::from_text("spectrogram: " + yaml + "\n", "recording.yaml");
  auto root = document.root();
  auto node = root.map("spectrogram", "");
  auto options = read_spectrogram(node);
  root.finish();
  return options;
}

inline double at(const Array<float>& x, std::int64_t f, std::int64_t t) {
  return static_cast<double>(x.values[static_cast<std::size_t>(f * x.dim(1) + t)]);
}

// The largest difference of two arrays, relative to the largest value of the second.
inline double disagreement(const Array<float>& found, const Array<double>& expected) {
  if (found.shape != expected.shape) return kNaN;
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < expected.values.size(); ++i) {
    const double x = static_cast<double>(found.values[i]);
    if (std::isnan(x)) return x;
    difference = std::max(difference, std::abs(x - expected.values[i]));
    largest = std::max(largest, std::abs(expected.values[i]));
  }
  return difference / largest;
}

}  // namespace strffit::test
