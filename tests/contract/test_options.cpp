// Every key of every model refuses what it cannot use, at its place, and reads back what it wrote.
#include "support/model_text.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

#include "variants.hpp"

namespace strffit::test {
namespace {

// The configuration with every key of the model, as a run writes it, and the reference table of
// those keys.
struct Written {
  std::vector<std::string> lines;  // of the mapping `model`
  std::string reference;
};

Written write(const std::string& text) {
  auto document = config::Document::from_text(text, "fit.yaml");
  auto root = document.root();
  auto node = root.map("model", "");
  read_model(node);
  root.finish();
  Written written{{}, document.reference()};
  std::istringstream stream(document.resolved());
  for (std::string line; std::getline(stream, line);) written.lines.push_back(line);
  return written;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

std::string options_message(const std::vector<std::string>& lines) {
  try {
    write(joined(lines));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

std::size_t indent(const std::string& line) { return line.find_first_not_of(' '); }

// A key of the written configuration: its line, and its path "model.kernel.kind".
struct Key {
  std::size_t line;
  std::string name, path;
  bool mapping;
};

std::vector<Key> keys_of(const std::vector<std::string>& lines) {
  std::vector<Key> keys;
  std::vector<std::string> above;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto colon = lines[i].find(':');
    const auto name = lines[i].substr(indent(lines[i]), colon - indent(lines[i]));
    above.resize(indent(lines[i]) / 2);
    std::string path;
    for (const auto& part : above) path += part + ".";
    keys.push_back({i, name, path + name, colon + 1 == lines[i].size()});
    above.push_back(name);
  }
  return keys;
}

// The same lines with another value for a key, a mapping's own keys left out.
std::vector<std::string> with_value(std::vector<std::string> lines, const Key& key,
                                    const std::string& value) {
  auto next = key.line + 1;
  while (next < lines.size() && indent(lines[next]) > indent(lines[key.line])) ++next;
  lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(key.line) + 1,
              lines.begin() + static_cast<std::ptrdiff_t>(next));
  lines[key.line] = std::string(indent(lines[key.line]), ' ') + key.name + ": " + value;
  return lines;
}

// The value column of a key in the reference: "whole number from 1 to 10000".
std::string values_of(const std::string& reference, const Key& key) {
  const auto mapping = key.path.substr(0, key.path.rfind('.'));
  const auto table = reference.find("`" + mapping + "`\n\n");
  const auto row = reference.find("| `" + key.name + "` |", table);
  REQUIRE(table != std::string::npos);
  REQUIRE(row != std::string::npos);
  std::istringstream cells(reference.substr(row, reference.find('\n', row) - row));
  std::string cell;
  for (int i = 0; i < 4; ++i) std::getline(cells, cell, '|');
  return cell;
}

// Values just outside a range: of "from 1 to 10" 0 and 11, of "at least 1" 0, of "above 0" 0.
std::vector<std::string> just_outside(const std::string& values) {
  const std::string number = R"((-?[0-9.e+]+))";
  std::vector<std::string> outside;
  std::smatch found;
  const auto beside = [](const std::string& text, int step) {
    return std::to_string(std::llround(std::stod(text)) + step);
  };
  if (std::regex_search(values, found, std::regex("from " + number + " to " + number))) {
    outside = {beside(found[1], -1), beside(found[2], 1)};
  } else if (std::regex_search(values, found, std::regex("at least " + number))) {
    outside = {beside(found[1], -1)};
  } else if (std::regex_search(values, found, std::regex("above " + number))) {
    outside = {found[1]};
  }
  return outside;
}

TEST_CASE("the written configuration reads back as the same, every default filled in") {
  for (const auto& text : model_variants()) {
    CAPTURE(text);
    const auto written = write("model: " + text + "\n");
    CHECK(joined(write(joined(written.lines)).lines) == joined(written.lines));
    const auto built = spec_of(text).build(some_axes(kBands), 2, true);
    // Below "model:", and two columns in: the mapping alone.
    auto document = config::Document::from_text(joined(written.lines), "fit.yaml");
    auto node = document.root().map("model", "");
    const auto again = read_model(node).build(some_axes(kBands), 2, true);
    REQUIRE(again->entries().size() == built->entries().size());
    for (std::size_t i = 0; i < built->entries().size(); ++i) {
      CHECK(again->entries()[i].name == built->entries()[i].name);
      CHECK(again->entries()[i].shape == built->entries()[i].shape);
    }
  }
}

TEST_CASE("every key refuses nonsense, nothing and values just out of its range, at its place") {
  std::set<std::string> seen;  // key and kind: variants share most
  int ranges = 0;
  for (const auto& text : model_variants()) {
    const auto written = write("model: " + text + "\n");
    for (const auto& key : keys_of(written.lines)) {
      if (key.path == "model") continue;
      if (!seen.insert(spec_of(text).kind + key.path).second) continue;
      CAPTURE(text);
      CAPTURE(key.path);
      std::vector<std::string> refused{"nonsense", "-1", "[]", "[1, x]"};
      if (!key.mapping) {
        refused.insert(refused.end(), {"", "{a: 1}"});
        const auto outside = just_outside(values_of(written.reference, key));
        refused.insert(refused.end(), outside.begin(), outside.end());
        ranges += !outside.empty();
      }
      for (const auto& value : refused) {
        CAPTURE(value);
        const auto message = options_message(with_value(written.lines, key, value));
        CAPTURE(message);
        CHECK(message.starts_with("fit.yaml:" + std::to_string(key.line + 1) + ":"));
        CHECK(message.find(": " + key.path) != std::string::npos);
      }
    }
  }
  CHECK(seen.size() > 50);
  CHECK(ranges > 20);
}

TEST_CASE("a misspelt key is refused at its place, with the right one") {
  for (const auto& text : model_variants()) {
    CAPTURE(text);
    const auto written = write("model: " + text + "\n");
    for (const auto& key : keys_of(written.lines)) {
      // Without these a mapping has other keys, and its message is about those.
      if (key.path == "model" || key.name == "kind" || key.name == "scale" ||
          key.name == "leaky_units")
        continue;
      auto lines = written.lines;
      lines[key.line].insert(lines[key.line].find(':'), 1, 'q');
      const auto message = options_message(lines);
      CAPTURE(message);
      CHECK(message.starts_with("fit.yaml:" + std::to_string(key.line + 1) + ":"));
      CHECK(message.find(key.name + "q: unknown key") != std::string::npos);
      CHECK(message.find("\"" + key.name + "\"") != std::string::npos);
    }
  }
}

TEST_CASE("a model without its kind is refused, and one of no kind is told the kinds") {
  CHECK(options_message({"model: {context: 4}"}).starts_with("fit.yaml:1:"));
  const auto message = options_message({"model: {kind: lnn}"});
  for (const auto& kind : model_kinds()) CHECK(message.find(kind) != std::string::npos);
}

TEST_CASE("every kind has its commented configuration and its test") {
  const std::filesystem::path source = STRFFIT_SOURCE_DIR;
  for (const auto& kind : model_kinds()) {
    CAPTURE(kind);
    CHECK(std::filesystem::exists(source / ("tests/model/test_" + kind + ".cpp")));
    const auto path = source / ("configs/" + kind + ".yaml");
    REQUIRE(std::filesystem::exists(path));
    auto document = config::Document::from_file(path.string());
    auto node = document.root().map("model", "");
    CHECK(read_model(node).kind == kind);
    CHECK_NOTHROW(node.finish());
  }
}

}  // namespace
}  // namespace strffit::test
