#include <algorithm>
#include <map>
#include <regex>
#include <sstream>

#include "commands/init.hpp"
#include "study/config.hpp"
#include "study/study.hpp"
#include "support/small_study.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

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

StoredConfig stored(const std::string& text) { return read_stored_config(text, "stored.yaml"); }

// The value of a key; "" where there is none.
std::string value_in(const std::string& text, const std::string& path) {
  for (const auto& entry : stored(text).entries) {
    if (entry.path == path) return entry.value;
  }
  return "";
}

std::vector<std::string> changes(const std::vector<std::string>& before,
                                 const std::vector<std::string>& now) {
  return differences(stored(resolved(before)), stored(resolved(now)));
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
            differences(stored(ensemble.resolved), stored(document.resolved())),
            [](const std::string& difference) { return difference.starts_with("sweep"); });
      }));
    }
  }
}

TEST_CASE("config: best.yaml is a population model that can be fitted") {
  auto document = config::Document::from_file(kSource + "/configs/best.yaml");
  const auto best = read_config(document, "runs/x");
  CHECK(best.fit.mode == FitMode::population);
  Axes axes{.dt_ms = 5, .frequencies_hz = {}};
  for (int band = 0; band < 34; ++band) axes.frequencies_hz.push_back(500 + 100.0 * band);
  const auto model = best.model.build(axes, 37, true);
  CHECK_NOTHROW(model->backbone().require_possible());
  CHECK(model->lags_ms().front() == 0);  // causal
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

// What every setting of a sweep is fitted with.
std::vector<std::string> settings_of(config::Document document) {
  const Config config = read_config(document, "runs/x");
  std::vector<Swept> settings = {{}};
  for (const auto& swept : config.sweep) {
    std::vector<Swept> longer;
    for (const auto& setting : settings) {
      for (const auto& value : swept) {
        longer.push_back(setting);
        longer.back().push_back(value);
      }
    }
    settings = std::move(longer);
  }
  std::vector<std::string> texts;
  for (const auto& setting : settings) {
    auto own = document.with(setting, "sweep");
    read_config(own, "runs/x");
    texts.push_back(own.resolved());
  }
  return texts;
}

TEST_CASE("config: the saved one of a sweep, read again, has the same settings and text") {
  using Lines = std::vector<std::string>;
  std::vector<config::Document> documents = {
      config::Document::from_file(kSource + "/configs/zoo.yaml")};
  for (const Lines& assignments : std::vector<Lines>{
           {"sweep={model: [{kind: ln, context: 5}, {kind: nrf, context: 5, hidden: 4}]}"},
           {"sweep={model.kind: [linear, conv2d, statenet]}"},
           {"sweep={model.kernel.kind: [full, dcls, separable]}", "model.kernel={kind: dcls}"},
           {"sweep={fit.schedule: [plateau, constant], fit.l1: [0, 1]}", "fit.schedule=plateau"},
           {"sweep={fit.max_epochs: [3, 4], data.standardise: [false, per_band]}"},
           {"sweep={model.prefilter.scale: [mel, dataset]}",
            "model.prefilter={kind: willmore, scale: mel}"}}) {
    auto document = config::Document::from_text("{data: {file: a.h5}, model: {kind: linear}}", "a");
    for (const auto& assignment : assignments) document.set(assignment);
    documents.push_back(std::move(document));
  }
  for (auto& document : documents) {
    const Lines before = settings_of(document.with({}, "sweep"));
    Study study;
    read_study(study, document.with({}, "sweep"), "runs/x");
    CAPTURE(study.resolved);
    CHECK(settings_of(config::Document::from_text(study.resolved, "saved")) == before);
    Study again;
    read_study(again, config::Document::from_text(study.resolved, "saved"), "runs/y");
    CHECK(again.resolved == study.resolved);
    CHECK(again.settings == study.settings);
    CHECK(differences(stored(study.resolved), stored(again.resolved)).empty());
    REQUIRE(again.ensembles.size() == study.ensembles.size());
    for (std::size_t e = 0; e < study.ensembles.size(); ++e) {
      const Ensemble& one = study.ensembles[e];
      CHECK(again.ensembles[e].resolved == one.resolved);
      // An ensemble's own configuration has its settings alone, the same.
      const Lines own = settings_of(config::Document::from_text(one.resolved, "ensemble"));
      REQUIRE(own.size() == one.settings.size());
      for (std::size_t s = 0; s < own.size(); ++s) {
        const auto was = before[static_cast<std::size_t>(one.settings[s])];
        CHECK(differences(stored(was), stored(own[s]), false).empty());
      }
    }
  }
}

TEST_CASE("config: of a sweep, a default is saved where every setting has it") {
  Study study;
  auto document = config::Document::from_text(
      "{data: {file: a.h5}, model: {kind: ln}, fit: {patience: 7}, sweep: {model: [{kind: ln, "
      "context: 5}, {kind: nrf, context: 5, hidden: 4}]}}",
      "a");
  read_study(study, std::move(document), "runs/x");
  CHECK(value_in(study.resolved, "fit.initialise") == "");     // nrf has no such key
  CHECK(value_in(study.resolved, "fit.learning_rate") == "");  // each its own
  CHECK(value_in(study.resolved, "fit.batch") == "1");
  CHECK(value_in(study.resolved, "fit.patience") == "7");
  CHECK(value_in(study.resolved, "model.kind") == "ln");
  // To give it is another configuration: then it is that of every setting.
  auto given = config::Document::from_text(study.resolved, "saved");
  given.set("fit.learning_rate=0.1");
  Study other;
  read_study(other, std::move(given), "runs/x");
  CHECK(differences(stored(study.resolved), stored(other.resolved)) ==
        std::vector<std::string>{"fit.learning_rate: absent, now 0.1"});
}

TEST_CASE("config: one key asks for nested folds, of a new configuration and of a saved one") {
  for (const std::string& text : {starting_config("ln"), resolved({})}) {
    auto document = config::Document::from_text(text, "first");
    document.set("data.nested.outer=4");
    const Config config = read_config(document, "runs/x");
    CHECK(config.data.split.outer == 4);
    CHECK(config.data.split.inner == 4);
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

// Reference: YAML itself. Its styles say the same, and so do numbers.
TEST_CASE("config: a stored one in any style is the same configuration") {
  const std::string plain = resolved({"fit.refit=true", "fit.max_epochs=10", "fit.l2=0.001"});
  const std::string flow =
      "{data: {file: a.h5}, model: {kind: \"linear\"}, output: {folder: runs/test},\n"
      " fit: {refit:   True, 'max_epochs': 10, l2: 1e-3}}";
  CHECK(all_differences(stored(plain), stored(flow)).empty());
  CHECK(stored(flow).config.fit.refit);
  CHECK(differences(stored(plain), stored(resolved({"fit.refit=true", "fit.max_epochs=10"}))) ==
        std::vector<std::string>{"fit.l2: 0.001, now 0"});
  CHECK(differences_in({"run.threads", "run.chunk"}, stored(resolved({})),
                       stored(resolved({"run.threads=3", "run.tf32=true"}))) ==
        std::vector<std::string>{"run.threads: auto, now 3"});
  // With a sweep too, whose values are compared as they are written.
  const std::string swept =
      "data: {file: a.h5}\nmodel: {kind: linear}\nfit: {max_epochs: 7}\n"
      "sweep:\n  fit.l2: [0, 1e-3]\n";
  const std::string flow_of_it =
      "{sweep: {fit.l2: [0, 1e-3]}, fit: {max_epochs: 7}, model: {kind: linear},\n"
      " data: {file: a.h5}}";
  CHECK(differences(stored(swept), stored(flow_of_it)).empty());
  CHECK_THROWS_WITH_AS(
      stored("{data: {file: a.h5}, model: {kind: linear}, fit: {max_epochs: two}}"),
      doctest::Contains("stored.yaml:1:"), ConfigError);
}

// The words of every key that takes one of some words, by its path.
std::map<std::string, std::vector<std::string>> words_of(const config::Document& document) {
  std::map<std::string, std::vector<std::string>> found;
  std::istringstream lines(document.reference());
  std::string mapping;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## `")) mapping = line.substr(4, line.size() - 5) + ".";
    std::istringstream row(line);
    std::string cell, key, values;
    for (int i = 0; std::getline(row, cell, '|'); ++i) {
      if (i == 1) key = cell;
      if (i == 3) values = cell;
    }
    if (!std::regex_match(values, std::regex(" (\\w+, )*\\w+ or \\w+ "))) continue;
    auto& words = found[mapping + std::regex_replace(key, std::regex("[ `]"), "")];
    const std::regex word("\\w+");
    for (std::sregex_iterator at(values.begin(), values.end(), word), end; at != end; ++at) {
      if (at->str() != "or") words.push_back(at->str());
    }
  }
  return found;
}

// Reference: the file itself. Whatever stands in it as init wrote it cannot be the reason of a
// refusal, so that no refusal is at a place of the file.
TEST_CASE("config: the file of init takes every word of every key on the command line") {
  const test::TemporaryFolder folder;
  std::size_t accepted = 0, refused = 0, deciding = 0;
  for (const auto& kind : kinds()) {
    const auto path = folder.file(kind + ".yaml");
    test::write_text(path, starting_config(kind));
    const auto try_with = [&](const std::vector<std::string>& assignments) {
      CAPTURE(kind);
      std::string all;
      for (const auto& one : assignments) all += one + " ";
      CAPTURE(all);
      auto document = open_config(path, assignments);
      try {
        read_config(document, "runs/x");
      } catch (const ConfigError& error) {
        const std::string message = error.what();
        CHECK_MESSAGE(message.find(" (command line)") != std::string::npos, message);
        ++refused;
        return document;
      }
      ++accepted;
      // What has no effect is in no run's configuration.
      auto saved = config::Document::from_text(document.resolved(), "saved");
      read_config(saved, "runs/x");
      CHECK(saved.resolved() == document.resolved());
      return document;
    };
    const auto keys_in = [](const config::Document& document) {
      std::vector<std::string> keys;
      for (const auto& entry : document.entries()) keys.push_back(entry.path);
      return keys;
    };
    const auto plain = try_with({});
    const auto words = words_of(plain);
    REQUIRE(words.size() > 10);
    std::vector<std::string> decide;  // on which other keys there are
    for (const auto& [key, values] : words) {
      for (const auto& value : values) {
        const auto assignment = key + "=" + value;
        const auto changed = try_with({assignment});
        if (keys_in(changed) != keys_in(plain)) decide.push_back(assignment);
      }
    }
    for (const auto& one : decide) {
      for (const auto& other : decide) {
        if (one.substr(0, one.find('=')) < other.substr(0, other.find('='))) try_with({one, other});
      }
    }
    deciding += decide.size();
  }
  CHECK(accepted > 500);
  CHECK(refused > 0);
  CHECK(deciding > 20);
}

TEST_CASE("config: a key that the user changed and that has no effect is refused by name") {
  const auto refusal = [](const std::vector<std::string>& assignments) {
    try {
      resolved(assignments);
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  for (const std::string one :
       {"fit.loss=huber", "fit.learning_rate=0.1", "fit.weight_decay=0", "fit.batch=all",
        "fit.max_epochs=9", "fit.patience=3", "fit.schedule=cosine", "fit.average=0",
        "fit.gradient_clip=1", "fit.seeds=[0, 1]", "fit.l1=1", "fit.l2=1",
        "fit.schedule_patience=3", "fit.schedule_factor=0.1", "fit.prefilter_rate=2",
        "output.checkpoint_every=3"}) {
    CAPTURE(one);
    CHECK(refusal({"fit.solver=ridge", "model.prefilter.kind=adaptrans", one})
              .starts_with(one + " (command line): is for gradient descent"));
    if (one.find("schedule_") != std::string::npos) continue;
    CHECK(refusal({"model.prefilter.kind=adaptrans", one}) == "accepted");
  }
  CHECK(refusal({"fit.solver=ridge", "fit.monitor=valid_cc"})
            .find("fit.monitor=valid_cc (command "
                  "line): of a closed form") == 0);
  CHECK(refusal({"fit.solver=ridge", "fit.monitor=valid_cc", "data.nested.outer=2"}) == "accepted");
  CHECK(refusal({"fit.solver=ridge", "fit.monitor=valid_cc", "sweep={model.context: [3, 4]}"}) ==
        "accepted");
  CHECK(refusal({"fit.initialise=random", "fit.ridge_prior=flat"}).find("fit.ridge_prior=flat") ==
        0);
}

TEST_CASE("config: in a sweep a key needs an effect in one setting") {
  const auto study_of = [](Study& study, const std::string& fit, const std::string& sweep) {
    read_study(study,
               config::Document::from_text("{data: {file: a.h5}, model: {kind: linear}, fit: " +
                                               fit + ", sweep: " + sweep + "}",
                                           "fit.yaml"),
               "runs/x");
  };
  Study study;
  study_of(study, "{patience: 3}", "{fit.solver: [ridge, gradient]}");
  REQUIRE(study.ensembles.size() == 2);
  // Each saved configuration is accepted as it stands, and says what its members were fitted by.
  const auto text_of = [](const std::string& resolved) {
    auto document = config::Document::from_text(resolved, "saved");
    Study own;
    read_study(own, document, "runs/x");
    return own.config.fit.patience;
  };
  CHECK(text_of(study.resolved) == 3);
  CHECK(text_of(study.ensembles[1].resolved) == 3);
  CHECK(study.ensembles[0].resolved.find("patience") == std::string::npos);

  Study plateau;
  study_of(plateau, "{schedule_patience: 4}", "{fit.schedule: [constant, plateau]}");
  REQUIRE(plateau.ensembles.size() == 1);
  CHECK(plateau.ensembles[0].fits[1].schedule_patience == 4);
  Study again;
  read_study(again, config::Document::from_text(plateau.ensembles[0].resolved, "saved"), "runs/x");
  CHECK(again.ensembles[0].fits[1].schedule_patience == 4);

  Study refused;
  CHECK_THROWS_WITH_AS(
      study_of(refused, "{schedule_patience: 4}", "{fit.schedule: [constant, cosine]}"),
      "fit.yaml:1:51: fit.schedule_patience: is only for schedule: plateau; leave it out",
      ConfigError);
}

// As versions before wrote them, every key with its value.
TEST_CASE("config: a stored closed form with keys without effect is read as without them") {
  const auto before = stored(
      "{data: {file: a.h5}, model: {kind: linear}, fit: {solver: ridge, max_epochs: 3, seeds: [1]},"
      " output: {folder: runs/test}}");
  CHECK(before.config.fit.max_epochs == FitOptions().max_epochs);
  CHECK(all_differences(before, stored(resolved({"fit.solver=ridge"}))).empty());
}

TEST_CASE("config: the run folder is named after the file") {
  CHECK(default_run_folder("my/fit.yaml") == "runs/fit");
}

TEST_CASE(
    "config: the keys in which members of an ensemble may differ are keys of fit, and in docs") {
  const std::string all = resolved({"model.prefilter.kind=adaptrans", "fit.schedule=plateau"});
  const std::string page = read_text(kSource + "/docs/study.md");
  const auto begin = page.find("- Settings that differ in "), end = page.find("\n- ", begin);
  REQUIRE(begin != std::string::npos);
  const std::string listed = page.substr(begin, end - begin);
  for (const auto key : kKeysOfMembers) {
    CAPTURE(key);
    const bool is_named = listed.find(fmt::format("`{}`", key)) != std::string::npos ||
                          listed.find(fmt::format("`fit.{}`", key)) != std::string::npos;
    CHECK(is_named);
    CHECK(all.find(fmt::format("\n  {}:", key)) != std::string::npos);
  }
}

}  // namespace
}  // namespace strffit
