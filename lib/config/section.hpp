// What has been read so far, beside what the file says. Internal to config.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/unused.hpp"
#include "config/value.hpp"

namespace strffit::config {

struct Section;

// A key that was read.
struct Record {
  std::string key;
  std::string doc = {};
  std::string values = {};              // allowed values, "whole number at least 1"
  std::string fallback = {};            // default as YAML
  std::string value = {};               // final value as YAML
  bool given = false;                   // the file or the command line has it
  bool left_out = false;                // of the resolved text
  bool unused = false;                  // has no effect beside the other keys: Node::only_if
  std::shared_ptr<Section> child = {};  // of a mapping; then the texts above but doc are empty
};

// A mapping that was asked for, whether or not the file has it.
struct Section {
  std::string path;              // "" at the root
  Place place;                   // of its key, or of the nearest mapping around it that exists
  const Value* value = nullptr;  // null where the file has none
  std::vector<Record> records;   // in the order of reading

  const Value* find(const std::string& key) const;
  std::string path_of(const std::string& key) const;
  std::string where(const std::string& key) const;
  // The record of a key, made where it is new.
  Record& record(const std::string& key);
};

// What the nodes of a document share.
struct State {
  Value tree;
  std::string name;
  std::shared_ptr<Section> root = {};  // null until Document::root
  std::vector<Unused> unused = {};     // in the order of reading
  bool of_sweep = false;               // has alternatives, or is one of its settings
  bool forgives = false;               // Document::of_run
};

// Leaves out of the resolved text what was not given and is not the same in `other`, the same
// mapping of another document; null: it has none. Takes in what was given and has an effect there.
void agree(Section& section, const Section* other);

// Marks the values of `map` that `section`, which was read, has as defaults, or that `also` names
// ("model.norm=layer"); those that came from the command line apart.
void mark_defaults(Value& map, const Section& section, const std::vector<std::string>& also);

// How to go on where `path`, from the root, is no key that was read; "" where it is one.
std::string unknown_path(const std::string& path, const Section& root);

// Throws ConfigError at the first key without a record, in the order of the file, but for what is
// there as a default.
void refuse_unknown_keys(const Section& section, const Section& root);

}  // namespace strffit::config
