// MATLAB files of version 7.3: HDF5, with references for cells and for fields of struct arrays.
#include <algorithm>
#include <map>

#include "files/reader.hpp"
#include "readers/matlab.hpp"
#include "util/errors.hpp"

namespace strffit::import {

namespace {

struct Opened {
  files::Reader reader;
  mutable std::map<std::string, std::vector<std::string>> references;  // read once per path

  explicit Opened(const std::string& file) : reader(file) {}
  const std::string& target(const std::string& path, std::int64_t i) const {
    auto known = references.find(path);
    if (known == references.end()) known = references.emplace(path, reader.references(path)).first;
    const std::string& found = known->second.at(static_cast<std::size_t>(i));
    if (found.empty()) throw DataError(reader.file(), path, "expected a value; found none");
    return found;
  }
};
using FilePointer = std::shared_ptr<const Opened>;

std::string class_of(const files::Reader& reader, const std::string& path) {
  return reader.optional_string_attribute(path, "MATLAB_class").value_or("");
}

// HDF5 has MATLAB's axes in reverse order.
Shape reversed(Shape shape) {
  std::reverse(shape.begin(), shape.end());
  while (shape.size() < 2) shape.push_back(1);
  return shape;
}

MatlabPointer value_73(const FilePointer& opened, const std::string& path);

class Value73 : public MatlabValue {
 public:
  Value73(FilePointer opened, std::string path)
      : opened_(std::move(opened)), reader_(&opened_->reader), path_(std::move(path)) {
    const std::string name = class_of(*reader_, path_);
    if (reader_->is_group(path_)) {
      kind_ = Kind::structs;
      shape_ = {1, 1};
      fields_ = reader_->children(path_);
      // Struct array: every field is a dataset of references of the same shape.
      if (!fields_.empty() && name == "struct") {
        const std::string first = path_ + "/" + fields_[0];
        array_ = reader_->is_dataset(first) && reader_->is_references(first) &&
                 class_of(*reader_, first).empty();
        if (array_) shape_ = reversed(reader_->shape(first));
      } else if (!fields_.empty()) {
        // Without attributes, as other programs write it: the type of the fields decides.
        const std::string first = path_ + "/" + fields_[0];
        array_ = reader_->is_dataset(first) && reader_->is_references(first);
        if (array_) shape_ = reversed(reader_->shape(first));
      }
      return;
    }
    const bool empty = reader_->optional_integer_attribute(path_, "MATLAB_empty").value_or(0) != 0;
    if (empty) {
      const auto sizes = reader_->integers(path_).values;
      shape_.assign(sizes.begin(), sizes.end());
      for (const auto size : shape_) {
        if (size < 0 || size > 1000000000) {
          throw DataError(reader_->file(), path_, "expected the sizes of an empty array");
        }
      }
      while (shape_.size() < 2) shape_.push_back(0);
      if (count(shape_) != 0) shape_ = {0, 0};
      kind_ = name == "cell"     ? Kind::cells
              : name == "struct" ? Kind::structs
              : name == "char"   ? Kind::text
                                 : Kind::numbers;
      return;
    }
    shape_ = reversed(reader_->shape(path_));
    if (reader_->is_references(path_)) {
      kind_ = Kind::cells;
    } else if (name == "char") {
      kind_ = Kind::text;
    } else if (name == "function_handle" || name == "string" || name == "table" ||
               reader_->has_attribute(path_, "MATLAB_sparse")) {
      kind_ = Kind::other;
    } else {
      const auto stored = reader_->stored(path_);
      kind_ = stored == files::Stored::text ? Kind::text : Kind::numbers;
    }
  }

  Kind kind() const override { return kind_; }
  Shape shape() const override { return shape_; }

  std::vector<double> numbers() const override {
    if (count(shape_) == 0) return {};
    return reader_->doubles(path_).values;
  }

  std::string text() const override {
    if (count(shape_) == 0) return "";
    if (reader_->stored(path_) == files::Stored::text) return reader_->strings(path_).values.at(0);
    std::string text;
    for (const auto unit : reader_->integers(path_).values) {  // UTF-16
      if (unit < 0 || unit > 0xFFFF || (unit >= 0xD800 && unit < 0xE000)) {
        throw DataError(reader_->file(), path_, "expected text of the basic plane");
      }
      const auto code = static_cast<unsigned>(unit);
      if (code < 0x80) {
        text += static_cast<char>(code);
      } else if (code < 0x800) {
        text += static_cast<char>(0xC0 | (code >> 6));
        text += static_cast<char>(0x80 | (code & 0x3F));
      } else {
        text += static_cast<char>(0xE0 | (code >> 12));
        text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        text += static_cast<char>(0x80 | (code & 0x3F));
      }
    }
    return text;
  }

  MatlabPointer cell(std::int64_t i) const override {
    return value_73(opened_, opened_->target(path_, i));
  }
  std::vector<std::string> fields() const override { return fields_; }
  MatlabPointer field(const std::string& name, std::int64_t i) const override {
    const std::string path = path_ + "/" + name;
    return value_73(opened_, array_ ? opened_->target(path, i) : path);
  }

 private:
  FilePointer opened_;
  const files::Reader* reader_;
  std::string path_;
  Kind kind_ = Kind::other;
  Shape shape_;
  std::vector<std::string> fields_;
  bool array_ = false;
};

MatlabPointer value_73(const FilePointer& opened, const std::string& path) {
  return std::make_shared<Value73>(opened, path);
}

class File73 : public MatlabFile {
 public:
  explicit File73(const std::string& file) : opened_(std::make_shared<const Opened>(file)) {}
  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& name : opened_->reader.children("/")) {
      if (!name.starts_with('#')) names.push_back(name);
    }
    return names;
  }
  MatlabPointer variable(const std::string& name) const override {
    return value_73(opened_, "/" + name);
  }

 private:
  FilePointer opened_;
};

}  // namespace

std::shared_ptr<const MatlabFile> open_matlab_73(const std::string& file) {
  return std::make_shared<File73>(file);
}

}  // namespace strffit::import
