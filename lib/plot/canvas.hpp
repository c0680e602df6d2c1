// A page to draw on, as PNG, SVG or PDF; the only user of Cairo. Lengths are points (1/72 inch), y
// grows downwards.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plot/characters.hpp"
#include "plot/shapes.hpp"

namespace strffit::plot {

// A picture of cells, the top row first.
struct Cells {
  int columns = 0;
  int rows = 0;
  std::vector<Colour> colours;  // (rows x columns)
};

// The bytes of a PNG file with a dot for each cell.
std::string png_of(const Cells& cells);

enum class Format { kPng, kSvg, kPdf };

// The format that a file name's ending asks for, in upper or lower case. ConfigError for any other
// ending.
Format format_of(const std::string& path);

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
  // Many boxes as one path.
  void fill(const std::vector<Box>& boxes, Colour colour);
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
