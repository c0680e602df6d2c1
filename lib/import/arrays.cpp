#include "import/arrays.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "files/reader.hpp"
#include "import/paths.hpp"
#include "readers/matlab.hpp"
#include "readers/npy.hpp"
#include "util/errors.hpp"

namespace strffit::import {

namespace {

class MatlabArrays : public ArrayFile {
 public:
  explicit MatlabArrays(const std::string& file) : name_(file), file_(open_matlab(file)) {}

  std::optional<FoundArray> numbers(const std::string& path, bool strict) const override {
    MatlabPointer value = at(path, strict);
    while (value && value->kind() == MatlabValue::Kind::cells && count(value->shape()) == 1) {
      value = value->cell(0);
    }
    if (!value) return std::nullopt;
    if (value->kind() != MatlabValue::Kind::numbers) {
      throw DataError(name_, path, "expected numbers; found " + described(*value));
    }
    return FoundArray{value->shape(), value->numbers(), true};
  }
  std::optional<std::string> text(const std::string& path, bool strict) const override {
    MatlabPointer value = at(path, strict);
    while (value && value->kind() == MatlabValue::Kind::cells && count(value->shape()) == 1) {
      value = value->cell(0);
    }
    if (!value) return std::nullopt;
    if (value->kind() != MatlabValue::Kind::text) {
      throw DataError(name_, path, "expected text; found " + described(*value));
    }
    return value->text();
  }
  std::vector<std::string> texts(const std::string& path) const override {
    const MatlabPointer value = at(path, true);
    if (value->kind() == MatlabValue::Kind::text) return {value->text()};
    std::vector<std::string> texts;
    for (std::int64_t i = 0; value->kind() == MatlabValue::Kind::cells && i < count(value->shape());
         ++i) {
      const MatlabPointer one = value->cell(i);
      if (one->kind() != MatlabValue::Kind::text) break;
      texts.push_back(one->text());
    }
    if (texts.empty() || static_cast<std::int64_t>(texts.size()) != count(value->shape())) {
      throw DataError(name_, path, "expected a cell array of texts; found " + described(*value));
    }
    return texts;
  }
  std::vector<std::string> sounds_in(const std::string&) const override { return {}; }

 private:
  MatlabPointer at(const std::string& path, bool strict) const {
    return strict ? at_path(*file_, path, name_) : find_path(*file_, path, name_);
  }

  std::string name_;
  std::shared_ptr<const MatlabFile> file_;
};

class Hdf5Arrays : public ArrayFile {
 public:
  explicit Hdf5Arrays(const std::string& file) : reader_(file) {}

  std::optional<FoundArray> numbers(const std::string& given, bool strict) const override {
    const std::string path = full(given);
    if (!strict && !reader_.is_dataset(path)) return std::nullopt;
    Array<double> array = reader_.doubles(path);
    return FoundArray{std::move(array.shape), std::move(array.values), false};
  }
  std::optional<std::string> text(const std::string& given, bool strict) const override {
    const std::string path = full(given);
    if (!strict && !reader_.is_dataset(path)) return std::nullopt;
    const auto texts = reader_.strings(path).values;
    if (texts.size() != 1) throw DataError(reader_.file(), path, "expected one text");
    return texts[0];
  }
  std::vector<std::string> texts(const std::string& path) const override {
    return reader_.strings(full(path)).values;
  }
  std::vector<std::string> sounds_in(const std::string& given) const override {
    const std::string path = full(given);
    const auto place = path.find("{sound}");
    const auto slash = path.rfind('/', place);
    const std::string group = slash == 0 ? "/" : path.substr(0, slash);
    const auto end = std::min(path.find('/', place), path.size());
    std::vector<std::string> names;
    for (const auto& child : reader_.children(group)) {
      Placeholders matched;
      if (fits(path.substr(slash + 1, end - slash - 1), child, matched)) {
        names.push_back(matched.at("sound"));
      }
    }
    std::sort(names.begin(), names.end(), natural_less);
    return names;
  }

 private:
  static std::string full(const std::string& path) {
    return path.starts_with("/") ? path : "/" + path;
  }
  files::Reader reader_;
};

class NpyArrays : public ArrayFile {
 public:
  explicit NpyArrays(const std::string& file) : file_(file) {}
  std::optional<FoundArray> numbers(const std::string&, bool) const override {
    Array<double> array = read_npy(file_);
    return FoundArray{std::move(array.shape), std::move(array.values), false};
  }
  std::optional<std::string> text(const std::string& path, bool) const override {
    throw DataError(file_, path, "expected text; a NumPy file holds one array of numbers");
  }
  std::vector<std::string> texts(const std::string& path) const override {
    throw DataError(file_, path, "expected texts; a NumPy file holds one array of numbers");
  }
  std::vector<std::string> sounds_in(const std::string&) const override { return {}; }

 private:
  std::string file_;
};

}  // namespace

std::shared_ptr<const ArrayFile> open_arrays(const std::string& file) {
  std::string ending = std::filesystem::path(file).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (ending == ".mat") return std::make_shared<MatlabArrays>(file);
  if (ending == ".npy") return std::make_shared<NpyArrays>(file);
  if (ending == ".h5" || ending == ".hdf5" || ending == ".nwb") {
    return std::make_shared<Hdf5Arrays>(file);
  }
  throw DataError(file, "", "expected a file ending in .mat, .h5, .hdf5 or .npy");
}

Array<float> arranged(const FoundArray& array, std::vector<std::string> axes,
                      const std::vector<std::string>& wanted, const std::string& file,
                      const std::string& place) {
  const auto fail = [&](const std::string& what) {
    throw DataError(file, place, what + "; found shape " + to_string(array.shape));
  };
  // Drops unnamed axes of one element, the last one first (MATLAB's second axis).
  Shape shape = array.shape;
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = 1; i < shape.size(); ++i) {
    const std::size_t axis = array.first_fastest ? i : shape.size() - 1 - i;
    const std::size_t inner = array.first_fastest ? i - 1 : shape.size() - i;
    strides[axis] = strides[inner] * shape[inner];
  }
  while (shape.size() > axes.size()) {
    const auto one = std::find(shape.rbegin(), shape.rend(), 1);
    if (one == shape.rend()) {
      std::string names;
      for (const auto& axis : axes) names += (names.empty() ? "" : ", ") + axis;
      fail("expected the axes " + names);
    }
    const auto index = shape.rend() - one - 1;
    shape.erase(shape.begin() + index);
    strides.erase(strides.begin() + index);
  }
  while (shape.size() < axes.size()) {
    shape.push_back(1);
    strides.push_back(0);
  }
  Shape result;
  std::vector<std::int64_t> steps;
  for (const auto& name : wanted) {
    const auto found = std::find(axes.begin(), axes.end(), name) - axes.begin();
    const bool there = static_cast<std::size_t>(found) < axes.size();
    result.push_back(there ? shape[static_cast<std::size_t>(found)] : 1);
    steps.push_back(there ? strides[static_cast<std::size_t>(found)] : 0);
  }
  Array<float> values(result);
  std::vector<std::int64_t> at(result.size(), 0);
  for (auto& value : values.values) {
    std::int64_t from = 0;
    for (std::size_t axis = 0; axis < at.size(); ++axis) from += at[axis] * steps[axis];
    value = static_cast<float>(array.values[static_cast<std::size_t>(from)]);
    for (std::size_t axis = at.size(); axis-- > 0;) {
      if (++at[axis] < result[axis]) break;
      at[axis] = 0;
    }
  }
  return values;
}

}  // namespace strffit::import
