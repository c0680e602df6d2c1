// A page to draw on, as PNG, SVG or PDF; the only user of Cairo. Lengths are points (1/72 inch), y
// grows downwards.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

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
inline constexpr Colour kMissing{170, 170, 170};  // cells and values that are NaN
inline constexpr Colour kBlue{0, 114, 178};  // blue and vermilion differ for the colour-blind, too
inline constexpr Colour kVermilion{213, 94, 0};  // (Okabe and Ito's palette)
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
  bool upwards = false;  // turned by 90 degrees, read from below; the alignment turns along
};

// A picture of cells, the top row first.
struct Cells {
  int columns = 0;
  int rows = 0;
  std::vector<Colour> colours;  // (rows x columns)
};

enum class Format { kPng, kSvg, kPdf };

// The format that a file name's ending asks for, in upper or lower case. ConfigError for any other
// ending.
Format format_of(const std::string& path);

// The characters of a text of any bytes: '?' for what is no UTF-8 or a control character.
std::vector<std::string> clean_characters(const std::string& text);

inline constexpr double kDotsPerPoint =
    300.0 / 72.0;  // of PNG: 300 dots per inch, what journals ask for

class Canvas {
 public:
  // A white page. Bug where a side is not above 0; RunError where Cairo cannot make a page of that
  // size.
  Canvas(Format format, Size page);
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  // Begins another page; for PDF only, the other formats have one (Bug).
  void next_page(Size page);

  void fill(const Box& box, Colour colour);
  void fill(const std::vector<Point>& polygon, Colour colour, double opacity);
  void line(const std::vector<Point>& points, const Stroke& stroke);
  void outline(const Box& box, const Stroke& stroke);
  void disc(Point centre, double radius, Colour colour, double opacity);

  // Cells of equal size and with sharp edges that fill `box`.
  void cells(const Box& box, const Cells& cells);

  // Text of any bytes: what is no UTF-8 or a control character is drawn as '?'.
  void text(Point place, const std::string& text, const TextStyle& style);
  double text_width(const std::string& text, const TextStyle& style);
  // The text, or its beginning and its end with "…" between where it is wider than `width`.
  std::string shortened(const std::string& text, double width, const TextStyle& style);

  // Ends the drawing and gives the file's bytes. RunError where Cairo met trouble on the way.
  std::string finish();

 private:
  struct Pages;
  std::unique_ptr<Pages> pages_;
};

}  // namespace strffit::plot
