#include <algorithm>

#include "run/config.hpp"
#include "run/init.hpp"
#include "run/study.hpp"
#include "support/small_study.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::read_text;

const std::string kSource = STRFFIT_SOURCE_DIR;

std::string resolved(const std::vector<std::string>& assignments) {
  auto document = config::Document::from_text("", "test.yaml");
  document.set("data.file=a.h5");
  document.set("model.kind=linear");
  for (const auto& assignment : assignments) document.set(assignment);
  read_config(document, "runs/test");
  return document.resolved();
}

std::vector<std::string> changes(const std::vector<std::string>& before,
                                 const std::vector<std::string>& now) {
  return differences(resolved(before), resolved(now));
}

TEST_CASE("config: one that is committed for every kind, and current") {
  for (const auto& kind : kinds()) {
    CAPTURE(kind);
    const bool current = read_text(kSource + "/configs/" + kind + ".yaml") == starting_config(kind);
    CHECK_MESSAGE(current, "strffit init " << kind << " > configs/" << kind << ".yaml");
    auto document = config::Document::from_file(kSource + "/configs/" + kind + ".yaml");
    CHECK(read_config(document, "runs/x").model.kind == kind);
  }
}

TEST_CASE("config: zoo.yaml sweeps over every kind as init starts it, with and without AdapTrans") {
  Study study;
  read_study(study, kSource + "/configs/zoo.yaml", {});
  for (const auto& kind : kinds()) {
    for (const std::string prefilter : {"none", "adaptrans"}) {
      CAPTURE(kind);
      CAPTURE(prefilter);
      auto document = config::Document::from_file(kSource + "/configs/" + kind + ".yaml");
      document.set("model.prefilter={kind: " + prefilter + "}");
      read_config(document, "runs/x");
      CHECK(std::ranges::any_of(study.ensembles, [&](const Ensemble& ensemble) {
        return std::ranges::all_of(
            differences(ensemble.resolved, document.resolved()),
            [](const std::string& difference) { return difference.starts_with("sweep"); });
      }));
    }
  }
}

TEST_CASE("config: docs/config.md is what the program says") {
  const bool current = read_text(kSource + "/docs/config.md") == config_reference();
  CHECK_MESSAGE(current, "strffit init --reference > docs/config.md");
}

TEST_CASE("config: an unknown kind is refused with the known ones") {
  CHECK_THROWS_WITH_AS(starting_config("linaer"),
                       "model.kind=linaer (command line): expected linear, ln, nrf, dnet, conv2d "
                       "or statenet; found the text \"linaer\"",
                       ConfigError);
}

TEST_CASE("config: the saved one, read again, is the same") {
  for (const auto& kind : kinds()) {
    auto first = config::Document::from_text(starting_config(kind), "first");
    read_config(first, "runs/x");
    auto second = config::Document::from_text(first.resolved(), "second");
    read_config(second, "runs/other");
    CHECK(second.resolved() == first.resolved());
  }
}

TEST_CASE("config: unknown keys in every mapping") {
  for (const std::string key : {"dta", "data.fil", "model.contxt", "model.kernel.rank", "fit.los",
                                "output.foldr", "run.thread"}) {
    CAPTURE(key);
    CHECK_THROWS_AS(resolved({key + "=1"}), ConfigError);
  }
}

TEST_CASE("config: what a resumed run may change") {
  CHECK(changes({}, {}).empty());
  CHECK(changes({}, {"run.threads=3", "output.predictions=all", "data.file=b.h5",
                     "output.folder=elsewhere"})
            .empty());
  CHECK(changes({"fit.max_epochs=10"}, {"fit.max_epochs=11"}).empty());
}

TEST_CASE("config: what a resumed run may not change is named") {
  using Lines = std::vector<std::string>;
  CHECK(changes({}, {"fit.loss=huber"}) == Lines{"fit.loss: mse, now huber"});
  CHECK(changes({}, {"model.kernel.kind=separable"}) ==
        Lines{"model.kernel.kind: full, now separable", "model.kernel.rank: absent, now 1"});
  CHECK(changes({"fit.max_epochs=10"}, {"fit.max_epochs=9"}) == Lines{"fit.max_epochs: 10, now 9"});
  CHECK(changes({"fit.max_epochs=10", "fit.schedule=cosine"},
                {"fit.max_epochs=11", "fit.schedule=cosine"}) ==
        Lines{"fit.max_epochs: 10, now 11, which the cosine schedule depends on"});
  CHECK(changes({"data.split={valid: 0.2}"}, {"data.split={valid: 0.3}"}) ==
        Lines{"data.split.valid: 0.2, now 0.3"});
}

TEST_CASE("config: a value of a resolved one") {
  CHECK(value_in(resolved({"run.threads=3"}), "run.threads") == "3");
  CHECK(value_in(resolved({}), "model.kernel.kind") == "full");
  CHECK(value_in(resolved({}), "model.kernel") == "");
}

TEST_CASE("config: the run folder is named after the file") {
  CHECK(default_run_folder("my/fit.yaml") == "runs/fit");
}

}  // namespace
}  // namespace strffit
