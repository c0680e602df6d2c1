#include "report/html.hpp"

#include <algorithm>
#include <cmath>

#include "plot/characters.hpp"
#include "report/page_assets.hpp"
#include "util/base64.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

using plot::xml_text;

std::string escaped_lines(const std::string& text) {
  // Line breaks are kept for preformatted text. Every line is escaped separately.
  std::string result;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    result += xml_text(text.substr(begin, end - begin));
    if (end < text.size()) result += '\n';
    begin = end + 1;
  }
  return result;
}

std::string bytes_of_hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace

std::string html_name(const std::string& text) { return "<bdi>" + xml_text(text) + "</bdi>"; }

Html& Html::text(const std::string& text) { return raw(xml_text(text)); }

Html& Html::raw(const std::string& markup) {
  markup_ += markup;
  return *this;
}

Html& Html::paragraph(const std::string& text) { return raw("<p>" + xml_text(text) + "</p>\n"); }

Html& Html::section(const std::string& id, const std::string& title) {
  return raw(
      fmt::format("<section id=\"{0}\" aria-labelledby=\"{0}-title\">\n<h2 "
                  "id=\"{0}-title\">{1}</h2>\n",
                  xml_text(id), xml_text(title)));
}

Html& Html::end_section() { return raw("</section>\n"); }

Html& Html::heading(const std::string& text) { return raw("<h3>" + xml_text(text) + "</h3>\n"); }

Html& Html::facts(const std::vector<std::pair<std::string, std::string>>& rows) {
  raw("<dl>\n");
  for (const auto& [term, meaning] : rows) {
    if (meaning.empty()) continue;
    raw("<dt>" + xml_text(term) + "</dt><dd>" + html_name(meaning) + "</dd>\n");
  }
  return raw("</dl>\n");
}

Html& Html::table(const std::string& caption, const std::vector<HtmlColumn>& columns,
                  const std::vector<std::vector<HtmlCell>>& rows, const std::string& id) {
  raw(
      fmt::format("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">\n<table "
                  "class=\"sortable\"{}>\n<caption>{}</caption>\n<thead><tr>",
                  xml_text(caption), id.empty() ? "" : fmt::format(" id=\"{}\"", xml_text(id)),
                  xml_text(caption)));
  for (const HtmlColumn& column : columns) {
    raw(fmt::format(
        "<th scope=\"col\"{}{}>{}</th>", column.number ? " class=\"n\"" : "",
        column.meaning.empty() ? "" : fmt::format(" title=\"{}\"", xml_text(column.meaning)),
        xml_text(column.title)));
  }
  raw("</tr></thead>\n<tbody>\n");
  for (const auto& row : rows) {
    raw("<tr>");
    for (std::size_t i = 0; i < row.size(); ++i) {
      const HtmlCell& cell = row[i];
      const bool number = i < columns.size() && columns[i].number;
      std::string content = cell.markup;
      if (content.empty()) content = number ? xml_text(cell.text) : html_name(cell.text);
      if (!cell.link.empty()) {
        content = fmt::format("<a href=\"#{}\">{}</a>", xml_text(cell.link), content);
      }
      const std::string bar =
          cell.bar < 0 ? "" : fmt::format(" style=\"--b:{:.0f}%\"", 100 * std::min(cell.bar, 1.0));
      const char* open = i == 0 ? "th scope=\"row\"" : "td";
      raw(fmt::format("<{}{}{}>{}</{}>", open,
                      number ? (bar.empty() ? " class=\"n\"" : " class=\"n b\"") : "", bar, content,
                      i == 0 ? "th" : "td"));
    }
    raw("</tr>\n");
  }
  return raw("</tbody>\n</table>\n</div>\n");
}

Html& Html::preformatted(const std::string& text) {
  return raw("<pre tabindex=\"0\">" + escaped_lines(text) + "</pre>\n");
}

Html& Html::figure(const std::string& file, const std::string& caption) {
  raw("<figure>\n");
  const std::string label = xml_text(caption);
  const auto svg = file.find("<svg ");
  if (svg != std::string::npos && file.compare(0, 5, "<?xml") == 0) {
    raw(fmt::format("<svg role=\"img\" aria-label=\"{}\" ", label)).raw(file.substr(svg + 5));
  } else {
    raw(fmt::format("<img alt=\"{}\" src=\"data:image/png;base64,{}\">\n", label, base64(file)));
  }
  return raw("<figcaption>" + label + "</figcaption>\n</figure>\n");
}

HtmlCell html_number(double value, int digits) {
  if (!std::isfinite(value)) return {.text = "–"};
  return {.text = fmt::format("{:.{}f}", value, digits)};
}

HtmlCell html_score(double value) {
  HtmlCell cell = html_number(value);
  if (std::isfinite(value)) cell.bar = std::clamp(value, 0.0, 1.0);
  return cell;
}

std::string html_page(const std::string& title, const std::string& contents,
                      const std::string& body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
      "style-src 'unsafe-inline'; script-src 'sha256-{5}'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"generator\" content=\"strffit\">\n<title>{0}</title>\n<style>\n{1}</style>\n"
      "</head>\n<body>\n<header><h1>{0}</h1></header>\n<nav aria-label=\"Contents\">\n{2}</nav>\n"
      "<main>\n{3}</main>\n<script>\n{4}</script>\n</body>\n</html>\n",
      xml_text(title), kPageStyle, contents, body, kPageScript,
      base64(bytes_of_hex(kPageScriptSha256)));
}

}  // namespace strffit
