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
};

struct ColourBar {
  std::string label;
  double scale = 0;
  bool relative = false;  // each cell has its own scale: ticks −max, 0, max
};

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
// column of a journal, several in rows of a page's width, at most 10 rows a page.
std::vector<SheetPage> lay_out(std::size_t cells, std::size_t channels);

// Draws and writes the sheet; returns the files (plot.hpp, draw_strfs).
std::vector<std::string> draw_sheet(const std::string& path, Sheet sheet);

}  // namespace strffit::plot
