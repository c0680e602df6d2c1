// Checks of types, shapes and sizes before any allocation.
#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "files/h5_file.hpp"
#include "util/text.hpp"

namespace strffit::files {

namespace {

// Deflate expands a byte to at most 1032 bytes; the rest allows for HDF5's padding.
constexpr std::int64_t kLargestDeflateRatio = 1100;

bool is_usual_integer(hid_t type) {
  const std::size_t size = H5Tget_size(type);
  const H5T_order_t order = H5Tget_order(type);
  return (size == 1 || size == 2 || size == 4 || size == 8) && H5Tget_precision(type) == 8 * size &&
         H5Tget_offset(type) == 0 &&
         (order == H5T_ORDER_LE || order == H5T_ORDER_BE || order == H5T_ORDER_NONE);
}

bool is_half(hid_t type) {
  std::size_t sign = 0, exponent = 0, exponent_bits = 0, mantissa = 0, mantissa_bits = 0;
  const H5T_order_t order = H5Tget_order(type);
  return H5Tget_size(type) == 2 && H5Tget_precision(type) == 16 && H5Tget_offset(type) == 0 &&
         (order == H5T_ORDER_LE || order == H5T_ORDER_BE) && H5Tget_ebias(type) == 15 &&
         H5Tget_norm(type) == H5T_NORM_IMPLIED &&
         H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits) >= 0 &&
         sign == 15 && exponent == 10 && exponent_bits == 5 && mantissa == 0 && mantissa_bits == 10;
}

bool is_usual_real(hid_t type) {
  const hid_t usual[] = {H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE,
                         H5T_NATIVE_LDOUBLE};
  return is_half(type) || std::any_of(std::begin(usual), std::end(usual),
                                      [&](hid_t one) { return H5Tequal(type, one) > 0; });
}

// Upper bound of the bytes of all elements, from what the file stores.
std::int64_t stored_bound(const H5InputFile& file, const std::string& path,
                          const H5::DataSet& dataset, const Shape& shape) {
  const H5::DSetCreatPropList layout = dataset.getCreatePlist();
  const auto stored = static_cast<std::int64_t>(std::min<hsize_t>(
      H5Dget_storage_size(dataset.getId()), std::numeric_limits<int>::max() * hsize_t{1024}));
  if (stored > file.bytes()) {
    file.fail(path, fmt::format("expected at most the file's {} bytes; found a claim of {}",
                                file.bytes(), stored));
  }
  switch (layout.getLayout()) {
    case H5D_COMPACT:
      return stored;
    case H5D_CONTIGUOUS: {
      if (H5Pget_external_count(layout.getId()) != 0) {
        file.fail(path, "expected data in this file; found data stored in another file");
      }
      const haddr_t start = stored > 0 ? H5Dget_offset(dataset.getId()) : 0;
      if (start == HADDR_UNDEF || start > static_cast<haddr_t>(file.bytes() - stored)) {
        file.fail(path, "expected data inside the file; found an address outside of it");
      }
      return stored;
    }
    default:
      break;
  }

  const ChunkLayout chunked = chunk_layout(file, path, dataset, shape.size());
  const bool deflated =
      std::count(chunked.filters.begin(), chunked.filters.end(), H5Z_FILTER_DEFLATE) > 0;
  const std::int64_t bound = bounded_product(stored, deflated ? kLargestDeflateRatio : 1);
  std::int64_t chunks = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const auto size = static_cast<std::int64_t>(chunked.size[i]);
    chunks = bounded_product(chunks, shape[i] / size + (shape[i] % size != 0));
  }
  // Each written chunk takes at least one byte; a search for unwritten ones would take too long.
  if (chunks > file.bytes()) {
    file.fail(path,
              fmt::format("expected no more chunks than the file has bytes; found {}", chunks));
  }
  if (count(shape) > 0 && chunked.bytes > bound) {
    file.fail(path,
              fmt::format("expected chunks that fit what is stored, {} bytes; found chunks of {}",
                          stored, chunked.bytes));
  }
  // A chunk that was never written reads as the fill value. A fill value chosen by the writer (NaN
  // for missing) is intended; otherwise the writer was interrupted, and zeros would look like data.
  H5D_fill_value_t fill = H5D_FILL_VALUE_ERROR;
  hsize_t written = 0;
  H5Pfill_value_defined(layout.getId(), &fill);
  const H5::DataSpace space = dataset.getSpace();
  if (fill != H5D_FILL_VALUE_USER_DEFINED &&
      (H5Dget_num_chunks(dataset.getId(), space.getId(), &written) < 0 ||
       written != static_cast<hsize_t>(chunks))) {
    file.fail(path,
              fmt::format("expected {} chunks of data; found {}: the others were never written",
                          chunks, written));
  }
  return bound;
}

bool fits(const Shape& shape, const Shape& wanted) {
  return std::equal(shape.begin(), shape.end(), wanted.begin(), wanted.end(),
                    [](auto size, auto want) { return want == -1 || want == size; });
}

// True if at most one axis has a size other than 1.
bool is_list(const Shape& shape) {
  return std::count_if(shape.begin(), shape.end(), [](auto size) { return size != 1; }) <= 1;
}

std::string how_to_reverse(std::size_t axes) {
  std::string order, spaced;
  for (std::size_t axis = axes; axis > 0; --axis) {
    order += fmt::format("{}{}", order.empty() ? "" : ", ", axis);
    spaced += fmt::format("{}{}", spaced.empty() ? "" : " ", axis);
  }
  return ", the same axes in reverse order, as programs with the other order of axes write them: "
         "reverse them before writing, permute(x, [" +
         spaced + "]) in MATLAB, permutedims(x, (" + order + ")) in Julia, aperm(x, c(" + order +
         ")) in R, x.T in Python";
}

}  // namespace

Values values_of(const H5::DataType& type) {
  switch (type.getClass()) {
    case H5T_INTEGER:
      return is_usual_integer(type.getId()) ? Values::integer : Values::other;
    case H5T_ENUM: {  // booleans of h5py
      const H5::DataType base = type.getSuper();
      return is_usual_integer(base.getId()) ? Values::integer : Values::other;
    }
    case H5T_FLOAT:
      return is_usual_real(type.getId()) ? Values::real : Values::other;
    case H5T_STRING:
      return Values::text;
    default:
      return Values::other;
  }
}

std::string describe(const H5::DataType& type) {
  const std::string bits = fmt::format("{}-bit ", 8 * type.getSize());
  switch (type.getClass()) {
    case H5T_INTEGER:
      return bits + "integers";
    case H5T_FLOAT:
      return bits + "floating-point numbers";
    case H5T_STRING:
      return "text";
    case H5T_COMPOUND:
      return "compound values";
    case H5T_VLEN:
      return "lists of variable length";
    case H5T_REFERENCE:
      return "references";
    case H5T_ARRAY:
      return "an array in each element";
    case H5T_ENUM:
      return "an enumeration";
    case H5T_OPAQUE:
      return "opaque bytes";
    case H5T_BITFIELD:
      return "bit fields";
    default:
      return "values of an unknown type";
  }
}

std::string of_attribute(const std::string& name) {
  return name.empty() ? "" : "attribute " + name + ": ";
}

Shape checked_shape(const H5InputFile& file, const std::string& path, const H5::DataSpace& space,
                    const std::string& attribute) {
  const std::string what = of_attribute(attribute);
  if (space.getSimpleExtentType() == H5S_NULL) {
    file.fail(path, what + "expected values; found none");
  }
  const int rank = space.getSimpleExtentNdims();
  if (rank < 0 || rank > H5S_MAX_RANK) {
    file.fail(path, what + "expected axes; found the file damaged here");
  }
  std::vector<hsize_t> sizes(static_cast<std::size_t>(rank));
  if (rank > 0) space.getSimpleExtentDims(sizes.data());
  Shape shape;
  for (const hsize_t size : sizes) {
    if (size > static_cast<hsize_t>(std::numeric_limits<std::int64_t>::max())) {
      file.fail(path, fmt::format("{}expected an axis that fits into the file; found one of {}",
                                  what, size));
    }
    shape.push_back(static_cast<std::int64_t>(size));
  }
  // Without elements nothing limits the other axes, and a loop along one might never end.
  if (count(shape) == 0 && *std::max_element(shape.begin(), shape.end()) > file.bytes()) {
    file.fail(path, fmt::format("{}expected axes that fit into the file's {} bytes; found shape {}",
                                what, file.bytes(), to_string(shape)));
  }
  return shape;
}

Shape fitted_shape(const H5InputFile& file, const std::string& path, const Shape& shape,
                   const Expected& expected) {
  if (!expected.shape || fits(shape, *expected.shape)) return shape;
  const Shape& wanted = *expected.shape;
  // A list may be a row, a column or a single value.
  if (wanted.size() == 1 && is_list(shape) && fits({count(shape)}, wanted)) return {count(shape)};
  // MATLAB drops trailing axes of size 1, which come first here.
  if (shape.size() >= 2 && shape.size() < wanted.size()) {
    Shape whole(wanted.size() - shape.size(), 1);
    const auto dropped = static_cast<std::ptrdiff_t>(whole.size());
    const bool ones = std::equal(whole.begin(), whole.end(), wanted.begin());
    whole.insert(whole.end(), shape.begin(), shape.end());
    if (ones && dropped > 0 && fits(whole, wanted)) return whole;
  }
  std::string sizes;
  for (const std::int64_t size : wanted) {
    sizes += (sizes.empty() ? "" : ", ") + (size == -1 ? std::string("any") : std::to_string(size));
  }
  const bool reversed = shape.size() > 1 && fits({shape.rbegin(), shape.rend()}, wanted);
  file.fail(path, "expected shape (" + sizes + ")" +
                      (expected.axes.empty() ? "" : ", axes " + expected.axes) + "; found " +
                      to_string(shape) + (reversed ? how_to_reverse(shape.size()) : ""));
}

std::int64_t whole_number(const H5InputFile& file, const std::string& path, double value,
                          const std::string& attribute) {
  constexpr double kMost = 9007199254740992;  // 2^53; above it doubles skip integers
  if (value == std::trunc(value) && std::abs(value) <= kMost) {
    return static_cast<std::int64_t>(value);
  }
  std::ostringstream text;
  text << value;
  file.fail(path, of_attribute(attribute) + "expected whole numbers; found " + text.str());
}

void check_size(const H5InputFile& file, const std::string& path, const H5::DataSet& dataset,
                const Shape& shape) {
  const auto type_bytes = static_cast<std::int64_t>(dataset.getDataType().getSize());
  const std::int64_t claimed = bounded_product(count(shape), type_bytes);
  const std::int64_t bound = stored_bound(file, path, dataset, shape);
  if (claimed > bound) {
    file.fail(path, fmt::format("expected shape {} to hold what the file stores; found {} bytes at "
                                "most where it claims {}",
                                to_string(shape), bound, claimed));
  }
}

}  // namespace strffit::files
