#include "commands/ripple_sound.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "util/random.hpp"

namespace strffit {

namespace {

constexpr double kCarriersPerOctave = 24;
constexpr double kEnvelopeHz = 1000;      // samples of the envelope, linear between them
constexpr std::uint64_t kCarriers = 101;  // purpose of random numbers

// The ripples' level at each carrier and time as one sum of products:
// cos(a + b) = cos a cos b - sin a sin b, a by carrier, b by time.
class Envelope {
 public:
  Envelope(const std::vector<Ripple>& ripples, std::int64_t times) : ripples_(ripples) {
    for (const Ripple& ripple : ripples) {
      const double step = 2 * std::numbers::pi * ripple.rate_hz / kEnvelopeHz;
      for (std::int64_t t = 0; t < times; ++t) {
        cosines_.push_back(std::cos(step * static_cast<double>(t)));
        sines_.push_back(std::sin(step * static_cast<double>(t)));
      }
    }
  }

  // Amplitude at this many octaves above the lowest band, at every time.
  std::vector<double> at(double octaves) const {
    const std::size_t times = cosines_.size() / ripples_.size();
    std::vector<double> level(times, 0.0);
    for (std::size_t r = 0; r < ripples_.size(); ++r) {
      const double start = ripples_[r].start(octaves);
      const double c = ripples_[r].amplitude * std::cos(start);
      const double s = ripples_[r].amplitude * std::sin(start);
      for (std::size_t t = 0; t < times; ++t) {
        level[t] += c * cosines_[r * times + t] - s * sines_[r * times + t];
      }
    }
    for (double& value : level) value = std::exp(value);
    return level;
  }

 private:
  std::vector<Ripple> ripples_;
  std::vector<double> cosines_, sines_;  // (ripples, times)
};

}  // namespace

std::vector<float> ripple_sound(const SimulateOptions& options, std::int64_t sound,
                                double rate_hz) {
  const auto samples = static_cast<std::int64_t>(std::llround(options.seconds * rate_hz));
  const auto times = static_cast<std::int64_t>(options.seconds * kEnvelopeHz) + 2;
  const Envelope envelope(sound_ripples(options, sound), times);
  Random random(options.seed, {kCarriers, static_cast<std::uint64_t>(sound)});
  const double octaves = std::log2(options.max_frequency_hz / options.min_frequency_hz);
  const auto carriers = static_cast<std::int64_t>(octaves * kCarriersPerOctave) + 1;
  std::vector<double> wave(static_cast<std::size_t>(samples), 0.0);
  for (std::int64_t carrier = 0; carrier < carriers; ++carrier) {
    // Not equally spaced, so that neighbours do not beat at one rate.
    const double place = (static_cast<double>(carrier) + random.uniform()) / kCarriersPerOctave;
    const double phase = random.uniform(0, 2 * std::numbers::pi);
    const double hz = options.min_frequency_hz * std::exp2(place);
    if (hz > options.max_frequency_hz || hz >= rate_hz / 2) continue;
    const std::vector<double> level = envelope.at(place);
    const double step = 2 * std::numbers::pi * hz / rate_hz;
    // By rotation, begun anew at each time of the envelope, so that rounding does not add up.
    const double turn_c = std::cos(step), turn_s = std::sin(step);
    std::int64_t n = 0;
    for (std::size_t t = 0; t + 1 < level.size() && n < samples; ++t) {
      const double first = static_cast<double>(t) * rate_hz / kEnvelopeHz;
      const double angle = phase + step * static_cast<double>(n);
      double c = std::cos(angle), s = std::sin(angle);
      const double slope = (level[t + 1] - level[t]) * kEnvelopeHz / rate_hz;
      const auto end = std::min<std::int64_t>(
          samples, static_cast<std::int64_t>(std::ceil(first + rate_hz / kEnvelopeHz)));
      for (; n < end; ++n) {
        wave[static_cast<std::size_t>(n)] +=
            (level[t] + slope * (static_cast<double>(n) - first)) * s;
        const double next = c * turn_c - s * turn_s;
        s = s * turn_c + c * turn_s;
        c = next;
      }
    }
  }
  double largest = 0;
  for (const double value : wave) largest = std::max(largest, std::abs(value));
  constexpr double kPeak = 0.9;  // of full scale
  std::vector<float> result;
  for (const double value : wave) {
    result.push_back(static_cast<float>(largest > 0 ? kPeak * value / largest : 0));
  }
  return result;
}

}  // namespace strffit
