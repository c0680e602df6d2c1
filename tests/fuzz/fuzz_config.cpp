// libFuzzer target: no text makes the configuration reader do anything but read it, or refuse it
// as a ConfigError; what it reads, it writes so that it reads back the same.
//
// The first line of an input is an assignment of the command line, the rest the file.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "config/schema.hpp"
#include "util/errors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using strffit::config::Document;
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto line_end = input.find('\n');
  try {
    Document first = Document::from_text(
        line_end == std::string::npos ? "" : input.substr(line_end + 1), "fuzz.yaml");
    first.set(input.substr(0, line_end));
    const auto settings = strffit::config::read_settings(first.root());
    for (const std::string& text : {first.resolved(), first.commented()}) {
      try {
        Document second = Document::from_text(text, "written.yaml");
        if (!(strffit::config::read_settings(second.root()) == settings)) std::abort();
      } catch (const strffit::ConfigError&) {
        std::abort();
      }
    }
  } catch (const strffit::ConfigError&) {
    return 0;
  }
  return 0;
}
