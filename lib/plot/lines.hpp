// Statistics over members and the drawing of lines, shared by the figures that have axes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plot/axes.hpp"
#include "plot/canvas.hpp"

namespace strffit::plot {

// The p-quantile (0 to 1), linear between values, of those that are finite; NaN where there are
// none.
double quantile(std::vector<double> values, double p);

// One line over x with the spread around it.
struct Line {
  std::string name = {};
  Colour colour = kBlack;
  bool dashed = false;
  std::vector<double> x = {};
  std::vector<double> middle = {};  // median, or the values themselves
  std::vector<double> lower = {};   // quartiles; empty for none
  std::vector<double> upper = {};
};

// `at_x[i]` holds the members' values at x[i]: their median and, of several, their quartiles.
Line summarised(const std::string& name, Colour colour, const std::vector<double>& x,
                const std::vector<std::vector<double>>& at_x);

// The smallest and largest of finite values over all lines; {1, 1} where there are none.
// `positive`: only values above 0 count.
std::pair<double, double> value_range(const std::vector<Line>& lines, bool positive);

// Draws the lines into `box`, broken where a value is not finite or beyond the scales.
void draw_lines(Canvas& canvas, const Box& box, const Scale& x, const Scale& y,
                const std::vector<Line>& lines);

// The lines' names with a sample of each, from `place` to the right.
void draw_legend(Canvas& canvas, Point place, const std::vector<Line>& lines);

}  // namespace strffit::plot
