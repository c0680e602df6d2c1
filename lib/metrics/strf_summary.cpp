#include "metrics/strf_summary.hpp"

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <string>

#include "util/errors.hpp"
#include "util/nan.hpp"
#include "util/text.hpp"

namespace strffit {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kEqualSingularValues = 1e-6;  // relative difference below which two are equal
constexpr double kFlatTuning = 1e-6;           // (max - min) / max
constexpr Index kZeroPadding = 8;              // points of the transform per point of the field

Index place_of_largest(const VectorXd& y) {
  return std::max_element(y.data(), y.data() + y.size()) - y.data();
}

// Position of the largest y over ascending x: top of the parabola through it and its two
// neighbours, or x itself at the ends.
double peak(const VectorXd& x, const VectorXd& y) {
  const Index i = place_of_largest(y);
  if (i == 0 || i == y.size() - 1) return x[i];
  const double before = x[i] - x[i - 1];
  const double after = x[i + 1] - x[i];
  const double fall_before = y[i] - y[i - 1];
  const double fall_after = y[i] - y[i + 1];
  const double slope = before * fall_after + after * fall_before;
  if (slope == 0) return x[i];
  return x[i] + (after * after * fall_before - before * before * fall_after) / (2 * slope);
}

// Position where y first falls to half of its value at `top`, in the direction `step`; NaN if it
// does not.
double fall_to_half(const VectorXd& x, const VectorXd& y, Index top, Index step) {
  const double half = y[top] / 2;
  Index i = top;
  while (i >= 0 && i < y.size() && y[i] > half) i += step;
  if (i < 0 || i >= y.size()) return kNaN;
  const Index before = i - step;
  return x[before] + (y[before] - half) / (y[before] - y[i]) * (x[i] - x[before]);
}

double half_width(const VectorXd& x, const VectorXd& y) {
  const Index top = place_of_largest(y);
  return fall_to_half(x, y, top, 1) - fall_to_half(x, y, top, -1);
}

// y or -y, whichever has a positive value at its largest magnitude.
VectorXd turned(const VectorXd& y) { return y[place_of_largest(y.cwiseAbs())] > 0 ? y : -y; }

double tuning_peak(const VectorXd& x, const VectorXd& tuning) {
  const double high = tuning.maxCoeff();
  return high - tuning.minCoeff() > kFlatTuning * high ? peak(x, tuning) : kNaN;
}

// v with a 0 added at lags -1 and L, where the field ends.
VectorXd between_zeros(const VectorXd& v) {
  VectorXd result = VectorXd::Zero(v.size() + 2);
  result.segment(1, v.size()) = v;
  return result;
}

// The same number of octaves, equally spaced from first to last.
VectorXd evenly_spaced(const VectorXd& octaves) {
  return VectorXd::LinSpaced(octaves.size(), octaves[0], octaves[octaves.size() - 1]);
}

// Field at equally spaced octaves, interpolated linearly between bands.
MatrixXd resampled(const MatrixXd& field, const VectorXd& octaves) {
  const VectorXd even = evenly_spaced(octaves);
  MatrixXd result = field;  // first and last row stay
  Index band = 0;
  for (Index f = 1; f + 1 < even.size(); ++f) {
    while (band + 2 < octaves.size() && octaves[band + 1] <= even[f]) ++band;
    const double share = (even[f] - octaves[band]) / (octaves[band + 1] - octaves[band]);
    result.row(f) = field.row(band) + share * (field.row(band + 1) - field.row(band));
  }
  return result;
}

// Cosines and sines of the zero-padded transform of n points: (4 n + 1, n), wave i at point p.
struct Waves {
  MatrixXd cosine;
  MatrixXd sine;

  explicit Waves(Index n) : cosine(kZeroPadding / 2 * n + 1, n), sine(cosine) {
    const Index period = kZeroPadding * n;
    for (Index point = 0; point < n; ++point) {
      for (Index wave = 0; wave < cosine.rows(); ++wave) {
        const double angle = 2 * std::numbers::pi * static_cast<double>(wave * point % period) /
                             static_cast<double>(period);
        cosine(wave, point) = std::cos(angle);
        sine(wave, point) = std::sin(angle);
      }
    }
  }
};

struct Tunings {
  VectorXd ripple;  // (4 F + 1)
  VectorXd rate;    // (4 L + 1)
};

// Magnitudes of the 2-D discrete Fourier transform, zero-padded to (8 F, 8 L) points, summed over
// each axis. The transform of a real field is symmetric about 0. Therefore i <= 4 F with both signs
// of j covers every magnitude.
Tunings tunings(const MatrixXd& field) {
  const Waves across(field.rows());
  const Waves along(field.cols());
  const MatrixXd cosine = across.cosine * field;
  const MatrixXd sine = across.sine * field;
  const MatrixXd cos_cos = cosine * along.cosine.transpose();
  const MatrixXd sin_sin = sine * along.sine.transpose();
  const MatrixXd cos_sin = cosine * along.sine.transpose();
  const MatrixXd sin_cos = sine * along.cosine.transpose();
  const auto magnitude = [](const MatrixXd& real, const MatrixXd& imaginary) -> MatrixXd {
    return (real.array().square() + imaginary.array().square()).sqrt().matrix();
  };
  const MatrixXd forward = magnitude(cos_cos - sin_sin, sin_cos + cos_sin);   // K[i, j]
  const MatrixXd backward = magnitude(cos_cos + sin_sin, sin_cos - cos_sin);  // K[i, -j]
  // The first and last row and column mirror themselves and count once.
  const Index rows = forward.rows() - 2;
  const Index columns = forward.cols() - 2;
  Tunings result;
  result.rate = forward.colwise().sum() + backward.middleRows(1, rows).colwise().sum();
  result.ripple = forward.rowwise().sum() + backward.middleCols(1, columns).rowwise().sum();
  return result;
}

// Frequencies up to half the sampling rate of a zero-padded transform of n points, `spacing` apart.
VectorXd wave_frequencies(Index n, double spacing) {
  const Index points = kZeroPadding * n, half = points / 2;
  return VectorXd::LinSpaced(half + 1, 0, static_cast<double>(half)) /
         (static_cast<double>(points) * spacing);
}

void add_separable_measures(const MatrixXd& field, const std::optional<VectorXd>& octaves,
                            const Axes& axes, std::int64_t ahead, StrfSummary& summary) {
  const Eigen::JacobiSVD<MatrixXd> svd(field, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const VectorXd& s = svd.singularValues();
  summary.separability = s[0] * s[0] / s.squaredNorm();
  // If the first two values are equal, the first pair can be any mixture of both.
  if (s.size() > 1 && s[1] >= (1 - kEqualSingularValues) * s[0]) return;
  const VectorXd v = turned(svd.matrixV().col(0));
  const VectorXd lags_ms = lag_ms(
      VectorXd::LinSpaced(v.size() + 2, -1, static_cast<double>(v.size())).array(), ahead, axes);
  summary.latency_ms = peak(lags_ms.segment(1, v.size()), v);
  summary.duration_ms = half_width(lags_ms, between_zeros(v));
  if (octaves) {
    const VectorXd u = turned(svd.matrixU().col(0));
    summary.best_frequency_hz = std::exp2(peak(*octaves, u));
    const Index top = place_of_largest(u);
    summary.at_edge = u.size() > 2 && (top == 0 || top == u.size() - 1);
    summary.bandwidth_octaves = half_width(*octaves, u);
  }
}

void add_tuning_measures(const MatrixXd& field, const VectorXd& octaves, double dt_ms,
                         StrfSummary& summary) {
  const Tunings tuning = tunings(resampled(field, octaves));
  const double dt_s = dt_ms / 1000;
  summary.best_rate_hz = tuning_peak(wave_frequencies(field.cols(), dt_s), tuning.rate);
  if (field.rows() > 1) {
    const double spacing =
        (octaves[octaves.size() - 1] - octaves[0]) / static_cast<double>(field.rows() - 1);
    summary.best_ripple_cycles_per_octave =
        tuning_peak(wave_frequencies(field.rows(), spacing), tuning.ripple);
  }
}

}  // namespace

StrfSummary strf_summary(std::span<const float> field, const Axes& axes, std::int64_t ahead) {
  const std::size_t bands = axes.frequencies_hz.size();
  if (bands == 0 || field.empty() || field.size() % bands != 0) {
    throw Bug(fmt::format("a field of {} values has no {} bands", field.size(), bands));
  }
  using FloatField = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  MatrixXd k = Eigen::Map<const FloatField>(field.data(), static_cast<Index>(bands),
                                            static_cast<Index>(field.size() / bands))
                   .cast<double>();
  StrfSummary summary;
  if (!k.allFinite() || k.isZero(0)) return summary;
  k /= k.cwiseAbs().maxCoeff();  // no measure depends on scale; tiny squares underflow
  const Eigen::Map<const VectorXd> hz(axes.frequencies_hz.data(), static_cast<Index>(bands));
  std::optional<VectorXd> octaves;
  if ((hz.array() > 0).all()) octaves = hz.unaryExpr([](double f) { return std::log2(f); });
  add_separable_measures(k, octaves, axes, ahead, summary);
  if (octaves) add_tuning_measures(k, *octaves, axes.dt_ms, summary);
  return summary;
}

}  // namespace strffit
