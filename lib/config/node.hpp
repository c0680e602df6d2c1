// A mapping of the configuration: every key is read with its check, its default and its meaning in
// one call, so that nothing is read unchecked and the documentation cannot differ from the code.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "config/range.hpp"
#include "config/unused.hpp"

namespace strffit::config {

struct Section;
struct State;
struct Value;

// One of the values that a key is to take in turn.
struct Alternative {
  std::string key;    // its path, "fit.weight_decay"
  std::string text;   // the value as YAML, in one line
  std::string where;  // "fit.yaml:14:3: fit.weight_decay"
  std::shared_ptr<const Value> value;
};

// What stands at a key, for keys that may be one value, a list or a mapping.
enum class Form { absent, nothing, scalar, list, map };

// A light handle: copies read and record in the same mapping, and outlive the Document.
//
// The reading functions return `fallback` when the key is absent, and throw ConfigError at the
// key's place, "fit.yaml:14:3: model.hidden: ...", for a wrong type and for values out of range; a
// key without a value (`hidden:`) is a wrong type. Each records key, default, value, allowed values
// and `doc` (meaning and unit in one line) for Document::resolved, commented and reference; a key
// read again keeps its first position. A default that would be refused is a Bug.
class Node {
 public:
  Node(std::shared_ptr<State> state, std::shared_ptr<Section> section);

  bool has(const std::string& key) const { return form(key) != Form::absent; }
  Form form(const std::string& key) const;

  // Finite decimal numbers. Whole numbers are digits only: 3.0 and 1e2 are refused.
  double get(const std::string& key, double fallback, const Range& range, const std::string& doc);
  std::int64_t get(const std::string& key, std::int64_t fallback, const Range& range,
                   const std::string& doc);
  int get(const std::string& key, int fallback, const Range& range, const std::string& doc);

  // true or false. A template, so that no number or pointer is taken for a bool.
  template <class T, std::enable_if_t<std::is_same_v<T, bool>, int> = 0>
  bool get(const std::string& key, T fallback, const std::string& doc) {
    return get_boolean(key, fallback, doc);
  }

  // Text. A plain number counts (a folder called 2024), true and false do not. On the command line
  // text is taken as it stands behind the =, so that #, [ or % need no quotes.
  std::string get(const std::string& key, const std::string& fallback, const std::string& doc);
  std::string get(const std::string& key, const char* fallback, const std::string& doc);

  // One of some words; "true" and "false" may be among them. With the fallback "" the key is
  // required.
  std::string choice(const std::string& key, const std::string& fallback,
                     const std::vector<std::string>& allowed, const std::string& doc);

  // A number, or one of some words such as "all" or "infinite".
  using IntegerOrWord = std::variant<std::int64_t, std::string>;
  using NumberOrWord = std::variant<double, std::string>;
  IntegerOrWord integer_or(const std::string& key, const IntegerOrWord& fallback,
                           const Range& range, const std::vector<std::string>& words,
                           const std::string& doc);
  NumberOrWord number_or(const std::string& key, const NumberOrWord& fallback, const Range& range,
                         const std::vector<std::string>& words, const std::string& doc);

  // Lists, each item checked; may be empty. A single value counts as a list of one; on the command
  // line text that does not begin with [ is one as it stands.
  std::vector<std::int64_t> integers(const std::string& key,
                                     const std::vector<std::int64_t>& fallback, const Range& range,
                                     const std::string& doc);
  std::vector<double> numbers(const std::string& key, const std::vector<double>& fallback,
                              const Range& range, const std::string& doc);
  std::vector<std::string> strings(const std::string& key, const std::vector<std::string>& fallback,
                                   const std::string& doc);

  // A mapping of key paths to lists of values, one or more each: {fit.l1: [0, 1], model: {hidden:
  // [10, 20]}}. Per path its values, in the order of the file. No key of it is unknown here:
  // whoever sets the values finds out (Document::with).
  std::vector<std::vector<Alternative>> alternatives(const std::string& key,
                                                     const std::string& doc);

  // The same mapping, for keys that have an effect only beside some values of others. Where
  // `has_effect` is false, they are checked, the fallback is returned, and they are not part of the
  // resolved text; what was given is refused by finish() with `reason` ("is only for schedule:
  // plateau; leave it out"), unless it stands in the file at its default, or another setting of a
  // sweep uses it (Document::unused).
  Node only_if(bool has_effect, const std::string& reason) const;

  // The mapping at a key; an empty one where the key is absent or has no value.
  Node map(const std::string& key, const std::string& doc);

  // Throws ConfigError at the key's place, or at the mapping's where the key is absent.
  [[noreturn]] void fail(const std::string& key, const std::string& what) const;

  // "fit.yaml:14:3: model.hidden", "model.hidden=40 (command line)".
  std::string where(const std::string& key) const;

  // Key path of this mapping, "model.kernel"; "" at the root.
  std::string path() const;

  // The end of a message about a path from the root: "; did you mean "fit.weight_decay"?" where no
  // such key was read so far, "" where one was.
  std::string cure_of(const std::string& path) const;

  // Refuses the first key without effect, and the first that nobody has read, here and in the
  // mappings handed out by map(), with the nearest known key. To be called when everything is read.
  void finish();

 private:
  friend class Reading;
  bool get_boolean(const std::string& key, bool fallback, const std::string& doc);

  std::shared_ptr<State> state_;
  std::shared_ptr<Section> section_;
  std::string reason_;  // why keys have no effect; "" where they have one
};

}  // namespace strffit::config
