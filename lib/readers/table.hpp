// Tables as text: CSV (RFC 4180; commas or, where the header has none, semicolons), TSV, and
// columns between blanks. Row by row, so that a file of gigabytes takes the memory of a line.
//
// Byte order marks, CRLF and quotes are taken; errors are DataErrors that name file, line and
// column.
#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <string>
#include <vector>

namespace strffit::import {

class Table {
 public:
  // Reads the header. `tabs`: a TSV.
  Table(const std::string& file, bool tabs);
  // The same of a text that is called so: a file inside of an archive.
  Table(const std::string& name, const std::string& text, bool tabs);

  const std::string& file() const { return file_; }
  const std::vector<std::string>& header() const { return header_; }
  // The place of a column; DataError with the nearest name where there is none.
  std::size_t column(const std::string& name) const;
  bool has(const std::string& name) const;

  // To the next row that is not empty; false at the end. DataError where it has other columns than
  // the header.
  bool next();
  const std::string& cell(std::size_t column) const { return cells_[column]; }
  // A finite number. DataError for anything else, a missing value ("", NA, NaN, null) too.
  double number(std::size_t column) const;
  // "events.csv:14", the row's place.
  std::string where() const;
  [[noreturn]] void fail(std::size_t column, const std::string& what) const;

 private:
  void read_header(bool tabs);
  bool line();
  void split();

  std::string file_;
  std::unique_ptr<std::istream> stream_;
  char delimiter_;  // ' ' for columns between blanks
  std::vector<std::string> header_, cells_;
  std::size_t filled_ = 0;  // cells of this row
  std::string text_;        // of the line
  std::int64_t line_ = 0, first_line_ = 0;
};

bool is_missing(const std::string& cell);

// A number in full, "1e-3" or, where commas do not divide, "0,001"; NaN where it is none.
double as_number(const std::string& cell, bool decimal_comma);

}  // namespace strffit::import
