// Physical axes of every spectrogram of a dataset: frames and bands.
#pragma once

#include <cstdint>
#include <vector>

namespace strffit {

struct Axes {
  double dt_ms = 0;                    // frame width, > 0
  std::vector<double> frequencies_hz;  // (F) band centres, ascending
};

// Lag in ms before the response at position `place` of a receptive field, in frames from its first.
// The first `ahead` frames lie in the future and have lags below 0. `place`: a number, or an array
// type with arithmetic.
template <class Place>
auto lag_ms(const Place& place, std::int64_t ahead, const Axes& axes) {
  return (place - static_cast<double>(ahead)) * axes.dt_ms;
}

}  // namespace strffit
