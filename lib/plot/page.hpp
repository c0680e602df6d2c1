// What every figure with axes is made of: a page with a heading, and panels to draw values in.
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

// What a figure is drawn as.
struct Look {
  Format format = Format::kPng;
  double width_mm = 85;                                  // 85 is a column of a journal, 180 a page
  double width() const { return width_mm / 25.4 * 72; }  // points
};

inline constexpr double kNarrowest_mm = 40, kWidest_mm = 1000;

struct Heading {
  std::string title;               // "" for none
  std::vector<std::string> notes;  // below it in grey, broken into lines where they are long
};

class Page {
 public:
  // Draws the heading; `height` points follow below it.
  Page(const Look& look, const Heading& heading, double height);

  Canvas& canvas() { return canvas_; }
  double width() const { return width_; }
  double top() const { return top_; }  // where the heading ends

  // A box of `height` points, `from` points below the heading, as wide as the page, with room at
  // the left for an axis label and for the ticks of all scales given: panels one above the other
  // are given the same ones.
  Box below(double from, double height, const std::vector<Scale>& y_scales, double right = 10);

  std::string finish() { return canvas_.finish(); }

 private:
  Page(const Look& look, const Heading& heading, std::vector<std::string> lines, double height);

  double width_, top_;
  Canvas canvas_;
};

// Room below a panel for its ticks and the label of its axis.
inline constexpr double kAxisHeight = 27;

class Panel {
 public:
  Panel(Page& page, const Box& box, Scale x, Scale y);

  const Box& box() const { return box_; }
  const Scale& x() const { return x_; }
  const Scale& y() const { return y_; }
  Point at(double x, double y) const;

  // Lines and areas are broken where a value is not finite or lies beyond the scales.
  void line(const std::vector<double>& x, const std::vector<double>& y, const Stroke& stroke);
  // From `low` to `high` at each x.
  void area(const std::vector<double>& x, const std::vector<double>& low,
            const std::vector<double>& high, Colour colour, double opacity = 0.2);
  // Those that are finite and within the scales.
  void dots(const std::vector<double>& x, const std::vector<double>& y, double radius,
            Colour colour, double opacity = 0.6);
  // Bars from 0, or from the lower end of the scale, to each value, over borders[i] to
  // borders[i+1].
  void bars(const std::vector<double>& borders, const std::vector<double>& values, Colour colour);
  void horizontal(double y, const Stroke& stroke);
  void vertical(double x, const Stroke& stroke);
  // The picture's first row is at the top.
  void cells(const Cells& cells);

  // Axes with ticks; "" leaves out the label and, of x, the ticks' numbers too (another panel below
  // has them).
  void frame(const std::string& x_label, const std::string& y_label, bool closed = false);
  // A name in the upper left corner, above the panel.
  void name(const std::string& text);

 private:
  bool drawable(double x, double y) const;

  Page& page_;
  Box box_;
  Scale x_, y_;
};

// How often values fall into `bins` equal parts of a scale, whose borders are given in its values.
struct Histogram {
  std::vector<double> borders;  // (bins + 1)
  std::vector<double> counts;   // (bins)
};
Histogram histogram(const std::vector<double>& values, const Scale& scale, int bins);
// A number of bins for so many values.
int bins_for(std::size_t values);

// Those that are finite and, for a logarithmic axis, above 0.
std::vector<double> finite(const std::vector<double>& values, bool positive = false);

// A label with the factor that the ticks' numbers are multiplied by, if any.
std::string with_factor(const std::string& label, const Scale& scale);

// A score as papers give it, three digits after the point.
std::string score_of(double value);

}  // namespace strffit::plot
