// libFuzzer target: no bytes make the checkpoint reader do anything but read them, or refuse them
// as a DataError; what it reads predicts.
#include <cstdlib>

#include "formats/checkpoint.hpp"
#include "fuzz/hdf5_input.hpp"
#include "training/predict.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace strffit;
  test::with_file(data, size, [](const std::string& file) {
    const Checkpoint checkpoint = read_checkpoint(file);
    const auto bands = static_cast<std::int64_t>(checkpoint.roster.axes.frequencies_hz.size());
    RunOptions run;
    run.threads = 1;
    const auto responses = predict(*checkpoint.model, checkpoint.tensors,
                                   checkpoint.standardisation, Array<float>({bands, 4}, 1), run);
    const auto members = static_cast<std::int64_t>(checkpoint.roster.members.size());
    if (responses.shape != Shape{members, checkpoint.model->outputs(), 4}) std::abort();
  });
  return 0;
}
