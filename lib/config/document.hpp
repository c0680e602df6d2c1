// A configuration: a YAML file and the `key=value` of a command line.
#pragma once

#include <memory>
#include <string>

#include "config/node.hpp"

namespace strffit::config {

// A key that was read, and its final value as YAML.
struct Entry {
  std::string path, value;
};

class Document {
 public:
  // Throw ConfigError at "file:line:column" for a file that is absent, larger than 1 MiB, not
  // UTF-8, not YAML, not one mapping, or nested deeper than 32; for tabs, keys given twice,
  // anchors, aliases, merge keys and tags. An empty text is an empty mapping. `name` stands for the
  // file in messages.
  static Document from_file(const std::string& path);
  static Document from_text(const std::string& text, const std::string& name);

  // The same of a text that a run has left: keys without effect in it are left out, whatever their
  // values, as earlier versions wrote them all.
  static Document of_run(const std::string& text, const std::string& name);

  // Sets a key by its path, over what the file says: "model.hidden=40", the value in YAML; missing
  // mappings are made. Before root(). Throws ConfigError naming "model.hidden=40 (command line)".
  void set(const std::string& assignment);

  // A document of its own, unread, with these values over what the file says; their keys are left
  // out of the mapping `sweep`. Errors name the place of the alternative.
  Document with(const std::vector<Alternative>& values, const std::string& sweep) const;

  // The whole mapping. Every call gives a handle to the same one.
  Node root();

  // All keys read so far, in the order of reading, with their final values. Reading it again gives
  // the same values, bit for bit.
  std::string resolved() const;

  // The same keys by their paths ("model.hidden"), each with its value as YAML; mappings have none.
  std::vector<Entry> entries() const;

  // Leaves out of resolved() the defaults that `setting`, this document with some values (with()),
  // read, does not share: it lacks the key, or has another default. Takes in what is given and has
  // an effect only there. Once this was done for every setting, each of them read from resolved()
  // has the same values again.
  void agree_with(const Document& setting);

  // Whether it has alternatives that were read, or with() made it from some.
  bool of_sweep() const;

  // What was read, was given and has no effect (Node::only_if). Node::finish refuses it, but not of
  // a sweep: another setting may use it.
  const std::vector<Unused>& unused() const;

  // Notes which keys of the file are defaults in `alone`, the same file without the command line,
  // as far as it was read; and those that `also` has, as "model.norm=layer". What the command line
  // or a sweep then leave without effect, or without sense, counts as left out. Before root().
  void mark_defaults_of(const Document& alone, const std::vector<std::string>& also);

  // The same, each key below a comment with its meaning, allowed values and default.
  std::string commented() const;

  // Markdown: a heading and a table (key, default, values, meaning) for each mapping, from the
  // mapping at `path` down; "" is the root.
  std::string reference(const std::string& path = "") const;

 private:
  explicit Document(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace strffit::config
