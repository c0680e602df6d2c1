#include "files/h5_text.hpp"

#include <algorithm>

#include "files/utf8.hpp"

namespace strffit::files {

namespace {

constexpr std::int64_t kMostBytes = std::int64_t{64} << 20;
constexpr std::int64_t kMostTextsInARow = 4096;  // in a dataset of two or more axes
constexpr std::int64_t kMostAttributeTexts = 256;

[[noreturn]] void fail_too_much(const H5InputFile& file, const std::string& path,
                                const std::string& attribute = "") {
  file.fail(path, of_attribute(attribute) + "expected at most 64 MiB of text; found more");
}

// Strings of fixed length, `size` bytes each, without padding.
std::vector<std::string> unpadded(const std::vector<char>& bytes, std::size_t size,
                                  H5T_str_t padding) {
  std::vector<std::string> texts;
  for (std::size_t start = 0; start + size <= bytes.size(); start += size) {
    std::string text(bytes.data() + start, size);
    if (padding == H5T_STR_SPACEPAD) {
      text.erase(text.find_last_not_of(' ') + 1);
    } else {
      text.erase(std::min(text.find('\0'), text.size()));
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

// Reads `count` strings by `read(memory type, buffer)`.
template <class Read>
std::vector<std::string> read_through(const H5::DataType& type, std::int64_t count, Read read) {
  const auto n = static_cast<std::size_t>(count);
  if (H5Tis_variable_str(type.getId()) <= 0) {
    std::vector<char> bytes(n * type.getSize());
    read(type, bytes.data());
    return unpadded(bytes, type.getSize(), H5Tget_strpad(type.getId()));
  }
  const H5::StrType memory_type(H5::PredType::C_S1, H5T_VARIABLE);
  H5Tset_cset(memory_type.getId(), H5Tget_cset(type.getId()));
  std::vector<char*> pointers(n, nullptr);
  const hsize_t size = n;
  const H5::DataSpace space(1, &size);
  const auto release = [&] {
    H5Dvlen_reclaim(memory_type.getId(), space.getId(), H5P_DEFAULT, pointers.data());
  };
  std::vector<std::string> texts;
  try {
    read(memory_type, pointers.data());
    for (const char* text : pointers) texts.emplace_back(text == nullptr ? "" : text);
  } catch (...) {
    release();
    throw;
  }
  release();
  return texts;
}

void check_utf8(const H5InputFile& file, const std::string& path,
                const std::vector<std::string>& texts, const std::string& attribute = "") {
  if (!std::all_of(texts.begin(), texts.end(), is_utf8)) {
    file.fail(path, of_attribute(attribute) + "expected text in UTF-8; found other bytes");
  }
}

}  // namespace

std::vector<std::string> read_texts(const H5InputFile& file, const std::string& path,
                                    const H5::DataSet& dataset, const Shape& shape) {
  const H5::DataType type = dataset.getDataType();
  const std::int64_t total = count(shape);
  if (total == 0) return {};
  if (total > kMostBytes / static_cast<std::int64_t>(type.getSize())) fail_too_much(file, path);

  // Read in blocks of rows: many elements of variable length may share one long text, so the file's
  // size limits one text but not their sum.
  const std::int64_t rows = shape.empty() ? 1 : shape[0];
  const std::int64_t row = total / rows;
  const bool variable = H5Tis_variable_str(type.getId()) > 0;
  if (variable && row > kMostTextsInARow) fail_too_much(file, path);
  const std::int64_t block =
      variable ? std::max<std::int64_t>(1, kMostBytes / file.bytes() / row) : rows;
  std::vector<std::string> texts;
  std::size_t bytes = 0;
  for (std::int64_t first = 0; first < rows; first += block) {
    const std::int64_t taken = std::min(block, rows - first);
    H5::DataSpace selected = dataset.getSpace();
    if (!shape.empty()) {
      std::vector<hsize_t> start(shape.size(), 0), size(shape.begin(), shape.end());
      start[0] = static_cast<hsize_t>(first);
      size[0] = static_cast<hsize_t>(taken);
      selected.selectHyperslab(H5S_SELECT_SET, size.data(), start.data());
    }
    const auto n = static_cast<hsize_t>(taken) * static_cast<hsize_t>(row);
    const H5::DataSpace memory(1, &n);
    const auto read = [&](const H5::DataType& memory_type, void* buffer) {
      dataset.read(buffer, memory_type, memory, selected);
    };
    for (std::string& text : read_through(type, taken * row, read)) {
      bytes += text.size();
      texts.push_back(std::move(text));
    }
    if (bytes > static_cast<std::size_t>(kMostBytes)) fail_too_much(file, path);
  }
  check_utf8(file, path, texts);
  return texts;
}

std::vector<std::string> read_texts(const H5InputFile& file, const std::string& path,
                                    const std::string& name, const H5::Attribute& attribute,
                                    std::int64_t count) {
  const H5::DataType type = attribute.getDataType();
  if (count > kMostAttributeTexts ||
      count > kMostBytes / static_cast<std::int64_t>(type.getSize())) {
    fail_too_much(file, path, name);
  }
  const auto read = [&](const H5::DataType& memory_type, void* buffer) {
    attribute.read(memory_type, buffer);
  };
  std::vector<std::string> texts = read_through(type, count, read);
  check_utf8(file, path, texts, name);
  return texts;
}

}  // namespace strffit::files
