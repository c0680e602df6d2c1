#include "config/scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <system_error>

#include "util/errors.hpp"

namespace strffit::config {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Form of a number such as "-12.5e3".
struct Number {
  bool valid = false;
  bool whole = false;
  bool leading_zero = false;
};

Number scan_number(const std::string& text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i - start;
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  const std::size_t first = i;
  std::size_t mantissa = digits();
  Number number{.whole = true, .leading_zero = mantissa > 1 && text[first] == '0'};
  if (i < text.size() && text[i] == '.') {
    ++i;
    number.whole = false;
    mantissa += digits();
  }
  if (mantissa > 0 && i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    number.whole = false;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (digits() == 0) return {};
  }
  number.valid = mantissa > 0 && i == text.size();
  return number;
}

bool looks_infinite_or_nan(const Value& value) {
  if (value.kind != Kind::scalar || value.quoted) return false;
  std::string text = lower(value.text);
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.erase(0, 1);
  return text == ".inf" || text == "inf" || text == "infinity" || text == ".nan" || text == "nan";
}

// from_chars does not accept "+".
template <class T>
std::errc convert(const std::string& text, T& result) {
  const char* begin = text.data() + (text[0] == '+' ? 1 : 0);
  return std::from_chars(begin, text.data() + text.size(), result).ec;
}

[[noreturn]] void refuse(const Value& value, const std::string& where, const std::string& expected,
                         const std::string& cure = "") {
  std::string what = "expected " + expected + "; found " + describe(value);
  if (value.kind == Kind::null) what += "; give a value, or remove the key to use the default";
  throw ConfigError(where, what + cure);
}

[[noreturn]] void refuse_range(const std::string& where, const std::string& range,
                               const std::string& found) {
  throw ConfigError(where, "must be " + range + "; found " + printable(found));
}

std::string expected_number(const std::string& noun, const Range& range) {
  const std::string limits = describe(range);
  return limits.empty() ? noun : noun + " " + limits;
}

// The form of a number; ConfigError if the value is not a number.
Number require_number(const Value& value, const std::string& where, const std::string& expected) {
  if (looks_infinite_or_nan(value)) {
    throw ConfigError(where, "must be a finite number; found " + printable(value.text));
  }
  if (!looks_like_number(value)) {
    const bool quoted_number = value.kind == Kind::scalar && scan_number(value.text).valid;
    refuse(value, where, expected, quoted_number ? "; remove the quotes" : "");
  }
  const Number number = scan_number(value.text);
  if (number.leading_zero) {
    throw ConfigError(where, "expected " + expected + "; found " + printable(value.text) +
                                 "; write it without leading zeros");
  }
  return number;
}

}  // namespace

bool looks_like_number(const Value& value) {
  return value.kind == Kind::scalar && !value.quoted && scan_number(value.text).valid;
}

bool looks_like_boolean(const Value& value) {
  if (value.kind != Kind::scalar || value.quoted) return false;
  constexpr std::array<std::string_view, 6> kWords{"true",  "True",  "TRUE",
                                                   "false", "False", "FALSE"};
  return std::find(kWords.begin(), kWords.end(), value.text) != kWords.end();
}

double read_number(const Value& value, const std::string& where, const Range& range) {
  require_number(value, where, expected_number("a number", range));
  double number = 0;
  if (convert(value.text, number) != std::errc{}) {
    throw ConfigError(where,
                      "is too large or too small for a double; found " + printable(value.text));
  }
  if (!range.contains(number)) refuse_range(where, describe(range), value.text);
  return number;
}

std::int64_t read_integer(const Value& value, const std::string& where, const Range& range) {
  const std::string expected = expected_number("a whole number", range);
  if (!require_number(value, where, expected).whole) {
    refuse(value, where, expected, "; write it with digits only");
  }
  std::int64_t number = 0;
  if (convert(value.text, number) != std::errc{}) {
    throw ConfigError(where,
                      "is too large for a whole number of 64 bits; found " + printable(value.text));
  }
  if (!range.contains(static_cast<double>(number))) {
    refuse_range(where, describe(range), value.text);
  }
  return number;
}

bool read_boolean(const Value& value, const std::string& where) {
  if (!looks_like_boolean(value)) refuse(value, where, "true or false");
  return value.text[0] == 't' || value.text[0] == 'T';
}

std::string read_text(const Value& value, const std::string& where) {
  const std::size_t first = value.raw ? value.raw->find_first_not_of(' ') : std::string::npos;
  if (first != std::string::npos) {
    // Text after = is literal, unless all of it is in quotes.
    const char begin = (*value.raw)[first];
    const bool quoted =
        value.kind == Kind::scalar && value.quoted && (begin == '"' || begin == '\'');
    if (!quoted) return value.raw->substr(first, value.raw->find_last_not_of(' ') - first + 1);
  }
  if (value.kind != Kind::scalar) {
    refuse(value, where, "text",
           value.kind == Kind::null && !value.raw ? ", and put text that begins with # in quotes"
                                                  : "");
  }
  if (looks_like_boolean(value)) {
    refuse(value, where, "text", "; put it in quotes if it is meant as text");
  }
  return value.text;
}

std::string describe(const Value& value) {
  switch (value.kind) {
    case Kind::null:
      return "nothing";
    case Kind::list:
      return "a list";
    case Kind::map:
      return "a mapping";
    case Kind::scalar:
      break;
  }
  std::string text = printable(value.text);
  if (looks_like_boolean(value)) return text;
  return (looks_like_number(value) ? "the number " + text : "the text \"" + text + "\"");
}

}  // namespace strffit::config
