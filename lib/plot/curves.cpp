// Time constants, scores and learning curves.
#include <algorithm>
#include <cmath>

#include "files/temporary_file.hpp"
#include "plot/axes.hpp"
#include "plot/figures.hpp"
#include "plot/lines.hpp"
#include "util/errors.hpp"

namespace strffit::plot {
namespace {

constexpr Size kCurvesPage{241, 165};  // points: one column of a journal
constexpr Size kTimeConstantsPage{241, 250};
constexpr Size kScatterPage{241, 270};
constexpr double kRasterWidth = 340;
constexpr double kCurvesLeft = 36;
constexpr double kCurvesRight = 10;

void draw_title(Canvas& canvas, const std::string& title, double page_width) {
  const TextStyle bold{.size = 8.5, .bold = true, .vertical = Vertical::kTop};
  canvas.text({8, 6}, canvas.shortened(title, page_width - 16, bold), bold);
}

void label_x(Canvas& canvas, const Box& box, const std::string& label) {
  const TextStyle style{
      .size = kLabelFont, .horizontal = Horizontal::kCentre, .vertical = Vertical::kTop};
  canvas.text({box.centre().x, box.bottom() + 14}, canvas.shortened(label, box.width + 30, style),
              style);
}

void label_y(Canvas& canvas, const Box& box, const std::string& label) {
  const TextStyle style{.size = kLabelFont,
                        .horizontal = Horizontal::kCentre,
                        .vertical = Vertical::kTop,
                        .upwards = true};
  canvas.text({6, box.centre().y}, canvas.shortened(label, box.height + 10, style), style);
}

// Where a box begins whose ticks have room beside the label of their axis.
double left_of(Canvas& canvas, const std::vector<Scale>& scales) {
  double widest = 0;
  for (const Scale& scale : scales) {
    for (const Tick& tick : scale.ticks) {
      widest = std::max(widest, canvas.text_width(tick.label, {.size = kTickFont}));
    }
  }
  constexpr double kLabelAndGaps = 20;  // the page's edge, the label, between it and the ticks
  return std::max(kCurvesLeft, kLabelAndGaps + widest);
}

std::string with_factor(const std::string& label, const Scale& scale) {
  return scale.factor.empty() ? label : label + " (" + scale.factor + ")";
}

// Rows of a (rows, M) array, or columns of an (M, columns) one.
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

// With three digits, as scores are given in papers.
std::string score(double value) { return short_number(std::round(value * 1000) / 1000); }

// A scale for values that are positive in theory and spread widely.
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

void draw_time_constants(const std::string& path, const TimeConstantsFigure& figure) {
  const Format format = format_of(path);
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
  Canvas canvas(format, kTimeConstantsPage);
  const double left = left_of(canvas, {y, w});
  const double width = kTimeConstantsPage.width - left - kCurvesRight;
  const Box upper{left, 36, width, 105};
  const Box lower{left, 154, width, 68};

  draw_title(canvas, figure.title, kTimeConstantsPage.width);
  draw_legend(canvas, {left, 25}, constants);
  draw_frame(
      canvas,
      {.box = upper, .x_ticks = x.ticks, .y_ticks = y.ticks, .x_labels = false, .closed = false});
  draw_lines(canvas, upper, x, y, constants);
  label_y(canvas, upper, "time constant (ms)");
  draw_frame(canvas, {.box = lower, .x_ticks = x.ticks, .y_ticks = w.ticks, .closed = false});
  draw_lines(canvas, lower, x, w, weights);
  label_y(canvas, lower, "weight w");
  label_x(canvas, lower, "frequency (kHz)");
  files::write_text(path, canvas.finish());
}

void draw_scatter(const std::string& path, const ScatterFigure& figure) {
  const Format format = format_of(path);
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
  Canvas canvas(format, kScatterPage);
  const double left = left_of(canvas, {scale});
  const double side = kScatterPage.width - left - kCurvesRight;
  const Box box{left, 44, side, side};

  draw_title(canvas, figure.title, kScatterPage.width);
  const std::size_t left_out = figure.x.size() - x.size();
  std::string note = "above the diagonal: " + std::to_string(higher) + " of " +
                     std::to_string(x.size()) + " units";
  if (left_out > 0) note += "; without a score: " + std::to_string(left_out);
  const TextStyle plain{.size = 7, .colour = kDarkGrey, .vertical = Vertical::kTop};
  canvas.text({8, 17.5}, canvas.shortened(note, kScatterPage.width - 16, plain), plain);

  draw_frame(canvas, {.box = box, .x_ticks = scale.ticks, .y_ticks = scale.ticks, .closed = false});
  const auto place = [&](double at_x, double at_y) {
    return Point{box.x + scale.position(at_x) * side, box.bottom() - scale.position(at_y) * side};
  };
  canvas.line({place(scale.low, scale.low), place(scale.high, scale.high)},
              {.colour = kDarkGrey, .width = 0.6, .dashed = false});
  for (std::size_t i = 0; i < x.size(); ++i) canvas.disc(place(x[i], y[i]), 1.8, kBlue, 0.6);
  if (!x.empty()) {
    const double middle_x = quantile(x, 0.5);
    const double middle_y = quantile(y, 0.5);
    const Stroke dashed{.colour = kVermilion, .width = 0.8, .dashed = true};
    canvas.line({place(middle_x, scale.low), place(middle_x, middle_y), place(scale.low, middle_y)},
                dashed);
    canvas.text({8, 27}, "medians " + score(middle_x) + " (x) and " + score(middle_y) + " (y)",
                {.size = 7, .colour = kVermilion, .vertical = Vertical::kTop});
  }
  label_x(canvas, box, with_factor(figure.x_label, scale));
  label_y(canvas, box, with_factor(figure.y_label, scale));
  files::write_text(path, canvas.finish());
}

void draw_curves(const std::string& path, const CurvesFigure& figure) {
  constexpr Colour kColours[] = {kBlue, kVermilion, kGreen};
  const Format format = format_of(path);
  if (figure.curves.empty() || figure.curves.size() > std::size(kColours)) {
    throw Bug("a figure of no curves or of more than three");
  }
  std::vector<Line> lines;
  double last_epoch = 1;
  for (const Curve& curve : figure.curves) {
    const Array<double>& values = curve.values;
    if (values.shape.size() != 2 || values.size() != count(values.shape)) {
      throw Bug("a curve of shape " + to_string(values.shape) + ", expected (epochs, M)");
    }
    auto at_epoch = rows_of(values);
    std::vector<double> epochs;
    std::size_t lasting = 0;  // epochs that at least one member trained
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
    last_epoch = std::max(last_epoch, static_cast<double>(lasting));
    lines.push_back(summarised(curve.name, kColours[lines.size()], epochs, at_epoch));
  }
  const auto [low, high] = value_range(lines, false);
  // Losses that fall by orders of magnitude.
  const bool wide = low > 0 && high > 30 * low;
  const Scale y = wide ? logarithmic_for(lines, 6) : rounded_linear_scale(low, high, 6);
  const Scale x = linear_scale(1, std::max(last_epoch, 2.0), 7);
  Canvas canvas(format, kCurvesPage);
  const double left = left_of(canvas, {y});
  const Box box{left, 36, kCurvesPage.width - left - kCurvesRight, kCurvesPage.height - 36 - 28};

  draw_title(canvas, figure.title, kCurvesPage.width);
  draw_legend(canvas, {left, 25}, lines);
  draw_frame(canvas, {.box = box, .x_ticks = x.ticks, .y_ticks = y.ticks, .closed = false});
  draw_lines(canvas, box, x, y, lines);
  label_x(canvas, box, "epoch");
  label_y(canvas, box, with_factor(figure.y_label, y));
  files::write_text(path, canvas.finish());
}

void draw_raster(const std::string& path, const RasterFigure& figure) {
  const Format format = format_of(path);
  const Array<float>& responses = figure.responses;
  if (responses.shape.size() != 2 || responses.size() != count(responses.shape) ||
      responses.size() == 0 || !(figure.dt_ms > 0)) {
    throw Bug("a raster of shape " + to_string(responses.shape) + ", expected (R, T)");
  }
  const auto trials = static_cast<std::size_t>(responses.dim(0));
  const auto frames = static_cast<std::size_t>(responses.dim(1));
  constexpr double kRow = 6;  // points a trial, fewer of many
  const double row = std::min(kRow, 300.0 / static_cast<double>(trials));
  const double height = std::max(40.0, row * static_cast<double>(trials));
  const Scale x = linear_scale(0, static_cast<double>(frames) * figure.dt_ms / 1000, 7);
  // Trial 1 is on top: the axis grows downwards.
  std::vector<Tick> ticks;
  for (const std::size_t trial : {std::size_t{1}, trials}) {
    ticks.push_back({1 - (static_cast<double>(trial) - 0.5) / static_cast<double>(trials),
                     std::to_string(trial)});
    if (trials == 1) break;
  }
  Canvas canvas(format, {kRasterWidth, 24 + height + 28});
  const Box box{kCurvesLeft, 24, kRasterWidth - kCurvesLeft - kCurvesRight, height};
  draw_title(canvas, figure.title, kRasterWidth);
  const double cell = box.width / static_cast<double>(frames);
  const double tall = height / static_cast<double>(trials);
  for (std::size_t trial = 0; trial < trials; ++trial) {
    const double y = box.y + tall * static_cast<double>(trial);
    for (std::size_t frame = 0; frame < frames; ++frame) {
      const float value = responses.values[trial * frames + frame];
      if (value == 0) continue;
      const double place = box.x + cell * static_cast<double>(frame);
      if (std::isnan(value)) {
        canvas.fill(Box{place, y, cell, tall}, kMissing);
      } else {  // at least as wide as a pen's line
        canvas.fill(Box{place, y + 0.1 * tall, std::max(cell, 0.4), 0.8 * tall},
                    value < 1.5F ? kBlue : kBlack);
      }
    }
  }
  draw_frame(canvas, {.box = box, .x_ticks = x.ticks, .y_ticks = ticks, .closed = false});
  label_x(canvas, box, "time from onset (s)");
  label_y(canvas, box, "trial");
  files::write_text(path, canvas.finish());
}

void draw_lags(const std::string& path, const LagsFigure& figure) {
  const Format format = format_of(path);
  if (figure.lags_ms.size() < 2 || figure.lags_ms.size() != figure.by_lag.size()) {
    throw Bug("a figure of lags without a value for each");
  }
  const std::vector<double>& lags = figure.lags_ms;
  const std::vector<Line> lines = {
      plain_line("responses", kBlue, false, lags, figure.by_lag),
      plain_line("chance", kDarkGrey, true, lags, std::vector<double>(lags.size(), 1.0))};
  const Scale y = rounded_linear_scale(0, value_range(lines, false).second, 6);
  const Scale x = linear_scale(lags.front(), lags.back(), 7);
  Canvas canvas(format, kCurvesPage);
  const double left = left_of(canvas, {y});
  const Box box{left, 36, kCurvesPage.width - left - kCurvesRight, kCurvesPage.height - 36 - 28};
  const double from = box.x + box.width * x.position(0);
  const double to = box.x + box.width * x.position(std::min(figure.last_possible_ms, lags.back()));
  canvas.fill({{from, box.y}, {to, box.y}, {to, box.bottom()}, {from, box.bottom()}}, kGreen, 0.15);
  draw_title(canvas, figure.title, kCurvesPage.width);
  draw_legend(canvas, {left, 25}, lines);
  draw_frame(canvas, {.box = box, .x_ticks = x.ticks, .y_ticks = y.ticks, .closed = false});
  draw_lines(canvas, box, x, y, lines);
  label_x(canvas, box, "lag of the responses behind the sound (ms)");
  label_y(canvas, box, with_factor("times chance", y));
  files::write_text(path, canvas.finish());
}

}  // namespace strffit::plot
