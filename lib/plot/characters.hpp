// Text of any bytes, for figures and pages.
#pragma once

#include <string>
#include <vector>

namespace strffit::plot {

// The characters of a text of any bytes: '?' for what is no UTF-8, a control character, or a mark
// that turns the direction of the text around it.
std::vector<std::string> clean_characters(const std::string& text);

// A text between tags or quotes of XML or HTML: its clean characters, with entities for markup.
std::string xml_text(const std::string& text);

}  // namespace strffit::plot
