// How the values of a spectrogram are compressed: a step of its own after every kind.
#pragma once

#include <string>

#include "config/node.hpp"
#include "util/array.hpp"

namespace strffit {

struct CompressionOptions {
  std::string kind = "none";  // none, power, log, decibel or hill
  double exponent = 0.25;     // power: x^exponent, > 0
  double offset = 0.01;       // log: log((x + offset) / offset), in units of the spectrogram, > 0
  double range_db = 80;       // decibel: below the reference all is 0, > 0
  double reference = 0;       // decibel: the value that has range_db; 0: the loudest of all sounds
  double gain = 0.01;         // hill: c, > 0
  double half = 6.25;         // hill: k; 1 / k is (c x)^n at half the largest value, > 0
  double steepness = 1.77;    // hill: n, > 0
  bool of_decibel = false;    // hill: x is what decibel makes of the spectrogram
  double power = 1;           // of the spectrogram: 1 magnitude, 2 power (10 dB for 20)

  // Whether compress() needs the loudest value of all sounds, hence two passes over them.
  bool needs_loudest() const {
    return reference == 0 && (kind == "decibel" || (kind == "hill" && of_decibel));
  }
};

// Reads, checks and documents every key of `node`, the mapping `compression`. `power` is that of
// the spectrogram. ConfigError.
CompressionOptions read_compression(config::Node& node, double power);

// The largest value; 0 of an empty array.
double loudest(const Array<float>& spectrogram);

// Compresses in place, value by value; all values are at least 0, and stay so. `loudest`: the
// largest value of all sounds of the dataset; only used where needs_loudest(). DataError where that
// is needed and 0: every sound is silent.
void compress(Array<float>& spectrogram, const CompressionOptions& options, double loudest = 0);

}  // namespace strffit
