#include "files/growing_memory.hpp"

#include <sys/mman.h>

#include <cstddef>
#include <cstring>

namespace strffit::files {

namespace {

// The size of the mapping is stored in front of the memory that is returned.
constexpr std::size_t kHead = 64;

std::size_t& mapped_bytes(void* memory) {
  return *reinterpret_cast<std::size_t*>(static_cast<char*>(memory) - kHead);
}

void* mapped(void* base, std::size_t bytes) {
  if (base == MAP_FAILED) return nullptr;
  void* const memory = static_cast<char*>(base) + kHead;
  mapped_bytes(memory) = bytes;
  return memory;
}

void* grown(void* memory, size_t size, H5FD_file_image_op_t, void*) {
  const std::size_t bytes = size + kHead;
  if (memory == nullptr) {
    return mapped(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                  bytes);
  }
  return mapped(
      mremap(static_cast<char*>(memory) - kHead, mapped_bytes(memory), bytes, MREMAP_MAYMOVE),
      bytes);
}

void* made(size_t size, H5FD_file_image_op_t operation, void* data) {
  return grown(nullptr, size, operation, data);
}

void* copied(void* to, const void* from, size_t size, H5FD_file_image_op_t, void*) {
  return std::memcpy(to, from, size);
}

herr_t freed(void* memory, H5FD_file_image_op_t, void*) {
  if (memory == nullptr) return 0;
  return munmap(static_cast<char*>(memory) - kHead, mapped_bytes(memory)) == 0 ? 0 : -1;
}

}  // namespace

void use_growing_memory(const H5::FileAccPropList& access) {
  H5FD_file_image_callbacks_t callbacks = {made, copied, grown, freed, nullptr, nullptr, nullptr};
  H5Pset_file_image_callbacks(access.getId(), &callbacks);
}

}  // namespace strffit::files
