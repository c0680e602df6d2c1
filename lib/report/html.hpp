// HTML of one file: text that is always escaped, tables that can be sorted, figures inline.
#pragma once

#include <string>
#include <vector>

namespace strffit {

// A column of a table. Numbers are aligned to the right and, with `bar`, have a small bar of their
// place between 0 and 1 behind them.
struct HtmlColumn {
  std::string title;
  bool number = false;
  bool bar = false;
  std::string meaning = {};  // shown when the pointer rests on the title
};

// A cell: text (escaped), or a number with the digits that its column shows.
struct HtmlCell {
  std::string text = {};
  double bar = -1;          // 0 to 1, below 0 for none
  std::string link = {};    // the id of a part of the page, "" for none
  std::string markup = {};  // instead of the text: an image
};

// Names of units and files, so that their direction of writing affects nothing around them.
std::string html_name(const std::string& text);

class Html {
 public:
  // Escaped text, and markup of our own.
  Html& text(const std::string& text);
  Html& raw(const std::string& markup);

  Html& paragraph(const std::string& text);
  // A section with a heading and an id, until end_section().
  Html& section(const std::string& id, const std::string& title);
  Html& end_section();
  Html& heading(const std::string& text);  // of a part of a section
  // A list of terms and what they are.
  Html& facts(const std::vector<std::pair<std::string, std::string>>& rows);
  Html& table(const std::string& caption, const std::vector<HtmlColumn>& columns,
              const std::vector<std::vector<HtmlCell>>& rows, const std::string& id = "");
  Html& preformatted(const std::string& text);

  // The bytes of an SVG or PNG file, with what it shows for those who cannot see it.
  Html& figure(const std::string& file, const std::string& caption);

  const std::string& markup() const { return markup_; }
  std::size_t size() const { return markup_.size(); }

 private:
  std::string markup_;
};

// A number of a table: three digits after the point, "–" where it is none.
HtmlCell html_number(double value, int digits = 3);
// The same with a bar of its place between 0 and 1.
HtmlCell html_score(double value);

// The whole page: `body` between header and footer, style and script of our own, nothing from
// elsewhere.
std::string html_page(const std::string& title, const std::string& contents,
                      const std::string& body);

}  // namespace strffit
