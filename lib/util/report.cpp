#include "util/report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

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

std::string to_text(const Table& table) {
  std::vector<std::vector<std::string>> lines = table.rows;
  if (!table.header.empty()) lines.insert(lines.begin(), table.header);
  // Ids come from files; a line break or an escape sequence in one would garble the table.
  for (auto& line : lines) {
    for (auto& cell : line) {
      std::replace_if(cell.begin(), cell.end(), is_control, '?');
    }
  }
  std::vector<std::size_t> widths;
  std::vector<bool> right;
  for (const auto& line : lines) {
    widths.resize(std::max(widths.size(), line.size()), 0);
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width(line[i]));
  }
  for (std::size_t i = 0; i < widths.size(); ++i) {
    right.push_back(i > 0 &&
                    std::all_of(table.rows.begin(), table.rows.end(), [&](const auto& row) {
                      return i >= row.size() || is_number(row[i]);
                    }));
  }
  std::string text = table.title.empty() ? "" : table.title + "\n";
  for (const auto& line : lines) {
    std::string row;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string gap(widths[i] - width(line[i]), ' ');
      if (i > 0) row += "  ";
      row += right[i] ? gap + line[i] : line[i] + gap;
    }
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
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

std::string to_text(const Report& report) {
  std::string text;
  for (const auto& table : report.tables) {
    if (!text.empty()) text += '\n';
    text += to_text(table);
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
