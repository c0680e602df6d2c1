// A page, or several, of receptive fields: the layout, apart from the drawing, and the drawing.
#pragma once

#include <string>
#include <vector>

#include "plot/canvas.hpp"

namespace strffit::plot {

struct SheetCell {
  std::string title;             // above the panels, shortened as fitting_titles(); "" for none
  const float* field = nullptr;  // (C, F, L); outlives the drawing
  double scale = 0;              // the value of the darkest colour, 0 where all cells are 0 or NaN
  std::string score = {};        // above the panels, at the right
};

struct ColourBar {
  std::string label;
  double scale = 0;
  bool relative = false;  // each cell has its own scale: ticks −max, 0, max
};

inline constexpr double kSheetWidth = 519;  // points: 183 mm, two columns of a journal
inline constexpr double kFieldWidth = 241;  // points: 85 mm, one column

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
    std::vector<Box> panels;  // a box for each channel
    bool leftmost = false;    // of its row: gets the frequencies
    bool lowest = false;      // of its column: gets the lags
  };
  Size size;
  std::vector<Place> places;  // a place for each cell of this page
  Box grid;                   // around all panels
  Box bar;
};

// The pages for `cells` receptive fields of `channels` panels each: a single one as large as a
// column of a journal, several in rows of a page's width, at most 10 rows a page. `width` 0: that
// of a journal, else points.
std::vector<SheetPage> lay_out(std::size_t cells, std::size_t channels, double width = 0);

// The bytes of the files: one for each page, or of PDF one with all pages.
std::vector<std::string> sheet_files(Format format, Sheet sheet, double width = 0);

// Draws and writes the sheet; returns the files (figures.hpp, draw_strfs).
std::vector<std::string> draw_sheet(const std::string& path, Sheet sheet);

// Writes the files of a sheet: to `path`, or where there are several "<name>-1.png", ...; returns
// their names.
std::vector<std::string> write_files(const std::string& path,
                                     const std::vector<std::string>& pages);

// The picture of one channel's (F, L) values: lag to the right, frequency upwards.
Cells field_cells(const float* field, std::size_t bands, std::size_t lags, double scale);

}  // namespace strffit::plot
