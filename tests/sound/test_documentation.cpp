// docs/spectrograms.md has the tables of keys that the program has.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "sounds.hpp"

namespace strffit::test {
namespace {

// The table of the mapping `path`, read from `yaml`.
std::string key_table(const std::string& yaml, const std::string& path) {
  auto document = config::Document::from_text("spectrogram: " + yaml + "\n", "recording.yaml");
  auto root = document.root();
  auto node = root.map("spectrogram", "");
  read_spectrogram(node);
  const auto text = document.reference(path);
  const auto begin = text.find("| key |");
  return text.substr(begin, text.find("\n\n", begin) - begin);
}

TEST_CASE("docs/spectrograms.md has every key") {
  std::ifstream stream(std::string(STRFFIT_SOURCE_DIR) + "/docs/spectrograms.md");
  const std::string page{std::istreambuf_iterator<char>(stream), {}};
  REQUIRE(!page.empty());
  std::vector<std::string> tables;
  for (const auto& kind : spectrogram_kinds()) {
    tables.push_back(key_table("{kind: " + kind + "}", "spectrogram"));
  }
  for (const char* kind : {"none", "power", "log", "decibel", "hill", "hill, of: decibel"}) {
    tables.push_back(
        key_table("{compression: {kind: " + std::string(kind) + "}}", "spectrogram.compression"));
  }
  for (const auto& table : tables) {
    INFO("expected in docs/spectrograms.md:\n" << table);
    CHECK(page.find(table) != std::string::npos);
  }
}

}  // namespace
}  // namespace strffit::test
