// What is accepted, and what comes back.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "config/range.hpp"
#include "schema.hpp"
#include "util/errors.hpp"

namespace strffit::config {
namespace {

Settings settings_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  Document document = Document::from_text(text, "fit.yaml");
  for (const auto& assignment : overrides) document.set(assignment);
  return read_settings(document.root());
}

template <class Function>
std::string node_refusal(Function function) {
  try {
    function();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("an absent key has its default, in an empty file as in an empty mapping") {
  const Settings expected{.file = "",
                          .smooth_ms = "off",
                          .units = {"all"},
                          .standardise = "true",
                          .kind = "linear",
                          .hidden = 20,
                          .kernel = "full",
                          .rank = 1,
                          .rectify = true,
                          .learning_rate = 1e-3,
                          .momentum = 0.9,
                          .fraction = 0.1,
                          .batch = std::int64_t{4},
                          .seeds = {0},
                          .penalties = {0.1, 1},
                          .memory = std::int64_t{1} << 40};
  for (const char* text : {"", "\n", "# nothing\n", "---\n", "{}", "model:\n",
                           "model: ~\nfit: {}\n", "\xEF\xBB\xBF", "---\n...\n"}) {
    CAPTURE(text);
    CHECK(settings_of(text) == expected);
  }
}

TEST_CASE("every way of writing a value is read") {
  const std::string text =
      "\xEF\xBB\xBF# a byte order mark,\ta tab in a comment, and line ends of Windows\r\n"
      "data:\r\n"
      "  file: sounds/größe 1.h5  # with spaces\r\n"
      "  smooth_ms: 21\r\n"
      "  units: [a, 7, '008', \"true\"]\r\n"
      "  standardise: False\r\n"
      "model: {kind: \"nrf\", hidden: +7, rectify: FALSE,\r\n"
      "        kernel: {kind: separable, rank: 8}}\r\n"
      "fit:\r\n"
      "  learning_rate: 1.5e-3\r\n"
      "  momentum: 0\r\n"
      "  fraction: .5\r\n"
      "  batch: all\r\n"
      "  seeds: 3\r\n"
      "  penalties:\r\n"
      "  - 1.\r\n"
      "  - 1E+2\r\n"
      "  memory: -9223372036854775808\r\n";
  const Settings read = settings_of(text);
  CHECK(read.file == "sounds/größe 1.h5");
  CHECK(std::get<double>(read.smooth_ms) == 21);
  CHECK(read.units == std::vector<std::string>{"a", "7", "008", "true"});
  CHECK(read.standardise == "false");
  CHECK(read.kind == "nrf");
  CHECK(read.hidden == 7);
  CHECK(read.rectify == false);
  CHECK(read.kernel == "separable");
  CHECK(read.rank == 8);
  CHECK(read.learning_rate == 1.5e-3);
  CHECK(read.momentum == 0);
  CHECK(read.fraction == 0.5);
  CHECK(std::get<std::string>(read.batch) == "all");
  CHECK(read.seeds == std::vector<std::int64_t>{3});
  CHECK(read.penalties == std::vector<double>{1, 100});
  CHECK(read.memory == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("overrides replace what the file says, and make what it lacks") {
  const std::string text = "model: {hidden: 3, kernel: {rank: 2}}\nfit:\n";
  const Settings read = settings_of(
      text, {"model.hidden=40", "model.kernel.kind=separable", "fit.seeds=[1, 2]", "fit.batch=all",
             "data.file=a=b.h5", "data.smooth_ms=1e1", "model.hidden=41"});
  CHECK(read.hidden == 41);
  CHECK(read.rank == 2);
  CHECK(read.kernel == "separable");
  CHECK(read.seeds == std::vector<std::int64_t>{1, 2});
  CHECK(std::get<std::string>(read.batch) == "all");
  CHECK(read.file == "a=b.h5");
  CHECK(std::get<double>(read.smooth_ms) == 10);
  CHECK(settings_of(text, {"model={kind: ln}"}).hidden == 20);
}

TEST_CASE("places of keys, of absent keys, and of keys from the command line") {
  Document document = Document::from_text("# c\nmodel:\n  hidden: 3\n", "fit.yaml");
  document.set("fit.batch=2");
  Node root = document.root();
  Node model = root.map("model", "");
  CHECK(model.where("hidden") == "fit.yaml:3:3: model.hidden");
  CHECK(model.where("kind") == "fit.yaml:2:1: model.kind");
  CHECK(model.map("kernel", "").where("rank") == "fit.yaml:2:1: model.kernel.rank");
  CHECK(root.where("data") == "fit.yaml:2:1: data");
  CHECK(root.map("fit", "").where("batch") == "fit.batch=2 (command line)");
  CHECK(node_refusal([&] { model.fail("hidden", "must be even"); }) ==
        "fit.yaml:3:3: model.hidden: must be even");
  CHECK(node_refusal([&] {
          model.choice("kind", "", {"ln", "nrf"}, "");
        }) == "fit.yaml:2:1: model.kind: is required: ln or nrf");
  CHECK(Document::from_text("", "a").root().where("b") == "a:1:1: b");
}

TEST_CASE("the form of a value can be asked before it is read") {
  const Node root = Document::from_text("a: 1\nb: [1]\nc: {d: 1}\ne:\n", "f").root();
  CHECK(root.form("a") == Form::scalar);
  CHECK(root.form("b") == Form::list);
  CHECK(root.form("c") == Form::map);
  CHECK(root.form("e") == Form::nothing);
  CHECK(root.form("g") == Form::absent);
  CHECK(root.has("e"));
  CHECK_FALSE(root.has("g"));
}

TEST_CASE("finish looks into every mapping that was handed out, and at no other") {
  Node root = Document::from_text("a: {b: {c: 1}}\n", "f").root();
  Node a = root.map("a", "");
  a.map("b", "");
  CHECK(node_refusal([&] { root.finish(); }) == "f:1:9: a.b.c: unknown key; no key is known here");
  Node again = root.map("a", "").map("b", "");  // the same mapping as before
  again.get("c", 1, any(), "");
  CHECK(node_refusal([&] { root.finish(); }) == "accepted");
}

// A mapping with one key that decides on two others.
struct Deciding {
  std::string kind;
  double rate = 0;
};

Deciding read_deciding(Document& document) {
  Node root = document.root();
  Deciding read;
  read.kind = root.choice("kind", "plain", {"plain", "fast", "other"}, "which");
  if (read.kind == "other") {
    root.get("own", std::int64_t{3}, at_least(1), "of this kind alone");
  } else {
    Node fast = root.only_if(read.kind == "fast", "is only for kind: fast; leave it out");
    read.rate = fast.get("rate", 0.5, above(0), "how fast");
  }
  root.alternatives("sweep", "in turn");
  root.finish();
  return read;
}

std::string deciding_refusal(const std::string& text, const std::vector<std::string>& overrides) {
  return node_refusal([&] {
    auto document = Document::from_text(text, "fit.yaml");
    auto alone = document.with({}, "");
    node_refusal([&] { read_deciding(alone); });
    document.mark_defaults_of(alone, {"own=7"});
    for (const auto& assignment : overrides) document.set(assignment);
    read_deciding(document);
  });
}

TEST_CASE("a key without effect is refused, but at its default in the file") {
  CHECK(deciding_refusal("{kind: fast, rate: 2}", {}) == "accepted");
  CHECK(deciding_refusal("{rate: 2}", {}) ==
        "fit.yaml:1:2: rate: is only for kind: fast; leave it out");
  CHECK(deciding_refusal("{kind: fast, rate: 2}", {"kind=plain"}) ==
        "fit.yaml:1:14: rate: is only for kind: fast; leave it out");
  CHECK(deciding_refusal("{rate: 0.50}", {}) == "accepted");
  CHECK(deciding_refusal("{kind: fast, rate: 0.5}", {"kind=plain"}) == "accepted");
  CHECK(deciding_refusal("", {"rate=0.5"}) ==
        "rate=0.5 (command line): is only for kind: fast; leave it out");
  CHECK(deciding_refusal("{rate: -1}", {}) == "fit.yaml:1:2: rate: must be above 0; found -1");

  auto document = Document::from_text("{kind: plain, rate: 0.5}", "fit.yaml");
  CHECK(read_deciding(document).rate == 0.5);
  CHECK(document.resolved() == "kind: plain\nsweep: {}\n");
  CHECK(document.entries().size() == 2);
}

TEST_CASE("a key of another kind is refused, but at that kind's default in the file") {
  CHECK(deciding_refusal("{kind: other, own: 4}", {"kind=plain"}) ==
        "fit.yaml:1:15: own: unknown key; known here: kind, rate, sweep");
  CHECK(deciding_refusal("{kind: other, own: 3}", {"kind=plain"}) == "accepted");
  CHECK(deciding_refusal("{kind: other, own: 7}", {"kind=plain"}) == "accepted");  // suggested
  CHECK(deciding_refusal("{kind: other}", {"own=3", "kind=plain"}) ==
        "own=3 (command line): unknown key; known here: kind, rate, sweep");
  CHECK(deciding_refusal("{kind: plain, own: 3}", {}).ends_with("known here: kind, rate, sweep"));
}

TEST_CASE("what a run has left may hold keys without effect: it reads as without them") {
  auto document = Document::of_run("{kind: plain, rate: 2}", "config");
  CHECK(read_deciding(document).rate == 0.5);
  CHECK(document.resolved() == "kind: plain\nsweep: {}\n");
  CHECK_THROWS_AS(
      [] {
        auto bad = Document::of_run("{kind: plain, own: 2}", "config");
        read_deciding(bad);
      }(),
      ConfigError);
}

TEST_CASE("of a sweep a key needs an effect in one setting, and is saved for that") {
  auto base = Document::from_text("{rate: 2, sweep: {kind: [plain, fast]}}", "fit.yaml");
  CHECK_NOTHROW(read_deciding(base));
  REQUIRE(base.unused().size() == 1);
  CHECK(base.unused().front().path == "rate");
  CHECK(base.resolved().find("rate") == std::string::npos);
  const auto alternatives = Document(base).root().alternatives("sweep", "in turn").front();
  for (const auto& one : alternatives) {
    auto setting = base.with({one}, "sweep");
    const auto read = read_deciding(setting);
    CHECK(read.rate == (read.kind == "fast" ? 2 : 0.5));
    CHECK(setting.unused().size() == (read.kind == "fast" ? 0 : 1));
    base.agree_with(setting);
  }
  CHECK(base.resolved() == "rate: 2\nsweep: {kind: [plain, fast]}\n");
}

TEST_CASE("defaults that would be refused, and late overrides, are our mistakes") {
  Document document = Document::from_text("", "f");
  Node root = document.root();
  CHECK_THROWS_AS(root.get("a", 0, at_least(1), ""), Bug);
  CHECK_THROWS_AS(root.get("a", std::nan(""), any(), ""), Bug);
  CHECK_THROWS_AS(root.get("a", std::numeric_limits<double>::infinity(), any(), ""), Bug);
  CHECK_THROWS_AS(root.choice("a", "x", {"y"}, ""), Bug);
  CHECK_THROWS_AS(root.integer_or("a", "x", any(), {"y"}, ""), Bug);
  CHECK_THROWS_AS(root.numbers("a", {-1}, at_least(0), ""), Bug);
  CHECK_THROWS_AS(document.set("a=1"), Bug);
}

TEST_CASE("ranges hold their ends as they say, and never NaN") {
  CHECK(at_least(1).contains(1));
  CHECK_FALSE(above(1).contains(1));
  CHECK(between(0, 1).contains(0));
  CHECK(between(0, 1).contains(1));
  CHECK_FALSE(between(0, 1).contains(1.0000001));
  for (const Range& range : {any(), at_least(0), above(0), between(-1, 1)}) {
    CHECK_FALSE(range.contains(std::nan("")));
    CHECK_FALSE(range.contains(std::numeric_limits<double>::infinity()));
  }
  CHECK(describe(any()).empty());
  CHECK(describe({.high = 2, .high_open = true}) == "below 2");
  CHECK(describe({.low = 0, .high = 1, .low_open = true}) == "above 0 and at most 1");
}

TEST_CASE("node: text of the command line is taken as it stands, YAML only where YAML is wanted") {
  const auto text_of = [](const std::string& value) {
    auto document = Document::from_text("", "fit.yaml");
    document.set("data.file=" + value);
    return document.root().map("data", "").get("file", "none", "");
  };
  for (const std::string name :
       {"#1.h5", "%x.h5", "[x].h5",  "[x]",     "{y}.h5", "&a",   "*a",       "!a",
        "@a",    "`a`",   "a #1.h5", "a: b.h5", "- a",    "true", "'half.h5", "half\".h5",
        "|",     ">x",    "?x",      "~",       "a, b",   "2024"}) {
    CAPTURE(name);
    CHECK(text_of(name) == name);
    // What is written of it reads back as the same.
    auto document = Document::from_text("", "fit.yaml");
    document.set("data.file=" + name);
    document.root().map("data", "").get("file", "none", "");
    auto again = Document::from_text(document.resolved(), "again.yaml");
    CHECK(again.root().map("data", "").get("file", "none", "") == name);
  }
  CHECK(text_of("\"#1.h5\"") == "#1.h5");
  CHECK(text_of("'[x].h5'") == "[x].h5");
  CHECK(text_of(" a.h5 ") == "a.h5");

  const auto list_of = [](const std::string& value) {
    auto document = Document::from_text("", "fit.yaml");
    document.set("data.units=" + value);
    return document.root().map("data", "").strings("units", {"all"}, "");
  };
  using Texts = std::vector<std::string>;
  CHECK(list_of("#7") == Texts{"#7"});
  CHECK(list_of("unit #7") == Texts{"unit #7"});
  CHECK(list_of("snr < 4 and depth > 2") == Texts{"snr < 4 and depth > 2"});
  CHECK(list_of("\"snr < 4\"") == Texts{"snr < 4"});
  CHECK(list_of("[a, '#7']") == Texts{"a", "#7"});
  CHECK(list_of("[]") == Texts{});
  CHECK_THROWS_WITH_AS(list_of("[a, b"),
                       doctest::Contains("data.units=[a, b (command line): a list"), ConfigError);

  // Numbers, words and mappings are YAML: what is none is refused where it is read.
  auto document = Document::from_text("", "fit.yaml");
  document.set("model.hidden=[3");
  document.set("fit=@");
  document.set("data.units=");
  auto root = document.root();
  CHECK_THROWS_WITH_AS(root.map("model", "").get("hidden", 3, at_least(1), ""),
                       doctest::Contains("model.hidden=[3 (command line): a list"), ConfigError);
  CHECK_THROWS_WITH_AS(root.map("fit", ""),
                       doctest::Contains("fit=@ (command line): not valid YAML"), ConfigError);
  CHECK_THROWS_WITH_AS(root.map("data", "").strings("units", {}, ""),
                       doctest::Contains("expected text; found nothing"), ConfigError);
  auto file = Document::from_text("file: #1.h5\n", "fit.yaml");
  CHECK_THROWS_WITH_AS(file.root().get("file", "none", ""),
                       doctest::Contains("and put text that begins with # in quotes"), ConfigError);
}

TEST_CASE("node: what to say of a path that is no key") {
  auto document = Document::from_text("", "fit.yaml");
  auto root = document.root();
  root.map("fit", "").get("weight_decay", 0.0, at_least(0), "");
  root.map("model", "").get("hidden", 3, at_least(1), "");
  CHECK(root.cure_of("fit.weight_decay").empty());
  CHECK(root.cure_of("fit").empty());
  CHECK(root.cure_of("weight_decay") == "; did you mean \"fit.weight_decay\"?");
  CHECK(root.cure_of("fit.hiden") == "; did you mean \"model.hidden\"?");
  CHECK(root.cure_of("fit.weight_decay.x") == "; fit.weight_decay is not a mapping");
}

}  // namespace
}  // namespace strffit::config
