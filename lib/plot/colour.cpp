#include "plot/colour.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace strffit::plot {
namespace {

// ColorBrewer (Harrower & Brewer 2003), RdBu in 11 classes, from blue to red. The middle colour is
// white instead of f7f7f7, so that zeros stay white.
constexpr std::array<Colour, 11> kRedBlue = {{{0x05, 0x30, 0x61},
                                              {0x21, 0x66, 0xac},
                                              {0x43, 0x93, 0xc3},
                                              {0x92, 0xc5, 0xde},
                                              {0xd1, 0xe5, 0xf0},
                                              {0xff, 0xff, 0xff},
                                              {0xfd, 0xdb, 0xc7},
                                              {0xf4, 0xa5, 0x82},
                                              {0xd6, 0x60, 0x4d},
                                              {0xb2, 0x18, 0x2b},
                                              {0x67, 0x00, 0x1f}}};

std::uint8_t between(std::uint8_t from, std::uint8_t to, double part) {
  return static_cast<std::uint8_t>(std::lround(from + part * (to - from)));
}

}  // namespace

Colour diverging_colour(double value, double scale) {
  if (!std::isfinite(value)) return kMissing;
  const double place = (std::clamp(value / scale, -1.0, 1.0) + 1) / 2 * (kRedBlue.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(place), kRedBlue.size() - 2);
  const double part = place - static_cast<double>(below);
  const Colour& from = kRedBlue[below];
  const Colour& to = kRedBlue[below + 1];
  return {between(from.red, to.red, part), between(from.green, to.green, part),
          between(from.blue, to.blue, part)};
}

Colour grey(double value, double low, double high) {
  if (!std::isfinite(value)) return kMissing;
  const double part = high > low ? std::clamp((value - low) / (high - low), 0.0, 1.0) : 0.0;
  const std::uint8_t level = between(255, 0, part);
  return {level, level, level};
}

}  // namespace strffit::plot
