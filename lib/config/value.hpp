// What a YAML text says, as a tree that remembers where everything stood. Internal to config.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace strffit::config {

// A place in a file, or a whole `key=value` of the command line.
struct Place {
  std::shared_ptr<const std::string> source;  // name of the file, or the assignment
  int line = 0;                               // from 1; 0 on the command line
  int column = 0;                             // from 1, in characters, not bytes

  // "fit.yaml:14:3: model.hidden", "model.hidden=40 (command line)".
  std::string with_path(const std::string& path) const;
};

struct Key {
  std::string name;
  Place place;
};

enum class Kind { null, scalar, list, map };

struct Value {
  Kind kind = Kind::null;
  Place place = {};
  std::string text = {};          // of a scalar, without quotes
  bool quoted = false;            // a quoted or block scalar is text, whatever it looks like
  std::vector<Value> items = {};  // of a list, or of a map, one for each key
  std::vector<Key> keys = {};     // of a map, in the order of the file, each once
  // Of a whole assignment of the command line: what stands behind the =, for keys that take text as
  // it is (a file may be called #1.h5 or [x].h5); and why it is no YAML, or "".
  std::optional<std::string> raw = {};
  std::string broken = {};
  // What the file says is its default there: where the command line or a sweep leave the key
  // without effect, or without sense, it counts as left out.
  bool is_default = false;

  // Index of a key of a map, or -1.
  int index(const std::string& key) const;
  // Whether it is_default, or a mapping of such values alone.
  bool all_default() const;
};

// Text of a file as it may stand in a message: shortened to 60 characters, control characters
// as \xNN.
std::string printable(const std::string& text);

// The letters A to Z as a to z.
std::string lower(std::string text);

}  // namespace strffit::config
