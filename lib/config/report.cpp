#include "config/report.hpp"

#include <sstream>

#include "config/scalar.hpp"
#include "config/written.hpp"

namespace strffit::config {
namespace {

constexpr std::size_t kLineWidth = 98;

bool has_default(const Record& record) { return record.fallback != "\"\""; }

// "Hidden units (whole number at least 1; default 20)".
std::string comment_text(const Record& record) {
  if (record.child) return record.doc;
  const std::string fallback = has_default(record) ? "; default " + record.fallback : "";
  return record.doc + " (" + record.values + fallback + ")";
}

std::string wrapped_comment(const std::string& text, const std::string& indent) {
  const std::string start = indent + "#";
  std::string lines;
  std::string line = start;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (line != start && line.size() + 1 + word.size() > kLineWidth) {
      lines += line + "\n";
      line = start;
    }
    line += " " + word;
  }
  return line == start ? lines : lines + line + "\n";
}

std::string write_section(const Section& section, const std::string& indent, bool comments) {
  std::string text;
  for (const auto& record : section.records) {
    if (record.left_out || record.unused) continue;
    std::string value = " " + record.value + "\n";
    if (record.child) {
      const std::string below = write_section(*record.child, indent + "  ", comments);
      if (below.empty() && !record.child->records.empty()) continue;  // every key omitted
      value = below.empty() ? " {}\n" : "\n" + below;
    }
    if (comments) {
      if (indent.empty() && !text.empty()) text += "\n";
      text += wrapped_comment(comment_text(record), indent);
    }
    text += indent + write(record.key) + ":" + value;
  }
  return text;
}

// Text in a cell of a Markdown table.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

std::string code(const std::string& text) { return "`" + cell(text) + "`"; }

void write_tables(const Section& section, const std::string& doc, std::string& text) {
  if (!section.path.empty()) text += "## " + code(section.path) + "\n\n";
  if (!doc.empty()) text += doc + "\n\n";
  if (!section.records.empty()) {
    text += "| key | default | values | meaning |\n|---|---|---|---|\n";
    for (const auto& record : section.records) {
      if (record.unused) continue;
      const bool shows_default = !record.child && has_default(record);
      text += "| " + code(record.key) + " | " + (shows_default ? code(record.fallback) : "") +
              " | " + (record.child ? "mapping, below" : cell(record.values)) + " | " +
              cell(record.doc) + " |\n";
    }
    text += "\n";
  }
  for (const auto& record : section.records) {
    if (record.child) write_tables(*record.child, record.doc, text);
  }
}

}  // namespace

std::string write_resolved(const Section& root) { return write_section(root, "", false); }

std::string write_commented(const Section& root) { return write_section(root, "", true); }

std::string write_reference(const Section& root, const std::string& path) {
  std::string text;
  if (path == root.path) write_tables(root, "", text);
  for (const auto& record : root.records) {
    if (!record.child) continue;
    if (record.child->path == path) write_tables(*record.child, record.doc, text);
    if (path.starts_with(record.child->path + ".")) text += write_reference(*record.child, path);
  }
  return text;
}

}  // namespace strffit::config
