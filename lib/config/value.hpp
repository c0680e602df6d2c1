// A tree of YAML values with their positions. Internal to config.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace strffit::config {

// A position in a file, or a `key=value` of the command line.
struct Place {
  std::shared_ptr<const std::string> source;  // name of the file, or the assignment
  int line = 0;                               // from 1; 0 for the command line
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
  bool quoted = false;            // a quoted or block scalar is always text
  std::vector<Value> items = {};  // of a list; or of a map, one per key
  std::vector<Key> keys = {};     // of a map, in the order of the file, without duplicates
  // Only for a value of the command line: `raw` is the literal text after =, for keys that accept
  // it (a file may be called #1.h5 or [x].h5); `broken` says why it is not YAML, or is "".
  std::optional<std::string> raw = {};
  std::string broken = {};
  // True if the value in the file is its default there. If the command line or a sweep makes such a
  // key ineffective or invalid, it counts as absent.
  bool is_default = false;

  // Index of a key of a map, or -1.
  int index(const std::string& key) const;
  // True if this value, or every value of this mapping, is_default.
  bool all_default() const;
};

// Text from a file for use in a message: at most 60 characters, control characters as
// \xNN.
std::string printable(const std::string& text);

// Lower case, for the letters A to Z only.
std::string lower(std::string text);

}  // namespace strffit::config
