// libFuzzer target: no bytes make the reader of .npy files do anything but read them, or refuse
// them as a DataError; what it reads has the shape that it says.
#include <cstdlib>

#include "fuzz/hdf5_input.hpp"
#include "readers/npy.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  strffit::test::with_file(data, size, [](const std::string& file) {
    const auto array = strffit::import::read_npy(file);
    if (strffit::count(array.shape) != array.size()) std::abort();
  });
  return 0;
}
