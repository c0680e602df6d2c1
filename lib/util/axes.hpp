// What a frame and a band mean: the physical axes of every spectrogram of a dataset.
#pragma once

#include <cstdint>
#include <vector>

namespace strffit {

struct Axes {
  double dt_ms = 0;                    // frame width, > 0
  std::vector<double> frequencies_hz;  // (F) band centres, ascending
};

// Where the lag axis of a receptive field begins: the lag, in ms before the response, of a place in
// it, in frames from its first. `ahead` of its frames lie in the future, at lags below 0. A place
// is a number, or whatever holds numbers and knows arithmetic.
template <class Place>
auto lag_ms(const Place& place, std::int64_t ahead, const Axes& axes) {
  return (place - static_cast<double>(ahead)) * axes.dt_ms;
}

}  // namespace strffit
