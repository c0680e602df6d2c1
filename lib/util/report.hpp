// What a command found, as tables of text: for the terminal and for CSV.
#pragma once

#include <string>
#include <vector>

namespace strffit {

struct Table {
  std::string title;
  std::vector<std::string> header;             // may be empty
  std::vector<std::vector<std::string>> rows;  // cells; as many as the header has, if any
};

struct Report {
  std::vector<Table> tables;
  std::vector<std::string> notes;  // a line each, below the tables
};

// Columns aligned, the first to the left, numbers to the right.
std::string to_text(const Report& report);

// RFC 4180, the header first.
std::string to_csv(const Table& table);

// Up to four significant digits, "-" for NaN.
std::string number(double value);

// Exactly four, so that a column of scores lines up.
std::string score_text(double value);

// "2 h 5 min", "40 s"; "-" for NaN.
std::string duration(double seconds);

}  // namespace strffit
