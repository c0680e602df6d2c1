// Records of the keys read so far, beside the values of the file. Internal to config.
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
  std::vector<std::string> words = {};  // those that are words
  std::string fallback = {};            // default as YAML
  std::string value = {};               // final value as YAML
  bool given = false;                   // by the file or the command line
  bool left_out = false;                // omitted from the resolved text
  bool unused = false;                  // without effect: Node::only_if
  std::shared_ptr<Section> child = {};  // if a mapping; then only key and doc are set
};

// A mapping that was requested, even if the file does not have it.
struct Section {
  std::string path;              // "" at the root
  Place place;                   // of its key, or of the nearest existing mapping around it
  const Value* value = nullptr;  // null if the file has none
  std::vector<Record> records;   // in the order of reading

  const Value* find(const std::string& key) const;
  std::string path_of(const std::string& key) const;
  std::string where(const std::string& key) const;
  // The record of a key; creates a missing one.
  Record& record(const std::string& key);
};

// State shared by the nodes of a document.
struct State {
  Value tree;
  std::string name;
  std::shared_ptr<Section> root = {};  // null before Document::root
  std::vector<Unused> unused = {};     // in the order of reading
  bool of_sweep = false;               // has alternatives, or is one of the settings
  bool forgives = false;               // Document::of_run
};

// Omits from the resolved text keys that were not given and differ in `other`, the same mapping of
// another document (null if it has none). Includes given keys that have an effect there.
void agree(Section& section, const Section* other);

// Marks values of `map` as defaults, except those of the command line: those that are defaults in
// `section` after reading, and those in `also` ("model.norm=layer").
void mark_defaults(Value& map, const Section& section, const std::vector<std::string>& also);

// Advice if `path` (from the root) is not a key that was read; "" if it is.
std::string unknown_path(const std::string& path, const Section& root);

// ConfigError at the first key without a record, in the order of the file; defaults are
// skipped.
void refuse_unknown_keys(const Section& section, const Section& root);

}  // namespace strffit::config
