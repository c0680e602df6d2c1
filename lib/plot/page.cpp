#include "plot/page.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace strffit::plot {
namespace {

constexpr double kEdge = 8;  // margin of text at the edge of the page, in points
constexpr double kTitleLine = 11.5, kNoteLine = 9.5;
constexpr TextStyle kTitle{.size = 8.5, .bold = true, .vertical = Vertical::kTop};
constexpr TextStyle kNote{.size = 7, .colour = kDarkGrey, .vertical = Vertical::kTop};

// Breaks the notes into lines that fit the width.
std::vector<std::string> lines_of(const std::vector<std::string>& notes, double width) {
  Canvas ruler(Format::kPng, {1, 1});
  std::vector<std::string> lines;
  for (const std::string& note : notes) {
    std::istringstream words(note);
    std::string line;
    for (std::string word; words >> word;) {
      const std::string longer = line.empty() ? word : line + " " + word;
      if (!line.empty() && ruler.text_width(longer, kNote) > width) {
        lines.push_back(line);
        line = word;
      } else {
        line = longer;
      }
    }
    if (!line.empty()) lines.push_back(ruler.shortened(line, width, kNote));
  }
  return lines;
}

double heading_height(const Heading& heading, std::size_t lines) {
  if (heading.title.empty() && lines == 0) return kEdge;
  return 6 + (heading.title.empty() ? 0 : kTitleLine) + kNoteLine * static_cast<double>(lines) + 5;
}

}  // namespace

Page::Page(const Look& look, const Heading& heading, double height)
    : Page(look, heading, lines_of(heading.notes, look.width() - 2 * kEdge), height) {}

Page::Page(const Look& look, const Heading& heading, const std::vector<std::string>& lines,
           double height)
    : width_(look.width()),
      top_(heading_height(heading, lines.size())),
      canvas_(look.format, {width_, top_ + height}) {
  double y = 6;
  if (!heading.title.empty()) {
    canvas_.text({kEdge, y}, canvas_.shortened(heading.title, width_ - 2 * kEdge, kTitle), kTitle);
    y += kTitleLine;
  }
  for (const std::string& line : lines) {
    canvas_.text({kEdge, y}, line, kNote);
    y += kNoteLine;
  }
}

Box Page::below(double from, double height, const std::vector<Scale>& y_scales, double right) {
  // edge of the page, label, and the gap between label and ticks
  constexpr double kLabelAndGaps = 20;
  double widest = 0;
  for (const Scale& scale : y_scales) {
    for (const Tick& tick : scale.ticks) {
      widest = std::max(widest, canvas_.text_width(tick.label, {.size = kTickFont}));
    }
  }
  const double left = std::max(36.0, kLabelAndGaps + widest);
  return {left, top_ + from, std::max(width_ - left - right, 20.0), height};
}

Panel::Panel(Page& page, const Box& box, Scale x, Scale y)
    : page_(page), box_(box), x_(std::move(x)), y_(std::move(y)) {}

Point Panel::at(double x, double y) const {
  return {box_.x + x_.position(x) * box_.width, box_.bottom() - y_.position(y) * box_.height};
}

bool Panel::drawable(double x, double y) const {
  const auto within = [](const Scale& scale, double value) {
    if (!std::isfinite(value) || (scale.logarithmic && value <= 0)) return false;
    const double place = scale.position(value);
    return place >= -1e-9 && place <= 1 + 1e-9;
  };
  return within(x_, x) && within(y_, y);
}

void Panel::line(const std::vector<double>& x, const std::vector<double>& y, const Stroke& stroke) {
  std::vector<Point> points;
  const auto draw = [&] {
    if (points.size() == 1) {
      // a line with one point would be invisible
      page_.canvas().disc(points.front(), 1.2, stroke.colour, 1);
    } else if (!points.empty()) {
      page_.canvas().line(points, stroke);
    }
    points.clear();
  };
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (drawable(x[i], y[i])) {
      points.push_back(at(x[i], y[i]));
    } else {
      draw();
    }
  }
  draw();
}

void Panel::area(const std::vector<double>& x, const std::vector<double>& low,
                 const std::vector<double>& high, Colour colour, double opacity) {
  std::vector<Point> there, back;
  const auto draw = [&] {
    there.insert(there.end(), back.rbegin(), back.rend());
    if (there.size() > 2) page_.canvas().fill(there, colour, opacity);
    there.clear();
    back.clear();
  };
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (drawable(x[i], low[i]) && drawable(x[i], high[i])) {
      there.push_back(at(x[i], high[i]));
      back.push_back(at(x[i], low[i]));
    } else {
      draw();
    }
  }
  draw();
}

void Panel::dots(const std::vector<double>& x, const std::vector<double>& y, double radius,
                 Colour colour, double opacity) {
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (drawable(x[i], y[i])) page_.canvas().disc(at(x[i], y[i]), radius, colour, opacity);
  }
}

void Panel::bars(const std::vector<double>& borders, const std::vector<double>& values,
                 Colour colour) {
  const double from = std::max(0.0, y_.low);
  std::vector<Box> boxes;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] == from || !drawable(borders[i], values[i])) continue;
    std::size_t last = i;  // adjacent equal values form one bar
    while (last + 1 < values.size() && values[last + 1] == values[i]) ++last;
    const Point a = at(borders[i], std::max(values[i], from));
    const Point b = at(borders[last + 1], std::min(values[i], from));
    boxes.push_back({a.x, a.y, b.x - a.x, b.y - a.y});
    i = last;
  }
  page_.canvas().fill(boxes, colour);
}

void Panel::horizontal(double y, const Stroke& stroke) {
  if (drawable(x_.low, y)) page_.canvas().line({at(x_.low, y), at(x_.high, y)}, stroke);
}

void Panel::vertical(double x, const Stroke& stroke) {
  if (drawable(x, y_.low)) page_.canvas().line({at(x, y_.low), at(x, y_.high)}, stroke);
}

void Panel::cells(const Cells& cells) { page_.canvas().cells(box_, cells); }

void Panel::frame(const std::string& x_label, const std::string& y_label, bool closed) {
  Canvas& canvas = page_.canvas();
  draw_frame(canvas, {.box = box_,
                      .x_ticks = x_.ticks,
                      .y_ticks = y_.ticks,
                      .x_labels = !x_label.empty(),
                      .closed = closed});
  TextStyle style{
      .size = kLabelFont, .horizontal = Horizontal::kCentre, .vertical = Vertical::kTop};
  canvas.text({box_.centre().x, box_.bottom() + 14},
              canvas.shortened(with_factor(x_label, x_), box_.width + 30, style), style);
  style.upwards = true;
  double widest = 0;
  for (const Tick& tick : y_.ticks) {
    widest = std::max(widest, canvas.text_width(tick.label, {.size = kTickFont}));
  }
  // For the first panel of a row, the label is at the edge of the page, so that labels align.
  const double x = box_.x < 75 ? 6 : box_.x - widest - 15;
  canvas.text({x, box_.centre().y},
              canvas.shortened(with_factor(y_label, y_), box_.height + 24, style), style);
}

void Panel::name(const std::string& text) {
  const TextStyle style{.size = kLabelFont, .vertical = Vertical::kBottom};
  page_.canvas().text({box_.x, box_.y - 3}, page_.canvas().shortened(text, box_.width, style),
                      style);
}

Histogram histogram(const std::vector<double>& values, const Scale& scale, int bins) {
  Histogram result{{}, std::vector<double>(static_cast<std::size_t>(bins))};
  for (int i = 0; i <= bins; ++i) {
    const double part = static_cast<double>(i) / bins;
    result.borders.push_back(scale.logarithmic ? scale.low * std::pow(scale.high / scale.low, part)
                                               : scale.low + part * (scale.high - scale.low));
  }
  for (const double value : finite(values, scale.logarithmic)) {
    const double place = scale.position(value);
    if (place < 0 || place > 1) continue;
    result.counts[std::min(static_cast<std::size_t>(place * bins), result.counts.size() - 1)] += 1;
  }
  return result;
}

int bins_for(std::size_t values) {
  return std::clamp(static_cast<int>(std::ceil(2 * std::cbrt(static_cast<double>(values)))), 5, 40);
}

std::vector<double> finite(const std::vector<double>& values, bool positive) {
  std::vector<double> result;
  for (const double value : values) {
    if (std::isfinite(value) && (!positive || value > 0)) result.push_back(value);
  }
  return result;
}

std::string with_factor(const std::string& label, const Scale& scale) {
  return scale.factor.empty() || label.empty() ? label : label + " (" + scale.factor + ")";
}

std::string score_of(double value) {
  return std::isfinite(value) ? short_number(std::round(value * 1000) / 1000) : "none";
}

}  // namespace strffit::plot
