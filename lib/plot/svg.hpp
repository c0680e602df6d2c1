// A page of SVG with real text, which can be searched, copied and edited. Cairo's own SVG output
// contains outlines of letters instead.
#pragma once

#include <string>
#include <vector>

#include "plot/shapes.hpp"

namespace strffit::plot {

class SvgPage {
 public:
  explicit SvgPage(Size page);

  void boxes(const std::vector<Box>& boxes, Colour colour);
  void polygon(const std::vector<Point>& points, Colour colour, double opacity);
  void line(const std::vector<Point>& points, const Stroke& stroke);
  void outline(const Box& box, const Stroke& stroke);
  void disc(Point centre, double radius, Colour colour, double opacity);
  // Draws a PNG image (`png`: bytes of the file), stretched over `box` with sharp edges.
  void image(const Box& box, const std::string& png);
  // Draws text. `text` must be clean (see clean_characters()). `down`: distance from `place` to the
  // baseline.
  void text(Point place, const std::string& text, const TextStyle& style, double down);

  // Returns the complete file.
  std::string finish();

 private:
  std::string bytes_;
};

}  // namespace strffit::plot
