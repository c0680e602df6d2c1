#include "commands/config_keys.hpp"

#include <algorithm>
#include <sstream>

#include "commands/init.hpp"
#include "config/document.hpp"
#include "study/config.hpp"
#include "util/errors.hpp"

namespace strffit {

namespace {

using config::Description;

// A configuration in which a key is set, and how to say that.
struct Setting {
  std::string assignment;
  std::string said;
};

// Where a key is a number or a mapping, none of its words brings others forth.
const std::vector<Setting>& settings_beyond_words() {
  static const std::vector<Setting> settings = {
      {"data.nested.outer=5", "data.nested.outer above 0"},
      {"data.split={valid: 0.15}", "data.split a mapping of shares"},
      {"data.split={valid: []}", "data.split a mapping of lists"},
  };
  return settings;
}

// Pages beside docs/config.md that explain the keys whose paths begin so.
struct Page {
  const char *prefix, *page;
};
constexpr Page kPages[] = {
    {"model", "docs/models.md"},        {"data.folds", "docs/study.md"},
    {"data.nested", "docs/study.md"},   {"sweep", "docs/study.md"},
    {"fit.solver", "docs/models.md"},   {"fit.ridge_prior", "docs/models.md"},
    {"run.threads", "docs/cluster.md"}, {"run.chunk", "docs/scaling.md"},
    {"run.tf32", "docs/gpu.md"},        {"run.cuda_graphs", "docs/gpu.md"},
};

bool begins(const std::string& path, const std::string& prefix) {
  return path == prefix || path.starts_with(prefix + ".");
}

std::string parent_of(const std::string& path) {
  const auto point = path.rfind('.');
  return point == std::string::npos ? "" : path.substr(0, point);
}

void add_once(std::vector<std::string>& words, const std::string& word) {
  if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
}

void add_value(std::vector<ValueOfKinds>& values, const std::string& value,
               const std::string& kind) {
  for (auto& one : values) {
    if (std::find(one.kinds.begin(), one.kinds.end(), kind) != one.kinds.end()) return;
  }
  for (auto& one : values) {
    if (one.value != value) continue;
    one.kinds.push_back(kind);
    return;
  }
  values.push_back({value, {kind}});
}

// The tables of docs/config.md: the headings below which a row stands.
class Headings {
 public:
  Headings() {
    std::istringstream lines(config_reference());
    std::string heading;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("## ")) heading = line.substr(3);
      if (line.starts_with("| `")) rows_.push_back({heading, line});
    }
  }

  // "" where no row has this key with this meaning.
  std::string of(const Description& key, const std::string& kind) const {
    const std::string parent = parent_of(key.path);
    if (parent.empty()) return "`" + key.path + "`";
    const std::string start = "| `" + key.path.substr(parent.size() + 1) + "` |";
    const std::string end = " | " + key.doc + " |";
    std::string found;
    for (const auto& [heading, row] : rows_) {
      const bool here =
          heading.starts_with("`" + parent + "`") && row.starts_with(start) && row.ends_with(end);
      if (here && (found.empty() || heading.ends_with("`" + kind + "`"))) found = heading;
    }
    return found;
  }

 private:
  std::vector<std::pair<std::string, std::string>> rows_;
};

// Reads the configurations that show all keys: of every kind, with every word of every key; where a
// word brings keys forth, with every word of these too.
class Collector {
 public:
  std::vector<ConfigKey> collect() {
    for (const auto& kind : model_kinds()) {
      kind_ = kind;
      const auto base = read({});
      const auto suggested = suggested_;
      for (const auto& key : base) add(key, "");
      for (const auto& assignment : suggested) note_written(assignment);
      explore({}, base, base);
      for (const auto& setting : settings_beyond_words()) {
        add_new(read({setting.assignment}), base, setting.said);
      }
    }
    return keys_;
  }

 private:
  using Keys = std::vector<Description>;

  // Nothing where these do not go together.
  Keys read(const std::vector<std::string>& assignments) {
    auto document = config::Document::from_text("", "keys");
    document.set("data.file=data.h5");
    document.set("model.kind=" + kind_);
    for (const auto& assignment : assignments) document.set(assignment);
    try {
      suggested_ = read_config(document, "runs/<name of the config>").model.recipe.suggested;
    } catch (const ConfigError&) {
      return {};
    }
    return document.descriptions();
  }

  // Tries the words of the keys `fresh` of a configuration that has the keys `before`.
  void explore(const std::vector<std::string>& assignments, const Keys& fresh, const Keys& before) {
    for (const auto& key : fresh) {
      if (key.path == "model.kind") continue;
      for (const auto& word : key.words) {
        if (word == key.fallback) continue;
        auto more = assignments;
        more.push_back(key.path + "=" + word);
        const Keys found = read(more);
        const Keys brought = add_new(found, before, more.back());
        if (!brought.empty()) explore(more, brought, found);
      }
    }
  }

  Keys add_new(const Keys& found, const Keys& before, const std::string& beside) {
    Keys brought;
    for (const auto& key : found) {
      const bool known = std::any_of(before.begin(), before.end(),
                                     [&](const auto& other) { return other.path == key.path; });
      if (known) continue;
      brought.push_back(key);
      add(key, beside);
    }
    return brought;
  }

  void add(const Description& found, const std::string& beside) {
    ConfigKey& key = place_of(found);
    auto form = std::find_if(key.forms.begin(), key.forms.end(), [&](const auto& one) {
      return one.doc == found.doc && one.values == found.values;
    });
    if (form == key.forms.end()) {
      key.forms.push_back({.doc = found.doc, .values = found.values, .words = found.words});
      form = key.forms.end() - 1;
      document(found, *form);
    }
    add_once(form->kinds, kind_);
    if (!found.fallback.empty()) add_value(form->defaults, found.fallback, kind_);
    if (!beside.empty()) add_once(form->beside, beside);
  }

  void document(const Description& found, KeyForm& form) const {
    const std::string heading = headings_.of(found, kind_);
    if (!heading.empty()) form.documentation.push_back("docs/config.md, " + heading);
    for (const auto& page : kPages) {
      if (begins(found.path, page.prefix)) add_once(form.documentation, page.page);
    }
  }

  // Behind what stands in the same mapping already.
  ConfigKey& place_of(const Description& found) {
    const auto known = std::find_if(keys_.begin(), keys_.end(),
                                    [&](const auto& key) { return key.path == found.path; });
    if (known != keys_.end()) return *known;
    auto place = keys_.end();
    const std::string parent = parent_of(found.path);
    if (!parent.empty()) {
      for (auto key = keys_.begin(); key != keys_.end(); ++key) {
        if (begins(key->path, parent)) place = key + 1;
      }
    }
    return *keys_.insert(place, {found.path, found.mapping, {}});
  }

  void note_written(const std::string& assignment) {
    const auto equals = assignment.find('=');
    const std::string path = assignment.substr(0, equals);
    for (auto& key : keys_) {
      if (key.path != path) continue;
      for (auto& form : key.forms) add_value(form.written, assignment.substr(equals + 1), kind_);
    }
  }

  Headings headings_;
  std::string kind_;
  std::vector<std::string> suggested_;
  std::vector<ConfigKey> keys_;
};

}  // namespace

std::vector<std::string> ConfigKey::words() const {
  std::vector<std::string> all;
  for (const auto& form : forms) {
    for (const auto& word : form.words) add_once(all, word);
  }
  return all;
}

const std::vector<ConfigKey>& config_keys() {
  static const std::vector<ConfigKey> keys = Collector().collect();
  return keys;
}

}  // namespace strffit
