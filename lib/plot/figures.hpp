// Figures for papers: receptive fields, time constants, scores and learning curves.
//
// The file's ending chooses PNG (300 dots per inch), SVG or PDF; ConfigError for any other. Files
// are replaced whole or not at all; RunError names the one that could not be written. Widths are a
// journal's: 85 mm a column, up to 183 mm a page. A shape that does not fit its axes is a Bug.
// draw(figure, look) gives the bytes of a file of any format and width.
//
// Receptive fields are drawn with the lag growing to the right from the current frame ("lag (ms)",
// the time before the response), or from the future of a model that is not causal, with a dashed
// line at lag 0, and frequency upwards, bands equally tall, ticks at round kHz; red is above 0,
// blue below, white 0, grey NaN.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "plot/page.hpp"
#include "util/array.hpp"

namespace strffit::plot {

// What is known of a figure's unit; NaN is not shown.
inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

struct StrfFigure {
  std::string unit_id;                            // the title, for instance "unit 12"
  Array<float> kernel;                            // (K, C, F, L); a gradient STRF is (1, 1, F, L)
  std::vector<std::string> channels = {"input"};  // (C), or "ON", "OFF"
  std::vector<double> frequencies_hz;             // (F), ascending
  std::vector<double> lags_ms;                    // (L), ascending, equally spaced
  std::string value_label = "weight";             // of the colour bar, with its unit
  double best_frequency_hz = kUnknown;
  double latency_ms = kUnknown;
  double cc_norm = kUnknown;
  std::string score_label = "CC norm";  // what cc_norm is, with its split
  bool at_edge = false;                 // the best frequency is that of the lowest or highest band
};

// One unit: a panel for each channel; with K > 1 (hidden units) a grid of them, in reading order.
// One colour scale, symmetric about 0, for all. Returns the files written: one, or for PNG and SVG
// of more than about 60 kernels "<name>-1.png", "<name>-2.png"...; PDF gets more pages.
std::vector<std::string> draw_strfs(const std::string& path, const StrfFigure& figure);
// The bytes of these files.
std::vector<std::string> draw(const StrfFigure& figure, const Look& look);

// All units on as few pages as they need, ids above with the scores that are known, each (unit,
// kernel) on its own colour scale, symmetric about 0. The figures share channels, bands and lags.
// Returns the files, as above.
std::vector<std::string> draw_contact_sheet(const std::string& path,
                                            const std::vector<StrfFigure>& figures,
                                            const std::string& title = "");

// The same, with a line below the title and, for receptive fields of one model, one colour scale.
struct ContactSheet {
  std::string title;
  std::string subtitle;  // "" for what the colours are
  std::vector<StrfFigure> figures;
  bool one_scale = false;
};
std::vector<std::string> draw(const ContactSheet& sheet, const Look& look);

// AdapTrans, band by band. Of M > 1 members the median and the quartiles are drawn. Values that are
// not finite and bands at or below 0 Hz are left out.
struct TimeConstantsFigure {
  std::string title;
  std::vector<double> frequencies_hz;  // (F)
  Array<double> on_ms;                 // (M, F), time constant of the ON channel
  Array<double> off_ms;                // (M, F)
  Array<double> weight;                // (M, F), w in [0, 1]
  std::vector<double> start_ms;        // (F) before the fit, of both channels, or empty
  std::vector<double> start_weight;    // (F) or empty
};
std::string draw(const TimeConstantsFigure& figure, const Look& look);
void draw_time_constants(const std::string& path, const TimeConstantsFigure& figure);

// Scores of two runs, a dot per unit, with the diagonal and both medians. Units without a score
// (NaN) in either run are left out and counted.
struct ScatterFigure {
  std::string title;
  std::string x_label;  // for instance "linear, CC norm"
  std::string y_label;
  std::vector<double> x;  // (units)
  std::vector<double> y;
};
std::string draw(const ScatterFigure& figure, const Look& look);
void draw_scatter(const std::string& path, const ScatterFigure& figure);

// Losses, and scores below them, over epochs, up to three curves each. Of M > 1 members the median
// and the quartiles are drawn, where one that has stopped (NaN from then on) counts with its last
// value.
struct Curve {
  std::string name;
  Array<double> values;  // (epochs, M)
};
struct CurvesFigure {
  std::string title;
  std::vector<std::string> notes;
  std::string y_label = "loss";
  std::vector<Curve> curves;
  std::string score_label = "score";
  std::vector<Curve> scores;       // may be empty
  std::vector<double> best_epoch;  // of each member, from 1 on; may be empty
};
std::string draw(const CurvesFigure& figure, const Look& look);
void draw_curves(const std::string& path, const CurvesFigure& figure);

// Spikes of one unit to one stimulus: time to the right, trial 1 on top, a mark a frame with a
// spike, darker for more; grey where nothing was recorded.
struct RasterFigure {
  std::string title;
  Array<float> responses;  // (R, T), NaN where missing
  double dt_ms = 0;
};
void draw_raster(const std::string& path, const RasterFigure& figure);

// How clearly responses follow the sound, lag by lag, with what can be (0 to last_possible_ms) in
// light green and chance as a dashed line.
struct LagsFigure {
  std::string title;
  std::vector<double> lags_ms;  // ascending
  std::vector<double> by_lag;   // 1: chance; NaN where not known
  double last_possible_ms = 0;
};
void draw_lags(const std::string& path, const LagsFigure& figure);

}  // namespace strffit::plot
