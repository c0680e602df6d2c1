// Keys `bands`, `min_hz` and `max_hz` of the kinds with a frequency scale. Private to this
// room.
#pragma once

#include <string>

#include "config/node.hpp"

namespace strffit {

struct BandRange {
  int bands = 0;
  double min_hz = 0, max_hz = 0;  // max_hz above min_hz
};

// Help texts for the keys; "at most half the rate of every sound" is appended to that of max_hz.
struct BandWords {
  int fewest = 1;
  bool from_zero = false;  // min_hz may be 0
  std::string scale, lowest, highest;
};

// ConfigError if max_hz is not above min_hz.
inline BandRange read_band_range(config::Node& node, BandRange range, const BandWords& words) {
  range.bands = node.get("bands", range.bands, config::between(words.fewest, 4096),
                         "bands, equally spaced " + words.scale);
  range.min_hz =
      node.get("min_hz", range.min_hz, words.from_zero ? config::at_least(0) : config::above(0),
               "Hz, " + words.lowest);
  range.max_hz = node.get("max_hz", range.max_hz, config::above(0),
                          "Hz, " + words.highest + "; at most half the rate of every sound");
  if (!(range.max_hz > range.min_hz)) node.fail("max_hz", "must be above min_hz");
  return range;
}

}  // namespace strffit
