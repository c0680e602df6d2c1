#include "config/document.hpp"

#include <algorithm>

#include "config/parse.hpp"
#include "config/report.hpp"
#include "config/section.hpp"
#include "config/text.hpp"
#include "util/errors.hpp"

namespace strffit::config {
namespace {

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// "model.hidden" to {"model", "hidden"}; empty where that is no key path.
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
  const Place place = value.place;
  Value* map = &state_->tree;
  std::string path;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (map->kind == Kind::null) map->kind = Kind::map;
    if (map->kind != Kind::map) {
      throw ConfigError(shown, "\"" + path + "\" is no mapping; found " + describe(*map));
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

Node Document::root() {
  if (!state_->root) {
    state_->root = std::make_shared<Section>();
    state_->root->place = state_->tree.place;
    state_->root->value = &state_->tree;
  }
  return {state_, state_->root};
}

std::string Document::resolved() const { return state_->root ? write_resolved(*state_->root) : ""; }

std::string Document::commented() const {
  return state_->root ? write_commented(*state_->root) : "";
}

std::string Document::reference(const std::string& path) const {
  return state_->root ? write_reference(*state_->root, path) : "";
}

}  // namespace strffit::config
