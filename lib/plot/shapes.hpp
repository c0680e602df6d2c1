// Points, sizes, colours and line styles. Lengths are in points (1/72 inch), and y grows downwards.
#pragma once

#include <cstdint>

namespace strffit::plot {

struct Point {
  double x = 0;
  double y = 0;
};

struct Size {
  double width = 0;
  double height = 0;
};

struct Box {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
  double right() const { return x + width; }
  double bottom() const { return y + height; }
  Point centre() const { return {x + width / 2, y + height / 2}; }
};

struct Colour {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
  bool operator==(const Colour&) const = default;
};

inline constexpr Colour kBlack{0, 0, 0};
inline constexpr Colour kWhite{255, 255, 255};
inline constexpr Colour kDarkGrey{90, 90, 90};
inline constexpr Colour kMissing{170, 170, 170};  // for NaN

inline constexpr Colour kBlue{0, 114, 178};  // blue and vermilion differ for the colour-blind, too
inline constexpr Colour kVermilion{213, 94, 0};
inline constexpr Colour kGreen{0, 158, 115};

struct Stroke {
  Colour colour = kBlack;
  double width = 0.6;  // points
  bool dashed = false;
};

enum class Horizontal { kLeft, kCentre, kRight };
enum class Vertical { kTop, kMiddle, kBottom };

struct TextStyle {
  double size = 7;  // points
  bool bold = false;
  Colour colour = kBlack;
  Horizontal horizontal = Horizontal::kLeft;
  Vertical vertical = Vertical::kMiddle;
  bool upwards = false;  // rotated by 90 degrees, read from below; the alignment rotates too
};

}  // namespace strffit::plot
