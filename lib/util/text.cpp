#include "util/text.hpp"

namespace strffit {

std::string counted(std::int64_t n, const std::string& one, const std::string& many) {
  return fmt::format("{} {}", n, n == 1 ? one : many.empty() ? one + "s" : many);
}

std::string with_article(const std::string& word) {
  const bool spelled = word.find_first_of("aeiou") == std::string::npos;
  const bool vowel =
      !word.empty() &&
      std::string(spelled ? "aefhilmnorsx" : "aeio").find(word.front()) != std::string::npos;
  return (vowel ? "an " : "a ") + word;
}

}  // namespace strffit
