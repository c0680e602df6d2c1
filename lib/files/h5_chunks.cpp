// Checks what the chunks of a dataset contain.
#include <zlib.h>

#include <algorithm>
#include <array>

#include "files/h5_file.hpp"
#include "util/text.hpp"

namespace strffit::files {

namespace {

constexpr std::int64_t kFletcherBytes = 4;

// Inflated size of `bytes` (zlib format): more than `most` if larger than that, -1 if damaged.
std::int64_t inflated_size(const unsigned char* bytes, std::int64_t size, std::int64_t most) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  std::array<unsigned char, 1 << 16> scratch;
  stream.next_in = const_cast<unsigned char*>(bytes);  // zlib 1.2 lacks the const
  stream.avail_in = static_cast<uInt>(size);
  std::int64_t inflated = 0;
  int state = Z_OK;
  while (state == Z_OK && inflated <= most) {
    stream.next_out = scratch.data();
    stream.avail_out = static_cast<uInt>(scratch.size());
    state = inflate(&stream, Z_NO_FLUSH);
    inflated += static_cast<std::int64_t>(scratch.size()) - stream.avail_out;
  }
  inflateEnd(&stream);
  return state == Z_OK || state == Z_STREAM_END ? inflated : -1;
}

class Chunks {
 public:
  Chunks(const H5InputFile& file, const std::string& path, const H5::DataSet& dataset, Shape shape)
      : file_(file),
        path_(path),
        dataset_(dataset),
        shape_(std::move(shape)),
        layout_(chunk_layout(file, path, dataset, shape_.size())) {}

  // Checks the chunks that contain one of `rows` (first axis, ascending), or all if null.
  void check(const std::vector<std::int64_t>* rows) {
    std::vector<hsize_t> place(shape_.size(), 0);
    do {
      if (rows == nullptr || holds_one(place[0], *rows)) check_chunk(place);
    } while (advance(place));
  }

 private:
  bool holds_one(hsize_t first, const std::vector<std::int64_t>& rows) const {
    const auto begin = static_cast<std::int64_t>(first);
    const auto found = std::lower_bound(rows.begin(), rows.end(), begin);
    return found != rows.end() && *found < begin + static_cast<std::int64_t>(layout_.size[0]);
  }

  // Moves to the next chunk, last axis fastest; false after the last one.
  bool advance(std::vector<hsize_t>& place) const {
    for (std::size_t axis = place.size(); axis-- > 0;) {
      place[axis] += layout_.size[axis];
      if (place[axis] < static_cast<hsize_t>(shape_[axis])) return true;
      place[axis] = 0;
    }
    return false;
  }

  void check_chunk(const std::vector<hsize_t>& place) {
    unsigned skipped = 0;
    haddr_t address = HADDR_UNDEF;
    hsize_t stored = 0;
    if (H5Dget_chunk_info_by_coord(dataset_.getId(), place.data(), &skipped, &address, &stored) <
        0) {
      fail("expected chunks that can be found; found the file damaged here");
    }
    if (address == HADDR_UNDEF) return;  // reads as the fill value
    if (stored > static_cast<hsize_t>(file_.bytes())) {
      fail(fmt::format("expected chunks of at most the file's {} bytes; found a claim of {}",
                       file_.bytes(), stored));
    }
    const std::int64_t held = held_bytes(place, skipped, static_cast<std::int64_t>(stored));
    if (held != layout_.bytes) {
      fail(fmt::format(
          "expected {} bytes in every chunk; found a chunk {}: the file is damaged, get "
          "a fresh copy",
          layout_.bytes, held < 0 ? "that cannot be decompressed" : fmt::format("of {}", held)));
    }
  }

  // Size of a chunk without filters, in bytes; -1 if damaged.
  std::int64_t held_bytes(const std::vector<hsize_t>& place, unsigned skipped,
                          std::int64_t stored) {
    if ((layout_.options & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS) != 0 && is_partial(place))
      return stored;
    std::int64_t held = stored;
    bool inflated = false, shuffled = false;
    for (std::size_t i = layout_.filters.size(); i-- > 0;) {
      if ((skipped >> i & 1U) != 0) continue;
      if (layout_.filters[i] == H5Z_FILTER_FLETCHER32) held -= kFletcherBytes;
      if (layout_.filters[i] == H5Z_FILTER_SHUFFLE) shuffled = true;
      if (layout_.filters[i] != H5Z_FILTER_DEFLATE) continue;
      if (inflated || shuffled) fail("expected data shuffled, then compressed once");
      if (held < 0) return -1;
      stored_.resize(static_cast<std::size_t>(stored));
      std::uint32_t mask = 0;
      if (H5Dread_chunk(dataset_.getId(), H5P_DEFAULT, place.data(), &mask, stored_.data()) < 0) {
        fail("expected readable chunks; found the file damaged here");
      }
      held = inflated_size(stored_.data(), held, layout_.bytes + kFletcherBytes);
      if (held < 0) return -1;
      inflated = true;
    }
    return held;
  }

  bool is_partial(const std::vector<hsize_t>& place) const {
    for (std::size_t axis = 0; axis < place.size(); ++axis) {
      if (place[axis] + layout_.size[axis] > static_cast<hsize_t>(shape_[axis])) return true;
    }
    return false;
  }

  [[noreturn]] void fail(const std::string& what) const { file_.fail(path_, what); }

  const H5InputFile& file_;
  const std::string& path_;
  const H5::DataSet& dataset_;
  Shape shape_;
  ChunkLayout layout_;
  std::vector<unsigned char> stored_;
};

}  // namespace

ChunkLayout chunk_layout(const H5InputFile& file, const std::string& path,
                         const H5::DataSet& dataset, std::size_t rank) {
  const H5::DSetCreatPropList properties = dataset.getCreatePlist();
  ChunkLayout layout;
  for (int i = 0; i < properties.getNfilters(); ++i) {
    std::size_t n_values = 0;
    unsigned flags = 0, settings = 0;
    char name[64] = "";
    const H5Z_filter_t filter = H5Pget_filter2(properties.getId(), static_cast<unsigned>(i), &flags,
                                               &n_values, nullptr, sizeof name, name, &settings);
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE &&
        filter != H5Z_FILTER_FLETCHER32) {
      file.fail(path, fmt::format("expected uncompressed data, or data compressed by deflate "
                                  "(gzip); found the filter {} {}",
                                  filter, name));
    }
    layout.filters.push_back(filter);
  }
  layout.size.resize(rank);
  if (properties.getChunk(static_cast<int>(rank), layout.size.data()) != static_cast<int>(rank)) {
    file.fail(path, "expected chunks of as many axes as the data");
  }
  H5Pget_chunk_opts(properties.getId(), &layout.options);
  const H5::DataType type = dataset.getDataType();
  layout.bytes = static_cast<std::int64_t>(type.getSize());
  // Text of variable length is a pointer in memory; in the file it is a length, an address and an
  // index into a heap.
  if (H5Tis_variable_str(type.getId()) > 0) layout.bytes = 4 + file.address_bytes() + 4;
  for (const hsize_t size : layout.size) {
    if (size < 1) file.fail(path, "expected chunks of one element or more");
    layout.bytes = bounded_product(layout.bytes, static_cast<std::int64_t>(size));
  }
  return layout;
}

void check_chunks(const H5InputFile& file, const std::string& path, const H5::DataSet& dataset,
                  const Shape& shape, const std::vector<std::int64_t>* rows) {
  if (dataset.getCreatePlist().getLayout() != H5D_CHUNKED || count(shape) == 0) return;
  Chunks(file, path, dataset, shape).check(rows);
}

}  // namespace strffit::files
