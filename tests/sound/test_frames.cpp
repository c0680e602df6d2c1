#include <doctest/doctest.h>

#include "sound/frames.hpp"

namespace strffit {
namespace {

TEST_CASE("frames do not drift") {
  // 5 s at 48,828.125 Hz: frame 1000 begins at 5 s; frames of 244 samples would be 3 ms early.
  CHECK(frame_begin(1000, 48828.125, 5) == 244141);
  CHECK(frame_begin(1000, 44100, 5) == 220500);
  CHECK(frame_begin(1, 44100, 5) == 221);  // 220.5
  CHECK(frame_begin(0, 44100, 5) == 0);
  CHECK(frame_begin(-1, 32000, 5) == -160);
  CHECK(frame_begin(720000, 48828.125, 5) == 175781250);
}

TEST_CASE("as many frames as hold a sample") {
  CHECK(frame_count(0, 32000, 5) == 0);
  CHECK(frame_count(1, 32000, 5) == 1);
  CHECK(frame_count(160, 32000, 5) == 1);
  CHECK(frame_count(161, 32000, 5) == 2);
  for (const double rate_hz : {8000.0, 44100.0, 48828.125, 97656.25, 192000.0}) {
    for (const double dt_ms : {0.1, 1.0, 4.9, 5.0, 10.0, 33.3}) {
      for (std::int64_t samples = 1; samples < 40000; samples += 37) {
        const auto count = frame_count(samples, rate_hz, dt_ms);
        const bool right = frame_begin(count, rate_hz, dt_ms) >= samples &&
                           frame_begin(count - 1, rate_hz, dt_ms) < samples;
        if (!right) CAPTURE(samples);
        REQUIRE(right);
      }
    }
  }
}

}  // namespace
}  // namespace strffit
