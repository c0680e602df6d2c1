#include "config/parse.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>

#include "config/text.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::config {
namespace {

constexpr char kCure[] =
    "; check the indentation, brackets and quotes up to here; text that begins with one of "
    "%@`[]{} goes in quotes";

// Builds the tree from events: yaml-cpp's own tree drops duplicate keys and expands aliases. Events
// also allow deep nesting to be refused before the parser recurses further.
class Builder : public YAML::EventHandler {
 public:
  // `prefix`: key path of the whole text, "" for a file.
  Builder(const std::string& text, Place source, std::string prefix)
      : text_(text), source_(std::move(source)), prefix_(std::move(prefix)) {}

  Value take() { return std::move(root_); }

  Place place(const YAML::Mark& mark) {
    if (source_.line == 0 || mark.is_null()) return source_;
    return place_at(position(mark), mark.line + 1);
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (started_) {
      throw ConfigError(place(mark).with_path(""),
                        "more than one document; a configuration is one mapping, without `---` "
                        "between its parts");
    }
    started_ = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    if (wants_key()) refuse(mark, "a key is missing before the colon");
    add({.kind = Kind::null, .place = place_of_nothing(mark)});
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_alias(mark); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (tag == "!") check_quotes(mark);
    if (text.find('\0') != std::string::npos) refuse(mark, "a NUL character (\\0) in a text");
    if (wants_key()) {
      add_key(text, mark);
    } else {
      add({.kind = Kind::scalar, .place = place(mark), .text = text, .quoted = tag == "!"});
    }
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Kind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  // A list or mapping that is not yet closed.
  struct Open {
    Value value;
    std::unordered_map<std::string, std::size_t> index;  // of the keys, if a mapping
  };

  bool wants_key() const {
    return !open_.empty() && open_.back().value.kind == Kind::map &&
           open_.back().value.keys.size() == open_.back().value.items.size();
  }

  // Key path at the current position: "model.kernel", "fit.seeds[2]".
  std::string path() const {
    std::string path = prefix_;
    for (const auto& level : open_) {
      if (level.value.kind == Kind::list) {
        path += fmt::format("[{}]", level.value.items.size());
      } else if (level.value.keys.size() > level.value.items.size()) {
        path += (path.empty() ? "" : ".") + level.value.keys.back().name;
      }
    }
    return path;
  }

  std::size_t position(const YAML::Mark& mark) const {
    return std::min(static_cast<std::size_t>(mark.pos), text_.size());
  }

  // yaml-cpp counts columns in bytes, editors in characters. The count continues from the last
  // position, so that a long line is not counted again for each of its values.
  Place place_at(std::size_t position, int line) {
    if (line != counted_.line || position < counted_position_) {
      const auto line_end = position == 0 ? std::string::npos : text_.rfind('\n', position - 1);
      counted_position_ = line_end == std::string::npos ? 0 : line_end + 1;
      counted_ = source_;
      counted_.line = line;
      counted_.column = 1;
    }
    for (; counted_position_ < position; ++counted_position_) {
      const auto byte = static_cast<unsigned char>(text_[counted_position_]);
      if ((byte & 0xC0) != 0x80) ++counted_.column;
    }
    return counted_;
  }

  // yaml-cpp places an empty value at the next token, perhaps lines below.
  Place place_of_nothing(const YAML::Mark& mark) {
    std::size_t end = position(mark);
    if (source_.line == 0 || (end < text_.size() && text_[end] == '~')) return place(mark);
    int line = mark.line + 1;
    while (end > 0 && (text_[end - 1] == ' ' || text_[end - 1] == '\n' || text_[end - 1] == '\r')) {
      if (text_[--end] == '\n') --line;
    }
    return place_at(end == 0 ? 0 : end - 1, line);
  }

  // A quote must be closed on its line: yaml-cpp silently ends quoted text where the indentation
  // ends and reports no missing quote.
  void check_quotes(const YAML::Mark& mark) {
    const std::size_t start = position(mark);
    const char quote = start < text_.size() ? text_[start] : '\0';
    if (quote == '|' || quote == '>') return;
    if (quote != '"' && quote != '\'') refuse_tag(mark, "");
    for (std::size_t i = start + 1; i < text_.size() && text_[i] != '\n'; ++i) {
      if (text_[i] == quote) {
        const bool doubled = quote == '\'' && i + 1 < text_.size() && text_[i + 1] == quote;
        if (!doubled) return;
        ++i;
      } else if (quote == '"' && text_[i] == '\\') {
        ++i;
      }
    }
    refuse(mark, "a quote is opened and not closed on the same line");
  }

  [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& what) {
    throw ConfigError(place(mark).with_path(path()), what);
  }
  [[noreturn]] void refuse_alias(const YAML::Mark& mark) {
    refuse(mark,
           "anchors (&name), aliases (*name) and merge keys (<<) are not supported; write "
           "the value out, and put text that starts with & or * in quotes");
  }
  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) refuse_alias(mark);
  }
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag == "?" || tag == "!") return;
    refuse(mark, "tags (!" + printable(tag) +
                     ") are not supported; put text that starts with ! "
                     "in quotes");
  }

  void open(Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (wants_key())
      refuse(mark, "a list or mapping cannot be a key; is a closing ] or } missing?");
    if (open_.size() == kDeepest) {
      refuse(mark, fmt::format("lists and mappings are nested deeper than {}", kDeepest));
    }
    open_.push_back({.value = {.kind = kind, .place = place(mark)}, .index = {}});
  }

  void close() {
    Value value = std::move(open_.back().value);
    open_.pop_back();
    add(std::move(value));
  }

  void add(Value value) {
    (open_.empty() ? root_ : open_.back().value.items.emplace_back()) = std::move(value);
  }

  void add_key(const std::string& name, const YAML::Mark& mark) {
    if (name == "<<") refuse_alias(mark);
    if (name.empty()) refuse(mark, "a key is empty");
    Open& level = open_.back();
    const auto [found, added] = level.index.emplace(name, level.value.keys.size());
    if (!added) {
      const Place first = level.value.keys[found->second].place;
      level.value.keys.push_back({name, place(mark)});  // for path()
      std::string what = "given twice";
      if (first.line > 0) {
        what += fmt::format(", first at line {}, column {}", first.line, first.column);
      }
      refuse(mark, what + "; remove one");
    }
    level.value.keys.push_back({name, place(mark)});
  }

  const std::string& text_;
  Place source_;
  std::string prefix_;
  Place counted_;
  std::size_t counted_position_ = 0;
  bool started_ = false;
  Value root_;
  std::vector<Open> open_;
};

Value parse(std::string text, const Place& source, const std::string& prefix) {
  // Without a final newline yaml-cpp takes an unclosed list for a key.
  if (!text.ends_with('\n')) text += '\n';
  std::istringstream stream(text);
  Builder builder(text, source, prefix);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const ConfigError&) {
    throw;
  } catch (const YAML::Exception& error) {
    throw ConfigError(builder.place(error.mark).with_path(prefix),
                      "not valid YAML: " + error.msg + kCure);
  } catch (const std::exception& error) {
    throw ConfigError(source.with_path(prefix),
                      std::string("not valid YAML: ") + error.what() + kCure);
  }
  return builder.take();
}

}  // namespace

Value parse_file_text(const std::string& text, const std::string& name) {
  const Place start{.source = std::make_shared<const std::string>(name), .line = 1, .column = 1};
  Value root = parse(checked_text(text, name), start, "");
  if (root.place.source == nullptr) root.place = start;  // empty text
  return root;
}

Value parse_assigned_text(const std::string& text, const std::string& assignment) {
  const Place place{.source = std::make_shared<const std::string>(assignment)};
  const std::string checked = checked_text(text, printable(assignment) + " (command line)");
  Value value;
  try {
    value = parse(checked, place, assignment.substr(0, assignment.find('=')));
  } catch (const ConfigError& error) {
    value.broken = error.what();
  }
  value.place = place;
  value.raw = checked;
  return value;
}

}  // namespace strffit::config
