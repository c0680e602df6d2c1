// Every malformed text is refused as a ConfigError that names place, key and what is wrong.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "schema.hpp"
#include "util/errors.hpp"

namespace strffit::config {
namespace {

std::string refusal_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  try {
    Document document = Document::from_text(text, "fit.yaml");
    for (const auto& assignment : overrides) document.set(assignment);
    read_settings(document.root());
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

struct Case {
  std::string text;
  std::string start;  // of the message, with its place
  std::string part;   // what else it says
};

void check(const Case& c) {
  const std::string message = refusal_of(c.text);
  CAPTURE(c.text.substr(0, 200));
  CAPTURE(message);
  CHECK(message.starts_with(c.start));
  CHECK(message.find(c.part) != std::string::npos);
}

std::string repeated(const std::string& part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

TEST_CASE("unknown keys are refused with the nearest known one") {
  const std::vector<Case> cases{
      {"model:\n  hiden: 3\n", "fit.yaml:2:3: model.hiden: unknown key", "\"hidden\"?"},
      {"model: {kind: ln, hiddne: 3}\n", "fit.yaml:1:19: model.hiddne: ", "\"hidden\"?"},
      {"Model: {}\n", "fit.yaml:1:1: Model: unknown key", "did you mean \"model\"?"},
      {"model:\n  learning_rate: 1\n",
       "fit.yaml:2:3: model.learning_rate: ", "did you mean \"fit.learning_rate\"?"},
      {"fit:\n  kind: ln\n",
       "fit.yaml:2:3: fit.kind: ", "\"model.kind\" or \"model.kernel.kind\"?"},
      {"model:\n  learningrate: 1\n", "fit.yaml:2:3: ", "did you mean \"fit.learning_rate\"?"},
      {"model:\n  kernel:\n    rnak: 1\n", "fit.yaml:3:5: model.kernel.rnak: ", "\"rank\"?"},
      {"model.hidden: 3\n", "fit.yaml:1:1: model.hidden: unknown", "inside the mapping \"model\""},
      {"fit: {seeds: 1}\nzzz: 1\n", "fit.yaml:2:1: zzz: unknown", "known here: data, model, fit"},
      {"model:\n  zzz: 1\n", "fit.yaml:2:3: ", "known here: kind, hidden, kernel, rectify"},
      {"1: 2\n", "fit.yaml:1:1: 1: unknown key", "known here"},
      {"größe: 1\n", "fit.yaml:1:1: größe: unknown key", "known here"},
      {"{\"é\": 1, zzz: 2}\n", "fit.yaml:1:2: é: unknown key", ""},
      {"model: {rectify: \n  true, ééé: 2}\n", "fit.yaml:2:9: model.ééé: unknown key", ""},
      {"model: {kind: \"ln\", kernel: {kind: full, é: 1, rnk: 2}}\n", "fit.yaml:1:42: ", ""},
      {"fit:\n  \"a\\x1b[2Jb\": 1\n", "fit.yaml:2:3: fit.a\\x1b[2Jb: unknown key", ""},
      {"? " + repeated("a", 5000) + "\n: 1\n", "fit.yaml:1:3: aaaaa", "a...: unknown key"},
  };
  for (const auto& c : cases) check(c);
}

TEST_CASE("wrong types are refused with what was expected and what was found") {
  const std::vector<Case> cases{
      {"model:\n  hidden: many\n", "fit.yaml:2:3: model.hidden: expected a whole number at least 1",
       "found the text \"many\""},
      {"model:\n  hidden: 3.0\n", "fit.yaml:2:3: model.hidden: ", "found the number 3.0"},
      {"model:\n  hidden: 1e2\n", "fit.yaml:2:3: model.hidden: ", "digits only"},
      {"model:\n  hidden: \"3\"\n", "fit.yaml:2:3: model.hidden: ", "remove the quotes"},
      {"model:\n  hidden: 0x10\n", "fit.yaml:2:3: model.hidden: ", "found the text \"0x10\""},
      {"model:\n  hidden: 010\n", "fit.yaml:2:3: model.hidden: ", "without leading zeros"},
      {"model:\n  hidden: 1_000\n", "fit.yaml:2:3: model.hidden: ", "the text \"1_000\""},
      {"model:\n  hidden:\n", "fit.yaml:2:3: model.hidden: ", "found nothing; give a value"},
      {"model:\n  hidden: ~\n", "fit.yaml:2:3: model.hidden: ", "found nothing"},
      {"model:\n  hidden: [3]\n", "fit.yaml:2:3: model.hidden: ", "found a list"},
      {"model:\n  hidden: {a: 3}\n", "fit.yaml:2:3: model.hidden: ", "found a mapping"},
      {"model:\n  hidden: true\n", "fit.yaml:2:3: model.hidden: ", "found true"},
      {"model:\n  hidden: 3 4\n", "fit.yaml:2:3: model.hidden: ", "the text \"3 4\""},
      {"model:\n  hidden: +-3\n", "fit.yaml:2:3: model.hidden: ", "the text \"+-3\""},
      {"fit:\n  learning_rate: 1e\n", "fit.yaml:2:3: fit.learning_rate: ", "the text \"1e\""},
      {"fit:\n  learning_rate: .\n", "fit.yaml:2:3: fit.learning_rate: ", "the text \".\""},
      {"fit:\n  learning_rate: 1,5\n", "fit.yaml:2:3: fit.learning_rate: ", "\"1,5\""},
      {"fit:\n  learning_rate: [1, 2]\n", "fit.yaml:2:3: fit.learning_rate: ", "found a list"},
      {"model:\n  rectify: yes\n", "fit.yaml:2:3: model.rectify: expected true or false",
       "\"yes\""},
      {"model:\n  rectify: 1\n", "fit.yaml:2:3: model.rectify: ", "found the number 1"},
      {"model:\n  rectify: \"true\"\n", "fit.yaml:2:3: model.rectify: ", "the text \"true\""},
      {"data:\n  file: true\n", "fit.yaml:2:3: data.file: expected text; found true", "quotes"},
      {"data:\n  file: [a.h5]\n", "fit.yaml:2:3: data.file: expected text; found a list", ""},
      {"data:\n  file:\n", "fit.yaml:2:3: data.file: expected text; found nothing", "give a value"},
      {"data:\n  units: [a, [b]]\n", "fit.yaml:2:14: data.units[1]: expected text", "a list"},
      {"data:\n  units: {a: b}\n", "fit.yaml:2:3: data.units: expected text", "a mapping"},
      {"data:\n  units:\n    - a\n    -\n", "fit.yaml:4:5: data.units[1]: ", "found nothing"},
      {"fit:\n  seeds: [0, one]\n", "fit.yaml:2:14: fit.seeds[1]: ", "the text \"one\""},
      {"fit:\n  seeds: 0 1\n", "fit.yaml:2:3: fit.seeds: ", "the text \"0 1\""},
      {"fit:\n  batch: some\n",
       "fit.yaml:2:3: fit.batch: expected a whole number at least 1, or all",
       "found the text \"some\""},
      {"fit:\n  batch: 1.5\n", "fit.yaml:2:3: fit.batch: ", "the number 1.5"},
      {"fit:\n  batch: [all]\n", "fit.yaml:2:3: fit.batch: ", "found a list"},
      {"data:\n  smooth_ms: on\n", "fit.yaml:2:3: data.smooth_ms: ", "above 0, or off"},
      {"model: 3\n", "fit.yaml:1:1: model: expected a mapping", "found the number 3"},
      {"fit: {}\nmodel: [3]\n", "fit.yaml:2:1: model: expected a mapping", "found a list"},
      {"model:\nkind: ln\n", "fit.yaml:2:1: kind: unknown key", "\"model.kind\""},
      {"model:\n  kernel: dcls\n", "fit.yaml:2:3: model.kernel: expected a mapping", "\"dcls\""},
  };
  for (const auto& c : cases) check(c);
}

TEST_CASE("values out of range are refused with the range") {
  const std::vector<Case> cases{
      {"model:\n  hidden: 0\n", "fit.yaml:2:3: model.hidden: must be at least 1; found 0", ""},
      {"model:\n  hidden: -3\n", "fit.yaml:2:3: model.hidden: ", "found -3"},
      {"model:\n  hidden: 3000000000\n", "fit.yaml:2:3: model.hidden: ", "to 2147483647"},
      {"model:\n  hidden: 99999999999999999999\n", "fit.yaml:2:3: model.hidden: ", "too large"},
      {"model:\n  kernel: {rank: 9}\n", "fit.yaml:2:12: model.kernel.rank: must be from 1 to 8",
       ""},
      {"fit:\n  learning_rate: 0\n", "fit.yaml:2:3: fit.learning_rate: must be above 0", ""},
      {"fit:\n  learning_rate: .nan\n", "fit.yaml:2:3: fit.learning_rate: ", "finite"},
      {"fit:\n  learning_rate: nan\n", "fit.yaml:2:3: fit.learning_rate: ", "finite"},
      {"fit:\n  learning_rate: -.Inf\n", "fit.yaml:2:3: fit.learning_rate: ", "finite"},
      {"fit:\n  learning_rate: 1e999\n", "fit.yaml:2:3: fit.learning_rate: ", "too large"},
      {"fit:\n  learning_rate: 1e-999\n", "fit.yaml:2:3: fit.learning_rate: ", "too small"},
      {"fit:\n  momentum: 1\n", "fit.yaml:2:3: fit.momentum: ", "at least 0 and below 1; found 1"},
      {"fit:\n  fraction: 1.01\n", "fit.yaml:2:3: fit.fraction: must be from 0 to 1", "1.01"},
      {"fit:\n  batch: 0\n", "fit.yaml:2:3: fit.batch: must be at least 1", "found 0"},
      {"fit:\n  seeds: [1, -1]\n", "fit.yaml:2:14: fit.seeds[1]: must be at least 0", "-1"},
      {"fit:\n  penalties:\n  - 1\n  - -.5\n", "fit.yaml:4:5: fit.penalties[1]: ", "-.5"},
      {"data:\n  smooth_ms: 0\n", "fit.yaml:2:3: data.smooth_ms: must be above 0", ""},
      {"model:\n  kind: lnn\n", "fit.yaml:2:3: model.kind: expected linear, ln or nrf", "\"lnn\""},
      {"model:\n  kind: 3\n", "fit.yaml:2:3: model.kind: ", "found the number 3"},
      {"model:\n  kind:\n", "fit.yaml:2:3: model.kind: ", "found nothing"},
      {"data:\n  standardise: maybe\n",
       "fit.yaml:2:3: data.standardise: ", "true, false or per_band"},
  };
  for (const auto& c : cases) check(c);
}

TEST_CASE("text that is no single plain mapping is refused") {
  const std::string first_line = "fit.yaml:1:";
  const std::vector<Case> cases{
      {"model: {hidden: 3, hidden: 4}\n", "fit.yaml:1:20: model.hidden: given twice",
       "line 1, column 9"},
      {"fit: {}\nmodel: {}\nfit: {}\n", "fit.yaml:3:1: fit: given twice", "line 1, column 1"},
      {"\"fit\": {}\nfit: {}\n", "fit.yaml:2:1: fit: given twice", ""},
      {"data:\n  units: [{a: 1, a: 2}]\n", "fit.yaml:2:18: data.units[0].a: given twice", ""},
      {"- model\n", "fit.yaml:1:1: expected a mapping", "found a list"},
      {"model:3\n", "fit.yaml:1:1: expected a mapping", "a space after the colon"},
      {"42\n", "fit.yaml:1:1: expected a mapping", "found the number 42"},
      {"model:\n\thidden: 3\n", "fit.yaml:2:1: a tab", "spaces"},
      {"model:\n  hidden:\t3\n", "fit.yaml:2:10: a tab", "spaces"},
      {"model: &m {hidden: 3}\n", "fit.yaml:1:8: model: ", "not supported"},
      {"data: &d\n  file: a\n", "fit.yaml:1:7: data: ", "anchors"},
      {"data:\n  file: &f a\nmodel: *f\n", "fit.yaml:2:9: data.file: ", "anchors"},
      {"data:\n  file: *f\n", "fit.yaml:2:9", "anchor"},
      {"&k data: 1\n", "fit.yaml:1:1: ", "anchors"},
      {"fit:\n  seeds: [&a 1]\n", "fit.yaml:2:11: fit.seeds[0]: ", "anchors"},
      {"model:\n  <<: {hidden: 3}\n", "fit.yaml:2:3: model: ", "merge keys"},
      {"model:\n  hidden: !!int 3\n", "fit.yaml:2:11: model.hidden: tags (!tag:", "not supported"},
      {"model: !strffit {}\n", "fit.yaml:1:8: model: tags", "not supported"},
      {"model: {}\n---\nfit: {}\n", "fit.yaml:2:1: more than one document", ""},
      {"model: {}\n---\n", "fit.yaml:2:1: more than one document", ""},
      {"model: {}\n...\nfit: {}\n", "fit.yaml:3:1: more than one document", ""},
      {"{a: 1}: 2\n", "fit.yaml:1:1: a list or mapping cannot be a key", ""},
      {"[a]: 2\n", "fit.yaml:1:1: a list or mapping cannot be a key", ""},
      {": 2\n", "fit.yaml:1:1: a key is missing", ""},
      {"fit: {\"\": 2}\n", "fit.yaml:1:7: fit: a key is empty", ""},
      {"~: 2\n", "fit.yaml:1:1: a key is missing", ""},
      {"model: [1, 2", "fit.yaml:2:1: not valid YAML", ""},
      {"model: [1, 2\n", "fit.yaml:2:1: not valid YAML", "sequence"},
      {"model: {a: 1\n", "fit.yaml:2:1: not valid YAML", "map"},
      {"model: \"abc\n", "fit.yaml:1:8: model: a quote is opened", ""},
      {"data:\n  file: 'abc\nfit: {}\n", "fit.yaml:2:9: data.file: a quote is opened", ""},
      {"data:\n  file: \"abc\n  units: \"x\"\n", "fit.yaml:2:9: data.file: a quote", ""},
      {"data:\n  file: 'it''s\n", "fit.yaml:2:9: data.file: a quote is opened", ""},
      {"data:\n  file: \"a\\\"\n", "fit.yaml:2:9: data.file: a quote is opened", ""},
      {"data:\n  file: ! abc\n", "fit.yaml:2:9: data.file: tags", ""},
      {"model: a: b\n", "fit.yaml:1:9: not valid YAML", ""},
      {"model:\n   a: 1\n  b: 2\n", "fit.yaml:3:3: not valid YAML", ""},
      {"model: ]\n", "fit.yaml:1:8: not valid YAML", ""},
      {"model: @x\n", "fit.yaml:1:8: not valid YAML", ""},
      {"data: {file: \"\\q\"}\n", "fit.yaml:1:17: not valid YAML", "escape"},
      {"data: {file: \"a\\0b\"}\n", "fit.yaml:1:14: data.file: a NUL", ""},
      {"%YAML 7.0\n---\na: 1\n", "fit.yaml:1:1: not valid YAML", "version"},
      {std::string("model: \0 {}\n", 12), "fit.yaml:1:8: a control character", ""},
      {"a: 1\x04\nb: 2\n", "fit.yaml:1:5: a control character", ""},
      {"a: 1\rb: 2\n", "fit.yaml:1:5: a control character", ""},
      {"a: \x7f\n", "fit.yaml:1:4: a control character", ""},
      {"a: 1\nb: \xff\xfe\n", "fit.yaml:2:4: not UTF-8", ""},
      {"é: \xc0\x80\n", "fit.yaml:1:4: not UTF-8", ""},          // NUL, overlong
      {"a: \xed\xa0\x80\n", "fit.yaml:1:4: not UTF-8", ""},      // half of a surrogate pair
      {"a: \xf4\x90\x80\x80\n", "fit.yaml:1:4: not UTF-8", ""},  // above U+10FFFF
      {"a: \xe2\x82", "fit.yaml:1:4: not UTF-8", ""},            // cut short
      {"\xfe\xff\x00a", "fit.yaml:1:1: not UTF-8", ""},          // UTF-16
      {"model: " + repeated("[", 32) + repeated("]", 32), "fit.yaml:1:39: model[0]",
       "deeper than 32"},
      {"model: " + repeated("[", 31) + repeated("]", 31), "fit.yaml:1:1: model: expected a mapping",
       "a list"},
      {"model: " + repeated("[", 100000), first_line, "closing ]"},
      {repeated("{a: ", 40) + repeated("}", 40), "fit.yaml:1:1", "deeper than 32"},
      {repeated("{a: ", 100000), first_line, "closing ] or }"},
      {repeated("- ", 100000), first_line, "deeper than 32"},
      {repeated("? ", 100000), first_line, ""},
      {repeated("- ? ", 100000), first_line, ""},
      {"a: " + std::string(1 << 20, 'b'), "fit.yaml: is larger than 1 MiB", "right file?"},
  };
  for (const auto& c : cases) check(c);
}

TEST_CASE("overrides are checked like the file and named in the message") {
  struct Override {
    std::string assignment;
    std::string start;
    std::string part;
  };
  const std::vector<Override> cases{
      {"model.hidden=0", "model.hidden=0 (command line): must be at least 1", ""},
      {"model.hidden=x", "model.hidden=x (command line): expected a whole number", "\"x\""},
      {"model.hidden=", "model.hidden= (command line): ", "found nothing"},
      {"model.hiden=3", "model.hiden=3 (command line): unknown key", "\"hidden\"?"},
      {"modle.hidden=3", "modle.hidden=3 (command line): modle: unknown key", "\"model\"?"},
      {"model={hiden: 3}", "model={hiden: 3} (command line): model.hiden: unknown key", ""},
      {"model=3", "model=3 (command line): expected a mapping", "the number 3"},
      {"data.file.x=3", "data.file.x=3 (command line): \"data.file\" is not a mapping", "a.h5"},
      {"fit.seeds=[0, -1]", "fit.seeds=[0, -1] (command line): fit.seeds[1]: must be", ""},
      {"fit.seeds=[0", "fit.seeds=[0 (command line): a list", "closing ]"},
      {"fit.seeds=*a", "fit.seeds=*a (command line): ", "anchor"},
      {"fit.seeds=\t1", "fit.seeds=\\x091 (command line):1:1: a tab", ""},
      {"fit={seeds: 1, seeds: 2}", "fit={seeds: 1, seeds: 2} (command line): fit.seeds",
       "given twice"},
      {"model.hidden", "model.hidden (command line): expected key=value", ""},
      {"model.hidden = 3", "model.hidden = 3 (command line): expected key=value", ""},
      {"=3", "=3 (command line): expected key=value", ""},
      {"", " (command line): expected key=value", ""},
      {".hidden=3", ".hidden=3 (command line): expected key=value", ""},
      {"model..hidden=3", "model..hidden=3 (command line): expected key=value", ""},
      {"model.=3", "model.=3 (command line): expected key=value", ""},
      {repeated("a.", 50) + "a=3", "a.a.a.", "expected key=value"},
  };
  for (const auto& c : cases) {
    const std::string message = refusal_of("data: {file: a.h5}\n", {c.assignment});
    CAPTURE(c.assignment);
    CAPTURE(message);
    CHECK(message.starts_with(c.start));
    CHECK(message.find(c.part) != std::string::npos);
  }
}

TEST_CASE("files that are none are refused by name") {
  std::string folder = (std::filesystem::temp_directory_path() / "strffit-config-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const auto message = [](const std::string& path) -> std::string {
    try {
      Document::from_file(path);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "accepted";
  };
  CHECK(message(folder + "/none.yaml").starts_with(folder + "/none.yaml: cannot be read: no such"));
  CHECK(message(folder) == folder + ": cannot be read: not a regular file");
  CHECK(message("/dev/zero") == "/dev/zero: cannot be read: not a regular file");
  const std::string large = folder + "/large.yaml";
  std::ofstream(large) << "a: 1\n";
  CHECK(message(large) == "accepted");
  std::filesystem::resize_file(large, std::uintmax_t{1} << 40);  // sparse: a terabyte, unread
  CHECK(message(large).starts_with(large + ": is larger than 1 MiB"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace strffit::config
