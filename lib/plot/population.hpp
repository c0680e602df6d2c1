// Figures of many units: scores, tuning, settings of a sweep, and maps.
#pragma once

#include <string>
#include <vector>

#include "plot/page.hpp"

namespace strffit::plot {

// Scores of all units in up to three panels: a histogram with a strip of all units below it; scores
// against the signal-to-noise ratio of the responses; and correlation against the noise ceiling
// (the highest correlation that a model can reach), with the diagonal. NaN is left out and counted.
struct ScoresFigure {
  Heading heading;
  std::string score_label;          // "CC norm, test"
  std::vector<double> score;        // (units)
  std::vector<double> snr;          // (units), or empty to leave out this panel
  std::vector<double> correlation;  // (units), or empty
  std::vector<double> ceiling;      // (units), or empty
};
std::string draw(const ScoresFigure& figure, const Look& look);

// A number per unit against a fact about the units. The fact is a number (`x`) or a word (`words`);
// for words, each has a strip with a line at the median. NaN and "" are left out and counted.
struct AgainstFigure {
  Heading heading;
  std::string x_label, y_label;
  std::vector<double> x;           // (units), or empty if `words` is given
  std::vector<std::string> words;  // (units)
  std::vector<double> y;           // (units)
};
std::string draw(const AgainstFigure& figure, const Look& look);

// Histograms side by side, each with a dashed line at the median.
struct Distribution {
  std::string label;  // label of the axis, with its unit
  std::vector<double> values;
  bool logarithmic = false;
};
struct DistributionsFigure {
  Heading heading;
  std::string counted = "units";
  std::vector<Distribution> panels;
};
std::string draw(const DistributionsFigure& figure, const Look& look);

// Scores of settings, the best on top: a dot for validation, a ring for test.
struct SettingsFigure {
  Heading heading;
  std::string score_label;
  std::vector<std::string> names;  // (settings), the best first
  std::vector<double> valid;       // (settings), NaN if missing
  std::vector<double> test;        // (settings), NaN if missing; or empty
};
std::string draw(const SettingsFigure& figure, const Look& look);

// Values over two axes, white at 0 and black at the largest. For instance the modulation spectrum
// of an STRF.
struct MapFigure {
  Heading heading;
  std::string x_label, y_label, value_label;
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;  // outer borders of the cells
  int rows = 0, columns = 0;
  std::vector<double> values;  // (rows, columns), beginning with the lowest y
};
std::string draw(const MapFigure& figure, const Look& look);

}  // namespace strffit::plot
