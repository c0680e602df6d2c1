#include "plot/characters.hpp"

#include <cctype>

#include "files/utf8.hpp"

namespace strffit::plot {
namespace {

// True for characters that would change how other text is read, or that break XML: C1 controls,
// direction marks (Unicode Bidi_Control), line and paragraph separators, and noncharacters.
bool misleads(const std::string& character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 2) {
    return (byte(0) == 0xC2 && byte(1) < 0xA0) || character == "\xD8\x9C";  // U+061C
  }
  if (character.size() != 3) return false;
  const unsigned code = (byte(0) & 15U) << 12U | (byte(1) & 63U) << 6U | (byte(2) & 63U);
  return code == 0x200E || code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF || code >= 0xFFFE;
}

}  // namespace

// Titles come from files, and Cairo stops drawing permanently after invalid UTF-8.
std::vector<std::string> clean_characters(const std::string& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  std::vector<std::string> result;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    while (byte(i) >= 0xC0 && end < text.size() && byte(end) >> 6 == 2) ++end;
    const std::string character = text.substr(i, end - i);
    const bool readable =
        files::is_utf8(character) && std::iscntrl(byte(i)) == 0 && !misleads(character);
    result.push_back(readable ? character : "?");
    i = end;
  }
  return result;
}

std::string xml_text(const std::string& text) {
  std::string result;
  for (const std::string& character : clean_characters(text)) {
    if (character == "&") {
      result += "&amp;";
    } else if (character == "<") {
      result += "&lt;";
    } else if (character == ">") {
      result += "&gt;";
    } else if (character == "\"") {
      result += "&quot;";
    } else if (character == "'") {
      result += "&#39;";
    } else {
      result += character;
    }
  }
  return result;
}

}  // namespace strffit::plot
