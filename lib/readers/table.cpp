#include "readers/table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include "config/suggest.hpp"
#include "files/paths.hpp"
#include "files/utf8.hpp"
#include "util/errors.hpp"
#include "util/nan.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

constexpr std::size_t kLongestLine = 1 << 20;
constexpr std::size_t kMostColumns = 4096;

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string named_columns(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

bool is_missing(const std::string& cell) {
  static const std::vector<std::string> kWords = {"",    "NA",   "N/A",  "NaN",
                                                  "nan", "null", "NULL", "None"};
  return std::find(kWords.begin(), kWords.end(), cell) != kWords.end();
}

double as_number(const std::string& cell, bool decimal_comma) {
  const char* begin = cell.data();
  const char* end = begin + cell.size();
  if (begin != end && *begin == '+') ++begin;
  double value = 0;
  if (decimal_comma && cell.find(',') != std::string::npos) {
    std::string text = cell;
    std::replace(text.begin(), text.end(), ',', '.');
    return as_number(text, false);
  }
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error != std::errc() || stop != end || begin == end || !std::isfinite(value)) return kNaN;
  return value;
}

Table::Table(const std::string& file, bool tabs) : file_(file), delimiter_(tabs ? '\t' : ',') {
  checked_size(file, std::numeric_limits<std::int64_t>::max());
  stream_ = std::make_unique<std::ifstream>(file, std::ios::binary);
  read_header(tabs);
}

Table::Table(const std::string& name, const std::string& text, bool tabs)
    : file_(name),
      stream_(std::make_unique<std::istringstream>(text)),
      delimiter_(tabs ? '\t' : ',') {
  read_header(tabs);
}

void Table::read_header(bool tabs) {
  const std::string& file = file_;
  if (!line())
    throw DataError(file, "", "expected a table with a header line; found an empty file");
  if (text_.starts_with("\xEF\xBB\xBF")) text_.erase(0, 3);
  if (text_.starts_with("\xFF\xFE") || text_.starts_with("\xFE\xFF")) {
    throw DataError(file, "", "expected UTF-8; found UTF-16: save the table as UTF-8");
  }
  if (!tabs && text_.find(',') == std::string::npos && text_.find(';') != std::string::npos) {
    delimiter_ = ';';
  }
  if (tabs && text_.find('\t') == std::string::npos) delimiter_ = ' ';
  split();
  header_.assign(cells_.begin(), cells_.begin() + static_cast<std::ptrdiff_t>(filled_));
  for (auto& name : header_) name = trimmed(name);
  for (std::size_t i = 0; i < header_.size(); ++i) {
    if (!files::is_utf8(header_[i])) {
      throw DataError(file, "", "expected column names in UTF-8; found other bytes");
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (header_[i] == header_[j] && !header_[i].empty()) {
        throw DataError(file, "",
                        "expected columns with different names; found two called " + header_[i]);
      }
    }
  }
}

bool Table::has(const std::string& name) const {
  return std::find(header_.begin(), header_.end(), name) != header_.end();
}

std::size_t Table::column(const std::string& name) const {
  const auto found = std::find(header_.begin(), header_.end(), name);
  if (found != header_.end()) return static_cast<std::size_t>(found - header_.begin());
  const std::string nearest = config::nearest(name, header_);
  throw DataError(file_, "line 1",
                  "expected a column " + name + "; found " + named_columns(header_) +
                      (nearest.empty() ? "" : ": did you mean " + nearest + "?"));
}

bool Table::line() {
  text_.clear();
  // Not std::getline: an endless line would fill the memory.
  std::streambuf& buffer = *stream_->rdbuf();
  bool any = false;
  for (int c = buffer.sbumpc(); c != std::char_traits<char>::eof(); c = buffer.sbumpc()) {
    any = true;
    if (c == '\n') break;
    if (c == 0) {
      throw DataError(file_, fmt::format("line {}", line_ + 1),
                      "expected text; found a zero byte: is this the right file?");
    }
    if (text_.size() == kLongestLine) {
      throw DataError(file_, fmt::format("line {}", line_ + 1),
                      "expected lines of at most 1 MiB; found a longer one");
    }
    text_ += static_cast<char>(c);
  }
  if (!any) return false;
  ++line_;
  if (!text_.empty() && text_.back() == '\r') text_.pop_back();
  return true;
}

void Table::split() {
  filled_ = 0;
  first_line_ = line_;
  const auto cell = [this]() -> std::string& {
    if (filled_ == kMostColumns) {
      throw DataError(file_, fmt::format("line {}", line_), "expected at most 4096 columns");
    }
    if (filled_ == cells_.size()) cells_.emplace_back();
    cells_[filled_].clear();
    return cells_[filled_++];
  };
  if (delimiter_ == ' ') {
    for (std::size_t at = 0; (at = text_.find_first_not_of(" \t", at)) != std::string::npos;) {
      const auto end = std::min(text_.find_first_of(" \t", at), text_.size());
      cell() = text_.substr(at, end - at);
      at = end;
    }
    return;
  }
  for (std::size_t at = 0;;) {
    std::string& now = cell();
    if (at < text_.size() && text_[at] == '"') {
      for (++at;; ++at) {
        if (at == text_.size()) {  // line break inside quotes
          const std::string before = now;
          if (now.size() > kLongestLine || !line()) {
            throw DataError(file_, fmt::format("line {}", first_line_),
                            "expected a quote to end; found none");
          }
          now = before + '\n';
          at = static_cast<std::size_t>(-1);
          continue;
        }
        if (text_[at] != '"') {
          now += text_[at];
        } else if (at + 1 < text_.size() && text_[at + 1] == '"') {
          now += text_[++at];
        } else {
          break;
        }
      }
      ++at;
      if (at < text_.size() && text_[at] != delimiter_) {
        throw DataError(file_, fmt::format("line {}", line_),
                        "expected a quote to end its cell; found text after it");
      }
    } else {
      const auto end = std::min(text_.find(delimiter_, at), text_.size());
      now.assign(text_, at, end - at);
      at = end;
    }
    if (at >= text_.size()) return;
    ++at;
  }
}

bool Table::next() {
  do {
    if (!line()) return false;
  } while (text_.find_first_not_of(" \t,;") == std::string::npos);
  split();
  if (filled_ != header_.size()) {
    throw DataError(
        file_, fmt::format("line {}", first_line_),
        fmt::format("expected {} cells, as the header has; found {}", header_.size(), filled_));
  }
  for (std::size_t i = 0; i < filled_; ++i) {
    std::string& one = cells_[i];
    if (!one.empty() && (one.front() == ' ' || one.back() == ' ')) one = trimmed(one);
  }
  return true;
}

double Table::number(std::size_t column) const {
  const std::string& text = cells_[column];
  const double value = as_number(text, delimiter_ == ';');
  if (std::isnan(value)) {
    fail(column, is_missing(text) ? "expected a number; found a missing value"
                                  : "expected a number; found " + text.substr(0, 60));
  }
  return value;
}

std::string Table::where() const { return fmt::format("{}:{}", file_, first_line_); }

void Table::fail(std::size_t column, const std::string& what) const {
  throw DataError(where(), "column " + header_[column], what);
}

}  // namespace strffit::import
