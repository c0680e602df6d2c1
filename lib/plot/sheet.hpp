// Contact sheets of STRFs: layout and drawing.
#pragma once

#include <string>
#include <vector>

#include "plot/canvas.hpp"

namespace strffit::plot {

struct SheetCell {
  std::string title;             // above the panels, shortened by fitting_titles(); may be ""
  const float* field = nullptr;  // (C, F, L); must stay valid until the sheet is drawn
  double scale = 0;              // value of the darkest colour; 0 if all values are 0 or NaN
  std::string score = {};        // above the panels, on the right
};

struct ColourBar {
  std::string label;
  double scale = 0;
  bool relative = false;  // each cell has its own scale; the ticks are −max, 0, max
};

inline constexpr double kSheetWidth = 519;  // points: 183 mm, two columns of a journal
inline constexpr double kFieldWidth = 241;  // points: 85 mm, one column of a journal

struct Sheet {
  std::string title;
  std::string subtitle;
  std::vector<SheetCell> cells;
  std::vector<std::string> channels;   // (C)
  std::vector<double> frequencies_hz;  // (F)
  std::vector<double> lags_ms;         // (L)
  ColourBar bar;
};

struct SheetPage {
  struct Place {
    std::vector<Box> panels;  // one box per channel
    bool leftmost = false;    // in its row; shows the frequencies
    bool lowest = false;      // in its column; shows the lags
  };
  Size size;
  std::vector<Place> places;  // one per cell of this page
  Box grid;                   // bounds of all panels
  Box bar;
};

// Computes the pages for `cells` STRFs with `channels` panels each. A single STRF has the width of
// a journal column. Several are arranged in rows, at most 10 rows per page. `width`: width of the
// page in points; 0 means the width of a journal.
std::vector<SheetPage> lay_out(std::size_t cells, std::size_t channels, double width = 0);

// Returns the bytes of the files: one per page, or a single PDF with all pages.
std::vector<std::string> sheet_files(Format format, Sheet sheet, double width = 0);

// Draws and writes the sheet. Returns the names of the files, see draw_strfs() in figures.hpp.
std::vector<std::string> draw_sheet(const std::string& path, Sheet sheet);

// Writes the files of a sheet: to `path`, or if there are several to "<name>-1.png",
// "<name>-2.png", and so on. Returns their names. Throws RunError if a file cannot be written.
std::vector<std::string> write_files(const std::string& path,
                                     const std::vector<std::string>& pages);

// Makes the image of one channel (F, L): lag to the right, frequency upwards.
Cells field_cells(const float* field, std::size_t bands, std::size_t lags, double scale);

}  // namespace strffit::plot
