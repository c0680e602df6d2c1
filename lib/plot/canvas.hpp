// A page to draw on, for PNG, SVG or PDF. Only this file uses Cairo. Lengths are in points (1/72
// inch), and y grows downwards.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plot/characters.hpp"
#include "plot/shapes.hpp"

namespace strffit::plot {

// An image of coloured cells, the top row first.
struct Cells {
  int columns = 0;
  int rows = 0;
  std::vector<Colour> colours;  // (rows x columns)
};

// Encodes the cells as a PNG file with one pixel per cell.
std::string png_of(const Cells& cells);

enum class Format { kPng, kSvg, kPdf };

// The format for a file name ending (upper or lower case). Throws ConfigError for other endings.
Format format_of(const std::string& path);

// Resolution of PNG: 300 dots per inch, as journals ask for.
inline constexpr double kDotsPerPoint = 300.0 / 72.0;

class Canvas {
 public:
  // Makes a white page. Throws Bug if a side is not above 0, and RunError if Cairo cannot make a
  // page of this size.
  Canvas(Format format, Size page);
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  // Begins another page. Only for PDF: throws Bug for other formats, which have a single page.
  void next_page(Size page);

  void fill(const Box& box, Colour colour);
  // Fills many boxes as one path.
  void fill(const std::vector<Box>& boxes, Colour colour);
  void fill(const std::vector<Point>& polygon, Colour colour, double opacity);
  void line(const std::vector<Point>& points, const Stroke& stroke);
  void outline(const Box& box, const Stroke& stroke);
  void disc(Point centre, double radius, Colour colour, double opacity);

  // Fills `box` with cells of equal size and sharp edges.
  void cells(const Box& box, const Cells& cells);

  // Draws text. Invalid UTF-8 and control characters are drawn as '?'.
  void text(Point place, const std::string& text, const TextStyle& style);
  double text_width(const std::string& text, const TextStyle& style);
  // Returns the text. If it is wider than `width`, its middle is replaced by "…".
  std::string shortened(const std::string& text, double width, const TextStyle& style);

  // Finishes the drawing and returns the bytes of the file. Throws RunError if Cairo had an error.
  std::string finish();

 private:
  struct Pages;
  std::unique_ptr<Pages> pages_;
};

}  // namespace strffit::plot
