#include "config/section.hpp"

#include <algorithm>

#include "config/suggest.hpp"
#include "util/errors.hpp"

namespace strffit::config {
namespace {

const Record* find_record(const Section& section, const std::string& key) {
  const auto found = std::find_if(section.records.begin(), section.records.end(),
                                  [&](const Record& record) { return record.key == key; });
  return found == section.records.end() ? nullptr : &*found;
}

struct Known {
  std::string key;
  std::string path;
};

void collect(const Section& section, std::vector<Known>& known) {
  for (const auto& record : section.records) {
    known.push_back({record.key, section.path_of(record.key)});
    if (record.child) collect(*record.child, known);
  }
}

std::string joined(const std::vector<std::string>& names, const std::string& separator) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : separator) + name;
  return text;
}

// Advice for an unknown key, in this order: the same name elsewhere, the nearest name here, the
// nearest name elsewhere, all names known here.
std::string cure(const std::string& key, const Section& section, const Section& root) {
  std::vector<Known> known;
  collect(root, known);
  std::vector<std::string> here;
  for (const auto& record : section.records) here.push_back(record.key);
  std::vector<std::string> elsewhere;
  std::vector<std::string> paths;
  for (const auto& [name, path] : known) {
    if (name == key && elsewhere.size() < 3) elsewhere.push_back("\"" + path + "\"");
    if (path == section.path_of(key)) {
      return "; write it without dots, as a key inside the mapping \"" +
             key.substr(0, key.rfind('.')) + "\"";
    }
    paths.push_back(path);
  }
  if (!elsewhere.empty()) return "; did you mean " + joined(elsewhere, " or ") + "?";
  std::string meant = nearest(key, here);
  if (meant.empty()) {
    std::vector<std::string> names;
    names.reserve(known.size());
    for (const auto& entry : known) names.push_back(entry.key);
    const std::string name = nearest(key, names);
    const auto found = std::find(names.begin(), names.end(), name);
    if (!name.empty()) meant = paths[static_cast<std::size_t>(found - names.begin())];
  }
  if (!meant.empty()) return "; did you mean \"" + meant + "\"?";
  return here.empty() ? "; no key is known here" : "; known here: " + joined(here, ", ");
}

// Position of the unknown key. In a mapping that also contains defaults or values of the command
// line, this is the first entry that is neither.
std::string place_of_unknown(const Section& section, const std::string& key) {
  const Value* value = section.find(key);
  Place place = section.value->keys[static_cast<std::size_t>(section.value->index(key))].place;
  std::string path = section.path_of(key);
  while (place.line != 0 && value->kind == Kind::map) {
    const auto n = value->items.size();
    std::size_t other = n;
    bool mixed = false;
    for (std::size_t i = n; i-- > 0;) {
      const bool is_default = value->items[i].all_default();
      mixed = mixed || is_default || value->keys[i].place.line == 0;
      if (!is_default && (other == n || value->keys[other].place.line != 0)) other = i;
    }
    if (!mixed || other == n) break;
    place = value->keys[other].place;
    path += "." + value->keys[other].name;
    value = &value->items[other];
  }
  return place.with_path(path);
}

}  // namespace

const Value* Section::find(const std::string& key) const {
  const int index = value ? value->index(key) : -1;
  return index < 0 ? nullptr : &value->items[static_cast<std::size_t>(index)];
}

std::string Section::path_of(const std::string& key) const {
  return path.empty() ? key : path + "." + key;
}

std::string Section::where(const std::string& key) const {
  const int index = value ? value->index(key) : -1;
  const Place& found = index < 0 ? place : value->keys[static_cast<std::size_t>(index)].place;
  return found.with_path(path_of(key));
}

Record& Section::record(const std::string& key) {
  for (auto& record : records) {
    if (record.key == key) return record;
  }
  records.push_back({.key = key});
  return records.back();
}

void agree(Section& section, const Section* other) {
  for (auto& record : section.records) {
    const Record* const twin = other ? find_record(*other, record.key) : nullptr;
    const bool is_used = twin && !twin->unused;
    if (record.child) {
      agree(*record.child, twin ? twin->child.get() : nullptr);
    } else if (record.given) {
      record.unused = record.unused && !is_used;
    } else if (!is_used || twin->value != record.value) {
      record.left_out = true;
    }
  }
}

void mark_defaults(Value& map, const Section& section, const std::vector<std::string>& also) {
  for (const auto& record : section.records) {
    const int index = map.index(record.key);
    if (index < 0 || map.keys[static_cast<std::size_t>(index)].place.line == 0) continue;
    Value& value = map.items[static_cast<std::size_t>(index)];
    if (record.child) {
      if (value.kind == Kind::map) mark_defaults(value, *record.child, also);
    } else if (record.given) {
      const auto setting = section.path_of(record.key) + "=" + record.value;
      value.is_default = record.value == record.fallback ||
                         std::find(also.begin(), also.end(), setting) != also.end();
    }
  }
}

std::string unknown_path(const std::string& path, const Section& root) {
  const Section* section = &root;
  std::size_t start = 0;
  while (true) {
    const std::size_t end = path.find('.', start);
    const std::string key = path.substr(start, end - start);
    const Record* record = find_record(*section, key);
    if (!record) return cure(path.substr(start), *section, root);
    if (end == std::string::npos) return "";
    if (!record->child) return "; " + section->path_of(key) + " is not a mapping";
    section = record->child.get();
    start = end + 1;
  }
}

void refuse_unknown_keys(const Section& section, const Section& root) {
  if (!section.value) return;
  for (const auto& [key, place] : section.value->keys) {
    const Record* record = find_record(section, key);
    if (!record) {
      if (section.find(key)->all_default()) continue;
      throw ConfigError(place_of_unknown(section, key), "unknown key" + cure(key, section, root));
    }
    if (record->child) refuse_unknown_keys(*record->child, root);
  }
}

}  // namespace strffit::config
