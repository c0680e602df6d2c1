// MATLAB files of version 5 to 7, read by matio.
#include "files/paths.hpp"
#include "readers/matlab.hpp"
#include "util/errors.hpp"

#ifdef STRFFIT_MATIO

#include <matio.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>

#include "files/child.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

using VariablePointer = std::shared_ptr<matvar_t>;

class Value5 : public MatlabValue {
 public:
  // `value` belongs to the variable `owner`.
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
        throw DataError(
            file_, "",
            fmt::format("expected numbers; found the type {} of MATLAB files", value_->data_type));
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
  // matio 1.5 lacks const here.
  matvar_t* mutable_value() const { return const_cast<matvar_t*>(value_); }

  MatlabPointer child(const matvar_t* value) const {
    if (value == nullptr) return matlab_numbers({0, 0}, {});
    return std::make_shared<Value5>(owner_, value, file_);
  }

  template <class T>
  std::vector<double> converted() const {
    const auto n = static_cast<std::size_t>(count(shape()));
    if (n == 0) return {};
    if (value_->data == nullptr || value_->nbytes / sizeof(T) < n) {
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

// Visits every value that a path can reach.
class Walk5 {
 public:
  // `most`: limit of cells and structs, since a damaged header may claim millions. `numbers`: also
  // convert matrices and texts, as the reader will.
  Walk5(const std::string& file, const std::string& variable, std::int64_t most, bool numbers)
      : file_(file), variable_(variable), most_(most), left_(most), numbers_(numbers) {}

  void value(const MatlabValue& value, int depth) {
    if (depth > 32) throw DataError(file_, variable_, "expected cells and structs 32 deep at most");
    const auto kind = value.kind();
    if (numbers_ && kind == MatlabValue::Kind::numbers) value.numbers();
    if (numbers_ && kind == MatlabValue::Kind::text) value.text();
    if (kind != MatlabValue::Kind::cells && kind != MatlabValue::Kind::structs) return;
    const std::int64_t n = count(value.shape());
    const auto fields = value.fields();
    take(bounded_product(n, 1 + static_cast<std::int64_t>(fields.size())));
    for (std::int64_t i = 0; i < n; ++i) {
      if (kind == MatlabValue::Kind::cells) this->value(*value.cell(i), depth + 1);
      for (const auto& name : fields) this->value(*value.field(name, i), depth + 1);
    }
  }

 private:
  void take(std::int64_t n) {
    if (n > left_) {
      throw DataError(file_, variable_,
                      fmt::format("expected at most {} cells and structs in a file of this size; "
                                  "found more: it is damaged",
                                  most_));
    }
    left_ -= n;
  }

  const std::string &file_, &variable_;
  std::int64_t most_, left_;
  bool numbers_;
};

class File5 : public MatlabFile {
 public:
  explicit File5(const std::string& file) : file_(file) {
    const std::int64_t bytes = checked_size(file, std::int64_t{4} << 30);
    // Version 5 holds at most 2 GiB per variable; compression shrinks mostly zeros to a hundredth.
    memory_ = (std::int64_t{256} << 20) + std::min(kCompressed * bytes, std::int64_t{5} << 30);
    // An element takes a tag of 8 bytes, which is compressed too.
    most_elements_ = 1000 + kCompressed / 8 * bytes;
    seconds_ = 1 + static_cast<double>(bytes) / (2 << 20);
    try_it([&](files::ChildPlace&) { names_of(file); });
    const files::MemoryLimit limit(memory_);
    names_ = names_of(file);
    seconds_ += 0.004 * static_cast<double>(names_.size());  // one process per variable
  }

  std::vector<std::string> names() const override { return names_; }

  MatlabPointer variable(const std::string& name) const override {
    auto& known = variables_[name];
    if (!known) {
      try_it([&](files::ChildPlace& place) {
        place.enter(name);
        const VariablePointer read = read_variable(file_, name);
        Walk5(file_, name, most_elements_, true).value(Value5(read, read.get(), file_), 0);
      });
      const files::MemoryLimit limit(memory_);
      const VariablePointer read = read_variable(file_, name);
      auto value = std::make_shared<Value5>(read, read.get(), file_);
      Walk5(file_, name, most_elements_, false).value(*value, 0);
      known = std::move(value);
    }
    return known;
  }

 private:
  static constexpr std::int64_t kCompressed = 128;

  // All child processes share the time limit of the file, however many variables it claims.
  void try_it(const std::function<void(files::ChildPlace&)>& body) const {
    const files::ChildLimits limits{
        memory_, std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(seconds_)))};
    seconds_ -= files::try_in_child(file_, "MATLAB", limits, body);
    if (seconds_ < 0) {
      throw DataError(file_, "",
                      fmt::format("expected a MATLAB file that takes at most {} s of processor "
                                  "time to read; found one that takes longer: it is damaged",
                                  limits.seconds));
    }
  }

  std::string file_;
  std::int64_t memory_ = 0, most_elements_ = 0;
  mutable double seconds_ = 0;  // remaining
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
  return fmt::format("{}.{}.{}", major, minor, release);
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
