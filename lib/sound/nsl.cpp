// Auditory spectrogram (Yang, Wang & Shamma 1992): cochlear filters, differences of neighbours,
// half-wave rectification, leaky integration.
#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>

#include "sound/number.hpp"
#include "sound/spectrogram.hpp"
#include "sound/wide.hpp"
#include "util/threads.hpp"

namespace strffit {
namespace {

using Complex = std::complex<double>;

// Cochlear filter with one shape in log frequency: a rational function of i f / centre. Its poles
// and zeros were fitted to the magnitude response shared by the filters of the NSL toolbox, from 4
// octaves below the centre to 1 above: error 0.05 dB root mean square, minimum phase. Steep above
// the centre (15 dB in a tenth of an octave), shallow below (10 dB in half an octave).
constexpr std::array<Complex, 3> kPoles = {Complex(-0.02380, 1.03602), Complex(-0.08294, 0.98917),
                                           Complex(-0.22769, 0.81267)};
constexpr double kRealPole = -3.27257;
constexpr std::array<Complex, 2> kZeros = {Complex(-0.02445, 1.07608), Complex(-0.29106, 1.16647)};
constexpr double kRealZero = -0.52163;
constexpr double kGain = 0.19308;

constexpr double kDecayed = 1e-100;  // arithmetic on denormal numbers is slow

// Residue of H at a pole, H(s) (s - pole): weight of exp(pole t) in the impulse response.
Complex residue(Complex pole) {
  Complex value = kGain * (pole - kRealZero);
  for (const auto zero : kZeros) value *= (pole - zero) * (pole - std::conj(zero));
  if (pole != kRealPole) value /= pole - kRealPole;
  for (const auto other : kPoles) {
    if (pole != other) value /= pole - other;
    if (pole != std::conj(other)) value /= pole - std::conj(other);
  }
  return value;
}

// y[n] = b0 x[n] + b1 x[n - 1] - a1 y[n - 1] - a2 y[n - 2]
struct Section {
  double b0, b1, a1, a2;
};
constexpr std::size_t kSectionsOfBand = kPoles.size();

// Sampled impulse response W h(W n), W = 2 pi centre / rate, as a sum of sections.
struct CochlearFilter {
  std::array<Section, kSectionsOfBand> pairs;
  double b, a;  // y[n] = b x[n] - a y[n - 1]
};

CochlearFilter cochlear_filter(double centre_hz, double rate_hz) {
  const double angle = 2 * std::numbers::pi * centre_hz / rate_hz;
  CochlearFilter filter{};
  for (std::size_t i = 0; i < kPoles.size(); ++i) {
    const Complex q = std::exp(kPoles[i] * angle), r = angle * residue(kPoles[i]);
    filter.pairs[i] = {2 * r.real(), -2 * (r * std::conj(q)).real(), -2 * q.real(), std::norm(q)};
  }
  filter.b = angle * residue(kRealPole).real();
  filter.a = -std::exp(kRealPole * angle);
  return filter;
}

// Samples per block; a block fits the first-level cache.
constexpr std::int64_t kBlock = 256;
using Block = std::array<Wide, kBlock>;

// Filters of Wide::kLanes bands.
class Filters {
 public:
  Filters(const std::vector<CochlearFilter>& lanes) {
    for (int lane = 0; lane < Wide::kLanes; ++lane) {
      const auto& filter = lanes[static_cast<std::size_t>(lane)];
      for (std::size_t i = 0; i < kSectionsOfBand; ++i) {
        pairs_[i].b0.set(lane, filter.pairs[i].b0);
        pairs_[i].b1.set(lane, filter.pairs[i].b1);
        pairs_[i].a1.set(lane, filter.pairs[i].a1);
        pairs_[i].a2.set(lane, filter.pairs[i].a2);
      }
      b_.set(lane, filter.b);
      a_.set(lane, filter.a);
    }
  }

  void run(const double* x, std::int64_t count, Block& out) {
    auto pairs = pairs_;  // local copy, for registers
    Wide s = s_;
    for (std::int64_t n = 0; n < count; ++n) {
      const Wide in(x[n]);
      const Wide real = b_ * in + s;
      s = -(a_ * real);
      Wide sum = real;
      for (auto& pair : pairs) {
        const Wide y = pair.b0 * in + pair.s1;
        pair.s1 = pair.b1 * in - pair.a1 * y + pair.s2;
        pair.s2 = -(pair.a2 * y);
        sum += y;
      }
      out[static_cast<std::size_t>(n)] = sum;
    }
    pairs_ = pairs;
    s_ = s;
  }

  void drop_decayed() {
    for (auto& pair : pairs_) {
      for (Wide* const s : {&pair.s1, &pair.s2}) drop(*s);
    }
    drop(s_);
  }

  static void drop(Wide& s) {
    for (int lane = 0; lane < Wide::kLanes; ++lane) {
      if (std::abs(s[lane]) < kDecayed) s.set(lane, 0);
    }
  }

 private:
  struct Pair {
    Wide b0 = 0.0, b1 = 0.0, a1 = 0.0, a2 = 0.0;
    Wide s1 = 0.0, s2 = 0.0;  // state
  };
  std::array<Pair, kSectionsOfBand> pairs_;
  Wide b_ = 0.0, a_ = 0.0, s_ = 0.0;
};

class NslBank : public FilterBank {
 public:
  // centres_hz: one more than the number of bands.
  NslBank(const std::vector<double>& centres_hz, double time_constant_ms, double rate_hz)
      : bands_(static_cast<std::int64_t>(centres_hz.size()) - 1),
        groups_((bands_ + Wide::kLanes - 1) / Wide::kLanes),
        rate_hz_(rate_hz),
        keep_(std::exp(-1000 / (time_constant_ms * rate_hz))) {
    for (const double hz : centres_hz) filters_.push_back(cochlear_filter(hz, rate_hz));
  }

  void analyse(std::span<const float> samples, const Frames& frames, int threads,
               Array<float>& out) const override {
    const auto pieces = std::min<std::int64_t>(std::max(threads, 1), groups_);
    parallel_for(pieces, threads, [&](std::int64_t piece) {
      some_groups(piece * groups_ / pieces, (piece + 1) * groups_ / pieces, samples, frames, out);
    });
  }

 private:
  // Band of a lane of a group. The upper neighbour of a lane is the same lane of the next group, so
  // that differences need no shuffles.
  std::int64_t band(std::int64_t group, int lane) const {
    return std::min(lane * groups_ + group, bands_);
  }

  Filters filters_of(std::int64_t group) const {
    std::vector<CochlearFilter> lanes;
    for (int lane = 0; lane < Wide::kLanes; ++lane) {
      lanes.push_back(filters_[static_cast<std::size_t>(band(group, lane))]);
    }
    return Filters(lanes);
  }

  void some_groups(std::int64_t begin_group, std::int64_t end_group, std::span<const float> samples,
                   const Frames& frames, Array<float>& out) const {
    const auto count_groups = static_cast<std::size_t>(end_group - begin_group);
    std::vector<Filters> filters;
    for (auto group = begin_group; group <= end_group; ++group) {
      filters.push_back(filters_of(group));
    }
    std::vector<Wide> levels(count_groups, Wide(0));
    std::array<double, kBlock> x;
    Block lower, upper;
    const auto T = out.dim(1);
    for (auto t = frames.before; t < T; ++t) {
      const auto end = frame_begin(t - frames.before + 1, rate_hz_, frames.dt_ms);
      for (auto n = frame_begin(t - frames.before, rate_hz_, frames.dt_ms); n < end; n += kBlock) {
        const auto count = std::min(kBlock, end - n);
        for (std::int64_t i = 0; i < count; ++i) {
          const auto place = static_cast<std::size_t>(n + i);
          x[static_cast<std::size_t>(i)] =
              place < samples.size() ? static_cast<double>(samples[place]) : 0.0;
        }
        filters[0].run(x.data(), count, lower);
        for (std::size_t g = 0; g < count_groups; ++g) {
          filters[g + 1].run(x.data(), count, upper);
          levels[g] = integrated(levels[g], lower, upper, count);
          std::swap(lower, upper);
        }
      }
      for (auto& some : filters) some.drop_decayed();
      for (std::size_t g = 0; g < count_groups; ++g) {
        Filters::drop(levels[g]);
        for (int lane = 0; lane < Wide::kLanes; ++lane) {
          const auto f = lane * groups_ + begin_group + static_cast<std::int64_t>(g);
          if (f >= bands_) continue;
          out.values[static_cast<std::size_t>(f * T + t)] = static_cast<float>(levels[g][lane]);
        }
      }
    }
  }

  // Mean over the past with weights exp(-age / time constant).
  Wide integrated(Wide level, const Block& lower, const Block& upper, std::int64_t count) const {
    const Wide keep(keep_), take(1 - keep_);
    for (std::size_t n = 0; n < static_cast<std::size_t>(count); ++n) {
      const auto difference = (lower[n] - upper[n]).v;
      level = keep * level + take * Wide(difference > 0 ? difference : Wide::Vector{});
    }
    return level;
  }

  std::int64_t bands_, groups_;
  double rate_hz_;
  double keep_;  // decay of the level per sample
  std::vector<CochlearFilter> filters_;
};

struct NslOptions {
  int bands = 128;                              // >= 1
  int per_octave = 24;                          // >= 1
  double min_hz = 440 * std::exp2(-31.0 / 24);  // centre of the lowest band, > 0
  double time_constant_ms = 8;                  // of the integration, > 0
};

}  // namespace

SpectrogramOptions nsl_spectrogram(config::Node& node) {
  NslOptions o;
  o.bands = node.get("bands", o.bands, config::between(1, 4096),
                     "bands, equally spaced in log frequency");
  o.per_octave = node.get("per_octave", o.per_octave, config::between(1, 512), "bands per octave");
  o.min_hz = node.get("min_hz", o.min_hz, config::above(0),
                      "Hz, centre of the lowest band; the filter above the highest band must be at "
                      "most half the rate of every sound");
  o.time_constant_ms = node.get("time_constant_ms", o.time_constant_ms, config::above(0),
                                "ms, of the leaky integration");
  SpectrogramOptions options;
  std::vector<double> centres_hz;
  for (int k = 0; k <= o.bands; ++k) {
    centres_hz.push_back(o.min_hz * std::exp2(static_cast<double>(k) / o.per_octave));
  }
  if (!(centres_hz.back() < 1e7)) {
    node.fail("bands", "go up to " + in_words(centres_hz.back()) +
                           " Hz: expected fewer bands, or more per octave");
  }
  options.frequencies_hz.assign(centres_hz.begin(), centres_hz.end() - 1);
  options.highest_hz = centres_hz.back();
  options.highest_key = "bands";
  options.build = [centres_hz, o](double rate_hz, double) {
    return std::make_unique<NslBank>(centres_hz, o.time_constant_ms, rate_hz);
  };
  return options;
}

}  // namespace strffit
