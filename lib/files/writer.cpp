#include "files/writer.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <utility>

#include "files/growing_memory.hpp"
#include "files/hdf5.hpp"
#include "files/temporary_file.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::files {

namespace {

constexpr hsize_t kChunkBytes = 1 << 20;
constexpr unsigned kDeflateLevel = 4;
constexpr std::size_t kGrowthBytes = std::size_t{1} << 20;   // growth of the file in memory
constexpr std::size_t kLargeBytes = std::size_t{1} << 18;    // larger arrays go to disk at once
constexpr std::size_t kClearedBytes = std::size_t{1} << 22;  // most of a large dataset in memory

// Chunks of complete last axes, about 1 MiB each.
std::vector<hsize_t> chunk_of(const Shape& shape, std::size_t element_bytes) {
  std::vector<hsize_t> chunk(shape.size(), 1);
  hsize_t bytes = element_bytes;
  for (std::size_t axis = shape.size(); axis-- > 0 && bytes < kChunkBytes;) {
    chunk[axis] =
        std::min(static_cast<hsize_t>(shape[axis]), std::max<hsize_t>(1, kChunkBytes / bytes));
    bytes *= chunk[axis];
  }
  return chunk;
}

H5::StrType text_type() {
  H5::StrType type(H5::PredType::C_S1, H5T_VARIABLE);
  H5Tset_cset(type.getId(), H5T_CSET_UTF8);
  return type;
}

std::vector<const char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  return pointers;
}

H5::DataSpace space_of(const Shape& shape) {
  const std::vector<hsize_t> sizes(shape.begin(), shape.end());
  return sizes.empty() ? H5::DataSpace(H5S_SCALAR)
                       : H5::DataSpace(static_cast<int>(sizes.size()), sizes.data());
}

}  // namespace

// HDF5 creates the file in memory, and this class writes it: HDF5 1.10 crashes at exit of a process
// after a failed write, so a full disk would become a crash.
struct Writer::Impl {
  struct Outside {  // a dataset that is on the disk already, not in memory
    haddr_t place = 0;
    std::int64_t row_bytes = 0, rows = 0, rows_put = 0;
  };

  inline static std::atomic<int> next_number = 0;
  TemporaryFile temporary;
  hid_t file = -1;
  std::map<std::string, Outside> outside;  // by path
  std::map<std::string, Shape> shapes;     // likewise
  // A scale and the datasets that name it, each with an axis: the other direction of the same link.
  struct Reference {
    hobj_ref_t dataset = 0;
    int axis = 0;
    int padding = 0;
  };
  std::map<std::string, std::vector<Reference>> references;

  explicit Impl(const std::string& path) : temporary(path) {
    tame_hdf5();
    const H5::FileAccPropList access;
    access.setCore(kGrowthBytes, false);
    use_growing_memory(access);
    // A name that no other open file of this process has.
    const std::string name = fmt::format("{}#{}", path, next_number++);
    file = H5Fcreate(name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.getId());
    check(file);
  }

  ~Impl() { close(); }

  void close() {
    if (file >= 0) H5Fclose(std::exchange(file, -1));
  }

  // In memory, HDF5 can fail only for lack of memory or because of an invalid path.
  void check(std::int64_t status) const {
    if (status < 0) temporary.fail("HDF5 says: " + hdf5_cause());
  }

  hid_t open_file(const std::string& path) const {
    if (file < 0) throw Bug("a finished or failed file is written to: " + path);
    return file;
  }

  hid_t create(const std::string& path, const H5::DataType& type, const H5::DataSpace& space,
               const H5::DSetCreatPropList& layout) {
    const H5::LinkCreatPropList links;
    links.setCreateIntermediateGroup(true);
    links.setCharEncoding(H5T_CSET_UTF8);
    H5Pset_obj_track_times(layout.getId(), false);  // equal content gives equal bytes
    const hid_t id = H5Dcreate2(open_file(path), path.c_str(), type.getId(), space.getId(),
                                links.getId(), layout.getId(), H5P_DEFAULT);
    check(id);
    Shape shape(static_cast<std::size_t>(space.getSimpleExtentNdims()));
    std::vector<hsize_t> sizes(shape.size());
    if (!sizes.empty()) space.getSimpleExtentDims(sizes.data());
    std::copy(sizes.begin(), sizes.end(), shape.begin());
    shapes[path] = std::move(shape);
    return id;
  }

  void write(const std::string& path, const H5::DataType& type, const Shape& shape,
             const void* values, const H5::DSetCreatPropList& layout) {
    const hid_t id = create(path, type, space_of(shape), layout);
    const herr_t written =
        values == nullptr ? 0 : H5Dwrite(id, type.getId(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    const std::string cause = written < 0 ? hdf5_cause() : "";
    H5Dclose(id);
    if (written < 0) temporary.fail("HDF5 says: " + cause);
  }

  template <class T>
  void put(const std::string& path, const Array<T>& array, bool compress) {
    check_size(path, array.shape, array.values.size());
    const H5::DSetCreatPropList layout;
    if (compress && array.size() > 0 && !array.shape.empty()) {
      const std::vector<hsize_t> chunk = chunk_of(array.shape, sizeof(T));
      layout.setChunk(static_cast<int>(chunk.size()), chunk.data());
      layout.setShuffle();
      layout.setDeflate(kDeflateLevel);
    }
    write(path, native_type<T>(), array.shape, array.size() > 0 ? array.data() : nullptr, layout);
  }

  // Writes zeros to a part of a dataset; returns "" or the error.
  static std::string cleared(hid_t dataset, const std::vector<hsize_t>& start,
                             const std::vector<hsize_t>& piece, const std::vector<float>& zeros) {
    const H5::DataSpace memory(static_cast<int>(piece.size()), piece.data());
    const hid_t space = H5Dget_space(dataset);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, piece.data(), nullptr);
    const herr_t written = H5Dwrite(dataset, native_type<float>().getId(), memory.getId(), space,
                                    H5P_DEFAULT, zeros.data());
    std::string cause = written < 0 ? hdf5_cause() : "";
    H5Sclose(space);
    return cause;
  }

  // Releases the whole pages of these bytes of the image, which then read as zeros.
  void give_back(std::size_t place, std::size_t bytes) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    char* const begin = image() + place;
    const std::size_t skipped = (page - reinterpret_cast<std::uintptr_t>(begin) % page) % page;
    if (bytes < skipped + page) return;
    madvise(begin + skipped, (bytes - skipped) / page * page, MADV_DONTNEED);
  }

  // Creates a dataset that takes space in the image but no memory.
  void begin_rows(const std::string& path, const Shape& shape) {
    const hid_t id = create(path, native_type<float>(), space_of(shape), {});
    Outside one;
    one.rows = shape.at(0);
    one.row_bytes = one.rows > 0 ? count(shape) / one.rows * std::int64_t{sizeof(float)} : 0;
    // Writing makes the image grow: one part at a time, whose memory is then released.
    const std::vector<float> zeros(kClearedBytes / sizeof(float));
    const std::vector<hsize_t> sizes(shape.begin(), shape.end());
    std::vector<hsize_t> start(sizes.size()), piece = sizes;
    std::size_t axis = 0;  // parts divide this axis
    auto bytes = static_cast<hsize_t>(one.row_bytes);
    while (axis + 1 < sizes.size() && bytes > kClearedBytes) {
      piece[axis] = 1;
      bytes /= sizes[++axis];
    }
    const hsize_t step = std::max<hsize_t>(1, kClearedBytes / std::max<hsize_t>(1, bytes));
    std::string cause;
    std::size_t done = 0;
    while (cause.empty() && count(shape) > 0 && start[0] < sizes[0]) {
      piece[axis] = std::min(step, sizes[axis] - start[axis]);
      const auto bytes_now = static_cast<std::size_t>(piece[axis] * bytes);
      cause = cleared(id, start, piece, zeros);
      one.place = H5Dget_offset(id);
      if (one.place == HADDR_UNDEF) cause = "a dataset has no place";
      if (cause.empty()) give_back(static_cast<std::size_t>(one.place) + done, bytes_now);
      done += bytes_now;
      start[axis] += piece[axis];
      for (std::size_t a = axis; a > 0 && start[a] == sizes[a]; --a) {
        start[a] = 0;
        ++start[a - 1];
      }
    }
    H5Dclose(id);
    if (!cause.empty()) temporary.fail("HDF5 says: " + cause);
    outside[path] = one;
  }
  char* image() const {
    void* handle = nullptr;
    check(H5Fget_vfd_handle(file, H5P_DEFAULT, &handle));
    return *static_cast<char**>(handle);
  }

  // Writes the image; skips the datasets that are already on the disk.
  void write_image() {
    check(H5Fflush(file, H5F_SCOPE_GLOBAL));
    // Without a buffer this returns the size of the image; with one it would copy it.
    const ssize_t bytes = H5Fget_file_image(file, nullptr, 0);
    check(bytes);
    std::map<haddr_t, std::size_t> left_out;
    for (const auto& [path, one] : outside) {
      if (one.rows_put != one.rows) throw Bug("rows are missing: " + path);
      if (one.rows * one.row_bytes > 0)
        left_out[one.place] = static_cast<std::size_t>(one.rows * one.row_bytes);
    }
    const char* const whole = image();
    std::size_t done = 0;
    for (const auto& [place, size] : left_out) {
      temporary.write(whole + done, place - done);
      temporary.skip(size);
      done = place + size;
    }
    temporary.write(whole + done, static_cast<std::size_t>(bytes) - done);
  }

  void check_size(const std::string& path, const Shape& shape, std::size_t values) const {
    if (static_cast<std::size_t>(count(shape)) != values) {
      throw Bug(
          fmt::format("an array of shape {} has {} values: {}", to_string(shape), values, path));
    }
  }

  void attribute(const std::string& path, const std::string& name, const H5::DataType& type,
                 const H5::DataSpace& space, const void* values) {
    const hid_t object = H5Oopen(open_file(path), path.c_str(), H5P_DEFAULT);
    if (object < 0) throw Bug("an attribute of what is not there: " + path);
    const hid_t id =
        H5Acreate2(object, name.c_str(), type.getId(), space.getId(), H5P_DEFAULT, H5P_DEFAULT);
    const herr_t written = id < 0 ? -1 : H5Awrite(id, type.getId(), values);
    const std::string cause = written < 0 ? hdf5_cause() : "";
    if (id >= 0) H5Aclose(id);
    H5Oclose(object);
    if (written < 0) temporary.fail("HDF5 says: " + cause);
  }

  // Text of a fixed length, as the specification of dimension scales has it.
  void fixed_text(const std::string& path, const std::string& name, const std::string& text) {
    const H5::StrType type(H5::PredType::C_S1, text.size() + 1);
    attribute(path, name, type, H5::DataSpace(H5S_SCALAR), text.c_str());
  }

  hobj_ref_t reference_to(const std::string& path) const {
    hobj_ref_t reference = 0;
    check(H5Rcreate(&reference, open_file(path), path.c_str(), H5R_OBJECT, -1));
    return reference;
  }

  void attach(const std::string& path, const std::vector<std::string>& scales) {
    if (scales.empty()) return;
    std::vector<hobj_ref_t> targets;
    for (const auto& scale : scales) targets.push_back(reference_to(scale));
    std::vector<hvl_t> lists;
    for (auto& target : targets) lists.push_back({1, &target});
    const H5::VarLenType type(H5::PredType::STD_REF_OBJ);
    attribute(path, "DIMENSION_LIST", type, space_of({static_cast<std::int64_t>(lists.size())}),
              lists.data());
    const auto self = reference_to(path);
    for (std::size_t axis = 0; axis < scales.size(); ++axis) {
      references[scales[axis]].push_back({self, static_cast<int>(axis), 0});
    }
  }

  // An attribute takes 64 KiB at most; of a scale with more datasets HDF5's other readers go by
  // the datasets' own lists.
  void write_references() {
    constexpr std::size_t kMostBytes = 60000;
    const H5::CompType type(sizeof(Reference));
    type.insertMember("dataset", HOFFSET(Reference, dataset), H5::PredType::STD_REF_OBJ);
    type.insertMember("dimension", HOFFSET(Reference, axis), H5::PredType::NATIVE_INT);
    for (const auto& [scale, list] : references) {
      if (list.size() * sizeof(Reference) > kMostBytes) continue;
      attribute(scale, "REFERENCE_LIST", type, space_of({static_cast<std::int64_t>(list.size())}),
                list.data());
    }
  }
};

Writer::Writer(const std::string& path, const std::string& format, std::int64_t version)
    : impl_(std::make_unique<Impl>(path)) {
  attribute("/", "format", format);
  attribute("/", "version", version);
}

Writer::~Writer() = default;
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;

void Writer::put(const std::string& path, const Array<float>& array, bool compress) {
  impl_->put(path, array, compress);
}
void Writer::put(const std::string& path, const Array<double>& array, bool compress) {
  impl_->put(path, array, compress);
}
void Writer::put(const std::string& path, const Array<std::int64_t>& array, bool compress) {
  impl_->put(path, array, compress);
}
void Writer::put(const std::string& path, const Array<std::int32_t>& array, bool compress) {
  impl_->put(path, array, compress);
}
void Writer::put(const std::string& path, const Array<std::uint8_t>& array, bool compress) {
  impl_->put(path, array, compress);
}
void Writer::put(const std::string& path, const Array<std::string>& array) {
  impl_->check_size(path, array.shape, array.values.size());
  const std::vector<const char*> texts = pointers_to(array.values);
  impl_->write(path, text_type(), array.shape, texts.empty() ? nullptr : texts.data(), {});
}

void Writer::put(const std::string& path, const Shape& shape, const float* values) {
  const auto bytes = static_cast<std::size_t>(count(shape)) * sizeof(float);
  if (shape.empty() || bytes < kLargeBytes) {
    return impl_->write(path, native_type<float>(), shape, bytes > 0 ? values : nullptr, {});
  }
  begin_rows(path, shape);
  put_rows(path, 0, shape.front(), values);
}

void Writer::begin_rows(const std::string& path, const Shape& shape) {
  impl_->begin_rows(path, shape);
}

void Writer::put_rows(const std::string& path, std::int64_t first, std::int64_t count,
                      const float* values) {
  const auto found = impl_->outside.find(path);
  if (found == impl_->outside.end()) throw Bug("rows of what was not begun: " + path);
  auto& [place, row_bytes, rows, rows_put] = found->second;
  if (first < 0 || count < 0 || first + count > rows || rows_put + count > rows)
    throw Bug("more rows than there are: " + path);
  rows_put += count;
  impl_->temporary.write_at(
      static_cast<std::size_t>(place) + static_cast<std::size_t>(first * row_bytes), values,
      static_cast<std::size_t>(count * row_bytes));
}

void Writer::group(const std::string& path) {
  const hid_t file = impl_->open_file(path);
  const H5::LinkCreatPropList links;
  links.setCreateIntermediateGroup(true);
  if (H5Lexists(file, path.c_str(), H5P_DEFAULT) > 0) return;
  const hid_t id = H5Gcreate2(file, path.c_str(), links.getId(), H5P_DEFAULT, H5P_DEFAULT);
  impl_->check(id);
  H5Gclose(id);
}

void Writer::attribute(const std::string& path, const std::string& name, const std::string& value) {
  const char* text = value.c_str();
  impl_->attribute(path, name, text_type(), H5::DataSpace(H5S_SCALAR), &text);
}
void Writer::attribute(const std::string& path, const std::string& name, const char* value) {
  attribute(path, name, std::string(value));
}
void Writer::attribute(const std::string& path, const std::string& name, double value) {
  impl_->attribute(path, name, native_type<double>(), H5::DataSpace(H5S_SCALAR), &value);
}
void Writer::attribute(const std::string& path, const std::string& name, std::int64_t value) {
  impl_->attribute(path, name, native_type<std::int64_t>(), H5::DataSpace(H5S_SCALAR), &value);
}
void Writer::attribute(const std::string& path, const std::string& name,
                       const std::vector<double>& values) {
  impl_->attribute(path, name, native_type<double>(),
                   space_of({static_cast<std::int64_t>(values.size())}), values.data());
}
void Writer::attribute(const std::string& path, const std::string& name,
                       const std::vector<std::string>& values) {
  const std::vector<const char*> texts = pointers_to(values);
  impl_->attribute(path, name, text_type(), space_of({static_cast<std::int64_t>(values.size())}),
                   texts.data());
}

const std::map<std::string, Shape>& Writer::shapes() const { return impl_->shapes; }

void Writer::make_scale(const std::string& path, bool coordinates) {
  const auto found = impl_->shapes.find(path);
  if (found == impl_->shapes.end() || found->second.size() != 1) {
    throw Bug("a dimension scale of other than one axis: " + path);
  }
  // What netCDF-4 writes where a dimension has no variable.
  const std::string name =
      coordinates ? path.substr(path.rfind('/') + 1)
                  : fmt::format("This is a netCDF dimension but not a netCDF variable.{:10}",
                                found->second.front());
  impl_->fixed_text(path, "CLASS", "DIMENSION_SCALE");
  impl_->fixed_text(path, "NAME", name);
}

void Writer::attach_scales(const std::string& path, const std::vector<std::string>& scales) {
  const auto found = impl_->shapes.find(path);
  if (found == impl_->shapes.end() || found->second.size() != scales.size()) {
    throw Bug("other scales than axes: " + path);
  }
  impl_->attach(path, scales);
}

void Writer::commit() {
  impl_->open_file("/");
  impl_->write_references();
  impl_->write_image();
  impl_->close();
  impl_->temporary.commit();
}

}  // namespace strffit::files
