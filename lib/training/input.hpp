// Spectrograms as models take them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "dataset/prepare.hpp"
#include "util/array.hpp"

namespace strffit {

// Standardises a spectrogram (F, T) as recorded and writes it to the frames of x (1, S, F) from
// `begin` on.
void put_input(const at::Tensor& x, std::int64_t begin, Array<float> spectrogram,
               const Standardisation& standardisation);

}  // namespace strffit
