// Figures of time constants, scores and learning curves.
#include <algorithm>
#include <cmath>

#include "files/temporary_file.hpp"
#include "plot/figures.hpp"
#include "plot/lines.hpp"
#include "plot/page.hpp"
#include "plot/trials.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::plot {
namespace {

constexpr double kRasterWidth = 340;                         // points
constexpr double kLegend = 13, kCurves = 101, kScores = 70;  // heights

Look look_of(const std::string& path, double width = 241) {
  return {.format = format_of(path), .width_mm = width / 72 * 25.4};
}

// Draws a legend above a panel, at its left edge.
void legend_above(Page& page, const Box& box, const std::vector<Line>& lines) {
  draw_legend(page.canvas(), {box.x, box.y - 8}, lines);
}

// Returns the rows of a (rows, M) array.
std::vector<std::vector<double>> rows_of(const Array<double>& array) {
  const auto members = static_cast<std::size_t>(array.dim(1));
  std::vector<std::vector<double>> rows(static_cast<std::size_t>(array.dim(0)));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t m = 0; m < members; ++m) rows[i].push_back(array.values[i * members + m]);
  }
  return rows;
}

std::vector<std::vector<double>> columns_of(const Array<double>& array) {
  const auto width = static_cast<std::size_t>(array.dim(1));
  std::vector<std::vector<double>> columns(width);
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    columns[i % width].push_back(array.values[i]);
  }
  return columns;
}

void check_bands(const Array<double>& array, std::size_t bands, const char* name) {
  if (array.shape.size() != 2 || array.dim(0) < 1 || bands == 0 ||
      array.dim(1) != static_cast<std::int64_t>(bands) || array.size() != count(array.shape)) {
    throw Bug(std::string(name) + " of shape " + to_string(array.shape) + ", expected (M, " +
              std::to_string(bands) + ")");
  }
}

// A scale for positive values over several orders of magnitude.
Scale logarithmic_for(const std::vector<Line>& lines, int most) {
  const auto [low, high] = value_range(lines, true);
  return logarithmic_scale(low, high, most);
}

Line plain_line(const std::string& name, Colour colour, bool dashed, std::vector<double> x,
                std::vector<double> y) {
  return {.name = name,
          .colour = colour,
          .dashed = dashed,
          .x = std::move(x),
          .middle = std::move(y),
          .lower = {},
          .upper = {}};
}

}  // namespace

std::string draw(const TimeConstantsFigure& figure, const Look& look) {
  const std::size_t bands = figure.frequencies_hz.size();
  check_bands(figure.on_ms, bands, "on_ms");
  check_bands(figure.off_ms, bands, "off_ms");
  check_bands(figure.weight, bands, "weight");
  std::vector<double> khz;
  for (const double hz : figure.frequencies_hz) khz.push_back(hz / 1000);

  std::vector<Line> constants = {summarised("ON", kVermilion, khz, columns_of(figure.on_ms)),
                                 summarised("OFF", kBlue, khz, columns_of(figure.off_ms))};
  std::vector<Line> weights = {summarised("w", kGreen, khz, columns_of(figure.weight))};
  if (!figure.start_ms.empty()) {
    if (figure.start_ms.size() != bands) throw Bug("start_ms does not have a value for each band");
    constants.push_back(plain_line("start", kDarkGrey, true, khz, figure.start_ms));
  }
  if (!figure.start_weight.empty()) {
    if (figure.start_weight.size() != bands) throw Bug("start_weight lacks bands or has too many");
    weights.push_back(plain_line("start", kDarkGrey, true, khz, figure.start_weight));
  }

  const auto [lowest, highest] = value_range({plain_line("", kBlack, false, khz, khz)}, true);
  const Scale x = logarithmic_scale(lowest, highest, 8);
  const Scale y = logarithmic_for(constants, 7);
  const Scale w = linear_scale(0, 1, 5);
  Heading heading{figure.title, {}};
  if (figure.on_ms.dim(0) > 1) {
    heading.notes = {
        fmt::format("lines: median of {} members; bands: quartiles", figure.on_ms.dim(0))};
  }
  Page page(look, heading, 13 + 105 + 13 + 68 + kAxisHeight);
  Panel upper(page, page.below(13, 105, {y, w}), x, y);
  Panel lower(page, page.below(13 + 105 + 13, 68, {y, w}), x, w);
  legend_above(page, upper.box(), constants);
  upper.frame("", "time constant (ms)");
  draw_lines(page.canvas(), upper.box(), x, y, constants);
  lower.frame("frequency (kHz)", "weight w");
  draw_lines(page.canvas(), lower.box(), x, w, weights);
  return page.finish();
}

std::string draw(const ScatterFigure& figure, const Look& look) {
  if (figure.x.size() != figure.y.size()) throw Bug("a scatter plot of unequal numbers");
  std::vector<double> x;
  std::vector<double> y;
  std::size_t higher = 0;
  for (std::size_t i = 0; i < figure.x.size(); ++i) {
    if (!std::isfinite(figure.x[i]) || !std::isfinite(figure.y[i])) continue;
    x.push_back(figure.x[i]);
    y.push_back(figure.y[i]);
    higher += figure.y[i] > figure.x[i] ? 1 : 0;
  }
  const auto [low, high] = value_range(
      {plain_line("", kBlack, false, x, x), plain_line("", kBlack, false, y, y)}, false);
  const Scale scale = rounded_linear_scale(low, high, 6);
  const std::size_t left_out = figure.x.size() - x.size();
  const double middle_x = quantile(x, 0.5);
  const double middle_y = quantile(y, 0.5);
  Heading heading{figure.title,
                  {fmt::format("above the diagonal: {} of {} units", higher, x.size())}};
  if (left_out > 0) heading.notes[0] += fmt::format("; without a score: {}", left_out);
  if (!x.empty()) {
    heading.notes.push_back(
        fmt::format("dashed: medians {} (x) and {} (y)", score_of(middle_x), score_of(middle_y)));
  }
  const double most = std::min(look.width(), 260.0) - 46;
  Page page(look, heading, 3 + most + kAxisHeight);
  Box box = page.below(3, most, {scale});
  box.width = box.height = std::min(box.width, most);
  Panel panel(page, box, scale, scale);
  panel.frame(figure.x_label, figure.y_label);
  panel.line({scale.low, scale.high}, {scale.low, scale.high}, {.colour = kDarkGrey});
  panel.dots(x, y, 1.8, kBlue);
  if (!x.empty()) {
    panel.line({middle_x, middle_x, scale.low}, {scale.low, middle_y, middle_y},
               {.colour = kVermilion, .width = 0.8, .dashed = true});
  }
  return page.finish();
}

namespace {

// Makes the lines of some curves. A member that has stopped counts with its last value.
std::vector<Line> lines_of_curves(const std::vector<Curve>& curves) {
  constexpr Colour kColours[] = {kBlue, kVermilion, kGreen};
  if (curves.size() > std::size(kColours)) throw Bug("a figure of more than three curves");
  std::vector<Line> lines;
  for (const Curve& curve : curves) {
    const Array<double>& values = curve.values;
    if (values.shape.size() != 2 || values.size() != count(values.shape)) {
      throw Bug("a curve of shape " + to_string(values.shape) + ", expected (epochs, M)");
    }
    auto at_epoch = rows_of(values);
    std::vector<double> epochs;
    std::size_t lasting = 0;  // number of epochs that at least one member trained
    for (std::size_t i = 0; i < at_epoch.size(); ++i) {
      epochs.push_back(static_cast<double>(i + 1));
      for (std::size_t m = 0; m < at_epoch[i].size(); ++m) {
        if (!std::isnan(at_epoch[i][m])) {
          lasting = i + 1;
        } else if (i > 0) {
          at_epoch[i][m] = at_epoch[i - 1][m];
        }
      }
    }
    epochs.resize(lasting);
    at_epoch.resize(lasting);
    lines.push_back(summarised(curve.name, kColours[lines.size()], epochs, at_epoch));
  }
  return lines;
}

}  // namespace

std::string draw(const CurvesFigure& figure, const Look& look) {
  if (figure.curves.empty()) throw Bug("a figure of no curves");
  const std::vector<Line> lines = lines_of_curves(figure.curves);
  const std::vector<Line> scores = lines_of_curves(figure.scores);
  double last_epoch = 2;
  for (const auto* some : {&lines, &scores}) {
    for (const Line& line : *some) {
      last_epoch = std::max(last_epoch, static_cast<double>(line.x.size()));
    }
  }
  const auto [low, high] = value_range(lines, false);
  // A logarithmic axis for losses that fall by orders of magnitude.
  const bool wide = low > 0 && high > 30 * low;
  const Scale x = linear_scale(1, last_epoch, 7);
  const Scale y = wide ? logarithmic_for(lines, 6) : rounded_linear_scale(low, high, 6);
  std::vector<Scale> scales = {y};
  if (!scores.empty()) {
    const auto [lowest, highest] = value_range(scores, false);
    scales.push_back(rounded_linear_scale(lowest, highest, 5));
  }
  Heading heading{figure.title, figure.notes};
  const auto members = figure.curves.front().values.dim(1);
  if (members > 1) {
    heading.notes.push_back(fmt::format(
        "lines: median of {} members; bands: quartiles; a member that has stopped counts "
        "with its last value",
        members));
  }
  const double best = quantile(figure.best_epoch, 0.5);
  if (std::isfinite(best)) {
    heading.notes.push_back(members > 1 ? "dashed: median of the best epochs"
                                        : "dashed: best epoch");
  }
  const double below = scores.empty() ? 0 : kLegend + kScores;
  Page page(look, heading, kLegend + kCurves + below + kAxisHeight);
  const auto with_best = [&](Panel& panel, const std::vector<Line>& drawn, const std::string& label,
                             bool last) {
    legend_above(page, panel.box(), drawn);
    panel.frame(last ? "epoch" : "", label);
    draw_lines(page.canvas(), panel.box(), panel.x(), panel.y(), drawn);
    if (best >= 1) panel.vertical(best, {.colour = kDarkGrey, .width = 0.8, .dashed = true});
  };
  Panel losses(page, page.below(kLegend, kCurves, scales), x, y);
  with_best(losses, lines, figure.y_label, scores.empty());
  if (!scores.empty()) {
    Panel panel(page, page.below(2 * kLegend + kCurves, kScores, scales), x, scales.back());
    with_best(panel, scores, figure.score_label, true);
  }
  return page.finish();
}

void draw_time_constants(const std::string& path, const TimeConstantsFigure& figure) {
  files::write_text(path, draw(figure, look_of(path)));
}

void draw_scatter(const std::string& path, const ScatterFigure& figure) {
  files::write_text(path, draw(figure, look_of(path)));
}

void draw_curves(const std::string& path, const CurvesFigure& figure) {
  files::write_text(path, draw(figure, look_of(path)));
}

void draw_raster(const std::string& path, const RasterFigure& figure) {
  const Array<float>& responses = figure.responses;
  if (responses.shape.size() != 2 || responses.size() != count(responses.shape) ||
      responses.size() == 0 || !(figure.dt_ms > 0)) {
    throw Bug("a raster of shape " + to_string(responses.shape) + ", expected (R, T)");
  }
  const auto trials = static_cast<double>(responses.dim(0));
  const double height = std::max(40.0, std::min(6.0, 300.0 / trials) * trials);
  Page page(look_of(path, kRasterWidth), {figure.title, {}}, 2 + height + kAxisHeight);
  const Scale x = linear_scale(0, static_cast<double>(responses.dim(1)) * figure.dt_ms / 1000, 7);
  Panel panel(page, page.below(2, height, {}), x, trial_scale(responses.dim(0)));
  draw_spikes(page.canvas(), panel.box(), responses);
  panel.frame("time from onset (s)", "trial");
  files::write_text(path, page.finish());
}

void draw_lags(const std::string& path, const LagsFigure& figure) {
  if (figure.lags_ms.size() < 2 || figure.lags_ms.size() != figure.by_lag.size()) {
    throw Bug("a figure of lags without a value for each");
  }
  const std::vector<double>& lags = figure.lags_ms;
  const std::vector<Line> lines = {
      plain_line("responses", kBlue, false, lags, figure.by_lag),
      plain_line("chance", kDarkGrey, true, lags, std::vector<double>(lags.size(), 1.0))};
  const Scale y = rounded_linear_scale(0, value_range(lines, false).second, 6);
  const Scale x = linear_scale(lags.front(), lags.back(), 7);
  Page page(look_of(path), {figure.title, {}}, kLegend + kCurves + kAxisHeight);
  Panel panel(page, page.below(kLegend, kCurves, {y}), x, y);
  panel.area({0, std::min(figure.last_possible_ms, lags.back())}, {y.low, y.low}, {y.high, y.high},
             kGreen, 0.15);
  legend_above(page, panel.box(), lines);
  draw_lines(page.canvas(), panel.box(), x, y, lines);
  panel.frame("lag of the responses behind the sound (ms)", "times chance");
  files::write_text(path, page.finish());
}

}  // namespace strffit::plot
