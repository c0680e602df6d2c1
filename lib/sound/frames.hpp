// Positions of the frames of a sound among its samples.
#pragma once

#include <cmath>
#include <cstdint>

namespace strffit {

// Frame t covers [t dt, (t + 1) dt) after the onset of the sound: the samples from round(t dt rate)
// up to, but excluding, round((t + 1) dt rate). A fixed number of samples per frame would drift: 3
// ms in 5 s at 48,828.125 Hz and frames of 5 ms.
struct Frames {
  double dt_ms = 0;         // > 0
  std::int64_t before = 0;  // frames of silence before the onset, >= 0
  std::int64_t after = 0;   // frames of silence after the last frame with a sample, >= 0
};

// First sample of frame t, counted from the onset; t may be below 0.
inline std::int64_t frame_begin(std::int64_t t, double rate_hz, double dt_ms) {
  return static_cast<std::int64_t>(
      std::floor(static_cast<double>(t) * dt_ms * rate_hz / 1000 + 0.5));
}

// Number of frames that contain at least one of `samples` samples, without `before` and `after`.
inline std::int64_t frame_count(std::int64_t samples, double rate_hz, double dt_ms) {
  if (samples <= 0) return 0;
  auto t = static_cast<std::int64_t>(static_cast<double>(samples) * 1000 / (dt_ms * rate_hz));
  while (t > 0 && frame_begin(t, rate_hz, dt_ms) >= samples) --t;
  while (frame_begin(t, rate_hz, dt_ms) < samples) ++t;
  return t;
}

}  // namespace strffit
