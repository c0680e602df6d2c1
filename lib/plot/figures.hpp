// Figures for papers: STRFs, time constants, scores and learning curves.
//
// draw(figure, look) returns the bytes of a file with the format and width of `look`. The other
// functions write a file. Its ending selects PNG (300 dots per inch), SVG or PDF; they throw
// ConfigError for other endings. Files are replaced completely or not at all; RunError names a file
// that could not be written. Widths are those of journals: 85 mm for a column, at most 183 mm for a
// page. If a shape does not match the axes, the functions throw Bug.
//
// STRFs are drawn with the lag growing to the right from the current frame ("lag (ms)", the time
// before the response). For models that are not causal, the lag begins in the future and a dashed
// line marks lag 0. Frequency grows upwards, bands have equal heights, and ticks are at round kHz.
// Red is above 0, blue below, white 0, grey NaN.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "plot/page.hpp"
#include "util/array.hpp"

namespace strffit::plot {

// An unknown fact about the unit of a figure. It is not shown.
inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

struct StrfFigure {
  std::string unit_id;                            // the title, for instance "unit 12"
  Array<float> kernel;                            // (K, C, F, L); (1, 1, F, L) for a gradient STRF
  std::vector<std::string> channels = {"input"};  // (C), for instance "ON", "OFF"
  std::vector<double> frequencies_hz;             // (F), ascending
  std::vector<double> lags_ms;                    // (L), ascending, equally spaced
  std::string value_label = "weight";             // label of the colour bar, with its unit
  double best_frequency_hz = kUnknown;
  double latency_ms = kUnknown;
  double cc_norm = kUnknown;
  std::string score_label = "CC norm";  // name of the score cc_norm, with its split
  bool at_edge = false;                 // the best frequency is that of the lowest or highest band
};

// Draws the STRFs of one unit: one panel per channel; for K > 1 (hidden units) a grid of kernels in
// reading order. All share one colour scale, symmetric about 0. Returns the names of the written
// files. With more than about 60 kernels, PNG and SVG are divided into "<name>-1.png",
// "<name>-2.png", and so on; PDF gets more pages.
std::vector<std::string> draw_strfs(const std::string& path, const StrfFigure& figure);
// Returns the bytes of these files.
std::vector<std::string> draw(const StrfFigure& figure, const Look& look);

// Draws all units on as few pages as possible, with ids and known scores above. Each kernel has its
// own colour scale, symmetric about 0. All figures must have the same channels, bands and lags.
// Returns the names of the written files, like draw_strfs().
std::vector<std::string> draw_contact_sheet(const std::string& path,
                                            const std::vector<StrfFigure>& figures,
                                            const std::string& title = "");

// A contact sheet with a subtitle and optionally one common colour scale (for STRFs of one model).
struct ContactSheet {
  std::string title;
  std::string subtitle;  // "": explains the colours
  std::vector<StrfFigure> figures;
  bool one_scale = false;
};
std::vector<std::string> draw(const ContactSheet& sheet, const Look& look);

// Parameters of AdapTrans per band. For M > 1 members, the median and the quartiles are drawn.
// Values that are not finite and bands at or below 0 Hz are left out.
struct TimeConstantsFigure {
  std::string title;
  std::vector<double> frequencies_hz;  // (F)
  Array<double> on_ms;                 // (M, F), time constants of the ON channel
  Array<double> off_ms;                // (M, F), time constants of the OFF channel
  Array<double> weight;                // (M, F), w in [0, 1]
  std::vector<double> start_ms;        // (F) starting values of both channels, or empty
  std::vector<double> start_weight;    // (F) starting values, or empty
};
std::string draw(const TimeConstantsFigure& figure, const Look& look);
void draw_time_constants(const std::string& path, const TimeConstantsFigure& figure);

// Scores of two runs, one dot per unit, with the diagonal and both medians. Units that have no
// score (NaN) in either run are left out and counted.
struct ScatterFigure {
  std::string title;
  std::string x_label;  // for instance "linear, CC norm"
  std::string y_label;
  std::vector<double> x;  // (units)
  std::vector<double> y;
};
std::string draw(const ScatterFigure& figure, const Look& look);
void draw_scatter(const std::string& path, const ScatterFigure& figure);

// Losses over epochs, with scores below them; at most three curves each (otherwise Bug). For M > 1
// members, the median and the quartiles are drawn. A member that has stopped (NaN from then on)
// counts with its last value.
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
  std::vector<double> best_epoch;  // (M), counted from 1; may be empty
};
std::string draw(const CurvesFigure& figure, const Look& look);
void draw_curves(const std::string& path, const CurvesFigure& figure);

// Spike raster of one unit and one stimulus: time to the right, trial 1 on top. Each frame with a
// spike has a mark, which is darker for more spikes. Missing data are grey.
struct RasterFigure {
  std::string title;
  Array<float> responses;  // (R, T), NaN where missing
  double dt_ms = 0;
};
void draw_raster(const std::string& path, const RasterFigure& figure);

// Strength of the relation between sound and response at each lag. Possible lags (0 to
// last_possible_ms) are light green, and chance is a dashed line.
struct LagsFigure {
  std::string title;
  std::vector<double> lags_ms;  // ascending
  std::vector<double> by_lag;   // 1 is chance; NaN if unknown
  double last_possible_ms = 0;
};
void draw_lags(const std::string& path, const LagsFigure& figure);

}  // namespace strffit::plot
