// libFuzzer target: no bytes make the dataset reader do anything but read them, or refuse them as a
// DataError; what it reads has the shapes and values that it promises.
#include <cmath>
#include <cstdlib>

#include "dataset/dataset.hpp"
#include "fuzz/hdf5_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  strffit::test::with_file(data, size, [](const std::string& file) {
    const strffit::Dataset dataset = strffit::read_dataset(file);
    for (const auto& stimulus : dataset.stimuli) {
      if (stimulus.spectrogram.dim(0) != dataset.bands() ||
          stimulus.responses.dim(0) != dataset.units() ||
          stimulus.responses.dim(2) != stimulus.frames()) {
        std::abort();
      }
      for (const float value : stimulus.spectrogram.values) {
        if (!std::isfinite(value)) std::abort();
      }
    }
  });
  return 0;
}
