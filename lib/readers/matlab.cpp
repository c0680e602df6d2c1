#include "readers/matlab.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <limits>
#include <numeric>
#include <optional>

#include "config/suggest.hpp"
#include "files/paths.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

class InMemory : public MatlabValue {
 public:
  InMemory(Shape shape, std::vector<double> values)
      : shape_(std::move(shape)), values_(std::move(values)) {}
  Kind kind() const override { return Kind::numbers; }
  Shape shape() const override { return shape_; }
  std::vector<double> numbers() const override { return values_; }

 private:
  Shape shape_;
  std::vector<double> values_;
};

// One element of a struct array.
class OneStruct : public MatlabValue {
 public:
  OneStruct(MatlabPointer all, std::int64_t element) : all_(std::move(all)), element_(element) {}
  Kind kind() const override { return Kind::structs; }
  Shape shape() const override { return {1, 1}; }
  std::vector<std::string> fields() const override { return all_->fields(); }
  MatlabPointer field(const std::string& name, std::int64_t) const override {
    return all_->field(name, element_);
  }

 private:
  MatlabPointer all_;
  std::int64_t element_;
};

// A step of a path: a field, or one index per axis (0 for a colon).
struct PathStep {
  std::string field;
  std::vector<std::int64_t> indices;
  std::size_t end = 0;  // of the path up to this step
};

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "nothing" : text;
}

class PathWalk {
 public:
  PathWalk(const MatlabFile& file, const std::string& path, const std::string& name)
      : file_(file), path_(path), name_(name) {}

  // If `strict` is false, returns null for a path that does not exist.
  MatlabPointer walk(bool strict) {
    strict_ = strict;
    parse();
    MatlabPointer value;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      here_ = path_.substr(0, i == 0 ? 0 : steps_[i - 1].end);
      value = i == 0 ? root(steps_[0]) : step(value, steps_[i]);
      if (!value) return nullptr;
    }
    return value;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw DataError(name_, path_, what); }
  MatlabPointer nowhere(const std::string& what) const {
    if (strict_) fail(what);
    return nullptr;
  }

  void parse() {
    std::size_t at = 0;
    const auto is_word = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
    };
    while (at < path_.size()) {
      if (path_[at] == '(' || path_[at] == '{') {
        const char closing = path_[at] == '(' ? ')' : '}';
        PathStep step;
        do {
          step.indices.push_back(index(++at));
        } while (at < path_.size() && path_[at] == ',');
        if (at >= path_.size() || path_[at] != closing || steps_.empty()) malformed();
        step.end = ++at;
        steps_.push_back(step);
        continue;
      }
      if (!steps_.empty() && path_[at] == '.') ++at;
      const std::size_t begin = at;
      while (at < path_.size() && is_word(path_[at])) ++at;
      if (at == begin) malformed();
      steps_.push_back({path_.substr(begin, at - begin), {}, at});
    }
    if (steps_.empty()) malformed();
  }

  std::int64_t index(std::size_t& at) const {
    while (at < path_.size() && path_[at] == ' ') ++at;
    if (at < path_.size() && path_[at] == ':') {
      ++at;
      while (at < path_.size() && path_[at] == ' ') ++at;
      return 0;
    }
    std::int64_t value = 0;
    const std::size_t begin = at;
    for (; at < path_.size() && std::isdigit(static_cast<unsigned char>(path_[at])) != 0; ++at) {
      if (value > 1000000000) malformed();
      value = value * 10 + (path_[at] - '0');
    }
    if (at == begin || value == 0) malformed();
    while (at < path_.size() && path_[at] == ' ') ++at;
    return value;
  }

  [[noreturn]] void malformed() const {
    fail("expected a path such as data.set(3).trials{2}, its indices from 1; found another");
  }

  MatlabPointer root(const PathStep& step) const {
    const auto names = file_.names();
    if (std::find(names.begin(), names.end(), step.field) != names.end()) {
      return file_.variable(step.field);
    }
    const std::string nearest = config::nearest(step.field, names);
    return nowhere("expected a variable " + step.field + "; found " + listed(names) +
                   (nearest.empty() ? "" : ": did you mean " + nearest + "?"));
  }

  MatlabPointer step(MatlabPointer value, const PathStep& step) const {
    if (!step.field.empty()) return field(std::move(value), step.field);
    const Shape shape = value->shape();
    if (value->kind() == MatlabValue::Kind::numbers) return slice(*value, shape, step.indices);
    const auto element = linear(shape, step.indices);
    if (!element) {
      return nowhere("expected an existing element of " + here_ + "; found " + described(*value));
    }
    switch (value->kind()) {
      case MatlabValue::Kind::cells:
        return value->cell(*element);
      case MatlabValue::Kind::structs:
        return std::make_shared<OneStruct>(value, *element);
      default:
        return nowhere("expected cells, structs or numbers to index in " + here_ + "; found " +
                       described(*value));
    }
  }

  MatlabPointer field(MatlabPointer value, const std::string& name) const {
    while (value->kind() == MatlabValue::Kind::cells && count(value->shape()) == 1) {
      value = value->cell(0);
    }
    if (value->kind() != MatlabValue::Kind::structs) {
      return nowhere("expected a struct at " + here_ + "; found " + described(*value));
    }
    const auto fields = value->fields();
    if (std::find(fields.begin(), fields.end(), name) == fields.end()) {
      const std::string nearest = config::nearest(name, fields);
      return nowhere("expected a field " + name + " in " + here_ + "; found " + listed(fields) +
                     (nearest.empty() ? "" : ": did you mean " + nearest + "?"));
    }
    if (count(value->shape()) != 1) {
      return nowhere("expected one struct at " + here_ + "; found " + described(*value) +
                     ": name the element, " + here_ + "(1)");
    }
    return value->field(name, 0);
  }

  // Index of one element; nothing if beyond the end.
  std::optional<std::int64_t> linear(const Shape& shape,
                                     const std::vector<std::int64_t>& indices) const {
    std::int64_t at = 0, stride = 1;
    for (std::size_t i = 0; i < indices.size(); ++i) {
      // The last index covers all remaining axes.
      std::int64_t size = 1;
      if (i + 1 < indices.size()) {
        size = i < shape.size() ? shape[i] : 1;
      } else {
        for (std::size_t axis = i; axis < shape.size(); ++axis) size *= shape[axis];
      }
      if (indices[i] == 0) {
        if (size != 1) fail("expected a number, not a colon, to choose among cells and structs");
      } else if (indices[i] > size) {
        return std::nullopt;
      } else {
        at += (indices[i] - 1) * stride;
      }
      stride *= size;
    }
    return at;
  }

  MatlabPointer slice(const MatlabValue& value, const Shape& shape,
                      const std::vector<std::int64_t>& indices) const {
    Shape sizes = shape;
    if (indices.size() < sizes.size()) {  // the last index covers the remaining axes
      std::int64_t rest = 1;
      for (std::size_t axis = indices.size() - 1; axis < sizes.size(); ++axis) rest *= sizes[axis];
      sizes.resize(indices.size());
      sizes.back() = rest;
    }
    sizes.resize(indices.size(), 1);
    Shape result;
    for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
      if (indices[axis] > sizes[axis]) {
        return nowhere("expected an existing element of " + here_ + "; found " + described(value));
      }
      result.push_back(indices[axis] == 0 ? sizes[axis] : 1);
    }
    const std::vector<double> all = value.numbers();
    std::vector<double> some;
    some.reserve(static_cast<std::size_t>(count(result)));
    std::vector<std::int64_t> place(sizes.size(), 0);
    for (std::int64_t n = 0; n < count(result); ++n) {
      std::int64_t at = 0, stride = 1;
      for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
        at += (indices[axis] == 0 ? place[axis] : indices[axis] - 1) * stride;
        stride *= sizes[axis];
      }
      some.push_back(all.at(static_cast<std::size_t>(at)));
      for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
        if (++place[axis] < result[axis]) break;
        place[axis] = 0;
      }
    }
    // Keeps the axes with a colon, and at least two as MATLAB does.
    Shape kept;
    for (std::size_t axis = 0; axis < result.size(); ++axis) {
      if (indices[axis] == 0) kept.push_back(result[axis]);
    }
    while (kept.size() < 2) kept.push_back(1);
    return matlab_numbers(kept, std::move(some));
  }

  const MatlabFile& file_;
  const std::string& path_;
  const std::string& name_;
  std::vector<PathStep> steps_;
  std::string here_;
  bool strict_ = true;
};

}  // namespace

std::vector<double> MatlabValue::numbers() const { throw Bug("numbers of what holds none"); }
std::string MatlabValue::text() const { throw Bug("text of what holds none"); }
MatlabPointer MatlabValue::cell(std::int64_t) const { throw Bug("a cell of what holds none"); }
std::vector<std::string> MatlabValue::fields() const { return {}; }
MatlabPointer MatlabValue::field(const std::string&, std::int64_t) const {
  throw Bug("a field of what holds none");
}

MatlabPointer matlab_numbers(Shape shape, std::vector<double> values) {
  return std::make_shared<InMemory>(std::move(shape), std::move(values));
}

std::string described(const MatlabValue& value) {
  std::string sizes;
  for (const auto size : value.shape())
    sizes += fmt::format("{}{}", sizes.empty() ? "" : " x ", size);
  switch (value.kind()) {
    case MatlabValue::Kind::numbers:
      return "a " + sizes + " matrix";
    case MatlabValue::Kind::text:
      return "text";
    case MatlabValue::Kind::cells:
      return "a " + sizes + " cell array";
    case MatlabValue::Kind::structs:
      return "a " + sizes + " struct of " + listed(value.fields());
    case MatlabValue::Kind::other:
      break;
  }
  return "a value other than a matrix, text, cell array or struct";
}

std::shared_ptr<const MatlabFile> open_matlab(const std::string& file) {
  checked_size(file, std::numeric_limits<std::int64_t>::max());
  std::ifstream stream(file, std::ios::binary);
  std::string start(520, '\0');
  stream.read(start.data(), static_cast<std::streamsize>(start.size()));
  const std::string hdf5 = "\x89HDF\r\n\x1a\n";
  if (start.starts_with(hdf5) || start.compare(512, hdf5.size(), hdf5) == 0) {
    return open_matlab_73(file);
  }
  if (!start.starts_with("MATLAB 5.0")) {
    throw DataError(file, "",
                    "expected a MATLAB file of version 5 or 7.3; found something else (save(..., "
                    "'-v7') writes one)");
  }
  return open_matlab_5(file);
}

MatlabPointer at_path(const MatlabFile& file, const std::string& path, const std::string& name) {
  return PathWalk(file, path, name).walk(true);
}

MatlabPointer find_path(const MatlabFile& file, const std::string& path, const std::string& name) {
  return PathWalk(file, path, name).walk(false);
}

}  // namespace strffit::import
