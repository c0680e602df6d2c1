// Axes: where a value lies, which values get a tick, and how a frame with labels is drawn.
#pragma once

#include <string>
#include <vector>

#include "plot/canvas.hpp"

namespace strffit::plot {

inline constexpr double kTickFont = 7;     // points
inline constexpr double kLabelFont = 7.5;  // points

struct Tick {
  double position = 0;  // along the axis, 0 at its low end, 1 at its high end
  std::string label;
};

// A number as short as it can be, with a real minus sign: "0.25", "−3", "12000".
std::string short_number(double value);

// An axis of numbers.
struct Scale {
  double low = 0;
  double high = 1;
  bool logarithmic = false;
  std::vector<Tick> ticks = {};
  std::string factor = {};  // "×10⁻⁴" when the ticks' labels are to be multiplied by it, else ""

  double position(double value) const;  // 0 at low, 1 at high
};

// An axis from low to high exactly, at most `most` ticks at multiples of 1, 2, 2.5 or 5 times a
// power of 10. Equal ends are moved apart.
Scale linear_scale(double low, double high, int most);

// The same with its ends moved outwards to multiples of the ticks' step.
Scale rounded_linear_scale(double low, double high, int most);

// A logarithmic axis, 0 < low, widened a little; ticks at 1, 2, 5 times powers of 10, or fewer.
Scale logarithmic_scale(double low, double high, int most);

// Ticks of F bands drawn equally tall, the first at the low end: round kHz values at their places
// between the bands' centres, no two nearer than `gap` (a part of the axis). Octaves, then every
// second octave, then round steps, then the outermost bands, whichever first gives two.
std::vector<Tick> band_ticks(const std::vector<double>& frequencies_hz, double gap);

// Where a lag lies among L lags drawn equally wide: 0 at the left of the first, 1 at the right of
// the last.
double lag_place(const std::vector<double>& lags_ms, double ms);

// Ticks of L lags drawn equally wide: round ms values at the cells' centres or between them.
std::vector<Tick> lag_ticks(const std::vector<double>& lags_ms, int most);

struct Frame {
  Box box = {};
  std::vector<Tick> x_ticks = {};
  std::vector<Tick> y_ticks = {};
  bool x_labels = true;
  bool y_labels = true;
  bool closed = true;  // all four sides, else the left and lower one
  double font = kTickFont;
};

// The frame's lines, ticks outside and their labels.
void draw_frame(Canvas& canvas, const Frame& frame);

}  // namespace strffit::plot
