#include "files/scratch.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "util/errors.hpp"

namespace strffit::files {

namespace {

constexpr std::size_t kInMemory = std::size_t{4} << 20;  // in numbers: 16 MiB

std::string scratch_folder() {
  std::error_code error;
  const auto folder = std::filesystem::temp_directory_path(error);
  return error ? "/tmp" : folder.string();
}

[[noreturn]] void fail_scratch(const char* what) {
  throw RunError("cannot " + std::string(what) + " a temporary file in " + scratch_folder() + ": " +
                 std::strerror(errno) + "; set TMPDIR to another folder");
}

// Calls `move` (write or read some bytes at an offset) until all bytes are transferred.
template <class Move>
void move_all(std::int64_t offset, std::size_t bytes, const char* what, Move move) {
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t n = move(done, static_cast<off_t>(offset) + static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = EIO;
    if (n <= 0) fail_scratch(what);
    done += static_cast<std::size_t>(n);
  }
}

void write_all(int file, std::int64_t place, std::span<const float> values) {
  const auto* bytes = reinterpret_cast<const char*>(values.data());
  const std::size_t size = values.size_bytes();
  move_all(place * static_cast<std::int64_t>(sizeof(float)), size, "write",
           [&](std::size_t done, off_t at) { return pwrite(file, bytes + done, size - done, at); });
}

}  // namespace

Scratch::~Scratch() {
  if (file_ >= 0) close(file_);
}

void Scratch::spill() {
  std::string name = scratch_folder() + "/strffit-XXXXXX";
  file_ = mkstemp(name.data());
  if (file_ < 0) fail_scratch("make");
  unlink(name.c_str());
  write_all(file_, 0, memory_);
  memory_ = {};
}

std::int64_t Scratch::append(std::span<const float> values) {
  const std::int64_t place = size_;
  if (file_ < 0 && memory_.size() + values.size() > kInMemory) spill();
  if (file_ < 0) {
    memory_.insert(memory_.end(), values.begin(), values.end());
  } else {
    write_all(file_, place, values);
  }
  size_ += static_cast<std::int64_t>(values.size());
  return place;
}

void Scratch::read(std::int64_t place, std::span<float> values) const {
  if (place < 0 || place + static_cast<std::int64_t>(values.size()) > size_) {
    throw Bug("scratch numbers beyond the end");
  }
  if (file_ < 0) {
    std::copy_n(memory_.begin() + place, values.size(), values.begin());
    return;
  }
  auto* bytes = reinterpret_cast<char*>(values.data());
  const std::size_t size = values.size_bytes();
  move_all(place * static_cast<std::int64_t>(sizeof(float)), size, "read",
           [&](std::size_t done, off_t at) { return pread(file_, bytes + done, size - done, at); });
}

}  // namespace strffit::files
