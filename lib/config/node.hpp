// A mapping of the configuration. One call reads a key with its check, default and meaning, so that
// every key is checked and the documentation cannot differ from the code.
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

// One of the values that a sweep gives to a key.
struct Alternative {
  std::string key;    // path of the key, "fit.weight_decay"
  std::string text;   // the value as YAML on one line
  std::string where;  // "fit.yaml:14:3: fit.weight_decay"
  std::shared_ptr<const Value> value;
};

// Kind of the value at a key, for keys that accept a single value, a list or a mapping.
enum class Form { absent, nothing, scalar, list, map };

// A light handle: copies share one mapping and may outlive the Document.
//
// The reading functions return `fallback` if the key is absent. A wrong type, a value out of range
// or a key without a value (`hidden:`) is a ConfigError at the key, "fit.yaml:14:3: model.hidden:
// ...". Each call records key, default, value, allowed values and `doc` (meaning and unit in one
// line) for Document::resolved, commented and reference; a key that is read again keeps its first
// position. An invalid default is a Bug.
class Node {
 public:
  Node(std::shared_ptr<State> state, std::shared_ptr<Section> section);

  bool has(const std::string& key) const { return form(key) != Form::absent; }
  Form form(const std::string& key) const;

  // Finite decimal numbers. Integers have digits only: 3.0 and 1e2 are refused.
  double get(const std::string& key, double fallback, const Range& range, const std::string& doc);
  std::int64_t get(const std::string& key, std::int64_t fallback, const Range& range,
                   const std::string& doc);
  int get(const std::string& key, int fallback, const Range& range, const std::string& doc);

  // true or false. A template, so that numbers and pointers do not convert to bool.
  template <class T, std::enable_if_t<std::is_same_v<T, bool>, int> = 0>
  bool get(const std::string& key, T fallback, const std::string& doc) {
    return get_boolean(key, fallback, doc);
  }

  // Text. Unquoted numbers are accepted (a folder called 2024), true and false are not. On the
  // command line the text after = is literal, so that #, [ or % need no quotes.
  std::string get(const std::string& key, const std::string& fallback, const std::string& doc);
  std::string get(const std::string& key, const char* fallback, const std::string& doc);

  // One of `allowed`, which may include "true" and "false". If the fallback is "", the key is
  // required.
  std::string choice(const std::string& key, const std::string& fallback,
                     const std::vector<std::string>& allowed, const std::string& doc);

  // Text: one of some words, or the path of a file or folder. `values` describes them in the
  // reference. `refused`: words that are not allowed together with the other keys of this
  // configuration.
  std::string word_or_path(const std::string& key, const std::string& fallback,
                           const std::string& values, const std::vector<std::string>& refused,
                           const std::string& doc);

  // A number, or one of `words` such as "all" or "infinite".
  using IntegerOrWord = std::variant<std::int64_t, std::string>;
  using NumberOrWord = std::variant<double, std::string>;
  IntegerOrWord integer_or(const std::string& key, const IntegerOrWord& fallback,
                           const Range& range, const std::vector<std::string>& words,
                           const std::string& doc);
  NumberOrWord number_or(const std::string& key, const NumberOrWord& fallback, const Range& range,
                         const std::vector<std::string>& words, const std::string& doc);

  // Lists, with each item checked; may be empty. A single value is a list of one. On the command
  // line, so is text that does not start with [.
  std::vector<std::int64_t> integers(const std::string& key,
                                     const std::vector<std::int64_t>& fallback, const Range& range,
                                     const std::string& doc);
  std::vector<double> numbers(const std::string& key, const std::vector<double>& fallback,
                              const Range& range, const std::string& doc);
  std::vector<std::string> strings(const std::string& key, const std::vector<std::string>& fallback,
                                   const std::string& doc);

  // A mapping of key paths to lists of one or more values: {fit.l1: [0, 1], model: {hidden: [10,
  // 20]}}. Returns the values of each path, in the order of the file. Paths are not checked here,
  // but when the values are set (Document::with).
  std::vector<std::vector<Alternative>> alternatives(const std::string& key,
                                                     const std::string& doc);

  // The same mapping, for keys that have an effect only with certain values of other keys. If
  // `has_effect` is false, these keys are checked, return the fallback and are omitted from the
  // resolved text. finish() refuses a given one with `reason` ("is only for schedule: plateau;
  // leave it out"), unless it has its default in the file or another setting of a sweep uses it
  // (Document::unused).
  Node only_if(bool has_effect, const std::string& reason) const;

  // The mapping at a key; empty if the key is absent or has no value.
  Node map(const std::string& key, const std::string& doc);

  // ConfigError at the key, or at this mapping if the key is absent.
  [[noreturn]] void fail(const std::string& key, const std::string& what) const;

  // "fit.yaml:14:3: model.hidden", "model.hidden=40 (command line)".
  std::string where(const std::string& key) const;

  // Path of this mapping, "model.kernel"; "" at the root.
  std::string path() const;

  // Advice on a path from the root: "; did you mean "fit.weight_decay"?" if no such key was read so
  // far, else "".
  std::string cure_of(const std::string& path) const;

  // Call after reading. Refuses the first key without effect and the first key that was not read,
  // here and in the mappings from map(), and suggests the nearest known key.
  void finish();

 private:
  friend class Reading;
  bool get_boolean(const std::string& key, bool fallback, const std::string& doc);

  std::shared_ptr<State> state_;
  std::shared_ptr<Section> section_;
  std::string reason_;  // why keys have no effect; "" if they have one
};

}  // namespace strffit::config
