#include "config/node.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "config/numbered.hpp"
#include "config/parse.hpp"
#include "config/scalar.hpp"
#include "config/section.hpp"
#include "config/written.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::config {
namespace {

// A word from a list of allowed words, written without quotes even if it is true or false.
struct Word {
  std::string text;
};

std::string write_word(const Word& word) {
  const bool boolean = word.text == "true" || word.text == "false";
  return boolean ? word.text : write(word.text);
}

template <class T>
std::string write_or_word(const std::variant<T, std::string>& value) {
  const auto* word = std::get_if<std::string>(&value);
  return word ? write_word(Word{*word}) : write(std::get<T>(value));
}

// The word in `words` that a scalar equals, or "". True equals the word true.
std::string word_of(const Value& value, const std::vector<std::string>& words) {
  if (value.kind != Kind::scalar) return "";
  std::string text = value.text;
  if (looks_like_boolean(value)) text = text[0] == 't' || text[0] == 'T' ? "true" : "false";
  return std::find(words.begin(), words.end(), text) == words.end() ? "" : text;
}

std::string one_of(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool last = i + 1 == words.size();
    text += (i == 0 ? "" : last ? " or " : ", ") + words[i];
  }
  return text;
}

std::string with_range(const std::string& noun, const Range& range) {
  const std::string limits = describe(range);
  return limits.empty() ? noun : noun + " " + limits;
}

[[noreturn]] void refuse(const std::string& where, const std::string& expected,
                         const Value& value) {
  throw ConfigError(where, "expected " + expected + "; found " + describe(value));
}

void refuse_broken(const Value& value) {
  if (!value.broken.empty()) throw ConfigError("", value.broken);
}

}  // namespace

// The section and document of the keys being read.
class Reading {
 public:
  explicit Reading(const Node& node)
      : state_(*node.state_), section_(*node.section_), reason_(node.reason_) {}

  Section& section() const { return section_; }

  // True if a key has an effect; otherwise records a given one, for finish() to refuse.
  bool has_effect(const std::string& key, const Value* value, const Record& record) const {
    if (reason_.empty()) return true;
    const bool on_command_line = value && value->place.line == 0;
    const bool is_refused = value && !value->is_default && !state_.forgives &&
                            (on_command_line || record.value != record.fallback);
    if (is_refused) state_.unused.push_back({section_.path_of(key), section_.where(key), reason_});
    return false;
  }

 private:
  State& state_;
  Section& section_;
  const std::string& reason_;
};

namespace {

// Reads one key: `parse` turns (value, where) into T or throws; `written` gives the YAML of a T.
// `yaml`: on the command line, the value must be YAML too instead of literal text.
template <class T, class Parse, class Write>
T read(const Reading& reading, const std::string& key, const T& fallback, const std::string& values,
       const std::string& doc, Parse parse, Write written, bool yaml = true) {
  Section& section = reading.section();
  const std::string fallback_text = written(fallback);
  try {
    // A default in resolved() must be readable.
    parse(parse_assigned_text(fallback_text, key + "=" + fallback_text), "");
  } catch (const ConfigError& error) {
    throw Bug("the default of " + section.path_of(key) + " is refused: " + error.what());
  }
  const Value* value = section.find(key);
  if (value && yaml) refuse_broken(*value);
  T result = fallback;
  try {
    if (value) result = parse(*value, section.where(key));
  } catch (const ConfigError&) {
    if (!value->is_default) throw;
    value = nullptr;  // a default of another kind
  }
  Record& record = section.record(key);
  record = {.key = key,
            .doc = doc,
            .values = values,
            .fallback = fallback_text,
            .value = written(result),
            .given = value != nullptr};
  record.unused = !reading.has_effect(key, value, record);
  return record.unused ? fallback : result;
}

template <class T, class Parse>
T read(const Reading& reading, const std::string& key, const T& fallback, const std::string& values,
       const std::string& doc, Parse parse, bool yaml = true) {
  return read<T>(
      reading, key, fallback, values, doc, parse, [](const T& value) { return write(value); },
      yaml);
}

// Turns a parser of one item into a parser of a list.
template <class Parse>
auto list_parser(const std::string& path, Parse parse) {
  return [path, parse](const Value& value, const std::string& where) {
    using Item = decltype(parse(value, where));
    std::vector<Item> items;
    if (value.kind != Kind::list) {
      items.push_back(parse(value, where));
      return items;
    }
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      const Value& item = value.items[i];
      items.push_back(parse(item, item.place.with_path(fmt::format("{}[{}]", path, i))));
    }
    return items;
  };
}

template <class T, class Parse>
std::variant<T, std::string> read_or_word(const Reading& reading, const std::string& key,
                                          const std::variant<T, std::string>& fallback,
                                          const std::string& values,
                                          const std::vector<std::string>& words,
                                          const std::string& doc, Parse parse) {
  using Either = std::variant<T, std::string>;
  const auto either = [&](const Value& value, const std::string& where) -> Either {
    if (std::string word = word_of(value, words); !word.empty()) return word;
    if (!looks_like_number(value)) refuse(where, "a " + values, value);
    return parse(value, where);
  };
  auto found = read<Either>(reading, key, fallback, values, doc, either, write_or_word<T>);
  reading.section().record(key).words = words;
  return found;
}

// A value as YAML in flow style.
std::string flow(const Value& value) {
  std::string text;
  switch (value.kind) {
    case Kind::null:
      return "null";
    case Kind::scalar:
      if (!value.quoted && (looks_like_number(value) || looks_like_boolean(value))) {
        return value.text;
      }
      return write(value.text);
    case Kind::list:
      for (const auto& item : value.items) text += (text.empty() ? "" : ", ") + flow(item);
      return "[" + text + "]";
    case Kind::map:
      for (std::size_t i = 0; i < value.keys.size(); ++i) {
        text +=
            (text.empty() ? "" : ", ") + write(value.keys[i].name) + ": " + flow(value.items[i]);
      }
      return "{" + text + "}";
  }
  throw Bug("a value of no kind");
}

void collect_alternatives(const Value& value, const std::string& where, const std::string& path,
                          std::vector<std::vector<Alternative>>& found) {
  if (value.kind != Kind::map) {
    refuse(
        where,
        path.empty() ? "a mapping of keys to lists of values" : "a list of values, such as [1, 2]",
        value);
  }
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    const std::string key = (path.empty() ? "" : path + ".") + value.keys[i].name;
    const Value& below = value.items[i];
    const std::string place = value.keys[i].place.with_path(key);
    if (below.kind == Kind::map) {
      collect_alternatives(below, place, key, found);
      continue;
    }
    const std::string expected = "a list of values, such as [1, 2]";
    if (below.kind != Kind::list) refuse(place, expected, below);
    if (below.items.empty()) {
      throw ConfigError(place, "expected " + expected + "; found an empty list");
    }
    for (const auto& list : found) {
      if (list.front().key == key) throw ConfigError(place, "given twice; remove one");
    }
    auto& list = found.emplace_back();
    for (const auto& item : below.items) {
      list.push_back(
          {key, flow(item), item.place.with_path(key), std::make_shared<const Value>(item)});
    }
  }
}

}  // namespace

Node::Node(std::shared_ptr<State> state, std::shared_ptr<Section> section)
    : state_(std::move(state)), section_(std::move(section)) {}

Form Node::form(const std::string& key) const {
  const Value* value = section_->find(key);
  if (!value) return Form::absent;
  switch (value->kind) {
    case Kind::scalar:
      return Form::scalar;
    case Kind::list:
      return Form::list;
    case Kind::map:
      return Form::map;
    case Kind::null:
      break;
  }
  if (!value->broken.empty()) return Form::scalar;
  return Form::nothing;
}

double Node::get(const std::string& key, double fallback, const Range& range,
                 const std::string& doc) {
  return read(Reading(*this), key, fallback, with_range("number", range), doc,
              [&](const Value& value, const std::string& where) {
                return read_number(value, where, range);
              });
}

std::int64_t Node::get(const std::string& key, std::int64_t fallback, const Range& range,
                       const std::string& doc) {
  return read(Reading(*this), key, fallback, with_range("whole number", range), doc,
              [&](const Value& value, const std::string& where) {
                return read_integer(value, where, range);
              });
}

int Node::get(const std::string& key, int fallback, const Range& range, const std::string& doc) {
  const std::int64_t value = get(key, std::int64_t{fallback}, range, doc);
  if (!std::in_range<int>(value)) {
    fail(key, fmt::format("must be from {} to {}; found {}", std::numeric_limits<int>::min(),
                          std::numeric_limits<int>::max(), value));
  }
  return static_cast<int>(value);
}

bool Node::get_boolean(const std::string& key, bool fallback, const std::string& doc) {
  const bool value = read(Reading(*this), key, fallback, "true or false", doc, read_boolean);
  section_->record(key).words = {"true", "false"};
  return value;
}

std::string Node::get(const std::string& key, const std::string& fallback, const std::string& doc) {
  return read(Reading(*this), key, fallback, "text", doc, read_text, false);
}

std::string Node::get(const std::string& key, const char* fallback, const std::string& doc) {
  return get(key, std::string(fallback), doc);
}

std::string Node::choice(const std::string& key, const std::string& fallback,
                         const std::vector<std::string>& allowed, const std::string& doc) {
  const std::string values = one_of(allowed);
  const bool required = fallback.empty();
  if (required && !has(key)) fail(key, "is required: " + values);
  const auto parse = [&](const Value& value, const std::string& where) {
    std::string word = word_of(value, allowed);
    if (word.empty()) refuse(where, values, value);
    return word;
  };
  std::string word = read(Reading(*this), key, required ? allowed.front() : fallback, values, doc,
                          parse, [](const std::string& text) { return write_word(Word{text}); });
  if (required) section_->record(key).fallback = write(fallback);
  section_->record(key).words = allowed;
  return word;
}

std::string Node::word_or_path(const std::string& key, const std::string& fallback,
                               const std::string& values, const std::vector<std::string>& refused,
                               const std::string& doc) {
  const auto parse = [&](const Value& value, const std::string& where) {
    std::string text = read_text(value, where);
    if (text.empty() || std::find(refused.begin(), refused.end(), text) != refused.end())
      refuse(where, values, value);
    return text;
  };
  return read(Reading(*this), key, fallback, values, doc, parse, false);
}

Node::IntegerOrWord Node::integer_or(const std::string& key, const IntegerOrWord& fallback,
                                     const Range& range, const std::vector<std::string>& words,
                                     const std::string& doc) {
  const std::string values = with_range("whole number", range) + ", or " + one_of(words);
  return read_or_word(Reading(*this), key, fallback, values, words, doc,
                      [&](const Value& value, const std::string& where) {
                        return read_integer(value, where, range);
                      });
}

Node::NumberOrWord Node::number_or(const std::string& key, const NumberOrWord& fallback,
                                   const Range& range, const std::vector<std::string>& words,
                                   const std::string& doc) {
  const std::string values = with_range("number", range) + ", or " + one_of(words);
  return read_or_word(Reading(*this), key, fallback, values, words, doc,
                      [&](const Value& value, const std::string& where) {
                        return read_number(value, where, range);
                      });
}

std::vector<std::int64_t> Node::integers(const std::string& key,
                                         const std::vector<std::int64_t>& fallback,
                                         const Range& range, const std::string& doc) {
  const auto item = [&](const Value& value, const std::string& where) {
    return read_integer(value, where, range);
  };
  return read(Reading(*this), key, fallback, with_range("list of whole numbers", range), doc,
              list_parser(section_->path_of(key), item));
}

std::vector<std::int64_t> read_numbered(const Node& node, const std::string& key,
                                        const std::vector<std::int64_t>& fallback,
                                        const Range& range, std::int64_t most,
                                        const std::string& doc) {
  const Reading reading(node);
  const auto item = [&](const Value& value, const std::string& where) {
    return read_integer(value, where, range);
  };
  const auto list = list_parser(reading.section().path_of(key), item);
  const Range number = between(1, static_cast<double>(most));
  const auto parse = [&](const Value& value, const std::string& where) {
    if (value.kind == Kind::list) return list(value, where);
    const Range from_zero = between(0, number.high);
    std::vector<std::int64_t> items(
        static_cast<std::size_t>(read_integer(value, where, from_zero)));
    if (items.empty()) {
      throw ConfigError(where,
                        "a single number is a count, from 1; write [0] for a list with only 0");
    }
    std::iota(items.begin(), items.end(), std::int64_t{0});
    return items;
  };
  return read(reading, key, fallback,
              with_range("whole number", number) + " (a count; the list then starts at 0), or " +
                  with_range("list of whole numbers", range),
              doc, parse);
}

std::vector<double> Node::numbers(const std::string& key, const std::vector<double>& fallback,
                                  const Range& range, const std::string& doc) {
  const auto item = [&](const Value& value, const std::string& where) {
    return read_number(value, where, range);
  };
  return read(Reading(*this), key, fallback, with_range("list of numbers", range), doc,
              list_parser(section_->path_of(key), item));
}

std::vector<std::string> Node::strings(const std::string& key,
                                       const std::vector<std::string>& fallback,
                                       const std::string& doc) {
  const auto list = list_parser(section_->path_of(key), read_text);
  const auto parse = [&](const Value& value, const std::string& where) {
    const bool yaml = !value.raw || value.raw->starts_with('[') || value.raw->starts_with('{');
    if (yaml) refuse_broken(value);
    return yaml ? list(value, where) : std::vector<std::string>{read_text(value, where)};
  };
  return read(Reading(*this), key, fallback, "list of texts", doc, parse, false);
}

std::vector<std::vector<Alternative>> Node::alternatives(const std::string& key,
                                                         const std::string& doc) {
  std::vector<std::vector<Alternative>> found;
  const Value* value = section_->find(key);
  if (value) refuse_broken(*value);
  if (value && value->kind != Kind::null) collect_alternatives(*value, where(key), "", found);
  state_->of_sweep = state_->of_sweep || !found.empty();
  std::string text;
  for (const auto& list : found) {
    std::string values;
    for (const auto& one : list) values += (values.empty() ? "" : ", ") + one.text;
    text += (text.empty() ? "" : ", ") + write(list.front().key) + ": [" + values + "]";
  }
  section_->record(key) = {.key = key,
                           .doc = doc,
                           .values = "mapping of keys to lists of values",
                           .fallback = "{}",
                           .value = "{" + text + "}",
                           .given = value != nullptr};
  return found;
}

Node Node::map(const std::string& key, const std::string& doc) {
  const Value* value = section_->find(key);
  if (value) refuse_broken(*value);
  const bool present = value && value->kind == Kind::map;
  if (value && !present && value->kind != Kind::null && !value->is_default) {
    refuse(where(key), "a mapping (`" + key + ":` with its keys indented below it)", *value);
  }
  Record& record = section_->record(key);
  if (!record.child) {
    record = {.key = key};
    record.child = std::make_shared<Section>();
    record.child->path = section_->path_of(key);
    record.child->place = section_->place;
    if (value) {
      const auto index = static_cast<std::size_t>(section_->value->index(key));
      record.child->place = section_->value->keys[index].place;
    }
    record.child->value = present ? value : nullptr;
  }
  record.doc = doc;
  Node child(state_, record.child);
  child.reason_ = reason_;
  return child;
}

Node Node::only_if(bool has_effect, const std::string& reason) const {
  Node node = *this;
  if (!has_effect) node.reason_ = reason;
  return node;
}

void Node::fail(const std::string& key, const std::string& what) const {
  throw ConfigError(where(key), what);
}

std::string Node::where(const std::string& key) const { return section_->where(key); }

std::string Node::path() const { return section_->path; }

std::string Node::cure_of(const std::string& path) const {
  return unknown_path(path, *state_->root);
}

void Node::finish() {
  if (!state_->unused.empty() && !state_->of_sweep) {
    const Unused& first = state_->unused.front();
    throw ConfigError(first.where, first.reason);
  }
  refuse_unknown_keys(*section_, *state_->root);
}

}  // namespace strffit::config
