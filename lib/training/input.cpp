#include "training/input.hpp"

#include <ATen/Functions.h>

namespace strffit {

void put_input(const at::Tensor& x, std::int64_t begin, Array<float> spectrogram,
               const Standardisation& standardisation) {
  const auto F = spectrogram.dim(0), T = spectrogram.dim(1);
  standardisation.apply(spectrogram);
  x[0].narrow(0, begin, T).copy_(at::from_blob(spectrogram.data(), {F, T}, at::kFloat).t());
}

}  // namespace strffit
