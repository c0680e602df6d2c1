// Spectrograms as input of models.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "dataset/prepare.hpp"
#include "util/array.hpp"

namespace strffit {

// Standardises the recorded spectrogram (F, T) and writes it to x (1, S, F), beginning at frame
// `begin`.
void put_input(const at::Tensor& x, std::int64_t begin, Array<float> spectrogram,
               const Standardisation& standardisation);

}  // namespace strffit
