// Alternatives of keys, and documents with some of them.
#include <doctest/doctest.h>

#include "config/document.hpp"
#include "config/range.hpp"
#include "support/messages.hpp"
#include "util/errors.hpp"

namespace strffit::config {
namespace {

const char* const kSweep =
    "fit:\n"
    "  l1: 0.5\n"
    "sweep:\n"
    "  fit.l1: [0, 1e-3]\n"
    "  model:\n"
    "    kind: [ln, 'true', null, {a: [1, 'x y']}]\n";

std::vector<std::vector<Alternative>> alternatives_of(const std::string& text) {
  return Document::from_text(text, "fit.yaml").root().alternatives("sweep", "");
}

std::string alternatives_refused(const std::string& text) {
  return test::error_of<ConfigError>([&] { alternatives_of(text); });
}

struct Read {
  double l1;
  std::string kind;
};

Read read_all(Document& document) {
  Node root = document.root();
  const Read read = {root.map("fit", "").get("l1", 0.25, at_least(0), ""),
                     root.map("model", "").get("kind", "linear", "")};
  root.alternatives("sweep", "");
  return read;
}

TEST_CASE("alternatives: each with its key, text and place, in the order of the file") {
  const auto found = alternatives_of(kSweep);
  REQUIRE(found.size() == 2);
  REQUIRE(found[0].size() == 2);
  REQUIRE(found[1].size() == 4);
  CHECK(found[0][1].key == "fit.l1");
  CHECK(found[0][1].text == "1e-3");
  CHECK(found[0][1].where == "fit.yaml:4:15: fit.l1");
  CHECK(found[1][0].key == "model.kind");
  CHECK(found[1][0].text == "ln");
  CHECK(found[1][1].text == "\"true\"");  // a text, which without quotes would be a boolean
  CHECK(found[1][2].text == "null");
  CHECK(found[1][3].text == "{a: [1, \"x y\"]}");
  CHECK(alternatives_of("fit: {}").empty());
  CHECK(alternatives_of("sweep:\n").empty());
}

TEST_CASE("alternatives: what is refused, at its place") {
  const std::string list = "expected a list of values, such as [1, 2]";
  CHECK(alternatives_refused("sweep: 3") ==
        "fit.yaml:1:1: sweep: expected a mapping of keys to lists of values; found the number 3");
  CHECK(alternatives_refused("sweep:\n  fit.l1: 3") ==
        "fit.yaml:2:3: fit.l1: " + list + "; found the number 3");
  CHECK(alternatives_refused("sweep:\n  fit: {l1: []}") ==
        "fit.yaml:2:9: fit.l1: " + list + "; found an empty list");
  CHECK(alternatives_refused("sweep:\n  fit.l1: [1]\n  fit: {l1: [2]}") ==
        "fit.yaml:3:9: fit.l1: given twice; remove one");
}

TEST_CASE("with: some values over what the file says, out of the sweep; the file stays") {
  Document file = Document::from_text(kSweep, "fit.yaml");
  const auto found = file.root().alternatives("sweep", "");
  Document one = file.with({found[0][1], found[1][0]}, "sweep");
  const Read read = read_all(one);
  CHECK(read.l1 == 1e-3);
  CHECK(read.kind == "ln");
  CHECK(one.root().alternatives("sweep", "").empty());
  Document other = file.with({found[0][0]}, "sweep");
  CHECK(other.root().alternatives("sweep", "").size() == 1);  // that of model.kind is left
  CHECK(read_all(file).l1 == 0.5);
  CHECK(file.root().alternatives("sweep", "").size() == 2);
}

TEST_CASE("with: a key that is none, and one below a value") {
  Document file = Document::from_text("fit: 3\nsweep: {'fit l1': [1], fit.l1: [2]}", "fit.yaml");
  const auto found = file.root().alternatives("sweep", "");
  CHECK(test::error_of<ConfigError>([&] { file.with({found[0][0]}, "sweep"); }) ==
        found[0][0].where + ": expected the path of a key, such as fit.l1");
  CHECK(test::error_of<ConfigError>([&] { file.with({found[1][0]}, "sweep"); }) ==
        found[1][0].where + ": \"fit\" is not a mapping; found the number 3");
}

TEST_CASE("entries: every key that was read, with its final value") {
  Document document = Document::from_text("fit: {l1: 0.5}", "fit.yaml");
  CHECK(document.entries().empty());
  CHECK(document.resolved().empty());
  read_all(document);
  const auto entries = document.entries();
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].path == "fit.l1");
  CHECK(entries[0].value == "0.5");
  CHECK(entries[1].path == "model.kind");
  CHECK(entries[1].value == "linear");
  CHECK(entries[2].path == "sweep");
  CHECK(entries[2].value == "{}");
}

TEST_CASE("a default that a setting does not share is left out, what is given stays") {
  Document file = Document::from_text("fit: {l1: 0.5}", "fit.yaml");
  Document setting = Document::from_text("fit: {l1: 0.5}", "fit.yaml");
  CHECK_THROWS_AS(file.agree_with(setting), Bug);
  read_all(file);
  Node root = setting.root();
  root.map("fit", "").get("l1", 0.75, at_least(0), "");  // another default, but it is given
  root.map("model", "").get("kind", "nrf", "");          // another default
  file.agree_with(setting);
  CHECK(file.resolved() == "fit:\n  l1: 0.5\n");
  Document again = Document::from_text(file.resolved(), "fit.yaml");
  CHECK(again.root().map("model", "").get("kind", "nrf", "") == "nrf");
}

}  // namespace
}  // namespace strffit::config
