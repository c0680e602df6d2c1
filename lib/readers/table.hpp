// Text tables: CSV (RFC 4180; commas, or semicolons if the header has no comma), TSV, and columns
// separated by blanks. Reads row by row, so that a file of gigabytes needs the memory of one line.
//
// Byte order marks, CRLF and quotes are accepted. Errors are DataErrors naming file, line and
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
  // Opens a file and reads the header. `tabs`: TSV.
  Table(const std::string& file, bool tabs);
  // The same for text in memory, for a file in an archive. `name`: for messages.
  Table(const std::string& name, const std::string& text, bool tabs);

  const std::string& file() const { return file_; }
  const std::vector<std::string>& header() const { return header_; }
  // Index of a column; DataError with the nearest name if it does not exist.
  std::size_t column(const std::string& name) const;
  bool has(const std::string& name) const;

  // Goes to the next row that is not empty; false at the end. DataError if its number of cells
  // differs from the header.
  bool next();
  const std::string& cell(std::size_t column) const { return cells_[column]; }
  // A finite number. DataError for any other text, and for missing values ("", NA, NaN, null).
  double number(std::size_t column) const;
  // Position of the row: "events.csv:14".
  std::string where() const;
  [[noreturn]] void fail(std::size_t column, const std::string& what) const;

 private:
  void read_header(bool tabs);
  bool line();
  void split();

  std::string file_;
  std::unique_ptr<std::istream> stream_;
  char delimiter_;  // ' ' for columns separated by blanks
  std::vector<std::string> header_, cells_;
  std::size_t filled_ = 0;  // number of cells in this row
  std::string text_;        // the current line
  std::int64_t line_ = 0, first_line_ = 0;
};

bool is_missing(const std::string& cell);

// The number in a cell, "1e-3", or "0,001" with `decimal_comma`; NaN if it is not one.
double as_number(const std::string& cell, bool decimal_comma);

}  // namespace strffit::import
