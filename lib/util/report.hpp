// Results of a command as tables of text, for the terminal and for CSV.
#pragma once

#include <string>
#include <vector>

namespace strffit {

struct Table {
  std::string title;
  std::vector<std::string> header;             // may be empty
  std::vector<std::vector<std::string>> rows;  // cells; the length of the header, if there is one
};

struct Report {
  std::vector<Table> tables;
  std::vector<std::string> notes;  // one line each, below the tables
};

// Aligned columns: the first to the left, numbers to the right.
std::string to_text(const Report& report);

// RFC 4180, header first.
std::string to_csv(const Table& table);

// At most four significant digits, "-" for NaN.
std::string number(double value);

// Exactly four significant digits, so that columns of scores align.
std::string score_text(double value);

// "2 h 5 min", "40 s"; "-" for NaN.
std::string duration(double seconds);

}  // namespace strffit
