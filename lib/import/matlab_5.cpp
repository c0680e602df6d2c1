// MATLAB 5 to 7 files, through matio.
#include "import/matlab.hpp"
#include "util/errors.hpp"

#ifdef STRFFIT_MATIO

#include <matio.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "files/child.hpp"
#include "import/paths.hpp"

namespace strffit::import {

namespace {

using VariablePointer = std::shared_ptr<matvar_t>;

class Value5 : public MatlabValue {
 public:
  // `value` is part of the variable `owner`.
  Value5(VariablePointer owner, const matvar_t* value, std::string file)
      : owner_(std::move(owner)), value_(value), file_(std::move(file)) {}

  Kind kind() const override {
    switch (value_->class_type) {
      case MAT_C_CELL:
        return Kind::cells;
      case MAT_C_STRUCT:
        return Kind::structs;
      case MAT_C_CHAR:
        return Kind::text;
      case MAT_C_DOUBLE:
      case MAT_C_SINGLE:
      case MAT_C_INT8:
      case MAT_C_UINT8:
      case MAT_C_INT16:
      case MAT_C_UINT16:
      case MAT_C_INT32:
      case MAT_C_UINT32:
      case MAT_C_INT64:
      case MAT_C_UINT64:
        return value_->isComplex != 0 ? Kind::other : Kind::numbers;
      default:
        return Kind::other;
    }
  }

  Shape shape() const override {
    Shape shape;
    for (int axis = 0; axis < value_->rank; ++axis) {
      shape.push_back(static_cast<std::int64_t>(value_->dims[axis]));
    }
    while (shape.size() < 2) shape.push_back(1);
    return shape;
  }

  std::vector<double> numbers() const override {
    switch (value_->data_type) {
      case MAT_T_DOUBLE:
        return converted<double>();
      case MAT_T_SINGLE:
        return converted<float>();
      case MAT_T_INT8:
        return converted<std::int8_t>();
      case MAT_T_UINT8:
        return converted<std::uint8_t>();
      case MAT_T_INT16:
        return converted<std::int16_t>();
      case MAT_T_UINT16:
        return converted<std::uint16_t>();
      case MAT_T_INT32:
        return converted<std::int32_t>();
      case MAT_T_UINT32:
        return converted<std::uint32_t>();
      case MAT_T_INT64:
        return converted<std::int64_t>();
      case MAT_T_UINT64:
        return converted<std::uint64_t>();
      default:
        if (count(shape()) == 0) return {};
        throw DataError(file_, "",
                        "expected numbers; found the type " + std::to_string(value_->data_type) +
                            " of MATLAB files");
    }
  }

  std::string text() const override {
    std::string text;
    const auto add = [&](unsigned code) {
      if (code < 0x80) {
        text += static_cast<char>(code);
      } else {
        text += static_cast<char>(code < 0x800 ? 0xC0 | (code >> 6) : 0xE0 | (code >> 12));
        if (code >= 0x800) text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        text += static_cast<char>(0x80 | (code & 0x3F));
      }
    };
    if (value_->data == nullptr) return text;
    const bool wide = value_->data_type == MAT_T_UINT16 || value_->data_type == MAT_T_UTF16;
    const std::size_t size = wide ? value_->nbytes / 2 : value_->nbytes;
    for (std::size_t i = 0; i < size; ++i) {
      if (wide) {
        add(static_cast<const std::uint16_t*>(value_->data)[i]);
      } else if (value_->data_type == MAT_T_UTF8) {
        text += static_cast<const char*>(value_->data)[i];
      } else {
        add(static_cast<const unsigned char*>(value_->data)[i]);
      }
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.pop_back();
    return text;
  }

  MatlabPointer cell(std::int64_t i) const override {
    return child(Mat_VarGetCell(mutable_value(), static_cast<int>(i)));
  }

  std::vector<std::string> fields() const override {
    std::vector<std::string> names;
    char* const* all = Mat_VarGetStructFieldnames(value_);
    for (unsigned i = 0; all != nullptr && i < Mat_VarGetNumberOfFields(mutable_value()); ++i) {
      names.emplace_back(all[i]);
    }
    return names;
  }

  MatlabPointer field(const std::string& name, std::int64_t i) const override {
    return child(
        Mat_VarGetStructFieldByName(mutable_value(), name.c_str(), static_cast<std::size_t>(i)));
  }

 private:
  // matio 1.5 lacks the const.
  matvar_t* mutable_value() const { return const_cast<matvar_t*>(value_); }

  MatlabPointer child(const matvar_t* value) const {
    if (value == nullptr) return matlab_numbers({0, 0}, {});
    return std::make_shared<Value5>(owner_, value, file_);
  }

  template <class T>
  std::vector<double> converted() const {
    const auto n = static_cast<std::size_t>(count(shape()));
    if (n == 0) return {};
    if (value_->data == nullptr || value_->nbytes < n * sizeof(T)) {
      throw DataError(file_, "", "expected numbers for the whole matrix; found fewer");
    }
    std::vector<double> values(n);
    const auto* stored = static_cast<const T*>(value_->data);
    for (std::size_t i = 0; i < n; ++i) values[i] = static_cast<double>(stored[i]);
    return values;
  }

  VariablePointer owner_;
  const matvar_t* value_;
  std::string file_;
};

struct CloseMat {
  void operator()(mat_t* mat) const { Mat_Close(mat); }
};
using OpenMat = std::unique_ptr<mat_t, CloseMat>;

OpenMat opened_mat(const std::string& file) {
  static const int kQuiet = Mat_LogInitFunc("strffit", [](int, char*) {});
  (void)kQuiet;
  OpenMat mat(Mat_Open(file.c_str(), MAT_ACC_RDONLY));
  if (!mat) throw DataError(file, "", "expected a MATLAB file; found one that matio cannot open");
  return mat;
}

std::vector<std::string> names_of(const std::string& file) {
  const OpenMat mat = opened_mat(file);
  std::size_t n = 0;
  char* const* all = Mat_GetDir(mat.get(), &n);
  std::vector<std::string> names;
  for (std::size_t i = 0; all != nullptr && i < n; ++i) {
    if (all[i] != nullptr) names.emplace_back(all[i]);
  }
  return names;
}

VariablePointer read_variable(const std::string& file, const std::string& name) {
  const OpenMat mat = opened_mat(file);
  VariablePointer variable(Mat_VarRead(mat.get(), name.c_str()), [](matvar_t* value) {
    if (value != nullptr) Mat_VarFree(value);
  });
  if (!variable) {
    throw DataError(file, name, "expected a readable variable; found the file damaged here");
  }
  return variable;
}

// Touches all that a path could lead to, as the reader would.
void walk_value(const MatlabValue& value, int depth) {
  if (depth > 32) throw DataError("", "", "nested too deep");
  const std::int64_t n = count(value.shape());
  if (value.kind() == MatlabValue::Kind::numbers) value.numbers();
  if (value.kind() == MatlabValue::Kind::text) value.text();
  for (std::int64_t i = 0; i < n; ++i) {
    if (value.kind() == MatlabValue::Kind::cells) walk_value(*value.cell(i), depth + 1);
    if (value.kind() != MatlabValue::Kind::structs) continue;
    for (const auto& name : value.fields()) walk_value(*value.field(name, i), depth + 1);
  }
}

class File5 : public MatlabFile {
 public:
  explicit File5(const std::string& file) : file_(file) {
    const std::int64_t bytes = checked_size(file, std::int64_t{4} << 30);
    // Version 5 holds at most 2 GiB a variable, compressed to a hundredth where it is mostly zeros.
    limits_ = {(std::int64_t{256} << 20) + std::min(128 * bytes, std::int64_t{5} << 30),
               2 + bytes / (std::int64_t{2} << 20)};
    files::try_in_child(file, "MATLAB", limits_, [&](files::ChildPlace&) { names_of(file); });
    const files::MemoryLimit limit(limits_.memory_bytes);
    names_ = names_of(file);
  }

  std::vector<std::string> names() const override { return names_; }

  MatlabPointer variable(const std::string& name) const override {
    auto& known = variables_[name];
    if (!known) {
      files::try_in_child(file_, "MATLAB", limits_, [&](files::ChildPlace& place) {
        place.enter(name);
        const VariablePointer read = read_variable(file_, name);
        walk_value(Value5(read, read.get(), file_), 0);
      });
      const files::MemoryLimit limit(limits_.memory_bytes);
      const VariablePointer read = read_variable(file_, name);
      known = std::make_shared<Value5>(read, read.get(), file_);
    }
    return known;
  }

 private:
  std::string file_;
  files::ChildLimits limits_;
  std::vector<std::string> names_;
  mutable std::map<std::string, MatlabPointer> variables_;
};

}  // namespace

std::shared_ptr<const MatlabFile> open_matlab_5(const std::string& file) {
  return std::make_shared<File5>(file);
}

std::string matlab_library_version() {
  int major = 0, minor = 0, release = 0;
  Mat_GetLibraryVersion(&major, &minor, &release);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

}  // namespace strffit::import

#else

namespace strffit::import {

std::shared_ptr<const MatlabFile> open_matlab_5(const std::string& file) {
  throw DataError(
      file, "",
      "this strffit was built without matio, which reads MATLAB files of version 5 to 7: "
      "install libmatio-dev and build again, or save(..., '-v7.3')");
}

std::string matlab_library_version() {
  return "none (import reads MATLAB files of version 7.3 only)";
}

}  // namespace strffit::import

#endif
