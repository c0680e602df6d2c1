#include "plot/axes.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

namespace strffit::plot {
namespace {

constexpr double kTickLength = 2.2;  // points

// Rounds up to 1, 2, 2.5 or 5 times a power of 10.
double round_step(double step) {
  const double decade = std::pow(10.0, std::floor(std::log10(step)));
  for (const double multiple : {1.0, 2.0, 2.5, 5.0}) {
    if (multiple * decade >= step * (1 - 1e-9)) return multiple * decade;
  }
  return 10 * decade;
}

// The smallest step that gives at most `most` ticks; low < high.
double tick_step(double low, double high, int most) {
  double step = round_step((high - low) / (std::max(most, 1) + 1));
  while (std::floor(high / step + 1e-9) - std::ceil(low / step - 1e-9) + 1 > std::max(most, 1)) {
    step = round_step(step * 1.01);
  }
  return step;
}

// All multiples of `step` in [low, high].
std::vector<double> multiples(double low, double high, double step) {
  std::vector<double> values;
  const auto first = std::llround(std::ceil(low / step - 1e-9)),
             last = std::llround(std::floor(high / step + 1e-9));
  for (auto i = first; i <= last; ++i) values.push_back(static_cast<double>(i) * step);
  return values;
}

std::vector<double> round_values(double low, double high, int most) {
  if (!(low < high)) return {low};
  return multiples(low, high, tick_step(low, high, most));
}

std::string superscript(int number) {
  static const char* const kDigits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text = number < 0 ? "⁻" : "";
  for (const char digit : std::to_string(std::abs(number))) text += kDigits[digit - '0'];
  return text;
}

void move_apart(double& low, double& high) {
  // This also covers ends that floating point can hardly distinguish. Otherwise the loop over ticks
  // would never end.
  const double least = 1e-9 * std::max(std::abs(low), std::abs(high));
  if (high - low > least) return;
  const double half = std::max(std::abs(low) * 0.1, 1e-12);
  low -= half;
  high += half;
}

Scale with_linear_ticks(double low, double high, double step) {
  Scale scale{.low = low, .high = high, .logarithmic = false, .ticks = {}, .factor = {}};
  const double largest = std::max(std::abs(low), std::abs(high));
  const int exponent = static_cast<int>(std::floor(std::log10(largest)));
  const bool factored = exponent < -1 || exponent > 4;
  if (factored) scale.factor = "×10" + superscript(exponent);
  for (const double value : multiples(low, high, step)) {
    const double shown = factored ? value / std::pow(10.0, exponent) : value;
    // Rounding errors such as 3 * 0.1 - 0.3 count as 0.
    const bool zero = std::abs(value) < 1e-9 * step;
    scale.ticks.push_back({scale.position(value), short_number(zero ? 0.0 : shown)});
  }
  return scale;
}

// Position of a frequency among the bands: 0 at the centre of the first band, linear in log f. Also
// defined half a band beyond the outer centres; nothing further out.
std::optional<double> band_place(const std::vector<double>& frequencies_hz, double hz) {
  const std::size_t bands = frequencies_hz.size();
  if (bands < 2) return hz == frequencies_hz.front() ? std::optional<double>(0.0) : std::nullopt;
  const auto above = std::upper_bound(frequencies_hz.begin(), frequencies_hz.end(), hz);
  const auto i = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(
      above - frequencies_hz.begin(), 1, static_cast<std::ptrdiff_t>(bands) - 1));
  const double low = frequencies_hz[i - 1];
  const double high = frequencies_hz[i];
  const double part =
      low > 0 ? std::log(hz / low) / std::log(high / low) : (hz - low) / (high - low);
  const double place = static_cast<double>(i - 1) + part;
  if (!(place >= -0.5 && place <= static_cast<double>(bands) - 0.5)) return std::nullopt;
  return place;
}

}  // namespace

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", std::abs(value));
  return (value < 0 ? "−" : "") + std::string(text);
}

double Scale::position(double value) const {
  return logarithmic ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
}

Scale linear_scale(double low, double high, int most) {
  move_apart(low, high);
  return with_linear_ticks(low, high, tick_step(low, high, most));
}

Scale rounded_linear_scale(double low, double high, int most) {
  move_apart(low, high);
  const double step = tick_step(low, high, most);
  return with_linear_ticks(std::floor(low / step + 1e-9) * step,
                           std::ceil(high / step - 1e-9) * step, step);
}

Scale logarithmic_scale(double low, double high, int most) {
  const double margin = std::pow(high / low, 0.05) * 1.02;
  Scale scale{
      .low = low / margin, .high = high * margin, .logarithmic = true, .ticks = {}, .factor = {}};
  const int first = static_cast<int>(std::floor(std::log10(scale.low)));
  const int last = static_cast<int>(std::ceil(std::log10(scale.high)));
  std::vector<double> values;
  const auto collect = [&](const std::vector<double>& mantissas, int every) {
    values.clear();
    for (int decade = first; decade <= last; ++decade) {
      if (decade % every != 0) continue;
      for (const double mantissa : mantissas) {
        const double value = mantissa * std::pow(10.0, decade);
        if (value >= scale.low && value <= scale.high) values.push_back(value);
      }
    }
    return values.size() >= 2 && values.size() <= static_cast<std::size_t>(most);
  };
  bool found = collect({1, 2, 5}, 1) || collect({1, 3}, 1);
  for (int every = 1; !found && every <= last - first; ++every) found = collect({1}, every);
  if (!found) values = round_values(scale.low, scale.high, most);
  for (const double value : values) {
    scale.ticks.push_back({scale.position(value), short_number(value)});
  }
  return scale;
}

std::vector<Tick> band_ticks(const std::vector<double>& frequencies_hz, double gap) {
  const auto bands = static_cast<double>(frequencies_hz.size());
  const auto ticks_at = [&](const std::vector<double>& values_khz) {
    std::vector<Tick> ticks;
    for (const double khz : values_khz) {
      if (const auto place = band_place(frequencies_hz, khz * 1000)) {
        ticks.push_back({(*place + 0.5) / bands, short_number(khz)});
      }
    }
    return ticks;
  };
  const auto readable = [&](const std::vector<Tick>& ticks) {
    for (std::size_t i = 1; i < ticks.size(); ++i) {
      if (ticks[i].position - ticks[i - 1].position < gap) return false;
    }
    return ticks.size() >= 2;
  };
  for (const int octaves : {1, 2}) {
    std::vector<double> values;
    for (int exponent = -8; exponent <= 10; exponent += octaves) {
      values.push_back(std::pow(2.0, exponent));
    }
    if (auto ticks = ticks_at(values); readable(ticks)) return ticks;
  }
  const double low = frequencies_hz.front() / 1000;
  const double high = frequencies_hz.back() / 1000;
  for (const int most : {6, 5, 4, 3, 2}) {
    if (auto ticks = ticks_at(round_values(low, high, most)); readable(ticks)) return ticks;
  }
  std::vector<double> outermost = {low};
  if (high > low) outermost.push_back(high);
  auto ticks = ticks_at(outermost);
  if (ticks.size() == 2 && !readable(ticks)) ticks.pop_back();
  return ticks;
}

double lag_place(const std::vector<double>& lags_ms, double ms) {
  const auto count = static_cast<double>(lags_ms.size());
  const double first = lags_ms.front();
  const double range = lags_ms.back() - first;
  const double cell = range > 0 ? (ms - first) / range * (count - 1) : 0.0;
  return (cell + 0.5) / count;
}

std::vector<Tick> lag_ticks(const std::vector<double>& lags_ms, int most) {
  std::vector<Tick> ticks;
  for (const double ms : round_values(lags_ms.front(), lags_ms.back(), most)) {
    ticks.push_back({lag_place(lags_ms, ms), short_number(ms)});
  }
  return ticks;
}

void draw_frame(Canvas& canvas, const Frame& frame) {
  const Box& box = frame.box;
  const Stroke stroke{.colour = kBlack, .width = 0.6, .dashed = false};
  if (frame.closed) {
    canvas.outline(box, stroke);
  } else {
    canvas.line({{box.x, box.y}, {box.x, box.bottom()}, {box.right(), box.bottom()}}, stroke);
  }
  for (const Tick& tick : frame.x_ticks) {
    const double x = box.x + tick.position * box.width;
    canvas.line({{x, box.bottom()}, {x, box.bottom() + kTickLength}}, stroke);
    if (!frame.x_labels) continue;
    canvas.text(
        {x, box.bottom() + kTickLength + 1.8}, tick.label,
        {.size = frame.font, .horizontal = Horizontal::kCentre, .vertical = Vertical::kTop});
  }
  for (const Tick& tick : frame.y_ticks) {
    const double y = box.bottom() - tick.position * box.height;
    canvas.line({{box.x, y}, {box.x - kTickLength, y}}, stroke);
    if (!frame.y_labels) continue;
    canvas.text({box.x - kTickLength - 1.5, y}, tick.label,
                {.size = frame.font, .horizontal = Horizontal::kRight});
  }
}

}  // namespace strffit::plot
