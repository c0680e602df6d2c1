#include "plot/svg.hpp"

#include <cmath>
#include <cstdlib>

#include "plot/characters.hpp"
#include "util/base64.hpp"
#include "util/text.hpp"

namespace strffit::plot {
namespace {

// Rounds a coordinate to hundredths of a point, which is finer than any line.
long hundredths(double value) { return std::lround(value * 100); }

// Formats a number without unnecessary digits: "12.5", ".25", "-3".
std::string from_hundredths(long value) {
  const long whole = std::labs(value) / 100, part = std::labs(value) % 100;
  std::string text = value < 0 ? "-" : "";
  if (whole != 0 || part == 0) text += fmt::format("{}", whole);
  if (part % 10 != 0) {
    text += fmt::format(".{:02}", part);
  } else if (part != 0) {
    text += fmt::format(".{}", part / 10);
  }
  return text;
}

std::string coordinate(double value) { return from_hundredths(hundredths(value)); }

// Formats two numbers of a path. A minus sign needs no space before it.
std::string pair_of(long x, long y) {
  return from_hundredths(x) + (y < 0 ? "" : " ") + from_hundredths(y);
}

// Formats points as a path with relative coordinates, which need a third of the bytes of absolute
// ones. Positions are rounded before differences are taken, so that rounding errors do not add up.
std::string path_of(const std::vector<Point>& points) {
  std::string text;
  long x = 0, y = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const long to_x = hundredths(points[i].x), to_y = hundredths(points[i].y);
    text += (i == 0 ? "M" : "l") + pair_of(to_x - x, to_y - y);
    x = to_x;
    y = to_y;
  }
  return text;
}

std::string hex(Colour colour) {
  return fmt::format("#{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue);
}

std::string box_of(const Box& box) {
  return fmt::format("x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", coordinate(box.x),
                     coordinate(box.y), coordinate(box.width), coordinate(box.height));
}

std::string stroke_of(const Stroke& stroke) {
  return fmt::format("fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"{}",
                     hex(stroke.colour), coordinate(stroke.width),
                     stroke.dashed ? " stroke-dasharray=\"2.5 1.8\"" : "");
}

std::string fill_of(Colour colour, double opacity) {
  return opacity < 1
             ? fmt::format("fill=\"{}\" fill-opacity=\"{}\"", hex(colour), coordinate(opacity))
             : fmt::format("fill=\"{}\"", hex(colour));
}

}  // namespace

// Uses Helvetica or Arial if available, as journals ask for. Text is measured with DejaVu Sans if
// Cairo has it. Helvetica and Arial are narrower, so the text fits.
SvgPage::SvgPage(Size page)
    : bytes_(fmt::format(
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
          "xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"{0}pt\" height=\"{1}pt\" "
          "viewBox=\"0 0 {0} {1}\" font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\">\n"
          "<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
          coordinate(page.width), coordinate(page.height))) {}

void SvgPage::boxes(const std::vector<Box>& boxes, Colour colour) {
  if (boxes.empty()) return;
  std::string path;
  long x = 0, y = 0;  // start of the last box, and end of its path
  for (const Box& box : boxes) {
    const long to_x = hundredths(box.x), to_y = hundredths(box.y);
    const long width = hundredths(box.right()) - to_x, height = hundredths(box.bottom()) - to_y;
    path += (path.empty() ? "M" : "m") + pair_of(to_x - x, to_y - y) + "h" +
            from_hundredths(width) + "v" + from_hundredths(height) + "h" + from_hundredths(-width) +
            "z";
    x = to_x;
    y = to_y;
  }
  bytes_ += fmt::format("<path d=\"{}\" {}/>\n", path, fill_of(colour, 1));
}

void SvgPage::polygon(const std::vector<Point>& points, Colour colour, double opacity) {
  bytes_ += fmt::format("<path d=\"{}z\" {}/>\n", path_of(points), fill_of(colour, opacity));
}

void SvgPage::line(const std::vector<Point>& points, const Stroke& stroke) {
  bytes_ += fmt::format("<path d=\"{}\" {}/>\n", path_of(points), stroke_of(stroke));
}

void SvgPage::outline(const Box& box, const Stroke& stroke) {
  bytes_ += fmt::format("<rect {} {}/>\n", box_of(box), stroke_of(stroke));
}

void SvgPage::disc(Point centre, double radius, Colour colour, double opacity) {
  bytes_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" {}/>\n", coordinate(centre.x),
                        coordinate(centre.y), coordinate(radius), fill_of(colour, opacity));
}

void SvgPage::image(const Box& box, const std::string& png) {
  bytes_ += fmt::format(
      "<image {} preserveAspectRatio=\"none\" image-rendering=\"optimizeSpeed\" "
      "style=\"image-rendering:pixelated\" xlink:href=\"data:image/png;base64,{}\"/>\n",
      box_of(box), base64(png));
}

void SvgPage::text(Point place, const std::string& text, const TextStyle& style, double down) {
  const char* anchor = style.horizontal == Horizontal::kLeft     ? ""
                       : style.horizontal == Horizontal::kCentre ? " text-anchor=\"middle\""
                                                                 : " text-anchor=\"end\"";
  const std::string where =
      style.upwards
          ? fmt::format("transform=\"translate({} {}) rotate(-90)\" y=\"{}\"", coordinate(place.x),
                        coordinate(place.y), coordinate(down))
          : fmt::format("x=\"{}\" y=\"{}\"", coordinate(place.x), coordinate(place.y + down));
  bytes_ += fmt::format("<text {} font-size=\"{}\" {}{}{} xml:space=\"preserve\">{}</text>\n",
                        where, coordinate(style.size), fill_of(style.colour, 1), anchor,
                        style.bold ? " font-weight=\"bold\"" : "", xml_text(text));
}

std::string SvgPage::finish() { return bytes_ + "</svg>\n"; }

}  // namespace strffit::plot
