#include "config/document.hpp"

#include <algorithm>

#include "config/parse.hpp"
#include "config/report.hpp"
#include "config/scalar.hpp"
#include "config/section.hpp"
#include "config/text.hpp"
#include "util/errors.hpp"

namespace strffit::config {
namespace {

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// "model.hidden" -> {"model", "hidden"}; empty if the text is not a key path.
std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> keys{""};
  for (const char c : path) {
    if (c == '.') {
      keys.emplace_back();
    } else if (is_key_character(c)) {
      keys.back() += c;
    } else {
      return {};
    }
  }
  const bool valid =
      keys.size() <= kDeepest &&
      std::none_of(keys.begin(), keys.end(), [](const auto& k) { return k.empty(); });
  return valid ? keys : std::vector<std::string>{};
}

// Sets the value at a path and creates missing mappings. `shown`: names the assignment if something
// other than a mapping is in the way.
void assign(Value& tree, const std::vector<std::string>& keys, Value value,
            const std::string& shown) {
  const Place place = value.place;
  Value* map = &tree;
  std::string path;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (map->kind == Kind::null) map->kind = Kind::map;
    if (map->kind != Kind::map) {
      throw ConfigError(shown, "\"" + path + "\" is not a mapping; found " + describe(*map));
    }
    path += (path.empty() ? "" : ".") + keys[i];
    const int found = map->index(keys[i]);
    if (found < 0) {
      map->keys.push_back({keys[i], place});
      map->items.push_back({.kind = Kind::null, .place = place});
    }
    const auto index = found < 0 ? map->keys.size() - 1 : static_cast<std::size_t>(found);
    if (i + 1 == keys.size()) map->keys[index].place = place;
    map = &map->items[index];
  }
  *map = std::move(value);
}

void add_entries(const Section& section, std::vector<Entry>& entries) {
  for (const auto& record : section.records) {
    if (record.left_out || record.unused) continue;
    if (record.child) {
      add_entries(*record.child, entries);
    } else {
      entries.push_back({section.path_of(record.key), record.value});
    }
  }
}

void add_descriptions(const Section& section, std::vector<Description>& descriptions) {
  for (const auto& record : section.records) {
    if (record.unused) continue;
    const bool has_default = !record.child && record.fallback != "\"\"";
    descriptions.push_back({section.path_of(record.key), record.doc, record.values,
                            has_default ? record.fallback : "", record.words,
                            record.child != nullptr});
    if (record.child) add_descriptions(*record.child, descriptions);
  }
}

// Removes `path` from a mapping whose keys may themselves be paths.
void remove(Value& map, const std::string& path) {
  for (std::size_t i = 0; i < map.keys.size(); ++i) {
    const std::string& name = map.keys[i].name;
    if (name == path) {
      map.keys.erase(map.keys.begin() + static_cast<std::ptrdiff_t>(i));
      map.items.erase(map.items.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
    if (map.items[i].kind == Kind::map && path.starts_with(name + ".")) {
      remove(map.items[i], path.substr(name.size() + 1));
    }
  }
}

}  // namespace

Document::Document(std::shared_ptr<State> state) : state_(std::move(state)) {}

Document Document::from_file(const std::string& path) {
  return from_text(read_small_file(path), path);
}

Document Document::from_text(const std::string& text, const std::string& name) {
  auto state = std::make_shared<State>();
  state->tree = parse_file_text(text, name);
  state->name = name;
  Value& tree = state->tree;
  if (tree.kind == Kind::null) tree.kind = Kind::map;
  if (tree.kind != Kind::map) {
    throw ConfigError(
        tree.place.with_path(""),
        "expected a mapping (lines of `key: value`, a space after the colon); found " +
            describe(tree));
  }
  return Document(std::move(state));
}

Document Document::of_run(const std::string& text, const std::string& name) {
  auto document = from_text(text, name);
  document.state_->forgives = true;
  return document;
}

void Document::set(const std::string& assignment) {
  if (state_->root) throw Bug("Document::set after Document::root");
  const std::string shown = printable(assignment) + " (command line)";
  const auto equals = assignment.find('=');
  const auto keys = split_path(assignment.substr(0, equals));
  if (equals == std::string::npos || keys.empty()) {
    throw ConfigError(shown,
                      "expected key=value without spaces around the =, such as "
                      "model.hidden=40");
  }
  Value value = parse_assigned_text(assignment.substr(equals + 1), assignment);
  assign(state_->tree, keys, std::move(value), shown);
}

Document Document::with(const std::vector<Alternative>& values, const std::string& sweep) const {
  auto state = std::make_shared<State>();
  state->tree = state_->tree;
  state->name = state_->name;
  state->of_sweep = state_->of_sweep || !values.empty();
  state->forgives = state_->forgives;
  Value& tree = state->tree;
  for (const auto& one : values) {
    const auto keys = split_path(one.key);
    if (keys.empty()) throw ConfigError(one.where, "expected the path of a key, such as fit.l1");
    assign(tree, keys, *one.value, one.where);
    const int at = tree.index(sweep);
    if (at >= 0) remove(tree.items[static_cast<std::size_t>(at)], one.key);
  }
  return Document(std::move(state));
}

Node Document::root() {
  if (!state_->root) {
    state_->root = std::make_shared<Section>();
    state_->root->place = state_->tree.place;
    state_->root->value = &state_->tree;
  }
  return {state_, state_->root};
}

std::string Document::resolved() const { return state_->root ? write_resolved(*state_->root) : ""; }

std::vector<Entry> Document::entries() const {
  std::vector<Entry> entries;
  if (state_->root) add_entries(*state_->root, entries);
  return entries;
}

std::vector<Description> Document::descriptions() const {
  std::vector<Description> descriptions;
  if (state_->root) add_descriptions(*state_->root, descriptions);
  return descriptions;
}

void Document::agree_with(const Document& setting) {
  if (!state_->root || !setting.state_->root) throw Bug("settings are compared unread");
  agree(*state_->root, setting.state_->root.get());
}

bool Document::of_sweep() const { return state_->of_sweep; }

const std::vector<Unused>& Document::unused() const { return state_->unused; }

void Document::mark_defaults_of(const Document& alone, const std::vector<std::string>& also) {
  if (state_->root || !alone.state_->root) throw Bug("defaults are marked before reading");
  mark_defaults(state_->tree, *alone.state_->root, also);
}

std::string Document::commented() const {
  return state_->root ? write_commented(*state_->root) : "";
}

std::string Document::reference(const std::string& path) const {
  return state_->root ? write_reference(*state_->root, path) : "";
}

}  // namespace strffit::config
