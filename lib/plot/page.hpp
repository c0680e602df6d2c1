// The parts of every figure with axes: a page with a heading, and panels for the data.
//
//   Page page(look, {"unit 3", {"10 trials"}}, 120);
//   Panel panel(page, page.below(0, 90, {y}), x, y);
//   panel.line(times, rates, {.colour = kBlue});
//   panel.frame("time (s)", "rate (spikes/s)");
//   return page.finish();
#pragma once

#include <string>
#include <vector>

#include "plot/axes.hpp"
#include "plot/canvas.hpp"

namespace strffit::plot {

// Format and width of a figure.
struct Look {
  Format format = Format::kPng;
  double width_mm = 85;  // 85 is one column of a journal, 180 a page
  double width() const { return width_mm / 25.4 * 72; }  // points
};

inline constexpr double kNarrowest_mm = 40, kWidest_mm = 1000;

struct Heading {
  std::string title;  // "" for none
  // drawn below the title in grey; long notes are broken into lines
  std::vector<std::string> notes;
};

class Page {
 public:
  // Draws the heading. `height`: points below the heading.
  Page(const Look& look, const Heading& heading, double height);

  Canvas& canvas() { return canvas_; }
  double width() const { return width_; }
  double top() const { return top_; }  // lower end of the heading

  // Returns a box as wide as the page, `height` points high, `from` points below the heading. Space
  // is left for an axis label and for the tick labels of all `y_scales`. To align panels above each
  // other, pass the same scales for all of them.
  Box below(double from, double height, const std::vector<Scale>& y_scales, double right = 10);

  std::string finish() { return canvas_.finish(); }

 private:
  Page(const Look& look, const Heading& heading, const std::vector<std::string>& lines,
       double height);

  double width_, top_;
  Canvas canvas_;
};

// Space below a panel for the ticks and label of its axis.
inline constexpr double kAxisHeight = 27;

class Panel {
 public:
  Panel(Page& page, const Box& box, Scale x, Scale y);

  const Box& box() const { return box_; }
  const Scale& x() const { return x_; }
  const Scale& y() const { return y_; }
  Point at(double x, double y) const;

  // Lines and areas are interrupted at values that are not finite or outside the scales.
  void line(const std::vector<double>& x, const std::vector<double>& y, const Stroke& stroke);
  // Fills the area between `low` and `high`.
  void area(const std::vector<double>& x, const std::vector<double>& low,
            const std::vector<double>& high, Colour colour, double opacity = 0.2);
  // Draws the dots that are finite and inside the scales.
  void dots(const std::vector<double>& x, const std::vector<double>& y, double radius,
            Colour colour, double opacity = 0.6);
  // Draws bars from 0 (or the lower end of the scale) to each value. Bar i reaches from borders[i]
  // to borders[i+1].
  void bars(const std::vector<double>& borders, const std::vector<double>& values, Colour colour);
  void horizontal(double y, const Stroke& stroke);
  void vertical(double x, const Stroke& stroke);
  // Fills the panel with an image. Its first row is at the top.
  void cells(const Cells& cells);

  // Draws the axes with ticks. "" leaves out a label. An empty x_label also leaves out the numbers
  // at the x ticks, because a panel below has them.
  void frame(const std::string& x_label, const std::string& y_label, bool closed = false);
  // Writes a name above the upper left corner of the panel.
  void name(const std::string& text);

 private:
  bool drawable(double x, double y) const;

  Page& page_;
  Box box_;
  Scale x_, y_;
};

// Counts of values in `bins` equal parts of a scale.
struct Histogram {
  std::vector<double> borders;  // (bins + 1)
  std::vector<double> counts;   // (bins)
};
Histogram histogram(const std::vector<double>& values, const Scale& scale, int bins);
// A suitable number of bins for this number of values.
int bins_for(std::size_t values);

// The values that are finite and, if `positive`, above 0.
std::vector<double> finite(const std::vector<double>& values, bool positive = false);

// The label, with the common factor of the tick labels if there is one.
std::string with_factor(const std::string& label, const Scale& scale);

// Formats a score with three decimals, as in papers.
std::string score_of(double value);

}  // namespace strffit::plot
