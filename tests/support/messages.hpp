// Messages of errors.
#pragma once

#include <functional>
#include <string>

namespace strffit::test {

// Message of the Error that `call` throws; "no error" if it throws none.
template <class Error>
std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace strffit::test
