#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "metrics/strf_summary.hpp"
#include "support/near.hpp"
#include "support/vector_file.hpp"
#include "util/errors.hpp"

namespace strffit {
namespace {

using test::near;

// Bands an eighth of an octave apart from 1 kHz on, frames of 5 ms.
Axes axes_of(int bands) {
  Axes axes{5, {}};
  for (int f = 0; f < bands; ++f) axes.frequencies_hz.push_back(1000 * std::exp2(f / 8.0));
  return axes;
}

}  // namespace

TEST_CASE("strf summary: every field of the reference vectors") {
  // Reference: the float64 implementation that models.md names. Tolerance: both compute in double;
  // the fields are chosen so that the measures depend on their values no more than 100-fold.
  const test::VectorFile file("summary.h5");
  int compared = 0;
  for (const std::string& field : file.children("/")) {
    const Axes axes{file.number_attribute(field, "dt_ms"),
                    file.doubles(field + "/frequencies_hz").values};
    const StrfSummary found = strf_summary(file.floats(field + "/kernel").values, axes, 0);
    const auto names = file.children(field + "/expected");
    REQUIRE(names.size() == kStrfMeasures.size());
    for (const StrfMeasureName& measure : kStrfMeasures) {
      const std::string path = field + "/expected/" + std::string(measure.name);
      CAPTURE(path);
      CHECK(found.*measure.value == near(file.doubles(path).values.at(0), 1e-9, 1e-11));
      ++compared;
    }
  }
  CHECK(compared == 18 * 7);
}

TEST_CASE("strf summary: a separable bump is where it was put") {
  // Closed form: the parabola through three samples of a triangle symmetric about band 10 and lag 4
  // has its top there; a triangle falls to half height at half its base.
  const int bands = 24;
  const int lags = 12;
  std::vector<float> field;
  for (int f = 0; f < bands; ++f) {
    for (int l = 0; l < lags; ++l) {
      const double u = std::max(0.0, 1 - std::abs(f - 10) / 6.0);
      const double v = std::max(0.0, 1 - std::abs(l - 4) / 3.0);
      field.push_back(static_cast<float>(u * v));
    }
  }
  const Axes axes = axes_of(bands);
  for (const float sign : {1.0F, -1.0F}) {
    for (float& value : field) value *= sign;
    const StrfSummary summary = strf_summary(field, axes, 0);
    const double rounding = 1e-6;  // of float32 values
    CHECK(summary.best_frequency_hz == near(1000 * std::exp2(10 / 8.0), rounding));
    CHECK(summary.latency_ms == near(20, rounding));
    CHECK(summary.bandwidth_octaves == near(6 / 8.0, rounding));
    CHECK(summary.duration_ms == near(15, rounding));
    CHECK(summary.separability == near(1, rounding));
    // A lag axis that begins five frames in the future.
    const StrfSummary centered = strf_summary(field, axes, 5);
    CHECK(centered.latency_ms == near(20 - 25, rounding));
    CHECK(centered.duration_ms == near(15, rounding));
    CHECK(centered.best_rate_hz == summary.best_rate_hz);
  }
}

TEST_CASE("strf summary: a grating has its rate and its ripple") {
  // 64 bands at 8 an octave and 40 lags of 5 ms hold whole periods of 0.75 cycles an octave and of
  // 25 Hz, so both tunings are symmetric about the grating but for its mirror image far away.
  const int bands = 64;
  const int lags = 40;
  std::vector<float> field;
  for (int f = 0; f < bands; ++f) {
    for (int l = 0; l < lags; ++l) {
      const double phase = 2 * std::numbers::pi * (0.75 * f / 8.0 - 25 * 0.005 * l);
      field.push_back(static_cast<float>(std::cos(phase)));
    }
  }
  const StrfSummary summary = strf_summary(field, axes_of(bands), 0);
  CHECK(summary.best_rate_hz == near(25, 0.02));
  CHECK(summary.best_ripple_cycles_per_octave == near(0.75, 0.02));
  CHECK(summary.separability == near(0.5, 0.01));  // a drifting grating is two equal pairs
}

TEST_CASE("strf summary: a single value has nothing but its place") {
  const StrfSummary summary = strf_summary(std::vector<float>{-2}, axes_of(1), 0);
  CHECK(summary.separability == 1);
  CHECK(summary.latency_ms == 0);
  CHECK(summary.duration_ms == near(5, 1e-12));
  CHECK(summary.best_frequency_hz == near(1000, 1e-12));
  CHECK(std::isnan(summary.bandwidth_octaves));
  CHECK(std::isnan(summary.best_rate_hz));
  CHECK(std::isnan(summary.best_ripple_cycles_per_octave));
}

TEST_CASE("strf summary: a field that does not fit its bands is our own mistake") {
  CHECK_THROWS_WITH_AS(strf_summary(std::vector<float>(7), axes_of(3), 0),
                       "a field of 7 values has no 3 bands", Bug);
  CHECK_THROWS_AS(strf_summary({}, axes_of(3), 0), Bug);
  CHECK_THROWS_AS(strf_summary(std::vector<float>(7), axes_of(0), 0), Bug);
}

}  // namespace strffit
