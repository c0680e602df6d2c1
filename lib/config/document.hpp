// A configuration: a YAML file with the `key=value` assignments of a command line.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/description.hpp"
#include "config/node.hpp"

namespace strffit::config {

// A key that was read, with its final value as YAML.
struct Entry {
  std::string path, value;
};

class Document {
 public:
  // ConfigError at "file:line:column" if the file is missing, larger than 1 MiB, not UTF-8, not
  // YAML, not one mapping or nested deeper than 32; also for tabs, duplicate keys, anchors,
  // aliases, merge keys and tags. Empty text is an empty mapping. `name`: the file, in
  // messages.
  static Document from_file(const std::string& path);
  static Document from_text(const std::string& text, const std::string& name);

  // Like from_text, for a configuration that a run has written. Keys without effect are ignored
  // whatever their values, because earlier versions wrote all keys.
  static Document of_run(const std::string& text, const std::string& name);

  // Overrides the file at a key path: "model.hidden=40", with the value in YAML. Creates missing
  // mappings. Call before root(). ConfigError naming "model.hidden=40 (command line)".
  void set(const std::string& assignment);

  // An unread copy in which `values` override the file and their keys are removed from the mapping
  // `sweep`. Errors name the position of the alternative.
  Document with(const std::vector<Alternative>& values, const std::string& sweep) const;

  // The whole mapping; every call returns a handle to the same one.
  Node root();

  // All keys read so far with their final values, as YAML in the order of reading. Reading this
  // text gives the same values, bit for bit.
  std::string resolved() const;

  // The same keys as paths ("model.hidden") with their values as YAML, without mappings.
  std::vector<Entry> entries() const;

  // Prepares resolved() of a sweep. `setting` is this document with some values (with()), after
  // reading. Omits from resolved() each default that `setting` does not have or has with another
  // value, and includes each given key that has an effect only in `setting`. After a call for every
  // setting, each setting read from resolved() has its original values.
  void agree_with(const Document& setting);

  // True if this document has alternatives that were read, or comes from with() and some values.
  bool of_sweep() const;

  // Keys that were given and read but have no effect (Node::only_if). Node::finish refuses them
  // except in a sweep, where another setting may use them.
  const std::vector<Unused>& unused() const;

  // Call before root(). Marks keys of the file as defaults: those with the default of `alone` (the
  // same file without the command line, after reading), and those in `also`, as "model.norm=layer".
  // A marked key that the command line or a sweep makes ineffective or invalid counts as absent.
  void mark_defaults_of(const Document& alone, const std::vector<std::string>& also);

  // Like resolved(), with a comment above each key: meaning, allowed values, default.
  std::string commented() const;

  // All keys read so far that have an effect, in the order of reading; a mapping comes before its
  // keys.
  std::vector<Description> descriptions() const;

  // Markdown: a heading and a table (key, default, values, meaning) for the mapping at `path` and
  // each mapping below it; "" is the root.
  std::string reference(const std::string& path = "") const;

 private:
  explicit Document(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace strffit::config
