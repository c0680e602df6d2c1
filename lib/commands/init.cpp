#include "commands/init.hpp"

#include "config/document.hpp"
#include "model/model.hpp"
#include "prefilter/prefilter.hpp"
#include "study/config.hpp"
#include "util/errors.hpp"

namespace strffit {

namespace {

constexpr const char* kExampleData = "data.h5";

struct Example {
  config::Document document;
  Config config;
};

Example read_example(const std::vector<std::string>& assignments, const std::string& folder) {
  auto document = config::Document::from_text("", "init");
  document.set(std::string("data.file=") + kExampleData);
  for (const auto& assignment : assignments) document.set(assignment);
  auto config = read_config(document, folder);
  return {std::move(document), std::move(config)};
}

// The table of the mapping `path` of a configuration in which `assignments` are made, without those
// of the mappings in it, below `heading`.
std::string table(const std::string& heading, const std::vector<std::string>& assignments,
                  const std::string& path) {
  const auto example = read_example(assignments, "runs/<name of the config>");
  const std::string text = example.document.reference(path);
  const std::size_t begin = text.find("| key |");
  if (begin == std::string::npos) throw Bug("no key of " + path + " is read");
  return "## " + heading + "\n\n" + text.substr(begin, text.find("\n\n", begin) - begin) + "\n\n";
}

std::string code(const std::string& text) { return "`" + text + "`"; }

}  // namespace

std::vector<std::string> kinds() { return model_kinds(); }

std::string starting_config(const std::string& kind) {
  const std::string folder = "runs/" + kind;
  std::vector<std::string> assignments = {"model.kind=" + kind};
  const auto suggested = read_example(assignments, folder).config.model.recipe.suggested;
  assignments.insert(assignments.end(), suggested.begin(), suggested.end());
  const auto example = read_example(assignments, folder);
  return "# A " + kind + " model: strffit train " + kind +
         ".yaml\n"
         "# Every key is here, with what fits well; what is left out has its default. Paths are "
         "seen "
         "from\n"
         "# the folder where strffit is called.\n\n" +
         example.document.commented();
}

std::string config_reference() {
  std::string text =
      "# Configuration\n\n"
      "All keys of a configuration. `strffit init KIND` writes a commented configuration to start "
      "from. Every key may also\nbe given on the command line: `strffit train fit.yaml "
      "model.context=20 \"data.units=[0-10]\"`.\n\n"
      "A key that has no effect with the other keys, such as `fit.patience` with `fit.solver: "
      "ridge`, is an error. It may stay\nin the file if it has its default value or the value "
      "that `init` writes. So one file can be used with several models\nand solvers (`strffit "
      "train linear.yaml fit.solver=ridge`). In a sweep it must have an effect in at least one "
      "setting.\n\n"
      "This page is the output of `strffit init --reference`.\n\n";
  for (const char* path : {"data", "fit", "output", "run"}) {
    // A plateau and a learnt prefilter show the keys that depend on them.
    text += table(code(path),
                  {"model.kind=linear", "model.prefilter.kind=adaptrans", "fit.schedule=plateau"},
                  path);
  }
  text += table("`data.nested`", {"model.kind=linear", "data.nested.outer=5"}, "data.nested");
  text +=
      "## `sweep`\n\nKeys of `model`, `fit` and `data.standardise` with lists of values. Every "
      "combination is fitted: [studies](study.md).\n\n";
  text += table("`data.split` as shares of the stimuli",
                {"model.kind=linear", "data.split={valid: 0.15}"}, "data.split");
  text +=
      table("`data.split` as lists", {"model.kind=linear", "data.split={valid: []}"}, "data.split");
  for (const auto& kind : model_kinds()) {
    text += table("`model` of kind " + code(kind), {"model.kind=" + kind}, "model");
  }
  text += table("`model` of kind `statenet` with `leaky_units`",
                {"model.kind=statenet", "model.leaky_units=40"}, "model");
  for (const std::string kind : {"full", "dcls", "separable"}) {
    text += table("`model.kernel` of kind " + code(kind),
                  {"model.kind=ln", "model.kernel.kind=" + kind}, "model.kernel");
  }
  for (const auto& kind : prefilter_kinds()) {
    const std::string chosen = "model.prefilter.kind=" + kind;
    text += table("`model.prefilter` of kind " + code(kind), {"model.kind=ln", chosen},
                  "model.prefilter");
  }
  text += table("`model.prefilter` with a `scale`",
                {"model.kind=ln", "model.prefilter.kind=willmore", "model.prefilter.scale=mel"},
                "model.prefilter");
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

}  // namespace strffit
