// Results of a command as tables of text, for the terminal and for CSV.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace strffit {

struct Table {
  std::string title;
  std::vector<std::string> header;             // may be empty
  std::vector<std::vector<std::string>> rows;  // cells; the length of the header, if there is one
  int bar = -1;  // column of numbers of which 1 is perfect, that gets bars on a terminal; -1: none
};

struct Report {
  std::vector<Table> tables;
  std::vector<std::string> notes;  // one line each, below the tables
};

// How tables are laid out.
struct Layout {
  std::size_t width = 0;  // characters of a line; columns that do not fit are left out and named
                          // below, the last first. 0: all columns
  bool bars = false;      // beside Table::bar
  bool plain = false;     // bars of "#", for terminals that know ASCII alone
};

// Columns aligned, the first to the left, numbers at their points. With a width, texts of the first
// column are shortened in the middle, but so that they stay different, before columns are left out.
std::string to_text(const Report& report, const Layout& layout = {});

// RFC 4180, header first.
std::string to_csv(const Table& table);

// At most four significant digits, "-" for NaN.
std::string number(double value);

// Exactly four significant digits, so that columns of scores align.
std::string score_text(double value);

// "2 h 5 min", "40 s"; "-" for NaN.
std::string duration(double seconds);

}  // namespace strffit
