// Axes: scales, ticks, and frames with labels.
#pragma once

#include <string>
#include <vector>

#include "plot/canvas.hpp"

namespace strffit::plot {

inline constexpr double kTickFont = 7;     // points
inline constexpr double kLabelFont = 7.5;  // points

struct Tick {
  double position = 0;  // along the axis: 0 at the low end, 1 at the high end
  std::string label;
};

// Formats a number as short as possible, with a real minus sign: "0.25", "−3", "12000".
std::string short_number(double value);

// A numeric axis.
struct Scale {
  double low = 0;
  double high = 1;
  bool logarithmic = false;
  std::vector<Tick> ticks = {};
  std::string factor = {};  // common factor of all tick labels, for instance "×10⁻⁴", or ""

  double position(double value) const;  // 0 at low, 1 at high
};

// Makes an axis from exactly `low` to `high` with at most `most` ticks. Ticks are at multiples of
// 1, 2, 2.5 or 5 times a power of 10. If low and high are equal, they are moved apart.
Scale linear_scale(double low, double high, int most);

// Like linear_scale(), but the ends are moved outwards to multiples of the tick step.
Scale rounded_linear_scale(double low, double high, int most);

// Makes a slightly widened logarithmic axis. `low` must be > 0. Ticks are at 1, 2, 5 times powers
// of 10, or at fewer values.
Scale logarithmic_scale(double low, double high, int most);

// Ticks for F bands of equal height, the first at the low end. Ticks are at round kHz values, at
// their position between the centres of the bands, at least `gap` apart (as a fraction of the
// axis). Tries octaves, every second octave, round steps and the outermost bands; the first of
// these that gives two ticks is used.
std::vector<Tick> band_ticks(const std::vector<double>& frequencies_hz, double gap);

// Position of the time `ms` among L lags of equal width: 0 at the left edge of the first lag, 1 at
// the right edge of the last.
double lag_place(const std::vector<double>& lags_ms, double ms);

// Ticks for L lags of equal width, at round ms values.
std::vector<Tick> lag_ticks(const std::vector<double>& lags_ms, int most);

struct Frame {
  Box box = {};
  std::vector<Tick> x_ticks = {};
  std::vector<Tick> y_ticks = {};
  bool x_labels = true;
  bool y_labels = true;
  bool closed = true;  // draw all four sides; otherwise only left and bottom
  double font = kTickFont;
};

// Draws the lines of the frame, the ticks outside it and their labels.
void draw_frame(Canvas& canvas, const Frame& frame);

}  // namespace strffit::plot
