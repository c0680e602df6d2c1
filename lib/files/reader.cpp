#include "files/reader.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <type_traits>

#include "files/h5_file.hpp"
#include "files/h5_text.hpp"
#include "files/probe.hpp"
#include "util/errors.hpp"
#include "util/memory.hpp"
#include "util/text.hpp"

namespace strffit::files {

namespace {

constexpr std::int64_t kMostAttributeValues = 65536;
constexpr const char* kMatlabClass = "MATLAB_class";  // MATLAB's attribute for the class of a
                                                      // dataset

// Sorted, without duplicates.
std::vector<std::int64_t> sorted_rows(std::vector<std::int64_t> rows) {
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

// Selects `rows` of the first axis (ascending, without duplicates); neighbours form one block.
void select_rows(H5::DataSpace& space, const Shape& shape, const std::vector<std::int64_t>& rows) {
  std::vector<hsize_t> start(shape.size(), 0), size(shape.begin(), shape.end());
  space.selectNone();
  for (std::size_t i = 0; i < rows.size();) {
    std::size_t end = i + 1;
    while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
    start[0] = static_cast<hsize_t>(rows[i]);
    size[0] = end - i;
    space.selectHyperslab(i == 0 ? H5S_SELECT_SET : H5S_SELECT_OR, size.data(), start.data());
    i = end;
  }
}

std::vector<std::int64_t> every_row(const Shape& shape) {
  std::vector<std::int64_t> every(static_cast<std::size_t>(shape[0]));
  std::iota(every.begin(), every.end(), 0);
  return every;
}

// The rows `wanted` of `array`, whose row i has number `numbers[i]` (ascending).
template <class T>
Array<T> picked(Array<T> array, const std::vector<std::int64_t>& numbers,
                const std::vector<std::int64_t>& wanted) {
  if (numbers == wanted) return array;
  const std::size_t row = numbers.empty() ? 0 : array.values.size() / numbers.size();
  Array<T> result;
  result.shape = array.shape;
  result.shape[0] = static_cast<std::int64_t>(wanted.size());
  for (const std::int64_t number : wanted) {
    const auto place = std::lower_bound(numbers.begin(), numbers.end(), number) - numbers.begin();
    const auto first = array.values.begin() + place * static_cast<std::ptrdiff_t>(row);
    result.values.insert(result.values.end(), first, first + static_cast<std::ptrdiff_t>(row));
  }
  return result;
}

// HDF5 silently replaces integers that do not fit by the largest one.
void refuse_beyond_int64(const H5InputFile& file, const std::string& path, const H5::DataType& type,
                         const std::vector<std::int64_t>& values) {
  if (type.getSize() == 8 && H5Tget_sign(type.getId()) == H5T_SGN_NONE &&
      std::count(values.begin(), values.end(), std::numeric_limits<std::int64_t>::max()) > 0) {
    file.fail(path, "expected integers below 2^63 - 1; found a larger one");
  }
}

template <class T>
void check_type(const H5InputFile& file, const std::string& path, const H5::DataType& type,
                const std::string& attribute = "") {
  const Values values = values_of(type);
  constexpr bool text = std::is_same_v<T, std::string>;
  constexpr bool integer = std::is_same_v<T, std::int64_t>;
  if (text ? values == Values::text : values == Values::integer || values == Values::real) {
    return;
  }
  file.fail(path, of_attribute(attribute) + "expected " +
                      (text      ? "text"
                       : integer ? "integers"
                                 : "numbers") +
                      "; found " + describe(type));
}

// Compressed data can be a thousand times as large as the file. To ask the system for the limit
// takes longer than to read a small array, and less memory than this program itself has suffices.
void refuse_beyond_memory(const H5InputFile& file, const std::string& path, std::int64_t bytes) {
  constexpr std::int64_t kSmall = std::int64_t{64} << 20;
  if (bytes <= kSmall) return;
  const double limit = memory_limit_bytes();
  if (static_cast<double>(bytes) <= limit) return;
  file.fail(path, fmt::format("expected an array of at most {:.3g} GB, the memory limit of this "
                              "process; found {:.3g} GB",
                              limit / 1e9, static_cast<double>(bytes) / 1e9));
}

}  // namespace

struct Reader::Impl {
  H5InputFile file;
  std::string format;
  std::int64_t version = 0;
  mutable std::map<haddr_t, std::string> places;  // of all objects; filled on first use

  explicit Impl(const std::string& name) : file((probe(name), name)) {}

  // Opens `path`, checks type, shape and size, then reads `rows` (null: all).
  template <class T>
  Array<T> read(const std::string& path, const Expected& expected,
                const std::vector<std::int64_t>* rows = nullptr) const {
    return file.guarded(path, [&] {
      const H5::DataSet dataset = file.dataset(path);
      const H5::DataSpace space = file.checked_space(path, dataset);
      const Shape stored = checked_shape(file, path, space);
      const Shape shape = fitted_shape(file, path, stored, expected);
      check_type<T>(file, path, dataset.getDataType());
      check_size(file, path, dataset, stored);
      if (rows != nullptr && shape.empty()) {
        file.fail(path, "expected one row for each unit; found a single value");
      }
      if (shape == stored) return read_as<T>(path, dataset, stored, rows);
      Array<T> whole = read_as<T>(path, dataset, stored, nullptr);
      whole.shape = shape;
      return rows == nullptr ? whole : picked(std::move(whole), every_row(shape), *rows);
    });
  }

  // Like values(), but also converts integers that are stored as floating point.
  template <class T>
  Array<T> read_as(const std::string& path, const H5::DataSet& dataset, const Shape& shape,
                   const std::vector<std::int64_t>* rows) const {
    if constexpr (std::is_same_v<T, std::int64_t>) {
      if (values_of(dataset.getDataType()) == Values::real) {
        const Array<double> found = values<double>(path, dataset, shape, rows);
        Array<T> whole(found.shape);
        std::transform(found.values.begin(), found.values.end(), whole.values.begin(),
                       [&](double value) { return whole_number(file, path, value); });
        return whole;
      }
    }
    return values<T>(path, dataset, shape, rows);
  }

  template <class T>
  Array<T> values(const std::string& path, const H5::DataSet& dataset, Shape shape,
                  const std::vector<std::int64_t>* rows) const {
    std::vector<std::int64_t> numbers;
    if (rows != nullptr) {
      numbers = sorted_rows(*rows);
      if (!numbers.empty() && (numbers.front() < 0 || numbers.back() >= shape[0])) {
        throw Bug("rows outside of " + path);
      }
    }
    constexpr bool text = std::is_same_v<T, std::string>;
    if constexpr (!text) {
      Shape wanted = shape;
      if (rows != nullptr) wanted[0] = static_cast<std::int64_t>(numbers.size());
      refuse_beyond_memory(file, path, bounded_product(count(wanted), sizeof(T)));
    }
    check_chunks(file, path, dataset, shape, text || rows == nullptr ? nullptr : &numbers);
    if constexpr (text) {
      Array<T> all(shape, read_texts(file, path, dataset, shape));
      if (rows == nullptr) return all;
      return picked(std::move(all), every_row(shape), *rows);
    } else {
      H5::DataSpace selected = dataset.getSpace();
      if (rows != nullptr) {
        if (static_cast<std::int64_t>(numbers.size()) != shape[0]) {
          select_rows(selected, shape, numbers);
        }
        shape[0] = static_cast<std::int64_t>(numbers.size());
      }
      Array<T> result(shape);
      if (result.size() > 0) {
        // With the rank of the file's dataspace; otherwise HDF5 copies element by element.
        const std::vector<hsize_t> sizes(shape.begin(), shape.end());
        const H5::DataSpace memory =
            sizes.empty() ? H5::DataSpace(H5S_SCALAR)
                          : H5::DataSpace(static_cast<int>(sizes.size()), sizes.data());
        dataset.read(result.data(), native_type<T>(), memory, selected);
      }
      if constexpr (std::is_same_v<T, std::int64_t>) {
        refuse_beyond_int64(file, path, dataset.getDataType(), result.values);
      }
      return rows == nullptr ? result : picked(std::move(result), numbers, *rows);
    }
  }

  template <class T>
  std::vector<T> attribute(const std::string& path, const std::string& name) const {
    return file.guarded(path, [&] {
      const H5::Attribute attribute = file.attribute(path, name);
      check_type<T>(file, path, attribute.getDataType(), name);
      const Shape shape = checked_shape(file, path, attribute.getSpace(), name);
      const auto longer = std::count_if(shape.begin(), shape.end(), [](auto n) { return n != 1; });
      if (longer > 1 || count(shape) > kMostAttributeValues) {
        file.fail(path, "attribute " + name + ": expected a value or a short list; found shape " +
                            to_string(shape));
      }
      if constexpr (std::is_same_v<T, std::string>) {
        return read_texts(file, path, name, attribute, count(shape));
      } else {
        if (std::is_same_v<T, std::int64_t> && values_of(attribute.getDataType()) == Values::real) {
          std::vector<double> found(static_cast<std::size_t>(count(shape)));
          if (!found.empty()) attribute.read(native_type<double>(), found.data());
          std::vector<T> whole;
          for (const double value : found) {
            whole.push_back(static_cast<T>(whole_number(file, path, value, name)));
          }
          return whole;
        }
        std::vector<T> result(static_cast<std::size_t>(count(shape)));
        if (!result.empty()) attribute.read(native_type<T>(), result.data());
        if constexpr (std::is_same_v<T, std::int64_t>) {
          refuse_beyond_int64(file, path, attribute.getDataType(), result);
        }
        return result;
      }
    });
  }

  template <class T>
  T single_attribute(const std::string& path, const std::string& name) const {
    const std::vector<T> values = attribute<T>(path, name);
    if (values.size() != 1) {
      file.fail(path,
                fmt::format("attribute {}: expected one value; found {}", name, values.size()));
    }
    return values[0];
  }

  template <class T>
  std::optional<T> optional_attribute(const std::string& path, const std::string& name) const {
    if (!file.has_attribute(path, name)) return std::nullopt;
    const bool empty = file.guarded(path, [&] {
      const H5::DataSpace space = file.attribute(path, name).getSpace();
      return space.getSimpleExtentType() == H5S_NULL ||
             count(checked_shape(file, path, space, name)) == 0;
    });
    if (empty) return std::nullopt;
    return single_attribute<T>(path, name);
  }

  // Text that MATLAB stored as a table of UTF-16 codes: one text per column, padded with spaces.
  Array<std::string> texts_of_codes(const std::string& path) const {
    const Array<std::int64_t> codes = read<std::int64_t>(path, {});
    if (codes.shape.size() != 2)
      file.fail(path, "expected a table of characters; found " + to_string(codes.shape));
    const auto columns = static_cast<std::size_t>(codes.dim(1));
    Array<std::string> texts({codes.dim(1)});
    for (std::size_t i = 0; i < codes.values.size(); ++i) {
      const std::int64_t code = codes.values[i];
      if (code < 0 || code > 0x7f) {
        file.fail(path, fmt::format("expected ASCII characters; found the character code {}: write "
                                    "the texts as strings",
                                    code));
      }
      texts.values[i % columns] += static_cast<char>(code);
    }
    for (auto& text : texts.values) text.erase(text.find_last_not_of(' ') + 1);
    return texts;
  }
};

Reader::Reader(const std::string& file, const std::vector<std::string>& formats,
               std::int64_t highest_version)
    : impl_(std::make_unique<Impl>(file)) {
  impl_->format = string_attribute("/", "format");
  if (std::find(formats.begin(), formats.end(), impl_->format) == formats.end()) {
    std::string wanted;
    for (const std::string& format : formats) wanted += (wanted.empty() ? "" : " or ") + format;
    impl_->file.fail("/", "expected format \"" + wanted + "\"; found \"" + impl_->format + "\"");
  }
  impl_->version = integer_attribute("/", "version");
  if (impl_->version > highest_version) {
    impl_->file.fail("/", fmt::format("expected {} version {} or lower; found {}: a newer strffit "
                                      "wrote this file, update to read it",
                                      impl_->format, highest_version, impl_->version));
  }
  if (impl_->version < 1) {
    impl_->file.fail("/", fmt::format("expected version 1 or higher; found {}", impl_->version));
  }
}

Reader::Reader(const std::string& file) : impl_(std::make_unique<Impl>(file)) {}

Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

const std::string& Reader::file() const { return impl_->file.name(); }
const std::string& Reader::format() const { return impl_->format; }
std::int64_t Reader::version() const { return impl_->version; }

bool Reader::exists(const std::string& path) const {
  return impl_->file.guarded(path, [&] { return impl_->file.kind(path) != H5I_BADID; });
}
bool Reader::is_group(const std::string& path) const {
  return impl_->file.guarded(path, [&] { return impl_->file.kind(path) == H5I_GROUP; });
}
bool Reader::is_dataset(const std::string& path) const {
  return impl_->file.guarded(path, [&] { return impl_->file.kind(path) == H5I_DATASET; });
}
std::vector<std::string> Reader::children(const std::string& group) const {
  return impl_->file.guarded(group, [&] { return impl_->file.children(group); });
}
Shape Reader::shape(const std::string& path) const {
  return impl_->file.guarded(path, [&] {
    const H5::DataSet dataset = impl_->file.dataset(path);
    return checked_shape(impl_->file, path, impl_->file.checked_space(path, dataset));
  });
}

Stored Reader::stored(const std::string& path) const {
  return impl_->file.guarded(path, [&] {
    const H5::DataType type = impl_->file.dataset(path).getDataType();
    switch (values_of(type)) {
      case Values::integer:
        return Stored::integer;
      case Values::real:
        return type.getSize() <= sizeof(float) ? Stored::single : Stored::real;
      case Values::text:
        return Stored::text;
      case Values::other:
        break;
    }
    impl_->file.fail(path, "expected numbers or text; found " + describe(type));
  });
}

Array<float> Reader::floats(const std::string& path, const Expected& expected) const {
  return impl_->read<float>(path, expected);
}
Array<double> Reader::doubles(const std::string& path, const Expected& expected) const {
  return impl_->read<double>(path, expected);
}
Array<std::int64_t> Reader::integers(const std::string& path, const Expected& expected) const {
  return impl_->read<std::int64_t>(path, expected);
}
Array<std::string> Reader::strings(const std::string& path, const Expected& expected) const {
  return impl_->read<std::string>(path, expected);
}
Array<std::string> Reader::names(const std::string& path, const Expected& expected) const {
  const Stored kind = stored(path);
  if (kind == Stored::text) return strings(path, expected);
  const bool coded = impl_->file.guarded(path, [&] {
    return has_attribute(path, kMatlabClass) &&
           values_of(impl_->file.attribute(path, kMatlabClass).getDataType()) == Values::text &&
           string_attribute(path, kMatlabClass) == "char";
  });
  if (coded) return impl_->texts_of_codes(path);
  const Array<std::int64_t> numbers = integers(path, expected);
  Array<std::string> result(numbers.shape);
  std::transform(numbers.values.begin(), numbers.values.end(), result.values.begin(),
                 [](std::int64_t number) { return std::to_string(number); });
  return result;
}
Array<float> Reader::float_rows(const std::string& path, const std::vector<std::int64_t>& rows,
                                const Expected& expected) const {
  return impl_->read<float>(path, expected, &rows);
}
Column Reader::column_rows(const std::string& path, const std::vector<std::int64_t>& rows,
                           const Expected& expected) const {
  const bool text = impl_->file.guarded(
      path, [&] { return values_of(impl_->file.dataset(path).getDataType()) == Values::text; });
  if (text) return impl_->read<std::string>(path, expected, &rows);
  return impl_->read<double>(path, expected, &rows);
}

bool Reader::is_references(const std::string& path) const {
  return impl_->file.guarded(
      path, [&] { return impl_->file.dataset(path).getDataType().getClass() == H5T_REFERENCE; });
}
std::vector<std::string> Reader::references(const std::string& path) const {
  return impl_->file.guarded(path, [&] {
    const H5::DataSet dataset = impl_->file.dataset(path);
    const Shape shape = checked_shape(impl_->file, path, impl_->file.checked_space(path, dataset));
    if (H5Tequal(dataset.getDataType().getId(), H5T_STD_REF_OBJ) <= 0) {
      impl_->file.fail(path,
                       "expected references to objects; found " + describe(dataset.getDataType()));
    }
    check_size(impl_->file, path, dataset, shape);
    check_chunks(impl_->file, path, dataset, shape, nullptr);
    std::vector<hobj_ref_t> addresses(static_cast<std::size_t>(strffit::count(shape)));
    if (!addresses.empty()) {
      dataset.read(addresses.data(), adopt<H5::DataType>(H5Tcopy(H5T_STD_REF_OBJ)));
    }
    if (impl_->places.empty()) impl_->places = object_places(impl_->file);
    std::vector<std::string> paths;
    for (const hobj_ref_t address : addresses) {
      const auto found = impl_->places.find(static_cast<haddr_t>(address));
      if (found == impl_->places.end() && address != 0) {
        impl_->file.fail(path, "expected references to objects of this file; found one to nothing");
      }
      paths.push_back(address == 0 ? "" : found->second);
    }
    return paths;
  });
}

bool Reader::has_attribute(const std::string& path, const std::string& name) const {
  return impl_->file.has_attribute(path, name);
}
std::string Reader::string_attribute(const std::string& path, const std::string& name) const {
  return impl_->single_attribute<std::string>(path, name);
}
double Reader::number_attribute(const std::string& path, const std::string& name) const {
  return impl_->single_attribute<double>(path, name);
}
std::int64_t Reader::integer_attribute(const std::string& path, const std::string& name) const {
  return impl_->single_attribute<std::int64_t>(path, name);
}
std::vector<double> Reader::numbers_attribute(const std::string& path,
                                              const std::string& name) const {
  return impl_->attribute<double>(path, name);
}
std::vector<std::string> Reader::strings_attribute(const std::string& path,
                                                   const std::string& name) const {
  return impl_->attribute<std::string>(path, name);
}
std::optional<std::string> Reader::optional_string_attribute(const std::string& path,
                                                             const std::string& name) const {
  return impl_->optional_attribute<std::string>(path, name);
}
std::optional<double> Reader::optional_number_attribute(const std::string& path,
                                                        const std::string& name) const {
  return impl_->optional_attribute<double>(path, name);
}
std::optional<std::int64_t> Reader::optional_integer_attribute(const std::string& path,
                                                               const std::string& name) const {
  return impl_->optional_attribute<std::int64_t>(path, name);
}

}  // namespace strffit::files
