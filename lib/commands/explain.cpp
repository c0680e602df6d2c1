#include "commands/explain.hpp"

#include <sstream>
#include <utility>
#include <vector>

#include "commands/config_keys.hpp"
#include "config/suggest.hpp"
#include "files/json.hpp"
#include "model/model.hpp"
#include "util/errors.hpp"
#include "util/report.hpp"

namespace strffit {

namespace {

constexpr std::size_t kWidth = 80, kNameWidth = 11;

std::string joined(const std::vector<std::string>& words, const std::string& last = ", ",
                   const std::string& between = ", ") {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == words.size() ? last : between) + words[i];
  }
  return text;
}

bool all_kinds(const std::vector<std::string>& kinds) {
  return kinds.size() == model_kinds().size();
}

// "batch (nrf, dnet), layer (statenet)"; "9" where all kinds have it.
std::string by_kind(const std::vector<ValueOfKinds>& values, const KeyForm& form) {
  if (values.size() == 1 && values.front().kinds.size() == form.kinds.size()) {
    return values.front().value;
  }
  std::string text;
  for (const auto& [value, kinds] : values) {
    text += (text.empty() ? "" : ", ") + value + " (" + joined(kinds) + ")";
  }
  return text;
}

// "model.prefilter.scale=mel" and three more as "model.prefilter.scale=mel, erb, log or greenwood".
std::string conditions(const std::vector<std::string>& beside) {
  std::vector<std::pair<std::string, std::vector<std::string>>> keys;
  for (const auto& one : beside) {
    const auto equals = one.find('=');
    const std::string key = one.substr(0, equals);
    if (keys.empty() || keys.back().first != key) keys.push_back({key, {}});
    if (equals != std::string::npos) keys.back().second.push_back(one.substr(equals + 1));
  }
  std::vector<std::string> texts;
  for (const auto& [key, words] : keys) {
    texts.push_back(words.empty() ? key : key + "=" + joined(words, " or "));
  }
  return joined(texts, ", or ");
}

// A line "name  text", broken at spaces so that it stays within kWidth, the rest below the text.
std::string line(const std::string& name, const std::string& text) {
  if (text.empty()) return "";
  std::string result = "  " + name + std::string(kNameWidth - name.size(), ' ');
  std::size_t column = result.size();
  const std::string indent(column, ' ');
  std::istringstream words(text);
  bool first = true;
  for (std::string word; words >> word; first = false) {
    if (!first && column + 1 + word.size() > kWidth) {
      result += "\n" + indent;
      column = indent.size();
    } else if (!first) {
      result += " ";
      ++column;
    }
    result += word;
    column += word.size();
  }
  return result + "\n";
}

std::string text_of(const KeyForm& form) {
  return line("meaning", form.doc) + line("values", form.values) +
         line("default", by_kind(form.defaults, form)) +
         line("in init", by_kind(form.written, form)) +
         line("models", all_kinds(form.kinds) ? "" : joined(form.kinds)) +
         line("only with", conditions(form.beside)) +
         line("more in", joined(form.documentation, "; ", "; "));
}

// Below a mapping, or everywhere for "".
std::vector<const ConfigKey*> below(const std::string& path) {
  std::vector<const ConfigKey*> found;
  for (const auto& key : config_keys()) {
    if (path.empty() || key.path.starts_with(path + ".")) found.push_back(&key);
  }
  return found;
}

std::string table_of(const std::vector<const ConfigKey*>& keys) {
  Table table{"", {"key", "default", "values"}, {}};
  for (const auto* key : keys) {
    if (key->mapping) continue;
    for (const auto& form : key->forms) {
      const std::vector<std::string> row = {key->path, by_kind(form.defaults, form), form.values};
      if (table.rows.empty() || table.rows.back() != row) table.rows.push_back(row);
    }
  }
  // The longest lists of words would make every line as long.
  for (auto& row : table.rows) {
    constexpr std::size_t kLongest = 48;
    for (auto& cell : row) {
      if (cell.size() > kLongest) cell.replace(kLongest - 3, std::string::npos, "...");
    }
  }
  return to_text({{std::move(table)}, {}});
}

const ConfigKey& find(const std::string& path) {
  const auto& keys = config_keys();
  std::vector<std::string> paths, ending;
  for (const auto& key : keys) {
    if (key.path == path) return key;
    if (key.path.ends_with("." + path)) ending.push_back(key.path);
    paths.push_back(key.path);
  }
  if (ending.size() == 1) return find(ending.front());
  std::string cure;
  if (!ending.empty()) {
    cure = "; there are " + joined(ending, " and ");
  } else {
    std::string nearest = config::nearest(path, paths);
    for (const auto& one : paths) {
      const auto point = one.rfind('.');
      if (!nearest.empty() || point == std::string::npos) continue;
      if (!config::nearest(path, {one.substr(point + 1)}).empty()) nearest = one;
    }
    cure = nearest.empty() ? "; strffit config lists all" : "; did you mean \"" + nearest + "\"?";
  }
  throw ConfigError("", "there is no key \"" + path + "\"" + cure);
}

Json key_json(const std::vector<ValueOfKinds>& values) {
  Json json = Json::object();
  for (const auto& [value, kinds] : values) {
    for (const auto& kind : kinds) json[kind] = value;
  }
  return json;
}

Json key_json(const ConfigKey& key) {
  Json json;
  json["key"] = key.path;
  json["mapping"] = key.mapping;
  for (const auto& form : key.forms) {
    Json one;
    one["meaning"] = form.doc;
    one["values"] = form.values;
    one["words"] = form.words;
    one["defaults"] = key_json(form.defaults);
    one["init"] = key_json(form.written);
    one["models"] = form.kinds;
    one["only_with"] = form.beside;
    one["documentation"] = form.documentation;
    json["forms"].push_back(one);
  }
  return json;
}

}  // namespace

std::string explain_key(const std::string& path) {
  if (path.empty()) return table_of(below(""));
  const ConfigKey& key = find(path);
  std::string text = key.path + "\n";
  for (std::size_t i = 0; i < key.forms.size(); ++i) {
    if (i > 0) text += "\n";
    text += text_of(key.forms[i]);
  }
  if (key.mapping) text += "\n" + table_of(below(key.path));
  return text;
}

std::string explain_key_as_json(const std::string& path) {
  Json json = Json::array();
  if (path.empty()) {
    for (const auto* key : below("")) json.push_back(key_json(*key));
  } else {
    const ConfigKey& key = find(path);
    json.push_back(key_json(key));
    if (key.mapping) {
      for (const auto* one : below(key.path)) json.push_back(key_json(*one));
    }
  }
  return json.dump(2);
}

}  // namespace strffit
