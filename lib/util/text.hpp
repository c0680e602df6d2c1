// Text with numbers. Messages are made with fmt::format, which this header includes: "{}" prints a
// number without superfluous digits, and a format that does not suit its values does not compile.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <string>

namespace strffit {

// "1 member", "3 members"; with `many`: "2 stimuli".
std::string counted(std::int64_t n, const std::string& one, const std::string& many = "");

// "a linear", "an ln": a word without vowels is spelled, so the name of its first letter decides.
std::string with_article(const std::string& word);

}  // namespace strffit
