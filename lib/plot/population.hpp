// Figures of many units: scores, tuning, settings of a sweep, maps of numbers.
#pragma once

#include <string>
#include <vector>

#include "plot/page.hpp"

namespace strffit::plot {

// How well units are predicted, as a histogram with a strip of all units below it; against the
// signal-to-noise ratio of their responses; and the plain correlation against the highest that a
// model could reach (the noise ceiling, on the diagonal). NaN: left out and counted.
struct ScoresFigure {
  Heading heading;
  std::string score_label;          // "CC norm, test"
  std::vector<double> score;        // (units)
  std::vector<double> snr;          // (units), or empty: no such panel
  std::vector<double> correlation;  // (units), or empty
  std::vector<double> ceiling;      // (units), or empty
};
std::string draw(const ScoresFigure& figure, const Look& look);

// A score, or any number, of each unit against a fact: a number, or a word (then a strip a word,
// with a line at the median). NaN and "" are left out and counted.
struct AgainstFigure {
  Heading heading;
  std::string x_label, y_label;
  std::vector<double> x;           // (units), or
  std::vector<std::string> words;  // (units)
  std::vector<double> y;           // (units)
};
std::string draw(const AgainstFigure& figure, const Look& look);

// Distributions side by side, with a dashed line at each median.
struct Distribution {
  std::string label;  // of the axis, with its unit
  std::vector<double> values;
  bool logarithmic = false;
};
struct DistributionsFigure {
  Heading heading;
  std::string counted = "units";
  std::vector<Distribution> panels;
};
std::string draw(const DistributionsFigure& figure, const Look& look);

// Scores of settings, the best on top: a dot for validation, a ring's place for test.
struct SettingsFigure {
  Heading heading;
  std::string score_label;
  std::vector<std::string> names;  // (settings), best first
  std::vector<double> valid;       // (settings), NaN for none
  std::vector<double> test;        // (settings), NaN for none; or empty
};
std::string draw(const SettingsFigure& figure, const Look& look);

// Numbers over two axes, white at 0, black at the largest: for instance how strongly a receptive
// field passes each modulation.
struct MapFigure {
  Heading heading;
  std::string x_label, y_label, value_label;
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;  // borders of the outer cells
  int rows = 0, columns = 0;
  std::vector<double> values;  // (rows, columns), the lowest y first
};
std::string draw(const MapFigure& figure, const Look& look);

}  // namespace strffit::plot
