// Gammatone filters of fourth order on the ERB scale (Patterson et al. 1992; four second-order
// sections as in Slaney 1993), and their root mean square in each frame.
#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>

#include "sound/band_range.hpp"
#include "sound/spectrogram.hpp"
#include "sound/wide.hpp"
#include "util/threads.hpp"

namespace strffit {
namespace {

// Bandwidth at frequency f: f / kQ + kNarrowest (Glasberg & Moore 1990).
constexpr double kQ = 9.26449, kNarrowest = 24.7;
constexpr int kSections = 4;
// Smaller states are set to 0, because arithmetic on denormal numbers is slow.
constexpr double kSilent = 1e-100;

// Sections y[n] = x[n] + a x[n - 1] - b1 y[n - 1] - b2 y[n - 2], and the factor for gain 1 at the
// centre.
struct Gammatone {
  std::array<double, kSections> a;
  double b1, b2, gain;
};

Gammatone gammatone_at(double centre_hz, double rate_hz) {
  using std::numbers::pi;
  const double T = 1 / rate_hz, erb_hz = centre_hz / kQ + kNarrowest;
  const double decay = std::exp(-1.019 * 2 * pi * erb_hz * T);
  const double angle = 2 * pi * centre_hz * T;
  Gammatone filter{};
  filter.b1 = -2 * std::cos(angle) * decay;
  filter.b2 = decay * decay;
  const double inner = std::sqrt(3 - std::pow(2, 1.5)), outer = std::sqrt(3 + std::pow(2, 1.5));
  const double roots[kSections] = {outer, -outer, inner, -inner};
  const auto z = std::polar(1.0, -angle);  // delay of one sample at the centre frequency
  std::complex<double> response = 1;
  for (std::size_t i = 0; i < kSections; ++i) {
    filter.a[i] = -decay * (std::cos(angle) + roots[i] * std::sin(angle));
    response *= (1.0 + filter.a[i] * z) / (1.0 + filter.b1 * z + filter.b2 * z * z);
  }
  filter.gain = 1 / std::abs(response);
  return filter;
}

// One pass handles kGroups times Wide::kLanes neighbouring bands.
constexpr int kGroups = 2;
constexpr int kBandsAPass = kGroups * Wide::kLanes;

class GammatoneBank : public FilterBank {
 public:
  GammatoneBank(const std::vector<double>& centres_hz, double rate_hz) : rate_hz_(rate_hz) {
    for (const double hz : centres_hz) filters_.push_back(gammatone_at(hz, rate_hz));
  }

  void analyse(std::span<const float> samples, const Frames& frames, int threads,
               Array<float>& out) const override {
    const auto bands = static_cast<std::int64_t>(filters_.size());
    parallel_for((bands + kBandsAPass - 1) / kBandsAPass, threads,
                 [&](std::int64_t pass) { some_bands(pass * kBandsAPass, samples, frames, out); });
  }

 private:
  // One number for each band of a pass, in kGroups registers.
  using Row = std::array<Wide, kGroups>;

  Row row_of(std::int64_t first, const std::function<double(const Gammatone&)>& number) const {
    Row row;
    for (int i = 0; i < kBandsAPass; ++i) {
      // Unused lanes of the last pass repeat the last band.
      const auto band = std::min(static_cast<std::size_t>(first + i), filters_.size() - 1);
      row[static_cast<std::size_t>(i / Wide::kLanes)].set(i % Wide::kLanes, number(filters_[band]));
    }
    return row;
  }

  void some_bands(std::int64_t first, std::span<const float> samples, const Frames& frames,
                  Array<float>& out) const {
    std::array<Row, kSections> a, s1, s2;  // s1, s2: state of a section
    for (std::size_t i = 0; i < kSections; ++i) {
      a[i] = row_of(first, [i](const Gammatone& f) { return f.a[i]; });
      s1[i].fill(Wide(0));
      s2[i].fill(Wide(0));
    }
    const Row b1 = row_of(first, [](const Gammatone& f) { return f.b1; });
    const Row b2 = row_of(first, [](const Gammatone& f) { return f.b2; });

    const auto T = out.dim(1);
    for (auto t = frames.before; t < T; ++t) {
      const auto begin = frame_begin(t - frames.before, rate_hz_, frames.dt_ms);
      const auto end = frame_begin(t - frames.before + 1, rate_hz_, frames.dt_ms);
      Row squares;
      squares.fill(Wide(0));
      for (auto n = begin; n < end; ++n) {
        const auto place = static_cast<std::size_t>(n);
        const Wide x(place < samples.size() ? static_cast<double>(samples[place]) : 0.0);
        for (std::size_t g = 0; g < kGroups; ++g) {
          Wide y = x;
          for (std::size_t i = 0; i < kSections; ++i) {
            const Wide in = y;
            y = in + s1[i][g];
            s1[i][g] = a[i][g] * in - b1[g] * y + s2[i][g];
            s2[i][g] = -(b2[g] * y);
          }
          squares[g] += y * y;
        }
      }
      for (auto* const state : {&s1, &s2}) {
        for (auto& section : *state) {
          for (Wide& s : section) {
            for (int lane = 0; lane < Wide::kLanes; ++lane) {
              if (std::abs(s[lane]) < kSilent) s.set(lane, 0);
            }
          }
        }
      }
      const auto count = static_cast<double>(end - begin);
      for (int i = 0; i < kBandsAPass && first + i < out.dim(0); ++i) {
        const double sum = squares[static_cast<std::size_t>(i / Wide::kLanes)][i % Wide::kLanes];
        const auto band = static_cast<std::size_t>(first + i);
        out.values[band * static_cast<std::size_t>(T) + static_cast<std::size_t>(t)] =
            static_cast<float>(filters_[band].gain * std::sqrt(sum / count));
      }
    }
  }

  double rate_hz_;
  std::vector<Gammatone> filters_;
};

}  // namespace

SpectrogramOptions gammatone_spectrogram(config::Node& node) {
  // max_hz is above the highest centre.
  const BandRange o = read_band_range(node, {32, 200, 20000},
                                      {1, false, "on the ERB scale", "centre of the lowest band",
                                       "one step above the centre of the highest band"});
  SpectrogramOptions options;
  const double offset = kQ * kNarrowest;
  for (int k = o.bands; k >= 1; --k) {
    options.frequencies_hz.push_back(
        -offset +
        (o.max_hz + offset) * std::exp(static_cast<double>(k) / o.bands *
                                       std::log((o.min_hz + offset) / (o.max_hz + offset))));
  }
  options.highest_hz = o.max_hz;
  options.highest_key = "max_hz";
  options.build = [centres_hz = options.frequencies_hz](double rate_hz, double) {
    return std::make_unique<GammatoneBank>(centres_hz, rate_hz);
  };
  return options;
}

}  // namespace strffit
