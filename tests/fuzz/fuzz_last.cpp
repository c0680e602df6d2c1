// libFuzzer target: no bytes make the reader of last.h5 do anything but read them, or refuse them
// as a DataError; what it reads can be written and read again.
#include <cstdlib>
#include <filesystem>

#include "formats/last.hpp"
#include "fuzz/hdf5_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace strffit;
  test::with_file(data, size, [](const std::string& file) {
    const LastState last = read_last(file);
    write_last(file, last);
    const LastState again = read_last(file);
    if (again.config != last.config || again.trainer.epoch != last.trainer.epoch ||
        again.trainer.tensors.size() != last.trainer.tensors.size()) {
      std::abort();
    }
  });
  return 0;
}
