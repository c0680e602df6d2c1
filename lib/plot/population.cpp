#include "plot/population.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "plot/colour.hpp"
#include "plot/lines.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::plot {
namespace {

constexpr double kWide = 350;  // width in points from which panels are drawn side by side
constexpr Stroke kMedian{.colour = kVermilion, .width = 0.9, .dashed = true};

// The box of one panel in a row of equal panels.
Box share_of(Page& page, std::size_t column, std::size_t columns, double from, double height) {
  const double pitch = (page.width() - 8) / static_cast<double>(columns);
  return {40 + pitch * static_cast<double>(column), page.top() + from, pitch - 46, height};
}

std::pair<double, double> low_and_high(const std::vector<double>& values) {
  if (values.empty()) return {0, 1};
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {*low, *high};
}

// Draws a histogram with a dashed line at the median.
void draw_histogram(Panel& panel, const Histogram& counts, const std::vector<double>& values) {
  panel.bars(counts.borders, counts.counts, kMissing);
  panel.vertical(quantile(values, 0.5), kMedian);
}

Scale counts_scale(const Histogram& counts) {
  const double most = *std::max_element(counts.counts.begin(), counts.counts.end());
  // Ticks are at whole numbers of units.
  return linear_scale(0, std::max(most, 1.0) * 1.05, std::clamp(static_cast<int>(most), 2, 4));
}

Scale scale_for(const std::vector<double>& values, bool logarithmic, int most) {
  const auto [low, high] = low_and_high(values);
  return logarithmic && low > 0 ? logarithmic_scale(low, high, most)
                                : rounded_linear_scale(low, high, most);
}

// A fixed position between 0 and 1 for dot i, so that dots do not hide each other.
double scattered(std::size_t i) { return std::fmod(0.5 + 0.618034 * static_cast<double>(i), 1.0); }

struct Pairs {
  std::vector<double> x, y;
  std::size_t left_out = 0;
};

Pairs pairs_of(const std::vector<double>& x, const std::vector<double>& y,
               bool positive_x = false) {
  if (x.size() != y.size()) throw Bug("a figure of unequal numbers");
  Pairs pairs;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool known = std::isfinite(x[i]) && std::isfinite(y[i]) && (!positive_x || x[i] > 0);
    if (known) {
      pairs.x.push_back(x[i]);
      pairs.y.push_back(y[i]);
    } else {
      ++pairs.left_out;
    }
  }
  return pairs;
}

double dot_radius(std::size_t dots) { return dots > 400 ? 1.0 : dots > 100 ? 1.4 : 1.9; }

}  // namespace

std::string draw(const ScoresFigure& figure, const Look& look) {
  constexpr double kHistogram = 70, kStrip = 16, kSide = 92;
  const std::vector<double> scores = finite(figure.score);
  const bool has_snr = !figure.snr.empty(), has_ceiling = !figure.ceiling.empty();
  const auto columns = std::size_t{1} + (has_snr ? 1 : 0) + (has_ceiling ? 1 : 0);
  const bool wide = look.width() >= kWide;
  Heading heading = figure.heading;
  const auto left_out = figure.score.size() - scores.size();
  heading.notes.push_back(fmt::format(
      "{}{}; dashed: median {}", counted(static_cast<std::int64_t>(scores.size()), "unit"),
      left_out > 0 ? fmt::format(", {} without a score", left_out) : "",
      score_of(quantile(scores, 0.5))));
  if (has_ceiling) {
    heading.notes.emplace_back(
        "diagonal: a model that predicts all that trials have in common (noise ceiling, cc_max)");
  }
  const double row = kSide + kAxisHeight + 8;
  Page page(look, heading, 4 + row * static_cast<double>(wide ? 1 : columns) - 8);
  const auto place = [&](std::size_t panel) {
    return wide ? share_of(page, panel, columns, 4, kSide)
                : share_of(page, 0, 1, 4 + row * static_cast<double>(panel), kSide);
  };
  const Scale score = scale_for(scores, false, 5);
  const Histogram counts = histogram(scores, score, bins_for(scores.size()));
  Box upper = place(0), lower = upper;
  upper.height = kHistogram;
  lower.y = upper.bottom() + 4;
  lower.height = kStrip;
  Panel bars(page, upper, score, counts_scale(counts));
  draw_histogram(bars, counts, scores);
  bars.frame("", "units");
  Panel strip(page, lower, score, Scale{.low = 0, .high = 1, .ticks = {}, .factor = {}});
  std::vector<double> heights;
  for (std::size_t i = 0; i < scores.size(); ++i) heights.push_back(0.1 + 0.8 * scattered(i));
  strip.dots(scores, heights, dot_radius(scores.size()), kBlue);
  strip.frame(figure.score_label, "");
  std::size_t next = 1;
  if (has_snr) {
    const Pairs pairs = pairs_of(figure.snr, figure.score, true);
    Panel panel(page, place(next++), scale_for(pairs.x, true, 5), score);
    panel.dots(pairs.x, pairs.y, dot_radius(pairs.x.size()), kBlue);
    panel.frame("signal-to-noise ratio", figure.score_label);
  }
  if (has_ceiling) {
    const Pairs pairs = pairs_of(figure.ceiling, figure.correlation);
    std::vector<double> both = pairs.x;
    both.insert(both.end(), pairs.y.begin(), pairs.y.end());
    both.insert(both.end(), {0.0, 1.0});
    const Scale scale = scale_for(both, false, 5);
    Panel panel(page, place(next), scale, scale);
    panel.line({scale.low, scale.high}, {scale.low, scale.high}, {.colour = kDarkGrey});
    panel.dots(pairs.x, pairs.y, dot_radius(pairs.x.size()), kBlue);
    panel.frame("noise ceiling", "CC");
  }
  return page.finish();
}

std::string draw(const AgainstFigure& figure, const Look& look) {
  constexpr double kHeight = 130;
  Heading heading = figure.heading;
  if (figure.words.empty()) {
    const Pairs pairs = pairs_of(figure.x, figure.y);
    heading.notes.push_back(counted(static_cast<std::int64_t>(pairs.x.size()), "unit"));
    if (pairs.left_out > 0) heading.notes.back() += fmt::format(", {} left out", pairs.left_out);
    const Scale x = scale_for(pairs.x, false, 6), y = scale_for(pairs.y, false, 5);
    Page page(look, heading, kHeight + kAxisHeight);
    Panel panel(page, page.below(0, kHeight, {y}), x, y);
    panel.dots(pairs.x, pairs.y, dot_radius(pairs.x.size()), kBlue);
    panel.frame(figure.x_label, figure.y_label);
    return page.finish();
  }
  if (figure.words.size() != figure.y.size()) throw Bug("a figure of unequal numbers");
  std::map<std::string, std::vector<double>> of_word;
  std::vector<double> all;
  for (std::size_t i = 0; i < figure.y.size(); ++i) {
    if (figure.words[i].empty() || !std::isfinite(figure.y[i])) continue;
    of_word[figure.words[i]].push_back(figure.y[i]);
    all.push_back(figure.y[i]);
  }
  heading.notes.push_back(fmt::format("{} of {}; dashed: medians",
                                      counted(static_cast<std::int64_t>(all.size()), "unit"),
                                      figure.y.size()));
  const Scale y = scale_for(all, false, 5);
  Scale x{.low = 0,
          .high = static_cast<double>(std::max<std::size_t>(of_word.size(), 1)),
          .ticks = {},
          .factor = {}};
  Page page(look, heading, kHeight + kAxisHeight);
  const Box box = page.below(0, kHeight, {y});
  double at = 0.5;
  for (const auto& [word, values] : of_word) {
    const double room = box.width / x.high - 4;
    x.ticks.push_back({at / x.high, page.canvas().shortened(word, room, {.size = kTickFont})});
    at += 1;
  }
  Panel panel(page, box, x, y);
  at = 0;
  for (const auto& [word, values] : of_word) {
    std::vector<double> places;
    for (std::size_t i = 0; i < values.size(); ++i) places.push_back(at + 0.2 + 0.6 * scattered(i));
    panel.dots(places, values, dot_radius(all.size()), kBlue);
    const double middle = quantile(values, 0.5);
    panel.line({at + 0.15, at + 0.85}, {middle, middle}, kMedian);
    at += 1;
  }
  panel.frame(figure.x_label, figure.y_label);
  return page.finish();
}

std::string draw(const DistributionsFigure& figure, const Look& look) {
  constexpr double kHeight = 62, kRow = kHeight + kAxisHeight + 6;
  if (figure.panels.empty()) throw Bug("a figure of no distributions");
  const std::size_t columns = look.width() >= kWide ? 4 : 2;
  const std::size_t rows = (figure.panels.size() + columns - 1) / columns;
  Heading heading = figure.heading;
  heading.notes.emplace_back("dashed: median");
  Page page(look, heading, 3 + kRow * static_cast<double>(rows) - 6);
  for (std::size_t i = 0; i < figure.panels.size(); ++i) {
    const Distribution& one = figure.panels[i];
    const std::vector<double> values = finite(one.values, one.logarithmic);
    const Scale x = scale_for(values, one.logarithmic, 4);
    const Histogram counts = histogram(values, x, bins_for(values.size()));
    const auto row = i / columns;
    Panel panel(page,
                share_of(page, i % columns, columns, 3 + kRow * static_cast<double>(row), kHeight),
                x, counts_scale(counts));
    draw_histogram(panel, counts, values);
    panel.frame(one.label, i % columns == 0 ? figure.counted : "");
  }
  return page.finish();
}

std::string draw(const SettingsFigure& figure, const Look& look) {
  constexpr double kRow = 11;
  constexpr std::size_t kMost = 40;
  const std::size_t shown = std::min(figure.names.size(), kMost);
  if (shown == 0 || figure.valid.size() != figure.names.size() ||
      (!figure.test.empty() && figure.test.size() != figure.names.size())) {
    throw Bug("a figure of no settings, or without a score for each");
  }
  Heading heading = figure.heading;
  if (shown < figure.names.size()) {
    heading.notes.push_back(fmt::format("the best {} of {} settings", shown, figure.names.size()));
  }
  const double height = kRow * static_cast<double>(shown);
  Page page(look, heading, 14 + height + kAxisHeight);
  std::vector<double> all, places;
  Scale y{.low = 0, .high = static_cast<double>(shown), .ticks = {}, .factor = {}};
  const double room = look.width() * 0.45;
  double widest = 0;
  for (std::size_t i = 0; i < shown; ++i) {
    places.push_back(y.high - 0.5 - static_cast<double>(i));
    const std::string name = page.canvas().shortened(figure.names[i], room, {.size = kTickFont});
    y.ticks.push_back({y.position(places.back()), name});
    widest = std::max(widest, page.canvas().text_width(name, {.size = kTickFont}));
    all.push_back(figure.valid[i]);
    if (!figure.test.empty()) all.push_back(figure.test[i]);
  }
  const Scale x = scale_for(finite(all), false, 4);
  const Box box{widest + 14, page.top() + 14, look.width() - widest - 26, height};
  Panel panel(page, box, x, y);
  for (const double place : places) panel.horizontal(place, {.colour = kMissing, .width = 0.3});
  panel.dots(std::vector<double>(figure.valid.begin(),
                                 figure.valid.begin() + static_cast<std::ptrdiff_t>(shown)),
             places, 2.4, kBlue, 1);
  std::vector<Line> legend = {{.name = "validation", .colour = kBlue}};
  if (!figure.test.empty()) {
    panel.dots(std::vector<double>(figure.test.begin(),
                                   figure.test.begin() + static_cast<std::ptrdiff_t>(shown)),
               places, 1.8, kVermilion, 1);
    legend.push_back({.name = "test", .colour = kVermilion});
  }
  draw_legend(page.canvas(), {box.x, box.y - 7}, legend);
  panel.frame(figure.score_label, "");
  return page.finish();
}

std::string draw(const MapFigure& figure, const Look& look) {
  constexpr double kHeight = 120, kBarRoom = 52;
  if (figure.rows < 1 || figure.columns < 1 ||
      figure.values.size() !=
          static_cast<std::size_t>(figure.rows) * static_cast<std::size_t>(figure.columns)) {
    throw Bug("a map whose values do not fill it");
  }
  const std::vector<double> values = finite(figure.values);
  const double most = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
  Cells cells{.columns = figure.columns, .rows = figure.rows, .colours = {}};
  for (int row = figure.rows - 1; row >= 0; --row) {
    for (int column = 0; column < figure.columns; ++column) {
      const auto place = static_cast<std::size_t>(row) * static_cast<std::size_t>(figure.columns) +
                         static_cast<std::size_t>(column);
      cells.colours.push_back(grey(figure.values[place], 0, most));
    }
  }
  const Scale x = linear_scale(figure.x_low, figure.x_high, 6);
  const Scale y = linear_scale(figure.y_low, figure.y_high, 5);
  Page page(look, figure.heading, 2 + kHeight + kAxisHeight);
  Panel panel(page, page.below(2, kHeight, {y}, kBarRoom), x, y);
  panel.cells(cells);
  if (figure.x_low < 0) panel.vertical(0, {.colour = kDarkGrey, .width = 0.5, .dashed = true});
  panel.frame(figure.x_label, figure.y_label, true);
  Cells shades{.columns = 1, .rows = 100, .colours = {}};
  for (int i = 0; i < shades.rows; ++i) shades.colours.push_back(grey(1 - (i + 0.5) / 100, 0, 1));
  const Box bar{panel.box().right() + 8, panel.box().y, 7, kHeight * 0.7};
  page.canvas().cells(bar, shades);
  page.canvas().outline(bar, {});
  const Scale value = linear_scale(0, most > 0 ? most : 1, 3);
  double widest = 0;
  for (const Tick& tick : value.ticks) {
    page.canvas().text({bar.right() + 3, bar.bottom() - tick.position * bar.height}, tick.label,
                       {.size = kTickFont});
    widest = std::max(widest, page.canvas().text_width(tick.label, {.size = kTickFont}));
  }
  page.canvas().text({bar.right() + widest + 6, bar.centre().y},
                     with_factor(figure.value_label, value),
                     {.size = kLabelFont,
                      .horizontal = Horizontal::kCentre,
                      .vertical = Vertical::kTop,
                      .upwards = true});
  return page.finish();
}

}  // namespace strffit::plot
