// Fourier transform of several windows at once, at equally spaced frequencies. Private to this
// room.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <vector>

#include "sound/wide.hpp"

namespace strffit {

// P[k] = |sum_n window[n] x[n] exp(-2 pi i (first + k step) n)|^2, k = 0 .. count - 1, frequencies
// in cycles a sample: the discrete Fourier transform of any length and any part of it. By
// Bluestein's chirps (Rabiner, Schafer & Rader 1969): n k = (n^2 + k^2 - (k - n)^2) / 2 makes a
// convolution of it, so that the length of the FFT is ours to choose, whatever the rate of the
// sound; windows of 441 or 977 samples cost the same as their neighbours.
class ChirpTransform {
 public:
  // One thread's room to work in.
  class Scratch {
   public:
    explicit Scratch(const ChirpTransform& transform);
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    // (window's length) samples, a window a lane: what the transform is of.
    std::vector<Wide> input;
    // (count) squared magnitudes.
    std::vector<Wide> power;

   private:
    friend class ChirpTransform;
    struct Fft;
    std::unique_ptr<Fft> fft_;
  };

  ChirpTransform(const std::vector<double>& window, double first, double step, std::int64_t count);

  // From scratch.input to scratch.power.
  void operator()(Scratch& scratch) const;

 private:
  std::int64_t samples_, count_, length_;
  std::vector<std::complex<double>> before_;  // (samples) window times chirp
  std::vector<std::complex<double>> filter_;  // (length) transform of the chirp to convolve with
};

}  // namespace strffit
