// Where the frames of a sound lie among its samples.
#pragma once

#include <cmath>
#include <cstdint>

namespace strffit {

// Frame t of a sound is [t dt, (t + 1) dt) after its onset: the samples from round(t dt rate) to
// before round((t + 1) dt rate). A fixed number of samples a frame would drift: 3 ms in 5 s at
// 48,828.125 Hz and 5 ms.
struct Frames {
  double dt_ms = 0;         // > 0
  std::int64_t before = 0;  // frames of silence ahead of the onset, >= 0
  std::int64_t after = 0;   // and behind the last frame that has a sample, >= 0
};

// The sample, from the onset, at which frame t begins; t may be below 0.
inline std::int64_t frame_begin(std::int64_t t, double rate_hz, double dt_ms) {
  return static_cast<std::int64_t>(
      std::floor(static_cast<double>(t) * dt_ms * rate_hz / 1000 + 0.5));
}

// Frames that hold at least one of `samples` samples, without `before` and `after`.
inline std::int64_t frame_count(std::int64_t samples, double rate_hz, double dt_ms) {
  if (samples <= 0) return 0;
  auto t = static_cast<std::int64_t>(static_cast<double>(samples) * 1000 / (dt_ms * rate_hz));
  while (t > 0 && frame_begin(t, rate_hz, dt_ms) >= samples) --t;
  while (frame_begin(t, rate_hz, dt_ms) < samples) ++t;
  return t;
}

}  // namespace strffit
