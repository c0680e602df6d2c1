// Fourier transforms of several windows at once, at equally spaced frequencies. Private to this
// room.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <vector>

#include "sound/wide.hpp"

namespace strffit {

// P[k] = |sum_n window[n] x[n] exp(-2 pi i (first + k step) n)|^2, k = 0 .. count - 1, frequencies
// in cycles per sample: the discrete Fourier transform of any length, or a part of it. Bluestein's
// algorithm (Rabiner, Schafer & Rader 1969) turns it into a convolution by n k = (n^2 + k^2 - (k -
// n)^2) / 2, so the length of the FFT does not depend on the rate of the sound: windows of 441 or
// 977 samples cost the same as their neighbours.
class ChirpTransform {
 public:
  // Buffers of one thread.
  class Scratch {
   public:
    explicit Scratch(const ChirpTransform& transform);
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    // (samples of the window), one window per lane; input of the transform.
    std::vector<Wide> input;
    // (count) squared magnitudes; output.
    std::vector<Wide> power;

   private:
    friend class ChirpTransform;
    struct Fft;
    std::unique_ptr<Fft> fft_;
  };

  ChirpTransform(const std::vector<double>& window, double first, double step, std::int64_t count);

  // Transforms scratch.input into scratch.power.
  void operator()(Scratch& scratch) const;

 private:
  std::int64_t samples_, count_, length_;
  std::vector<std::complex<double>> before_;  // (samples) window times chirp
  std::vector<std::complex<double>> filter_;  // (length) transform of the chirp to convolve with
};

}  // namespace strffit
