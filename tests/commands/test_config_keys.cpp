// What `config` and completion say of the keys, against what the code accepts.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "commands/config_keys.hpp"
#include "commands/explain.hpp"
#include "commands/init.hpp"
#include "config/document.hpp"
#include "files/json.hpp"
#include "study/config.hpp"
#include "util/errors.hpp"

namespace strffit {
namespace {

const ConfigKey& key(const std::string& path) {
  const auto& keys = config_keys();
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const auto& one) { return one.path == path; });
  REQUIRE_MESSAGE(found != keys.end(), path);
  return *found;
}

std::string refusal(const std::vector<std::string>& assignments) {
  auto document = config::Document::from_text("", "test");
  document.set("data.file=data.h5");
  for (const auto& assignment : assignments) document.set(assignment);
  try {
    read_config(document, "run");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("config keys: every key of every kind's configuration is there, and each once") {
  std::set<std::string> paths;
  for (const auto& one : config_keys()) CHECK_MESSAGE(paths.insert(one.path).second, one.path);
  for (const auto& kind : kinds()) {
    auto document = config::Document::from_text(starting_config(kind), kind);
    read_config(document, "run");
    for (const auto& entry : document.entries()) {
      CHECK_MESSAGE(paths.contains(entry.path), entry.path);
    }
  }
  // Keys that appear only beside values of others, of others beside others too.
  for (const char* path :
       {"fit.schedule_factor", "model.kernel.rank", "model.prefilter.learnable",
        "model.prefilter.min_freq_hz", "data.nested.inner", "data.split.valid"}) {
    CHECK_MESSAGE(paths.contains(path), path);
  }
}

TEST_CASE("config keys: each word is accepted where the key has an effect") {
  std::size_t tried = 0;
  for (const auto& one : config_keys()) {
    for (const auto& form : one.forms) {
      for (const auto& word : form.words) {
        if (one.path == "data.split") continue;
        std::vector<std::string> assignments = {"model.kind=" + form.kinds.front()};
        if (!form.beside.empty()) {
          if (one.path.starts_with("model.prefilter.")) {
            assignments.push_back("model.prefilter.kind=adaptrans");
          }
          assignments.push_back(form.beside.front());
        }
        assignments.push_back(one.path + "=" + word);
        const std::string what = refusal(assignments);
        CAPTURE(one.path + "=" + word);
        CHECK(what.find("unknown key") == std::string::npos);
        CHECK(what.find("expected") == std::string::npos);
        ++tried;
      }
    }
  }
  CHECK(tried > 80);
}

TEST_CASE("config keys: each has a meaning and a place in the documentation that is there") {
  const std::string reference = config_reference();
  for (const auto& one : config_keys()) {
    CAPTURE(one.path);
    CHECK_FALSE(one.forms.empty());
    for (const auto& form : one.forms) {
      CHECK_FALSE(form.doc.empty());
      CHECK(form.values.empty() == one.mapping);
      if (one.path.find('.') == std::string::npos && one.mapping) continue;  // data, model, ...
      REQUIRE_FALSE(form.documentation.empty());
      for (const auto& place : form.documentation) {
        const auto comma = place.find(", ");
        CHECK(std::filesystem::exists(std::string(STRFFIT_SOURCE_DIR) + "/" +
                                      place.substr(0, comma)));
        if (comma != std::string::npos) {
          CHECK_MESSAGE(reference.find("## " + place.substr(comma + 2) + "\n") != std::string::npos,
                        place);
        }
      }
    }
  }
}

TEST_CASE("config keys: defaults by kind are those that a configuration gets") {
  for (const auto& one : config_keys()) {
    for (const auto& form : one.forms) {
      if (one.mapping || !form.beside.empty() || one.path == "output.folder") continue;
      for (const auto& [value, of] : form.defaults) {
        for (const auto& kind : of) {
          auto document = config::Document::from_text("", "test");
          document.set("data.file=data.h5");
          document.set("model.kind=" + kind);
          read_config(document, "run");
          const auto entries = document.entries();
          const auto entry = std::find_if(entries.begin(), entries.end(),
                                          [&](const auto& each) { return each.path == one.path; });
          CAPTURE(one.path + " of " + kind);
          REQUIRE(entry != entries.end());
          CHECK(entry->value == value);
        }
      }
    }
  }
}

TEST_CASE("config keys: what is said of some") {
  // It means another thing in each of three families.
  const auto& hidden = key("model.hidden").forms;
  REQUIRE(hidden.size() == 3);
  CHECK(hidden[0].kinds == std::vector<std::string>{"nrf", "dnet"});
  CHECK(hidden[1].kinds == std::vector<std::string>{"conv2d"});
  CHECK(hidden[2].words == std::vector<std::string>{"inputs"});
  CHECK(
      key("model.prefilter.scale").forms.front().beside ==
      std::vector<std::string>{"model.prefilter.kind=adaptrans", "model.prefilter.kind=willmore"});
  CHECK(key("data.split.valid").forms.size() == 2);
  CHECK(key("fit.loss").words() == std::vector<std::string>{"mse", "poisson", "huber"});

  const std::string said = explain_key("model.norm");
  CHECK(said.starts_with("model.norm\n  meaning    normalisation of the hidden layers"));
  CHECK(said.find("  values     none, batch or layer\n") != std::string::npos);
  CHECK(said.find("  in init    layer (nrf, dnet") != std::string::npos);
  CHECK(said.find("docs/config.md, `model` of kind `nrf`") != std::string::npos);
  CHECK(explain_key("norm") == said);  // the only key that ends so
  CHECK(explain_key("model.kernel").find("model.kernel.rank") != std::string::npos);
  CHECK(explain_key("").find("fit.learning_rate  ") != std::string::npos);
  std::istringstream lines(said);
  for (std::string line; std::getline(lines, line);) CHECK_MESSAGE(line.size() <= 80, line);

  CHECK_THROWS_WITH_AS(explain_key("model.hiden"),
                       "there is no key \"model.hiden\"; did you mean \"model.hidden\"?",
                       ConfigError);
  CHECK_THROWS_WITH_AS(explain_key("patiense"),
                       "there is no key \"patiense\"; did you mean \"fit.patience\"?", ConfigError);
  CHECK_THROWS_WITH_AS(explain_key("qqqq"), "there is no key \"qqqq\"; strffit config lists all",
                       ConfigError);
  CHECK_THROWS_AS(explain_key("kind"), ConfigError);  // of three mappings

  const auto json = Json::parse(explain_key_as_json("model.hidden"));
  CHECK(json[0]["forms"][2]["defaults"]["statenet"] == "inputs");
  CHECK(Json::parse(explain_key_as_json("")).size() == config_keys().size());
}

}  // namespace
}  // namespace strffit
