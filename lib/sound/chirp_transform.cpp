#include "sound/chirp_transform.hpp"

#include <cmath>
#include <numbers>
#include <unsupported/Eigen/FFT>

namespace strffit {
namespace {

// exp(2 pi i cycles), exact for large arguments.
std::complex<double> unit_phase(long double cycles) {
  const auto fraction = static_cast<double>(cycles - std::floor(cycles));
  return std::polar(1.0, 2 * std::numbers::pi * fraction);
}

// The smallest length >= `least` with no prime factors except 2, 3 and 5, for which Eigen's FFT has
// butterflies.
std::int64_t fast_length(std::int64_t least) {
  for (std::int64_t length = least;; ++length) {
    std::int64_t rest = length;
    for (const int prime : {2, 3, 5}) {
      while (rest % prime == 0) rest /= prime;
    }
    if (rest == 1) return length;
  }
}

}  // namespace

struct ChirpTransform::Scratch::Fft {
  Eigen::FFT<Wide> fft;
  std::vector<std::complex<Wide>> signal, spectrum;  // (length)
};

ChirpTransform::Scratch::Scratch(const ChirpTransform& transform)
    : input(static_cast<std::size_t>(transform.samples_), Wide(0)),
      power(static_cast<std::size_t>(transform.count_), Wide(0)),
      fft_(std::make_unique<Fft>()) {
  const auto length = static_cast<std::size_t>(transform.length_);
  const std::complex<Wide> zero(Wide(0), Wide(0));
  fft_->fft.SetFlag(Eigen::FFT<Wide>::Unscaled);
  fft_->signal.assign(length, zero);
  fft_->spectrum.assign(length, zero);
}

ChirpTransform::Scratch::~Scratch() = default;

ChirpTransform::ChirpTransform(const std::vector<double>& window, double first, double step,
                               std::int64_t count)
    : samples_(static_cast<std::int64_t>(window.size())),
      count_(count),
      length_(fast_length(samples_ + count - 1)) {
  const auto half_square = [&](std::int64_t i) {
    return static_cast<long double>(step) * static_cast<long double>(i) *
           static_cast<long double>(i) / 2;
  };
  for (std::int64_t n = 0; n < samples_; ++n) {
    before_.push_back(window[static_cast<std::size_t>(n)] *
                      unit_phase(-static_cast<long double>(first) * static_cast<long double>(n) -
                                 half_square(n)));
  }
  std::vector<std::complex<double>> chirp(static_cast<std::size_t>(length_));
  for (std::int64_t i = 1 - samples_; i < count_; ++i) {
    // Divided by the length, because the inverse transform is not.
    chirp[static_cast<std::size_t>(i < 0 ? i + length_ : i)] =
        unit_phase(half_square(i)) / static_cast<double>(length_);
  }
  Eigen::FFT<double> fft;
  filter_.resize(chirp.size());
  fft.fwd(filter_.data(), chirp.data(), length_);
}

void ChirpTransform::operator()(Scratch& scratch) const {
  auto& [fft, signal, spectrum] = *scratch.fft_;
  for (std::size_t n = 0; n < before_.size(); ++n) {
    const Wide x = scratch.input[n];
    signal[n] = std::complex<Wide>(x * before_[n].real(), x * before_[n].imag());
  }
  const std::complex<Wide> zero(Wide(0), Wide(0));
  for (std::size_t n = before_.size(); n < signal.size(); ++n) signal[n] = zero;
  fft.fwd(spectrum.data(), signal.data(), length_);
  for (std::size_t m = 0; m < spectrum.size(); ++m) {
    const Wide re = spectrum[m].real(), im = spectrum[m].imag();
    const double a = filter_[m].real(), b = filter_[m].imag();
    spectrum[m] = std::complex<Wide>(re * a - im * b, re * b + im * a);
  }
  fft.inv(signal.data(), spectrum.data(), length_);
  for (std::size_t k = 0; k < scratch.power.size(); ++k) {
    const Wide re = signal[k].real(), im = signal[k].imag();
    scratch.power[k] = re * re + im * im;
  }
}

}  // namespace strffit
