// Compression of the values of a spectrogram, a separate step after every kind.
#pragma once

#include <string>

#include "config/node.hpp"
#include "util/array.hpp"

namespace strffit {

struct CompressionOptions {
  std::string kind = "none";  // none, power, log, decibel or hill
  double exponent = 0.25;     // power: x^exponent, > 0
  double offset = 0.01;       // log: log((x + offset) / offset), in units of the spectrogram, > 0
  double range_db = 80;       // decibel: range below the reference; below it all is 0, > 0
  double reference = 0;       // decibel: value mapped to range_db; 0: loudest of all sounds
  double gain = 0.01;         // hill: c, > 0
  double half = 6.25;         // hill: k; half of the largest value is at (c x)^n = 1 / k, > 0
  double steepness = 1.77;    // hill: n, > 0
  bool of_decibel = false;    // hill: x is the spectrogram in decibel
  double power = 1;           // of the spectrogram: 1 magnitude (20 dB per decade), 2 power (10 dB)

  // True if compress() needs the loudest value of all sounds, and so two passes over them.
  bool needs_loudest() const {
    return reference == 0 && (kind == "decibel" || (kind == "hill" && of_decibel));
  }
};

// Reads, checks and documents every key of `node`, the mapping `compression`. `power`: that of the
// spectrogram. ConfigError.
CompressionOptions read_compression(config::Node& node, double power);

// The largest value; 0 for an empty array.
double loudest(const Array<float>& spectrogram);

// Compresses in place, value by value. All values must be >= 0 and stay so. `loudest`: largest
// value of all sounds of the dataset, used only if needs_loudest(). DataError if it is needed and
// 0, which means that every sound is silent.
void compress(Array<float>& spectrogram, const CompressionOptions& options, double loudest = 0);

}  // namespace strffit
