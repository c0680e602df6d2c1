#include "plot/sheet.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>

#include "files/temporary_file.hpp"
#include "plot/axes.hpp"
#include "plot/colour.hpp"
#include "plot/titles.hpp"

namespace strffit::plot {
namespace {

constexpr double kSheetLeft = 33;   // space for frequencies and their label
constexpr double kSheetRight = 60;  // space for the colour bar, its ticks and its label
constexpr double kBelow = 27;       // space for lags and their label
constexpr double kTitles = 31;      // space for title and subtitle
constexpr double kBarWidth = 7;
constexpr double kTallestBar = 110;
constexpr std::size_t kMostRows = 10;
constexpr TextStyle kTitleStyle{.size = 7, .vertical = Vertical::kBottom};  // style of cell titles

// Sizes of one cell: panels side by side below a title.
struct CellSizes {
  double panel_width;
  double panel_height;
  double between_panels;
  double between_cells;
  double title;  // height of the title of a cell
  double channel_names;
  double font;
};

CellSizes cell_sizes(std::size_t cells, std::size_t channels, double page_width) {
  const double names = channels > 1 ? 8 : 0;
  if (cells == 1) {
    const double gap = 9;
    const auto count = static_cast<double>(channels);
    const double width = (page_width - kSheetLeft - kSheetRight - gap * (count - 1)) / count;
    return {std::max(width, 50.0), 110, gap, 0, 0, names + (channels > 1 ? 2 : 0), kTickFont};
  }
  return {channels > 1 ? 48.0 : 64.0, 46, 4, 8, 13, names, kTickFont};
}

// Number of columns that makes the rows as even as possible: 20 cells in rows of at most 6 become 4
// rows of 5.
std::size_t even_columns(std::size_t cells, std::size_t most) {
  const std::size_t rows = (cells + most - 1) / most;
  return (cells + rows - 1) / rows;
}

SheetPage lay_out_page(std::size_t cells, std::size_t columns, std::size_t channels,
                       const CellSizes& sizes, double least_width) {
  const auto panels = static_cast<double>(channels);
  const double cell_width = panels * sizes.panel_width + (panels - 1) * sizes.between_panels;
  SheetPage page;
  const double top = kTitles + sizes.title + sizes.channel_names;
  for (std::size_t i = 0; i < cells; ++i) {
    const std::size_t row = i / columns;
    const std::size_t column = i % columns;
    SheetPage::Place place;
    place.leftmost = column == 0;
    place.lowest = i + columns >= cells;
    const double left =
        kSheetLeft + static_cast<double>(column) * (cell_width + sizes.between_cells);
    for (std::size_t channel = 0; channel < channels; ++channel) {
      const double offset =
          static_cast<double>(channel) * (sizes.panel_width + sizes.between_panels);
      place.panels.push_back(
          {left + offset, top + static_cast<double>(row) * (sizes.panel_height + sizes.title + 2),
           sizes.panel_width, sizes.panel_height});
    }
    page.places.push_back(place);
  }
  const std::size_t used = std::min(columns, cells);
  page.grid = {kSheetLeft, top, page.places[used - 1].panels.back().right() - kSheetLeft,
               page.places.back().panels.back().bottom() - top};
  page.bar = {page.grid.right() + 8, top, kBarWidth, std::min(page.grid.height, kTallestBar)};
  page.size = {std::max(page.grid.right() + kSheetRight, least_width), page.grid.bottom() + kBelow};
  return page;
}

void draw_bar(Canvas& canvas, const Box& box, const ColourBar& bar, double font) {
  Cells shades{.columns = 1, .rows = 200, .colours = {}};
  for (int row = 0; row < shades.rows; ++row) {
    shades.colours.push_back(diverging_colour(1 - 2 * (row + 0.5) / shades.rows, 1));
  }
  canvas.cells(box, shades);
  canvas.outline(box, {});
  std::vector<Tick> ticks;
  std::string label = bar.label;
  if (bar.relative) {
    ticks = {{0.0, "−max"}, {0.5, "0"}, {1.0, "max"}};
  } else if (bar.scale > 0) {
    const Scale scale = linear_scale(-bar.scale, bar.scale, 5);
    ticks = scale.ticks;
    if (!scale.factor.empty()) label += " (" + scale.factor + ")";
  } else {
    ticks = {{0.5, "0"}};
  }
  double widest = 0;
  for (const Tick& tick : ticks) {
    const double y = box.bottom() - tick.position * box.height;
    canvas.line({{box.right(), y}, {box.right() + 2, y}}, {});
    canvas.text({box.right() + 3.5, y}, tick.label, {.size = font});
    widest = std::max(widest, canvas.text_width(tick.label, {.size = font}));
  }
  TextStyle style{.size = kLabelFont, .horizontal = Horizontal::kCentre, .upwards = true};
  style.vertical = Vertical::kTop;
  // Rotated text is read upwards, so its top is on the left.
  canvas.text({box.right() + 3.5 + widest + 3, box.centre().y},
              canvas.shortened(label, box.height + 40, style), style);
}

void draw_cell(Canvas& canvas, const Sheet& sheet, const SheetCell& cell,
               const SheetPage::Place& place, const CellSizes& sizes, bool first_row) {
  const std::size_t bands = sheet.frequencies_hz.size();
  const std::size_t lags = sheet.lags_ms.size();
  const auto x_ticks =
      lag_ticks(sheet.lags_ms, static_cast<int>(sizes.panel_width / (2.6 * sizes.font)));
  const auto y_ticks = band_ticks(sheet.frequencies_hz, 1.5 * sizes.font / sizes.panel_height);
  for (std::size_t channel = 0; channel < place.panels.size(); ++channel) {
    const Box& box = place.panels[channel];
    canvas.cells(box, field_cells(cell.field + channel * bands * lags, bands, lags, cell.scale));
    if (sheet.lags_ms.front() < 0) {
      const double x = box.x + lag_place(sheet.lags_ms, 0) * box.width;
      canvas.line({{x, box.y}, {x, box.bottom()}}, {.colour = kDarkGrey, .dashed = true});
    }
    draw_frame(canvas, {.box = box,
                        .x_ticks = x_ticks,
                        .y_ticks = y_ticks,
                        .x_labels = place.lowest,
                        .y_labels = place.leftmost && channel == 0,
                        .closed = true,
                        .font = sizes.font});
    if (sizes.channel_names > 0 && first_row) {
      const TextStyle style{.size = sizes.font + 0.5,
                            .horizontal = Horizontal::kCentre,
                            .vertical = Vertical::kBottom};
      canvas.text({box.centre().x, box.y - 2.5},
                  canvas.shortened(sheet.channels[channel], box.width, style), style);
    }
  }
  if (!cell.title.empty()) {
    const Box& box = place.panels.front();
    const double y = box.y - 3 - (first_row ? sizes.channel_names : 0);
    canvas.text({box.x, y}, cell.title, kTitleStyle);
    TextStyle style = kTitleStyle;
    style.horizontal = Horizontal::kRight;
    style.colour = kDarkGrey;
    if (!cell.score.empty()) canvas.text({place.panels.back().right(), y}, cell.score, style);
  }
}

void draw_page(Canvas& canvas, const Sheet& sheet, const SheetPage& page, std::size_t first_cell,
               const CellSizes& sizes, const std::string& title) {
  const double width = page.size.width - 16;
  const TextStyle bold{.size = 8.5, .bold = true, .vertical = Vertical::kTop};
  const TextStyle plain{.size = 7, .colour = kDarkGrey, .vertical = Vertical::kTop};
  canvas.text({8, 6}, canvas.shortened(title, width, bold), bold);
  canvas.text({8, 17.5}, canvas.shortened(sheet.subtitle, width, plain), plain);
  for (std::size_t i = 0; i < page.places.size(); ++i) {
    const bool first_row = page.places[i].panels.front().y == page.grid.y;
    draw_cell(canvas, sheet, sheet.cells[first_cell + i], page.places[i], sizes, first_row);
  }
  canvas.text({6, page.grid.centre().y}, "frequency (kHz)",
              {.size = kLabelFont,
               .horizontal = Horizontal::kCentre,
               .vertical = Vertical::kTop,
               .upwards = true});
  canvas.text(
      {page.grid.centre().x, page.size.height - 6},
      sheet.lags_ms.front() < 0 ? "lag (ms), below 0 in the future" : "lag (ms)",
      {.size = kLabelFont, .horizontal = Horizontal::kCentre, .vertical = Vertical::kBottom});
  draw_bar(canvas, page.bar, sheet.bar, sizes.font);
}

std::string numbered(const std::string& path, std::size_t number) {
  const std::filesystem::path name(path);
  const std::string file =
      name.stem().string() + "-" + std::to_string(number) + name.extension().string();
  return (name.parent_path() / file).string();
}

double width_of(std::size_t cells, double width) {
  if (width > 0) return width;
  return cells == 1 ? kFieldWidth : kSheetWidth;
}

}  // namespace

Cells field_cells(const float* field, std::size_t bands, std::size_t lags, double scale) {
  Cells cells{.columns = static_cast<int>(lags), .rows = static_cast<int>(bands), .colours = {}};
  cells.colours.reserve(bands * lags);
  for (std::size_t row = 0; row < bands; ++row) {
    const float* band = field + (bands - 1 - row) * lags;
    for (std::size_t lag = 0; lag < lags; ++lag) {
      cells.colours.push_back(
          diverging_colour(static_cast<double>(band[lag]), scale > 0 ? scale : 1.0));
    }
  }
  return cells;
}

std::vector<SheetPage> lay_out(std::size_t cells, std::size_t channels, double width) {
  const double page_width = width_of(cells, width);
  const CellSizes sizes = cell_sizes(cells, channels, page_width);
  const auto panels = static_cast<double>(channels);
  const double pitch = panels * (sizes.panel_width + sizes.between_panels) - sizes.between_panels +
                       sizes.between_cells;
  const auto fitting = static_cast<std::size_t>(
      std::max(1.0, (page_width - kSheetLeft - kSheetRight + sizes.between_cells) / pitch));
  const std::size_t columns = even_columns(cells, fitting);
  std::vector<SheetPage> pages;
  for (std::size_t first = 0; first < cells; first += columns * kMostRows) {
    pages.push_back(lay_out_page(std::min(cells - first, columns * kMostRows), columns, channels,
                                 sizes, std::min(page_width, kFieldWidth)));
  }
  return pages;
}

std::vector<std::string> sheet_files(Format format, Sheet sheet, double width) {
  const double page_width = width_of(sheet.cells.size(), width);
  const CellSizes sizes = cell_sizes(sheet.cells.size(), sheet.channels.size(), page_width);
  const std::vector<SheetPage> pages =
      lay_out(sheet.cells.size(), sheet.channels.size(), page_width);
  std::vector<std::string> titles;
  for (const auto& cell : sheet.cells) titles.push_back(cell.title);
  const auto& panels = pages.front().places.front().panels;
  Canvas ruler(format, {1, 1});
  double widest_score = 0;
  for (const auto& cell : sheet.cells) {
    widest_score = std::max(widest_score, ruler.text_width(cell.score, kTitleStyle));
  }
  const double room =
      panels.back().right() - panels.front().x - (widest_score > 0 ? widest_score + 3 : 0);
  titles = fitting_titles(titles, [&](const std::string& title) {
    return ruler.text_width(title, kTitleStyle) <= room;
  });
  for (std::size_t i = 0; i < titles.size(); ++i) sheet.cells[i].title = titles[i];
  std::vector<std::string> files;
  std::unique_ptr<Canvas> canvas;
  std::size_t first_cell = 0;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    std::string title = sheet.title;
    if (pages.size() > 1) {
      title += (title.empty() ? "page " : ", page ") + std::to_string(i + 1) + " of " +
               std::to_string(pages.size());
    }
    if (!canvas || format != Format::kPdf) {
      canvas = std::make_unique<Canvas>(format, pages[i].size);
    } else {
      canvas->next_page(pages[i].size);
    }
    draw_page(*canvas, sheet, pages[i], first_cell, sizes, title);
    first_cell += pages[i].places.size();
    if (format != Format::kPdf || i + 1 == pages.size()) files.push_back(canvas->finish());
  }
  return files;
}

std::vector<std::string> write_files(const std::string& path,
                                     const std::vector<std::string>& pages) {
  std::vector<std::string> written;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    written.push_back(pages.size() > 1 ? numbered(path, i + 1) : path);
    files::write_text(written.back(), pages[i]);
  }
  return written;
}

std::vector<std::string> draw_sheet(const std::string& path, Sheet sheet) {
  return write_files(path, sheet_files(format_of(path), std::move(sheet)));
}

}  // namespace strffit::plot
