#include <algorithm>
#include <cmath>

#include "plot/axes.hpp"
#include "plot/figures.hpp"
#include "plot/sheet.hpp"
#include "util/errors.hpp"
#include "util/frequency.hpp"
#include "util/text.hpp"

namespace strffit::plot {
namespace {

void check_strfs(const StrfFigure& figure) {
  const Shape& shape = figure.kernel.shape;
  const auto is = [&](std::size_t axis, std::size_t size) {
    return size > 0 && shape[axis] == static_cast<std::int64_t>(size);
  };
  if (shape.size() != 4 || shape[0] < 1 || !is(1, figure.channels.size()) ||
      !is(2, figure.frequencies_hz.size()) || !is(3, figure.lags_ms.size()) ||
      figure.kernel.size() != count(shape)) {
    throw Bug("a receptive field of shape " + to_string(shape) + " does not fit its " +
              std::to_string(figure.channels.size()) + " channels, " +
              std::to_string(figure.frequencies_hz.size()) + " bands and " +
              std::to_string(figure.lags_ms.size()) + " lags");
  }
}

// The largest magnitude of the finite values.
double largest(const float* values, std::size_t count) {
  double result = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double magnitude = std::abs(static_cast<double>(values[i]));
    if (std::isfinite(magnitude)) result = std::max(result, magnitude);
  }
  return result;
}

std::string rounded(double value, double step) {
  return short_number(std::round(value / step) * step);
}

// Two decimals, so that scores in a column align.
std::string fixed_score(double value) {
  return fmt::format("{}{:.2f}", value < 0 ? "−" : "", std::abs(value));
}

// For instance "best frequency 4.2 kHz, latency 25 ms, CC norm 0.61".
std::string summary(const StrfFigure& figure) {
  std::string text;
  const auto add = [&](double value, const std::string& part) {
    if (std::isfinite(value)) text += (text.empty() ? "" : ", ") + part;
  };
  add(figure.best_frequency_hz, "best frequency " + frequency_text(figure.best_frequency_hz) +
                                    (figure.at_edge ? " (edge band)" : ""));
  add(figure.latency_ms, "latency " + rounded(figure.latency_ms, 1) + " ms");
  add(figure.cc_norm, figure.score_label + " " + rounded(figure.cc_norm, 0.01));
  return text;
}

std::size_t kernels(const StrfFigure& figure) {
  return static_cast<std::size_t>(figure.kernel.dim(0));
}

std::size_t values_per_kernel(const StrfFigure& figure) {
  return figure.channels.size() * figure.frequencies_hz.size() * figure.lags_ms.size();
}

Sheet sheet_of(const StrfFigure& figure) {
  check_strfs(figure);
  const std::size_t size = values_per_kernel(figure);
  const double scale = largest(figure.kernel.data(), kernels(figure) * size);
  Sheet sheet{.title = figure.unit_id,
              .subtitle = summary(figure),
              .cells = {},
              .channels = figure.channels,
              .frequencies_hz = figure.frequencies_hz,
              .lags_ms = figure.lags_ms,
              .bar = {.label = figure.value_label, .scale = scale, .relative = false}};
  for (std::size_t k = 0; k < kernels(figure); ++k) {
    // Counted from 0, as in the files.
    const std::string title = kernels(figure) > 1 ? "kernel " + std::to_string(k) : "";
    sheet.cells.push_back({title, figure.kernel.data() + k * size, scale});
  }
  return sheet;
}

Sheet sheet_of(const std::vector<StrfFigure>& figures, const std::string& title,
               const std::string& subtitle, bool one_scale) {
  if (figures.empty()) throw Bug("a contact sheet of no units");
  const StrfFigure& first = figures.front();
  Sheet sheet{.title = title,
              .subtitle = subtitle,
              .cells = {},
              .channels = first.channels,
              .frequencies_hz = first.frequencies_hz,
              .lags_ms = first.lags_ms,
              .bar = {.label = first.value_label, .scale = 0, .relative = !one_scale}};
  for (const StrfFigure& figure : figures) {
    check_strfs(figure);
    if (figure.channels != first.channels || figure.frequencies_hz != first.frequencies_hz ||
        figure.lags_ms != first.lags_ms) {
      throw Bug("a contact sheet of units with different channels, bands or lags");
    }
    const std::size_t size = values_per_kernel(figure);
    for (std::size_t k = 0; k < kernels(figure); ++k) {
      const float* field = figure.kernel.data() + k * size;
      const std::string kernel = kernels(figure) > 1 ? ", kernel " + std::to_string(k) : "";
      const double scale = largest(field, size);
      sheet.bar.scale = std::max(sheet.bar.scale, scale);
      sheet.cells.push_back(
          {figure.unit_id + kernel, field, scale,
           std::isfinite(figure.cc_norm) ? fixed_score(figure.cc_norm) : std::string()});
    }
  }
  if (one_scale) {
    for (SheetCell& cell : sheet.cells) cell.scale = sheet.bar.scale;
  }
  return sheet;
}

std::string sheet_subtitle(const std::vector<StrfFigure>& figures) {
  for (const StrfFigure& figure : figures) {
    if (std::isfinite(figure.cc_norm)) {
      return "each on its own colour scale; at the right " + figure.score_label;
    }
  }
  return "each on its own colour scale";
}

}  // namespace

std::vector<std::string> draw_strfs(const std::string& path, const StrfFigure& figure) {
  return draw_sheet(path, sheet_of(figure));
}

std::vector<std::string> draw(const StrfFigure& figure, const Look& look) {
  return sheet_files(look.format, sheet_of(figure), look.width());
}

std::vector<std::string> draw_contact_sheet(const std::string& path,
                                            const std::vector<StrfFigure>& figures,
                                            const std::string& title) {
  return draw_sheet(path, sheet_of(figures, title, sheet_subtitle(figures), false));
}

std::vector<std::string> draw(const ContactSheet& sheet, const Look& look) {
  const std::string subtitle =
      sheet.subtitle.empty() ? sheet_subtitle(sheet.figures) : sheet.subtitle;
  return sheet_files(look.format, sheet_of(sheet.figures, sheet.title, subtitle, sheet.one_scale),
                     look.width());
}

}  // namespace strffit::plot
