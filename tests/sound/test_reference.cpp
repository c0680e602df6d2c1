// Every kind against other people's programs: gammatone, LibROSA, naplib, scipy, numpy.
#include <doctest/doctest.h>

#include <filesystem>

#include "sounds.hpp"
#include "support/near.hpp"
#include "support/vector_file.hpp"

namespace strffit::test {
namespace {

// Of the range of the values: both sides are rounded to float32.
constexpr double kRounding = 2e-7;

Array<float> columns(const Array<float>& x, std::int64_t begin, std::int64_t count) {
  Array<float> out({x.dim(0), count});
  for (std::int64_t f = 0; f < x.dim(0); ++f) {
    for (std::int64_t t = 0; t < count; ++t) {
      out.values[static_cast<std::size_t>(f * count + t)] =
          x.values[static_cast<std::size_t>(f * x.dim(1) + begin + t)];
    }
  }
  return out;
}

double correlation(const Array<float>& a, const Array<double>& b) {
  double ab = 0, aa = 0, bb = 0, mean_a = 0, mean_b = 0;
  const auto n = static_cast<double>(a.size());
  for (const float x : a.values) mean_a += static_cast<double>(x) / n;
  for (const double x : b.values) mean_b += x / n;
  for (std::size_t i = 0; i < b.values.size(); ++i) {
    const double x = static_cast<double>(a.values[i]) - mean_a, y = b.values[i] - mean_b;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / std::sqrt(aa * bb);
}

Sound sound_of(const VectorFile& file, const std::string& name, double rate_hz) {
  return {name, file.floats(name).values, rate_hz};
}

void check_frequencies(const std::vector<double>& found, const Array<double>& expected) {
  REQUIRE(found.size() == expected.values.size());
  for (std::size_t f = 0; f < found.size(); ++f) CHECK(found[f] == near(expected.values[f], 1e-6));
}

TEST_CASE("every kind is what other programs make of the same sound") {
  const VectorFile file("sounds/sounds.h5");
  const auto sound = sound_of(file, "wave", 32000);
  const auto check = [&](const std::string& name, const std::string& yaml) {
    CAPTURE(name);
    const auto found = spectrogram(sound, options_of(yaml), {.dt_ms = 5});
    CHECK(disagreement(found, file.doubles(name)) < kRounding);
  };
  check("log_frequency", "{bands: 34, min_hz: 500, max_hz: 15000}");
  check("gammatone", "{kind: gammatone, bands: 20, min_hz: 200, max_hz: 16000}");
  check("nsl", "{kind: nsl}");
  check("stft", "{kind: stft, width_hz: 125, min_hz: 250, max_hz: 8000}");
  check("mel_slaney", "{kind: mel, bands: 32, min_hz: 50, max_hz: 16000}");
  check("mel_htk",
        "{kind: mel, bands: 20, min_hz: 300, max_hz: 12000, scale: htk, norm: none, power: 1}");
  check_frequencies(
      options_of("{kind: gammatone, bands: 20, min_hz: 200, max_hz: 16000}").frequencies_hz,
      file.doubles("gammatone_hz"));
  check_frequencies(options_of("{kind: mel, bands: 32, min_hz: 50, max_hz: 16000}").frequencies_hz,
                    file.doubles("mel_hz"));
}

TEST_CASE("nsl is near naplib's filters, which are others") {
  const VectorFile file("sounds/sounds.h5");
  const auto found =
      spectrogram(sound_of(file, "wave_16k", 16000), options_of("{kind: nsl}"), {.dt_ms = 5});
  const auto theirs = file.doubles("naplib");
  REQUIRE(found.shape == theirs.shape);
  // Filters of another design: not equal, but no user would tell them apart.
  CHECK(correlation(found, theirs) > 0.999);
  // Theirs adds up where ours averages: 1 / (1 - exp(-1 / 128 samples)).
  auto scaled = theirs;
  for (double& x : scaled.values) x *= 1 - std::exp(-1 / 128.0);
  CHECK(disagreement(found, scaled) < 0.06);
}

TEST_CASE("the reference recording") {
  const std::string path = vector_path("../../../shared/import/frontends/reference.h5");
  if (!std::filesystem::exists(path)) {
    MESSAGE("no reference recording here");
    return;
  }
  const VectorFile file("../../../shared/import/frontends/reference.h5");
  const auto song = sound_of(file, "wave", 32000);
  const auto T = file.doubles("logtri").dim(1);

  const auto options = options_of(
      "{bands: 34, min_hz: 500, max_hz: 15000, compression: {kind: decibel, range_db: 70, "
      "reference: 1}}");
  auto found = spectrogram(song, options, {.dt_ms = 5});
  compress(found, options.compression);
  auto expected = file.doubles("logtri");
  for (double& x : expected.values) x += 70;  // theirs counts from 0 dB down, ours from -70 dB up
  CHECK(disagreement(found, expected) < kRounding);

  const auto bank = options_of("{kind: gammatone, bands: 18, min_hz: 200, max_hz: 16000}");
  found = spectrogram(song, bank, {.dt_ms = 10});
  expected = file.doubles("gtgram");  // the last frame, of part of a window, is not theirs
  CHECK(disagreement(columns(found, 0, expected.dim(1)), expected) < kRounding);

  expected = file.doubles("mel");  // their frame t begins where our frame t + 1's window does
  found = spectrogram(song, options_of("{kind: mel, bands: 32, min_hz: 50, max_hz: 16000}"),
                      {.dt_ms = 5});
  CHECK(disagreement(columns(found, 1, expected.dim(1)), expected) < kRounding);

  found = spectrogram(sound_of(file, "wave_16k", 16000), options_of("{kind: nsl}"), {.dt_ms = 5});
  expected = file.doubles("auditory_spectrogram");
  CHECK(T == expected.dim(1));
  CHECK(correlation(found, expected) > 0.999);
}

}  // namespace
}  // namespace strffit::test
