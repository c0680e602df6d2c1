#include "plot/canvas.hpp"

#include <cairo/cairo-pdf.h>
#include <cairo/cairo.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <optional>

#include "plot/svg.hpp"
#include "util/errors.hpp"

namespace strffit::plot {
namespace {

// Called by Cairo, which is C code: no exception may leave this function.
cairo_status_t append(void* bytes, const unsigned char* data, unsigned int length) noexcept {
  try {
    static_cast<std::string*>(bytes)->append(reinterpret_cast<const char*>(data), length);
    return CAIRO_STATUS_SUCCESS;
  } catch (...) {
    return CAIRO_STATUS_NO_MEMORY;
  }
}

void check_cairo(cairo_status_t status) {
  if (status != CAIRO_STATUS_SUCCESS) {
    throw RunError(std::string("cannot draw the figure: ") + cairo_status_to_string(status));
  }
}

// Encodes a surface as PNG.
std::string png_bytes(cairo_surface_t* image) {
  std::string bytes;
  check_cairo(cairo_surface_write_to_png_stream(image, append, &bytes));
  return bytes;
}

// The cells as an image, each `repeat` pixels wide and high. The surface is freed by the
// destructor.
struct Image {
  cairo_surface_t* surface = nullptr;
  Image(const Cells& cells, int repeat) {
    if (cells.columns < 1 || cells.rows < 1 ||
        cells.colours.size() !=
            static_cast<std::size_t>(cells.columns) * static_cast<std::size_t>(cells.rows)) {
      throw Bug("a picture whose cells do not fill its rows and columns");
    }
    const int width = cells.columns * repeat, height = cells.rows * repeat;
    surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    if (const auto status = cairo_surface_status(surface); status != CAIRO_STATUS_SUCCESS) {
      cairo_surface_destroy(surface);
      check_cairo(status);
    }
    unsigned char* dots = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; y < height; ++y) {
      auto* row = reinterpret_cast<std::uint32_t*>(dots + static_cast<std::ptrdiff_t>(y) * stride);
      for (int x = 0; x < width; ++x) {
        const auto cell =
            static_cast<std::size_t>(y / repeat) * static_cast<std::size_t>(cells.columns) +
            static_cast<std::size_t>(x / repeat);
        const Colour& colour = cells.colours[cell];
        row[x] = static_cast<std::uint32_t>(colour.red << 16 | colour.green << 8 | colour.blue);
      }
    }
    cairo_surface_mark_dirty(surface);
  }
  ~Image() { cairo_surface_destroy(surface); }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
};

std::string joined(const std::vector<std::string>& parts, std::size_t from, std::size_t to) {
  std::string text;
  for (std::size_t i = from; i < to; ++i) text += parts[i];
  return text;
}

}  // namespace

std::string png_of(const Cells& cells) { return png_bytes(Image(cells, 1).surface); }

Format format_of(const std::string& path) {
  std::string ending = std::filesystem::path(path).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (ending == ".png") return Format::kPng;
  if (ending == ".svg") return Format::kSvg;
  if (ending == ".pdf") return Format::kPdf;
  throw ConfigError(path, "cannot draw " + (ending.empty() ? "without a file ending" : ending) +
                              "; end the name in .png, .svg or .pdf");
}

struct Canvas::Pages {
  Format format;
  std::string bytes;
  std::optional<SvgPage> svg;  // if set, Cairo is used only to measure text
  cairo_surface_t* surface = nullptr;
  cairo_t* context = nullptr;

  ~Pages() {
    // The surface writes into `bytes` until it is destroyed.
    cairo_destroy(context);
    cairo_surface_destroy(surface);
  }

  void pen(Colour colour, double opacity = 1) const {
    cairo_set_source_rgba(context, colour.red / 255.0, colour.green / 255.0, colour.blue / 255.0,
                          opacity);
  }

  void path(const std::vector<Point>& points) const {
    cairo_new_path(context);
    for (const Point& point : points) cairo_line_to(context, point.x, point.y);
  }

  void stroke(const Stroke& style) const {
    const double dashes[] = {2.5, 1.8};
    pen(style.colour);
    cairo_set_line_width(context, style.width);
    cairo_set_dash(context, dashes, style.dashed ? 2 : 0, 0);
    cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND);
    cairo_stroke(context);
  }

  // Cairo maps "sans-serif" to an installed font. If there is none, it uses its built-in font.
  void font(const TextStyle& style) const {
    cairo_select_font_face(context, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           style.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(context, style.size);
  }
};

Canvas::Canvas(Format format, Size page) : pages_(std::make_unique<Pages>()) {
  if (!(page.width > 0 && page.height > 0)) throw Bug("a page without a size");
  Pages& p = *pages_;
  p.format = format;
  if (format == Format::kPng) {
    p.surface = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, static_cast<int>(std::ceil(page.width * kDotsPerPoint)),
        static_cast<int>(std::ceil(page.height * kDotsPerPoint)));
  } else if (format == Format::kSvg) {
    p.svg.emplace(page);
    p.surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1, 1);
  } else {
    p.surface = cairo_pdf_surface_create_for_stream(append, &p.bytes, page.width, page.height);
    cairo_pdf_surface_set_metadata(p.surface, CAIRO_PDF_METADATA_CREATOR, "strffit");
  }
  check_cairo(cairo_surface_status(p.surface));
  p.context = cairo_create(p.surface);
  check_cairo(cairo_status(p.context));
  // Without hinting, letters have the same widths on the coarse pixels of a PNG as in other
  // formats.
  cairo_font_options_t* exact = cairo_font_options_create();
  cairo_font_options_set_hint_metrics(exact, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_hint_style(exact, CAIRO_HINT_STYLE_NONE);
  cairo_set_font_options(p.context, exact);
  cairo_font_options_destroy(exact);
  if (format == Format::kPng) cairo_scale(p.context, kDotsPerPoint, kDotsPerPoint);
  p.pen(kWhite);
  cairo_paint(p.context);
}

Canvas::~Canvas() = default;

void Canvas::next_page(Size page) {
  if (pages_->format != Format::kPdf) throw Bug("only a PDF has several pages");
  cairo_show_page(pages_->context);
  cairo_pdf_surface_set_size(pages_->surface, page.width, page.height);
  pages_->pen(kWhite);
  cairo_paint(pages_->context);
}

void Canvas::fill(const Box& box, Colour colour) { fill(std::vector<Box>{box}, colour); }

void Canvas::fill(const std::vector<Box>& boxes, Colour colour) {
  if (pages_->svg) return pages_->svg->boxes(boxes, colour);
  pages_->pen(colour);
  cairo_new_path(pages_->context);
  for (const Box& box : boxes) {
    cairo_rectangle(pages_->context, box.x, box.y, box.width, box.height);
  }
  cairo_fill(pages_->context);
}

void Canvas::fill(const std::vector<Point>& polygon, Colour colour, double opacity) {
  if (pages_->svg) return pages_->svg->polygon(polygon, colour, opacity);
  pages_->path(polygon);
  pages_->pen(colour, opacity);
  cairo_fill(pages_->context);
}

void Canvas::line(const std::vector<Point>& points, const Stroke& stroke) {
  if (pages_->svg) return pages_->svg->line(points, stroke);
  pages_->path(points);
  pages_->stroke(stroke);
}

void Canvas::outline(const Box& box, const Stroke& stroke) {
  if (pages_->svg) return pages_->svg->outline(box, stroke);
  cairo_new_path(pages_->context);
  cairo_rectangle(pages_->context, box.x, box.y, box.width, box.height);
  pages_->stroke(stroke);
}

void Canvas::disc(Point centre, double radius, Colour colour, double opacity) {
  if (pages_->svg) return pages_->svg->disc(centre, radius, colour, opacity);
  cairo_new_path(pages_->context);
  cairo_arc(pages_->context, centre.x, centre.y, radius, 0, 2 * 3.14159265358979323846);
  pages_->pen(colour, opacity);
  cairo_fill(pages_->context);
}

void Canvas::cells(const Box& box, const Cells& cells) {
  // Viewers of SVG and PDF smooth enlarged images, whatever the file asks for. A cell of many equal
  // pixels stays sharp and compresses well. Unlike adjacent rectangles, it leaves no gaps.
  const int repeat = pages_->format == Format::kPng
                         ? 1
                         : std::clamp(400 / std::max({cells.columns, cells.rows, 1}), 1, 10);
  const Image made(cells, repeat);
  cairo_surface_t* image = made.surface;
  const double width = cells.columns * repeat, height = cells.rows * repeat;
  if (pages_->svg) return pages_->svg->image(box, png_bytes(image));
  cairo_t* context = pages_->context;
  cairo_save(context);
  cairo_translate(context, box.x, box.y);
  cairo_scale(context, box.width / width, box.height / height);
  cairo_set_source_surface(context, image, 0, 0);
  cairo_pattern_set_filter(cairo_get_source(context), CAIRO_FILTER_NEAREST);
  cairo_paint(context);
  cairo_restore(context);
}

void Canvas::text(Point place, const std::string& text, const TextStyle& style) {
  const auto parts = clean_characters(text);
  const std::string clean = joined(parts, 0, parts.size());
  const double width = text_width(clean, style);
  // Heights of digits and capitals. They are the same for every text, so that labels in a row
  // align.
  const double down = style.vertical == Vertical::kTop      ? 0.73 * style.size
                      : style.vertical == Vertical::kMiddle ? 0.365 * style.size
                                                            : 0.0;
  const double left = style.horizontal == Horizontal::kLeft     ? 0.0
                      : style.horizontal == Horizontal::kCentre ? -width / 2
                                                                : -width;
  if (pages_->svg) return pages_->svg->text(place, clean, style, down);
  cairo_t* context = pages_->context;
  cairo_save(context);
  cairo_translate(context, place.x, place.y);
  if (style.upwards) cairo_rotate(context, -3.14159265358979323846 / 2);
  cairo_move_to(context, left, down);
  pages_->font(style);
  pages_->pen(style.colour);
  cairo_show_text(context, clean.c_str());
  cairo_restore(context);
}

double Canvas::text_width(const std::string& text, const TextStyle& style) {
  const auto parts = clean_characters(text);
  cairo_text_extents_t extents;
  pages_->font(style);
  cairo_text_extents(pages_->context, joined(parts, 0, parts.size()).c_str(), &extents);
  return extents.x_advance;
}

std::string Canvas::shortened(const std::string& text, double width, const TextStyle& style) {
  if (text_width(text, style) <= width) return text;
  const auto parts = clean_characters(text);
  std::size_t kept = parts.size();
  std::string result;
  do {
    --kept;
    const std::size_t front = (kept + 1) / 2;
    result =
        joined(parts, 0, front) + "…" + joined(parts, parts.size() - (kept - front), parts.size());
  } while (kept > 0 && text_width(result, style) > width);
  return result;
}

std::string Canvas::finish() {
  Pages& p = *pages_;
  check_cairo(cairo_status(p.context));
  if (p.svg) return p.svg->finish();
  if (p.format == Format::kPng) {
    p.bytes = png_bytes(p.surface);
  } else {
    cairo_surface_finish(p.surface);
    check_cairo(cairo_surface_status(p.surface));
  }
  return std::move(p.bytes);
}

}  // namespace strffit::plot
