#include <doctest/doctest.h>

#include "config/document.hpp"
#include "dataset/options.hpp"
#include "util/errors.hpp"

namespace strffit {
namespace {

DataOptions read(const std::string& text) {
  config::Document document = config::Document::from_text(text, "fit.yaml");
  config::Node root = document.root();
  config::Node data = root.map("data", "the recording");
  const DataOptions options = read_data_options(data);
  root.finish();
  return options;
}

std::string options_refusal(const std::string& text) {
  try {
    read(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST_CASE("data options: defaults") {
  const DataOptions options = read("data: {file: a.h5}");
  CHECK(options.file == "a.h5");
  CHECK(options.units.words == std::vector<std::string>{"all"});
  CHECK(std::holds_alternative<SplitFromFile>(options.split.by));
  CHECK(options.split.folds == 0);
  CHECK(options.standardise == Standardise::overall);
  CHECK(options.smooth_ms == 0);
}

TEST_CASE("data options: every key") {
  const DataOptions options = read(
      "data:\n"
      "  file: a.h5\n"
      "  units: noise_ratio < 40\n"
      "  split: {valid: 0.1, test: 0.3, seed: 7}\n"
      "  standardise: per_band\n"
      "  smooth_ms: 21\n");
  CHECK(options.units.words == std::vector<std::string>{"noise_ratio < 40"});
  CHECK(options.units.where.find("fit.yaml:3:") == 0);
  const auto& fractions = std::get<SplitFractions>(options.split.by);
  CHECK(fractions.valid == 0.1);
  CHECK(fractions.test == 0.3);
  CHECK(fractions.seed == 7);
  CHECK(options.split.where.find("fit.yaml:4:") == 0);
  CHECK(options.standardise == Standardise::per_band);
  CHECK(options.smooth_ms == 21);

  const auto folded = read("{data: {file: a, split: {test: 0.9}, folds: 5}}").split;
  CHECK(folded.folds == 5);
  CHECK(std::get<SplitFractions>(folded.by).test == 0.9);

  const DataOptions lists = read(
      "data:\n  file: a.h5\n  units: [u1, 4-6]\n  split: {valid: [a, b], test: [speech]}\n"
      "  standardise: false\n");
  CHECK(lists.units.words == std::vector<std::string>{"u1", "4-6"});
  const auto& split = std::get<SplitLists>(lists.split.by);
  CHECK(split.train.empty());
  CHECK(split.valid == std::vector<std::string>{"a", "b"});
  CHECK(split.test == std::vector<std::string>{"speech"});
  CHECK(lists.standardise == Standardise::none);
  CHECK(std::get<SplitFractions>(read("data: {file: a, split: {test: 0.5}}").split.by).valid ==
        0.15);
  CHECK(std::holds_alternative<SplitFromFile>(read("data: {file: a, split: from_file}").split.by));
}

TEST_CASE("data options: what was resolved, read again, gives the same") {
  for (const char* split :
       {"{valid: [a, '0.5'], test: [c]}", "{valid: 0.25, test: 0.5, seed: 3}", "from_file"}) {
    config::Document document = config::Document::from_text(
        std::string("data: {file: a.h5, units: ['0-3', b], smooth_ms: 12.5, split: ") + split + "}",
        "fit.yaml");
    config::Node data = document.root().map("data", "the recording");
    const DataOptions first = read_data_options(data);
    const DataOptions again = read(document.resolved());
    CHECK(again.units.words == first.units.words);
    CHECK(again.smooth_ms == first.smooth_ms);
    REQUIRE(again.split.by.index() == first.split.by.index());
    if (const auto* lists = std::get_if<SplitLists>(&first.split.by)) {
      CHECK(std::get<SplitLists>(again.split.by).valid == lists->valid);
    }
    if (const auto* fractions = std::get_if<SplitFractions>(&first.split.by)) {
      CHECK(std::get<SplitFractions>(again.split.by).seed == fractions->seed);
      CHECK(std::get<SplitFractions>(again.split.by).valid == fractions->valid);
    }
  }
}

TEST_CASE("data options: what is refused") {
  const struct {
    const char *text, *words;
  } cases[] = {
      {"data: {}", "data.file"},
      {"data: {file: a, split: by_hand}", "data.split"},
      {"data: {file: a, split: {valid: 0.5, test: 0.5}}", "a sum below 1"},
      {"data: {file: a, split: {valid: 1.5}}", "data.split.valid"},
      {"data: {file: a, split: {valid: 0.1, test: speech}}", "data.split.test"},
      {"data: {file: a, split: {valid: 0.1, fest: 0.2}}", "data.split.fest"},
      {"data: {file: a, split: {valid: [a], seed: 1}}", "data.split.seed"},
      {"data: {file: a, nested: {inner: 3}}", "data.nested.inner: needs nested"},
      {"data: {file: a, split: {valid: 0.2}, folds: 3}", "data.split.valid: has no effect with"},
      {"data: {file: a, folds: 1}", "expected 0, or 2 or more"},
      {"data: {file: a, folds: -2}", "data.folds"},
      {"data: {file: a, standardise: yes_please}", "data.standardise"},
      {"data: {file: a, smooth_ms: 0}", "data.smooth_ms"},
      {"data: {file: a, smooth_ms: .nan}", "data.smooth_ms"},
      {"data: {file: a, units: {a: b}}", "data.units"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.text);
    const std::string message = options_refusal(one.text);
    CHECK(message.find("fit.yaml:1:") == 0);
    CHECK(message.find(one.words) != std::string::npos);
  }
}

}  // namespace
}  // namespace strffit
