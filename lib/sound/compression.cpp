#include "sound/compression.hpp"

#include <algorithm>
#include <cmath>

#include "util/errors.hpp"

namespace strffit {
namespace {

// dB above the level that lies range_db below the reference; 0 below that level.
double decibel(double x, const CompressionOptions& o, double reference) {
  if (!(x > 0)) return 0;
  return std::max(0.0, o.range_db + 20 / o.power * std::log10(x / reference));
}

void read_decibel(config::Node& node, CompressionOptions& o) {
  o.range_db =
      node.get("range_db", o.range_db, config::above(0),
               "dB below the reference, down to which values are kept; lower values become 0");
  const auto reference = node.number_or("reference", "loudest", config::above(0), {"loudest"},
                                        "reference of the decibels: the loudest band and frame of "
                                        "all sounds, or a number in the unit of the spectrogram");
  if (const double* number = std::get_if<double>(&reference)) o.reference = *number;
}

}  // namespace

CompressionOptions read_compression(config::Node& node, double power) {
  CompressionOptions o;
  o.power = power;
  o.kind = node.choice("kind", o.kind, {"none", "power", "log", "decibel", "hill"},
                       "how each value x of the spectrogram is compressed");
  if (o.kind == "power") {
    o.exponent = node.get("exponent", o.exponent, config::above(0), "x to this power");
  } else if (o.kind == "log") {
    o.offset = node.get("d", o.offset, config::above(0),
                        "d of log((x + d) / d), in the unit of the spectrogram");
  } else if (o.kind == "decibel") {
    read_decibel(node, o);
  } else if (o.kind == "hill") {
    o.gain = node.get("c", o.gain, config::above(0), "c of (c x)^n / (1/k + (c x)^n)");
    o.half = node.get("k", o.half, config::above(0),
                      "k of this formula; half of the largest value is at (c x)^n = 1/k");
    o.steepness = node.get("n", o.steepness, config::above(0), "n of this formula");
    o.of_decibel =
        node.choice("of", "spectrogram", {"spectrogram", "decibel"},
                    "x: a value of the spectrogram, or this value in decibel") == "decibel";
    if (o.of_decibel) read_decibel(node, o);
  }
  return o;
}

double loudest(const Array<float>& spectrogram) {
  float largest = 0;
  for (const float x : spectrogram.values) largest = std::max(largest, x);
  return largest;
}

void compress(Array<float>& spectrogram, const CompressionOptions& o, double loudest) {
  if (o.needs_loudest() && !(loudest > 0)) {
    throw DataError("compression", "",
                    "every sound is silent, so that decibels have no reference; give \"reference\" "
                    "as a number, or check that the sounds are the right files");
  }
  const double reference = o.reference > 0 ? o.reference : loudest;
  const auto each = [&](const auto& f) {
    for (float& x : spectrogram.values) x = static_cast<float>(f(static_cast<double>(x)));
  };
  if (o.kind == "power") {
    each([&](double x) { return std::pow(x, o.exponent); });
  } else if (o.kind == "log") {
    each([&](double x) { return std::log1p(x / o.offset); });
  } else if (o.kind == "decibel") {
    each([&](double x) { return decibel(x, o, reference); });
  } else if (o.kind == "hill") {
    each([&](double x) {
      const double to_n =
          std::pow(o.gain * (o.of_decibel ? decibel(x, o, reference) : x), o.steepness);
      // If to_n overflows, the quotient is 1.
      return std::isinf(to_n) ? 1.0 : to_n / (1 / o.half + to_n);
    });
  }
}

}  // namespace strffit
