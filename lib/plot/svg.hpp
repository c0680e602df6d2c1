// A page of SVG whose text stays text: it can be searched, copied and edited. Cairo's own SVG has
// the outlines of letters in its place.
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
  // `png`: the bytes of a file, stretched over `box` with sharp edges.
  void image(const Box& box, const std::string& png);
  // `text` is clean (clean_characters()); `down`: from the place to the letters' base line.
  void text(Point place, const std::string& text, const TextStyle& style, double down);

  // The whole file.
  std::string finish();

 private:
  std::string bytes_;
};

}  // namespace strffit::plot
