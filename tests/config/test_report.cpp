// What is written out again: the resolved configuration, the commented one, the reference.
#include <doctest/doctest.h>

#include <bit>
#include <random>

#include "schema.hpp"

namespace strffit::config {
namespace {

struct Written {
  Settings settings;
  std::string resolved;
  std::string commented;
  std::string reference;
};

Written written(const std::string& text) {
  Document document = Document::from_text(text, "fit.yaml");
  const Settings settings = read_settings(document.root());
  return {settings, document.resolved(), document.commented(), document.reference()};
}

const char* const kText =
    "fit: {seeds: [2, 1], learning_rate: 0.30000000000000004, penalties: [], batch: all}\n"
    "data:\n"
    "  units: ['7', no, 'it''s', \"a\\tb\", ' x ', \"\", \"null\", '#1', 'a: b', '[', -, größe]\n"
    "  standardise: true\n";

TEST_CASE("the resolved configuration has every key in the order of reading") {
  CHECK(
      written(kText).resolved ==
      "data:\n"
      "  file: \"\"\n"
      "  smooth_ms: \"off\"\n"
      "  units: [\"7\", \"no\", \"it's\", \"a\\x09b\", \" x \", \"\", \"null\", \"#1\", \"a: b\", "
      "\"[\", \"-\", \"größe\"]\n"
      "  standardise: true\n"
      "model:\n"
      "  kind: linear\n"
      "  hidden: 20\n"
      "  kernel:\n"
      "    kind: full\n"
      "    rank: 1\n"
      "  rectify: true\n"
      "fit:\n"
      "  learning_rate: 0.30000000000000004\n"
      "  momentum: 0.9\n"
      "  fraction: 0.1\n"
      "  batch: all\n"
      "  seeds: [2, 1]\n"
      "  penalties: []\n"
      "  memory: 1099511627776\n");
}

TEST_CASE("what is written reads back as the same settings and the same text") {
  for (const char* text : {"", kText}) {
    const Written first = written(text);
    for (const std::string& again : {first.resolved, first.commented}) {
      const Written second = written(again);
      CHECK(second.settings == first.settings);
      CHECK(second.resolved == first.resolved);
      CHECK(second.commented == first.commented);
    }
  }
}

TEST_CASE("doubles survive bit for bit") {
  std::mt19937_64 random(1);
  std::vector<double> values{-0.0, 5e-324, 1.7976931348623157e308, 1.0 / 3, 123456789012345680.0};
  while (values.size() < 500) {
    const auto value = std::bit_cast<double>(random());
    if (any().contains(value)) values.push_back(value);
  }
  Document first = Document::from_text("", "f");
  first.root().numbers("x", values, any(), "");
  Document second = Document::from_text(first.resolved(), "f");
  const auto read = second.root().numbers("x", {}, any(), "");
  REQUIRE(read.size() == values.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    CHECK(std::bit_cast<std::uint64_t>(read[i]) == std::bit_cast<std::uint64_t>(values[i]));
  }
}

TEST_CASE("texts survive whatever characters they hold") {
  const std::vector<std::string> pieces{
      "a", " ", "\"", "\\",           "'",    ":",        "#", "\n", "\t",   "\r",
      "[", "}", ",",  "\x01",         "\x7f", "\xC2\x85", "é", "-",  "?",    "&",
      "*", "!", "|",  "\xE2\x80\xA8", "%",    "@",        "0", ".",  "true", "\xF0\x9F\x8E\xB5"};
  std::mt19937 random(2);
  std::vector<std::string> texts(300);
  for (auto& text : texts) {
    for (auto length = random() % 8; length > 0; --length) text += pieces[random() % pieces.size()];
  }
  Document first = Document::from_text("", "f");
  first.root().strings("x", texts, "");
  Document second = Document::from_text(first.resolved(), "f");
  CHECK(second.root().strings("x", {}, "") == texts);
}

TEST_CASE("comments give meaning, values and default above each key") {
  const std::string text = written("model: {hidden: 3}").commented;
  CHECK(text.starts_with("# What is fitted\ndata:\n  # Dataset, a path (text)\n  file: \"\"\n"));
  CHECK(text.find("\n\n# The model\nmodel:\n") != std::string::npos);
  CHECK(text.find("\n  # Hidden units (whole number at least 1; default 20)\n  hidden: 3\n") !=
        std::string::npos);
  CHECK(text.find("  # Stimuli a step (whole number at least 1, or all; default 4)\n") !=
        std::string::npos);

  Document document = Document::from_text("", "f");
  std::string long_doc;
  for (int i = 0; i < 60; ++i) long_doc += "word ";
  document.root().get("key", true, long_doc + "\nkey: false");
  const std::string wrapped = document.commented();
  for (std::size_t start = 0; start < wrapped.size();) {
    const auto end = wrapped.find('\n', start);
    CHECK(end - start <= 100);
    start = end + 1;
  }
  Document again = Document::from_text(wrapped, "f");  // the line end in the meaning starts no key
  CHECK(again.root().get("key", false, "") == true);
}

TEST_CASE("the reference has a table for each mapping") {
  const Written all = written("model: {hidden: 3}");
  CHECK(
      all.reference.starts_with("| key | default | values | meaning |\n|---|---|---|---|\n"
                                "| `data` |  | mapping, below | What is fitted |\n"));
  CHECK(all.reference.find("## `model`\n\nThe model\n\n| key | default | values | meaning |\n") !=
        std::string::npos);
  CHECK(all.reference.find("| `hidden` | `20` | whole number at least 1 | Hidden units |\n") !=
        std::string::npos);
  CHECK(all.reference.find("| `units` | `[all]` | list of texts | Units \\| by id |\n") !=
        std::string::npos);
  CHECK(all.reference.find("## `model.kernel`\n\nForm of the kernels\n") != std::string::npos);

  Document document = Document::from_text("", "f");
  read_settings(document.root());
  const std::string kernel = document.reference("model.kernel");
  CHECK(kernel.starts_with("## `model.kernel`\n"));
  CHECK(kernel.find("`rank`") != std::string::npos);
  CHECK(kernel.find("`hidden`") == std::string::npos);
  CHECK(document.reference("none").empty());
}

}  // namespace
}  // namespace strffit::config
