// gammatone and nsl against their definitions, written out in other ways: filters that remember
// all, sums over the whole past.
#include <doctest/doctest.h>

#include <complex>
#include <numbers>

#include "sounds.hpp"

namespace strffit::test {
namespace {

std::int64_t end_of_frame(std::int64_t t, const Sound& sound, double dt_ms) {
  return static_cast<std::int64_t>(
      std::floor(static_cast<double>(t + 1) * dt_ms * sound.rate_hz / 1000 + 0.5));
}

// Slaney's four sections one after another, each over the whole sound, in long double; the gain
// from the answer to a long tone at the centre.
std::vector<long double> four_sections(std::vector<long double> x, long double centre_hz,
                                       long double rate_hz) {
  constexpr long double pi = std::numbers::pi_v<long double>;
  const long double T = 1 / rate_hz, B = 1.019L * 2 * pi * (centre_hz / 9.26449L + 24.7L);
  const long double c = std::cos(2 * pi * centre_hz * T), s = std::sin(2 * pi * centre_hz * T);
  for (const long double sign : {1.0L, -1.0L}) {
    for (const long double inner : {1.0L, -1.0L}) {
      const long double root = sign * std::sqrt(3 + inner * std::pow(2.0L, 1.5L));
      std::vector<long double> y;
      for (std::size_t n = 0; n < x.size(); ++n) {
        const auto past = [n](const std::vector<long double>& v, std::size_t back) {
          return n < back ? 0 : v[n - back];
        };
        y.push_back(T * x[n] - T * std::exp(-B * T) * (c + root * s) * past(x, 1) +
                    2 * c * std::exp(-B * T) * past(y, 1) - std::exp(-2 * B * T) * past(y, 2));
      }
      x = y;
    }
  }
  return x;
}

std::vector<double> slow_gammatone(const Sound& sound, double centre_hz) {
  const auto rate_hz = static_cast<long double>(sound.rate_hz);
  // A tone that begins as a cosine and a sine: the modulus of the answer is the gain once it is
  // steady, after 20 times the slowest decay.
  const auto steady = static_cast<std::size_t>(0.1L * rate_hz);
  std::vector<long double> cosine, sine;
  for (std::size_t n = 0; n < steady; ++n) {
    const long double phase = 2 * std::numbers::pi_v<long double> * centre_hz * n / rate_hz;
    cosine.push_back(std::cos(phase));
    sine.push_back(std::sin(phase));
  }
  const long double gain = std::hypot(four_sections(cosine, centre_hz, rate_hz).back(),
                                      four_sections(sine, centre_hz, rate_hz).back());
  std::vector<double> result;
  for (const long double y :
       four_sections({sound.samples.begin(), sound.samples.end()}, centre_hz, rate_hz)) {
    result.push_back(static_cast<double>(y / gain));
  }
  return result;
}

TEST_CASE("gammatone is its definition at any rate") {
  for (const double rate_hz : {16000.0, 48828.125}) {
    CAPTURE(rate_hz);
    const auto sound = noise(static_cast<std::int64_t>(0.06 * rate_hz), rate_hz, 2);
    const auto options = options_of("{kind: gammatone, bands: 19, min_hz: 300, max_hz: 7000}");
    const auto found = spectrogram(sound, options, {.dt_ms = 5});
    auto with_tail = sound;  // the last frame's silence, in which filters still ring
    with_tail.samples.resize(static_cast<std::size_t>(end_of_frame(found.dim(1) - 1, sound, 5)));
    Array<double> expected(found.shape);
    for (std::size_t f = 0; f < 19; ++f) {
      const auto y = slow_gammatone(with_tail, options.frequencies_hz[f]);
      for (std::int64_t t = 0; t < found.dim(1); ++t) {
        const auto begin = end_of_frame(t - 1, sound, 5), end = end_of_frame(t, sound, 5);
        double sum = 0;
        for (auto n = begin; n < end; ++n) {
          sum += y[static_cast<std::size_t>(n)] * y[static_cast<std::size_t>(n)];
        }
        expected.values[f * static_cast<std::size_t>(found.dim(1)) + static_cast<std::size_t>(t)] =
            std::sqrt(sum / static_cast<double>(end - begin));
      }
    }
    // Rounded to float32.
    CHECK(disagreement(found, expected) < 2e-7);
  }
}

}  // namespace
}  // namespace strffit::test
