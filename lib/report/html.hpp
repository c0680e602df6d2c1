// Building blocks of an HTML report in one file: escaped text, sortable tables, inline figures.
#pragma once

#include <string>
#include <vector>

namespace strffit {

// A column of a table. Numbers are right-aligned. With `bar`, a small bar behind each number shows
// its position between 0 and 1.
struct HtmlColumn {
  std::string title;
  bool number = false;
  bool bar = false;
  std::string meaning = {};  // tooltip of the title
};

// A cell of a table: text, which will be escaped, or an already formatted number.
struct HtmlCell {
  std::string text = {};
  double bar = -1;          // position of the bar, 0 to 1; below 0: no bar
  std::string link = {};    // id of a part of the page; "": no link
  std::string markup = {};  // used instead of the text: an image
};

// A name of a unit or file as HTML. Its writing direction cannot affect the text around it.
std::string html_name(const std::string& text);

class Html {
 public:
  // text() escapes. raw() does not, and is only for markup from this program.
  Html& text(const std::string& text);
  Html& raw(const std::string& markup);

  Html& paragraph(const std::string& text);
  // Begins a section with an id and a heading. end_section() ends it.
  Html& section(const std::string& id, const std::string& title);
  Html& end_section();
  Html& heading(const std::string& text);  // of a part of a section
  // Adds a list of terms with their descriptions.
  Html& facts(const std::vector<std::pair<std::string, std::string>>& rows);
  Html& table(const std::string& caption, const std::vector<HtmlColumn>& columns,
              const std::vector<std::vector<HtmlCell>>& rows, const std::string& id = "");
  Html& preformatted(const std::string& text);

  // Adds a figure. `file`: bytes of an SVG or PNG file. `caption` is also the text for screen
  // readers.
  Html& figure(const std::string& file, const std::string& caption);

  const std::string& markup() const { return markup_; }
  std::size_t size() const { return markup_.size(); }

 private:
  std::string markup_;
};

// A number in a table, with `digits` decimals; "–" if it is not finite.
HtmlCell html_number(double value, int digits = 3);
// Like html_number(), with a bar that shows the position between 0 and 1.
HtmlCell html_score(double value);

// The whole page: `body` between header and footer, with the style and the script of this program.
// The page loads nothing from other files or servers.
std::string html_page(const std::string& title, const std::string& contents,
                      const std::string& body);

}  // namespace strffit
