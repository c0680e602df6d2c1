#include "plot/lines.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace strffit::plot {
namespace {

bool within(const Scale& scale, double value) {
  return std::isfinite(value) && (!scale.logarithmic || value > 0) &&
         value >= scale.low - 1e-9 * (scale.high - scale.low) &&
         value <= scale.high + 1e-9 * (scale.high - scale.low);
}

// The longest intervals [first, second) of i in which all points are drawable.
std::vector<std::pair<std::size_t, std::size_t>> stretches(
    std::size_t count, const std::function<bool(std::size_t)>& drawable) {
  std::vector<std::pair<std::size_t, std::size_t>> result;
  for (std::size_t i = 0; i < count; ++i) {
    if (!drawable(i)) continue;
    if (result.empty() || result.back().second != i) result.push_back({i, i});
    result.back().second = i + 1;
  }
  return result;
}

}  // namespace

double quantile(std::vector<double> values, double p) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  const double place = p * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

Line summarised(const std::string& name, Colour colour, const std::vector<double>& x,
                const std::vector<std::vector<double>>& at_x) {
  Line line{.name = name,
            .colour = colour,
            .dashed = false,
            .x = x,
            .middle = {},
            .lower = {},
            .upper = {}};
  for (const std::vector<double>& values : at_x) {
    line.middle.push_back(quantile(values, 0.5));
    if (values.size() < 2) continue;
    line.lower.push_back(quantile(values, 0.25));
    line.upper.push_back(quantile(values, 0.75));
  }
  return line;
}

std::pair<double, double> value_range(const std::vector<Line>& lines, bool positive) {
  double low = HUGE_VAL;
  double high = -HUGE_VAL;
  for (const Line& line : lines) {
    for (const auto* values : {&line.middle, &line.lower, &line.upper}) {
      for (const double value : *values) {
        if (!std::isfinite(value) || (positive && value <= 0)) continue;
        low = std::min(low, value);
        high = std::max(high, value);
      }
    }
  }
  if (low > high) return {1, 1};
  return {low, high};
}

void draw_lines(Canvas& canvas, const Box& box, const Scale& x, const Scale& y,
                const std::vector<Line>& lines) {
  const auto place = [&](double at_x, double value) {
    return Point{box.x + x.position(at_x) * box.width,
                 box.bottom() - y.position(value) * box.height};
  };
  for (const Line& line : lines) {
    if (line.lower.empty()) continue;
    const auto drawable = [&](std::size_t i) {
      return within(x, line.x[i]) && within(y, line.lower[i]) && within(y, line.upper[i]);
    };
    for (const auto& [first, last] : stretches(line.x.size(), drawable)) {
      std::vector<Point> around;
      for (std::size_t i = first; i < last; ++i) around.push_back(place(line.x[i], line.upper[i]));
      for (std::size_t i = last; i > first; --i) {
        around.push_back(place(line.x[i - 1], line.lower[i - 1]));
      }
      canvas.fill(around, line.colour, 0.2);
    }
  }
  for (const Line& line : lines) {
    const auto drawable = [&](std::size_t i) {
      return within(x, line.x[i]) && within(y, line.middle[i]);
    };
    for (const auto& [first, last] : stretches(line.x.size(), drawable)) {
      std::vector<Point> points;
      for (std::size_t i = first; i < last; ++i) points.push_back(place(line.x[i], line.middle[i]));
      if (points.size() == 1) {
        // a line with one point would be invisible
        canvas.disc(points.front(), 1.2, line.colour, 1);
      } else {
        canvas.line(
            points,
            {.colour = line.colour, .width = line.dashed ? 0.8 : 1.2, .dashed = line.dashed});
      }
    }
  }
}

void draw_legend(Canvas& canvas, Point place, const std::vector<Line>& lines) {
  const TextStyle style{.size = kTickFont};
  for (const Line& line : lines) {
    canvas.line({place, {place.x + 12, place.y}},
                {.colour = line.colour, .width = 1.2, .dashed = line.dashed});
    canvas.text({place.x + 15, place.y}, line.name, style);
    place.x += 15 + canvas.text_width(line.name, style) + 10;
  }
}

}  // namespace strffit::plot
