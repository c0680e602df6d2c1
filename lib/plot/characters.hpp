// Cleaning of text from files, for figures and reports.
#pragma once

#include <string>
#include <vector>

namespace strffit::plot {

// Splits a text of any bytes into characters. Invalid UTF-8, control characters and marks that
// change the writing direction become '?'.
std::vector<std::string> clean_characters(const std::string& text);

// Escapes a text for XML or HTML, for use between tags or in quotes. Cleans it first.
std::string xml_text(const std::string& text);

}  // namespace strffit::plot
