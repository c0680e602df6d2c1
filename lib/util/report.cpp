#include "util/report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "util/text.hpp"

namespace strffit {

namespace {

// Width of a text on a terminal: characters, not bytes.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool is_number(const std::string& cell) {
  return cell.find_first_not_of("0123456789.-+e%") == std::string::npos;
}

using Cells = std::vector<std::string>;
using Column = std::vector<std::string>;  // header first, where there is one

std::size_t longest(const Column& column) {
  std::size_t most = 0;
  for (const auto& cell : column) most = std::max(most, width(cell));
  return most;
}

Column padded(Column column, bool right) {
  const std::size_t most = longest(column);
  for (auto& cell : column) {
    const std::string gap(most - width(cell), ' ');
    cell = right ? gap + cell : cell + gap;
  }
  return column;
}

// Characters before the point, which an integer has after its last digit.
std::size_t before_point(const std::string& cell) {
  return std::min({cell.find('.'), cell.find('e'), cell.find('%'), cell.size()});
}

// Numbers, so that their points stand below each other.
Column at_point(Column column, std::size_t first) {
  std::size_t after = 0;
  for (std::size_t i = first; i < column.size(); ++i) {
    after = std::max(after, column[i].size() - before_point(column[i]));
  }
  for (std::size_t i = first; i < column.size(); ++i) {
    column[i].append(after - (column[i].size() - before_point(column[i])), ' ');
  }
  return column;
}

// The characters of a text.
std::vector<std::string> characters(const std::string& text) {
  std::vector<std::string> all;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80 || all.empty()) all.emplace_back();
    all.back() += c;
  }
  return all;
}

// Both ends of a text with ".." between them, `most` characters in all.
std::string shortened(const std::string& text, std::size_t most) {
  constexpr const char* kLeftOut = "..";
  const auto all = characters(text);
  if (all.size() <= most) return text;
  const std::size_t kept = most > 2 ? most - 2 : 0, head = kept / 2;
  std::string result;
  for (std::size_t i = 0; i < head; ++i) result += all[i];
  result += kLeftOut;
  for (std::size_t i = all.size() - (kept - head); i < all.size(); ++i) result += all[i];
  return result;
}

// Texts no longer than `most`, or as little longer as keeps apart what differs.
Column shortened_ids(const Column& column, std::size_t most) {
  const auto different = [](const Column& all) {
    return std::set<std::string>(all.begin(), all.end()).size();
  };
  const std::size_t whole = different(column);
  for (; most < longest(column); ++most) {
    Column tried;
    for (const auto& text : column) tried.push_back(shortened(text, most));
    if (different(tried) == whole) return tried;
  }
  return column;
}

// A bar of up to `kBarWidth` characters for 0 to 1.
std::string bar_of(const std::string& cell, bool plain) {
  constexpr double kBarWidth = 8;
  const double value = std::strtod(cell.c_str(), nullptr);
  if (!(value > 0)) return "";
  const auto eighths = static_cast<int>(std::lround(std::min(value, 1.0) * kBarWidth * 8));
  std::string bar;
  for (int i = 0; i + 8 <= eighths + (plain ? 4 : 0); i += 8) bar += plain ? "#" : "█";
  constexpr std::array<const char*, 8> kParts = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (!plain) bar += kParts[static_cast<std::size_t>(eighths % 8)];
  return bar;
}

// One column of a table: its name and its formatted cells.
struct Block {
  std::string name;
  Column cells;
};

std::vector<Block> blocks_of(const Table& table, const Layout& layout) {
  std::vector<Cells> lines = table.rows;
  const std::size_t first = table.header.empty() ? 0 : 1;
  if (first > 0) lines.insert(lines.begin(), table.header);
  std::size_t columns = 0;
  for (auto& line : lines) {
    columns = std::max(columns, line.size());
    // Ids come from files; a line break or an escape sequence in one would garble the table.
    for (auto& cell : line) std::replace_if(cell.begin(), cell.end(), is_control, '?');
  }
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < columns; ++i) {
    Column column;
    for (const auto& line : lines) column.push_back(i < line.size() ? line[i] : "");
    const bool numbers = i > 0 && std::all_of(column.begin() + static_cast<std::ptrdiff_t>(first),
                                              column.end(), is_number);
    Column bars;
    if (layout.bars && static_cast<int>(i) == table.bar) {
      for (std::size_t row = 0; row < column.size(); ++row) {
        bars.push_back(row < first ? "" : bar_of(column[row], layout.plain));
      }
    }
    const std::string name = first > 0 && i < table.header.size() ? table.header[i] : "";
    column = padded(numbers ? at_point(std::move(column), first) : std::move(column), numbers);
    if (!bars.empty()) {
      bars = padded(std::move(bars), false);
      for (std::size_t row = 0; row < column.size(); ++row) column[row] += " " + bars[row];
    }
    blocks.push_back({name, std::move(column)});
  }
  return blocks;
}

std::size_t width_of(const std::vector<Block>& blocks, std::size_t columns) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < columns; ++i) sum += longest(blocks[i].cells) + (i > 0 ? 2 : 0);
  return sum;
}

// The columns that fit; the first one always, and texts before numbers that say whose they are.
std::size_t columns_that_fit(std::vector<Block>& blocks, std::size_t most) {
  if (most == 0 || blocks.empty()) return blocks.size();
  constexpr std::size_t kShortId = 20;
  if (width_of(blocks, blocks.size()) > most && longest(blocks[0].cells) > kShortId) {
    Column ids = blocks[0].cells;
    for (auto& id : ids) id.erase(id.find_last_not_of(' ') + 1);
    blocks[0].cells = padded(shortened_ids(ids, kShortId), false);
  }
  std::size_t columns = blocks.size();
  while (columns > 1 && width_of(blocks, columns) > most) --columns;
  return columns;
}

std::string to_text(const Table& table, const Layout& layout) {
  std::string text = table.title.empty() ? "" : table.title + "\n";
  auto blocks = blocks_of(table, layout);
  // Without a header nobody could say what is left out.
  const std::size_t columns = columns_that_fit(blocks, table.header.empty() ? 0 : layout.width);
  const std::size_t lines = blocks.empty() ? 0 : blocks.front().cells.size();
  for (std::size_t line = 0; line < lines; ++line) {
    std::string row;
    for (std::size_t i = 0; i < columns; ++i) {
      if (i > 0) row += "  ";
      row += blocks[i].cells[line];
    }
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  if (columns < blocks.size()) {
    std::string names;
    for (std::size_t i = columns; i < blocks.size(); ++i) {
      names += (i == columns ? "" : ", ") + blocks[i].name;
    }
    text += fmt::format("left out for want of width: {} (--wide shows all)\n", names);
  }
  return text;
}

std::string printed(const char* format, double value) {
  if (std::isnan(value)) return "-";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  quoted += '"';
  return quoted;
}

}  // namespace

std::string to_text(const Report& report, const Layout& layout) {
  std::string text;
  for (const auto& table : report.tables) {
    if (!text.empty()) text += '\n';
    text += to_text(table, layout);
  }
  if (!text.empty() && !report.notes.empty()) text += '\n';
  for (const auto& note : report.notes) text += note + "\n";
  return text;
}

std::string to_csv(const Table& table) {
  std::string text;
  const auto add = [&text](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) text += ',';
      text += csv_cell(cells[i]);
    }
    text += '\n';
  };
  add(table.header);
  for (const auto& row : table.rows) add(row);
  return text;
}

std::string number(double value) { return printed("%.4g", value); }

std::string score_text(double value) { return printed("%#.4g", value); }

std::string duration(double seconds) {
  if (std::isnan(seconds)) return "-";
  const auto s = static_cast<std::int64_t>(std::llround(seconds));
  constexpr std::int64_t kDay = 86400;
  if (s >= kDay) return fmt::format("{} d {} h", s / kDay, s % kDay / 3600);
  if (s >= 3600) return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
  if (s >= 60) return fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} s", s);
}

}  // namespace strffit
