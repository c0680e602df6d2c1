#include "readers/npy.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "files/paths.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

constexpr std::int64_t kLongestHeader = 1 << 16;

struct NpyHeader {
  char byte_order = '<';
  char kind = 'f';         // b, i, u, f
  std::int64_t bytes = 8;  // per number
  bool fortran_order = false;
  Shape shape;
};

// Parses the header, a Python dictionary of three keys; no other Python is accepted.
class NpyHeaderText {
 public:
  NpyHeaderText(const std::string& file, const std::string& text) : file_(file), text_(text) {}

  NpyHeader parsed() {
    NpyHeader header;
    bool has_type = false, has_order = false, has_shape = false;
    expect('{');
    while (!take('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        type(header);
        has_type = true;
      } else if (key == "fortran_order") {
        header.fortran_order = boolean();
        has_order = true;
      } else if (key == "shape") {
        header.shape = tuple();
        has_shape = true;
      } else {
        fail();
      }
      if (!take(',') && peek() != '}') fail();
    }
    if (!has_type || !has_order || !has_shape) fail();
    return header;
  }

 private:
  [[noreturn]] void fail() const {
    throw DataError(file_, "header",
                    "expected {'descr': ..., 'fortran_order': ..., 'shape': ...}; found something "
                    "else: the file is damaged");
  }
  char peek() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail();
  }
  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail();
    const auto end = text_.find(quote, ++at_);
    if (end == std::string::npos) fail();
    std::string word = text_.substr(at_, end - at_);
    at_ = end + 1;
    return word;
  }
  bool boolean() {
    peek();
    for (const auto& [word, value] : {std::pair{"True", true}, std::pair{"False", false}}) {
      if (text_.compare(at_, std::strlen(word), word) == 0) {
        at_ += std::strlen(word);
        return value;
      }
    }
    fail();
  }
  Shape tuple() {
    Shape shape;
    expect('(');
    while (!take(')')) {
      std::int64_t size = 0;
      if (std::isdigit(static_cast<unsigned char>(peek())) == 0) fail();
      for (; at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0;
           ++at_) {
        if (size > std::numeric_limits<std::int64_t>::max() / 10 - 1) fail();
        size = size * 10 + (text_[at_] - '0');
      }
      shape.push_back(size);
      if (shape.size() > 8) fail();
      if (!take(',') && peek() != ')') fail();
    }
    return shape;
  }
  void type(NpyHeader& header) {
    if (peek() == '[') {
      throw DataError(file_, "header", "expected an array of numbers; found a table of records");
    }
    const std::string word = quoted();
    if (word.find('O') != std::string::npos) {
      throw DataError(file_, "header",
                      "expected an array of numbers; found pickled Python objects, which can run "
                      "any code and are never read: save numbers, numpy.save(..., "
                      "allow_pickle=False)");
    }
    const bool known = word.size() == 3 && std::strchr("<>|=", word[0]) != nullptr &&
                       std::strchr("biuf", word[1]) != nullptr &&
                       std::strchr("1248", word[2]) != nullptr;
    if (!known || (word[1] == 'f' && word[2] < '4') || (word[1] == 'b' && word[2] != '1')) {
      throw DataError(file_, "header",
                      "expected integers or floating-point numbers of 4 or 8 bytes; found type " +
                          word.substr(0, 20));
    }
    header.byte_order = word[0];
    header.kind = word[1];
    header.bytes = word[2] - '0';
  }

  const std::string& file_;
  const std::string& text_;
  std::size_t at_ = 0;
};

template <class T>
T from_bytes(const unsigned char* bytes, bool swap) {
  std::array<unsigned char, sizeof(T)> copy;
  std::memcpy(copy.data(), bytes, sizeof(T));
  if (swap) std::reverse(copy.begin(), copy.end());
  T value;
  std::memcpy(&value, copy.data(), sizeof(T));
  return value;
}

template <class Stored, class T>
void convert(const unsigned char* bytes, bool swap, std::vector<T>& values,
             const std::string& file) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Stored value = from_bytes<Stored>(bytes + i * sizeof(Stored), swap);
    if constexpr (std::is_same_v<T, std::int64_t> && std::is_same_v<Stored, std::uint64_t>) {
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        throw DataError(file, "", "expected integers below 2^63; found a larger one");
      }
    }
    values[i] = static_cast<T>(value);
  }
}

template <class T>
void convert_all(const NpyHeader& header, const unsigned char* bytes, std::vector<T>& values,
                 const std::string& file) {
  const bool swap = header.byte_order == '>';
  switch (header.kind) {
    case 'f':
      if constexpr (std::is_same_v<T, double>) {
        return header.bytes == 4 ? convert<float>(bytes, swap, values, file)
                                 : convert<double>(bytes, swap, values, file);
      }
      throw DataError(file, "header", "expected integers; found floating-point numbers");
    case 'i':
      return header.bytes == 1   ? convert<std::int8_t>(bytes, swap, values, file)
             : header.bytes == 2 ? convert<std::int16_t>(bytes, swap, values, file)
             : header.bytes == 4 ? convert<std::int32_t>(bytes, swap, values, file)
                                 : convert<std::int64_t>(bytes, swap, values, file);
    default:
      return header.bytes == 1   ? convert<std::uint8_t>(bytes, swap, values, file)
             : header.bytes == 2 ? convert<std::uint16_t>(bytes, swap, values, file)
             : header.bytes == 4 ? convert<std::uint32_t>(bytes, swap, values, file)
                                 : convert<std::uint64_t>(bytes, swap, values, file);
  }
}

// From Fortran order to C order.
template <class T>
void turn(Array<T>& array) {
  if (array.shape.size() < 2 || array.size() == 0) return;
  std::vector<T> turned(array.values.size());
  std::vector<std::size_t> place(array.shape.size(), 0);
  for (const T value : array.values) {  // first axis fastest
    std::size_t at = 0;
    for (std::size_t axis = 0; axis < place.size(); ++axis) {
      at = at * static_cast<std::size_t>(array.shape[axis]) + place[axis];
    }
    turned[at] = value;
    for (std::size_t axis = 0; axis < place.size(); ++axis) {
      if (++place[axis] < static_cast<std::size_t>(array.shape[axis])) break;
      place[axis] = 0;
    }
  }
  array.values = std::move(turned);
}

template <class T>
Array<T> read_array(const std::string& file) {
  const std::int64_t size = checked_size(file, std::numeric_limits<std::int64_t>::max());
  std::ifstream stream(file, std::ios::binary);
  std::array<unsigned char, 12> start{};
  stream.read(reinterpret_cast<char*>(start.data()), 12);
  if (stream.gcount() < 12 || std::memcmp(start.data(), "\x93NUMPY", 6) != 0) {
    throw DataError(file, "", "expected a NumPy array (.npy); found something else");
  }
  const int version = start[6];
  if (version < 1 || version > 3) {
    throw DataError(file, "", fmt::format("expected version 1, 2 or 3 of .npy; found {}", version));
  }
  const std::int64_t prefix = version == 1 ? 10 : 12;
  std::int64_t length = start[8] + (start[9] << 8);
  if (version > 1) length += (std::int64_t{start[10]} << 16) + (std::int64_t{start[11]} << 24);
  if (length > kLongestHeader || prefix + length > size) {
    throw DataError(
        file, "header",
        fmt::format("expected a header inside the file; found one of {} bytes", length));
  }
  std::string text(static_cast<std::size_t>(length), '\0');
  stream.seekg(prefix);
  stream.read(text.data(), length);
  const NpyHeader header = NpyHeaderText(file, text).parsed();
  const std::int64_t claimed = bounded_product(count(header.shape), header.bytes);
  const std::int64_t there = size - prefix - length;
  if (claimed != there) {
    throw DataError(
        file, "",
        fmt::format("expected {} bytes for shape {}; found {}: the file is cut off or damaged",
                    claimed, to_string(header.shape), there));
  }
  std::vector<unsigned char> bytes(static_cast<std::size_t>(there));
  stream.read(reinterpret_cast<char*>(bytes.data()), there);
  if (stream.gcount() != there) throw DataError(file, "", "cannot be read to its end");
  Array<T> array(header.shape);
  convert_all(header, bytes.data(), array.values, file);
  if (header.fortran_order) turn(array);
  return array;
}

}  // namespace

Array<double> read_npy(const std::string& file) { return read_array<double>(file); }
Array<std::int64_t> read_npy_integers(const std::string& file) {
  return read_array<std::int64_t>(file);
}

}  // namespace strffit::import
