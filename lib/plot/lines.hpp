// Statistics over members, and drawing of lines. Shared by all figures with axes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plot/axes.hpp"
#include "plot/canvas.hpp"

namespace strffit::plot {

// The p-quantile (0 to 1) of the finite values, with linear interpolation. NaN if there are none.
double quantile(std::vector<double> values, double p);

// One line with its spread.
struct Line {
  std::string name = {};
  Colour colour = kBlack;
  bool dashed = false;
  std::vector<double> x = {};
  std::vector<double> middle = {};  // medians, or the values themselves
  std::vector<double> lower = {};   // quartiles; empty: no spread is drawn
  std::vector<double> upper = {};
};

// Makes a line from the members' values `at_x[i]` at x[i]: their median and, for several members,
// their quartiles.
Line summarised(const std::string& name, Colour colour, const std::vector<double>& x,
                const std::vector<std::vector<double>>& at_x);

// Minimum and maximum of the finite values of all lines; {1, 1} if there are none. `positive`: use
// only values above 0.
std::pair<double, double> value_range(const std::vector<Line>& lines, bool positive);

// Draws the lines into `box`. Lines are interrupted at values that are not finite or outside the
// scales.
void draw_lines(Canvas& canvas, const Box& box, const Scale& x, const Scale& y,
                const std::vector<Line>& lines);

// Draws the names of the lines with a sample of each, to the right of `place`.
void draw_legend(Canvas& canvas, Point place, const std::vector<Line>& lines);

}  // namespace strffit::plot
