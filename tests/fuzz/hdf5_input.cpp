#include "fuzz/hdf5_input.hpp"

#include <H5Cpp.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "util/errors.hpp"

namespace strffit::test {

namespace {

[[noreturn]] void complain(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

// In memory where the system has such a folder.
std::string input_file() {
  const std::filesystem::path memory = "/dev/shm";
  const auto folder =
      access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
  return folder / ("strffit-fuzz-" + std::to_string(getpid()) + ".h5");
}

}  // namespace

void with_file(const std::uint8_t* data, std::size_t size,
               const std::function<void(const std::string&)>& read) {
  static const std::string file = input_file();
  std::ofstream(file, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    read(file);
  } catch (const DataError& error) {
    if (!std::string(error.what()).starts_with(file)) complain(error.what());
  }
  std::filesystem::remove(file);
  constexpr unsigned kOfFiles = H5F_OBJ_FILE | H5F_OBJ_DATASET | H5F_OBJ_GROUP | H5F_OBJ_ATTR;
  if (const auto open = H5Fget_obj_count(static_cast<hid_t>(H5F_OBJ_ALL), kOfFiles)) {
    complain(std::to_string(open) + " HDF5 objects are open still");
  }
}

}  // namespace strffit::test

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t largest);

// Places in an HDF5 file are given in bytes from its beginning: what libFuzzer likes best, to
// insert or to take out, ruins all of them at once. So mostly a few bytes change where they are.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t largest, unsigned seed) {
  std::minstd_rand random(seed);
  if (size < 16 || random() % 8 == 0) return LLVMFuzzerMutate(data, size, largest);
  for (std::size_t changes = 1 + random() % 3; changes > 0; --changes) {
    std::uint8_t* const place = data + random() % (size - 8);
    const std::size_t width = std::size_t{1} << random() % 4;
    switch (random() % 5) {
      case 0:
        *place = static_cast<std::uint8_t>(*place ^ (1U << random() % 8));
        break;
      case 1:
        *place = static_cast<std::uint8_t>(random());
        break;
      case 2:
        std::memset(place, random() % 2 ? 0xff : 0, width);
        break;
      case 3:  // a number slightly off
        *place = static_cast<std::uint8_t>(*place + random() % 7 - 3);
        break;
      default:  // one part of the file in place of another
        std::memmove(place, data + random() % (size - 8), width);
    }
  }
  return size;
}
