// What every kind of spectrogram promises.
#include <doctest/doctest.h>

#include <set>

#include "sounds.hpp"
#include "support/messages.hpp"
#include "support/near.hpp"
#include "util/errors.hpp"

namespace strffit::test {
namespace {

// Every kind at its defaults, and with each choice that changes its arithmetic.
std::vector<std::string> kind_variants() {
  std::vector<std::string> all;
  for (const auto& kind : spectrogram_kinds()) all.push_back("{kind: " + kind + "}");
  for (const char* more :
       {"{window_frames: 1.3, padding: 16}", "{power: 2}", "{normalise: true}",
        "{kind: gammatone, bands: 1}", "{kind: gammatone, bands: 70, min_hz: 50}",
        "{kind: nsl, bands: 5, per_octave: 3, time_constant_ms: 1}", "{kind: stft, width_hz: 40}",
        "{kind: stft, power: 2, normalise: true}", "{kind: mel, scale: htk, norm: none, power: 1}",
        "{kind: mel, window_frames: 5}"}) {
    all.emplace_back(more);
  }
  return all;
}

constexpr double kDtMs = 5;
constexpr double kRates[] = {44100, 48828.125};

std::size_t peak(const Array<float>& x, std::int64_t t) {
  std::size_t best = 0;
  for (std::int64_t f = 1; f < x.dim(0); ++f) {
    if (at(x, f, t) > at(x, static_cast<std::int64_t>(best), t)) best = static_cast<std::size_t>(f);
  }
  return best;
}

TEST_CASE("every kind: frames hold the sound, values are numbers at least 0") {
  for (const auto& text : kind_variants()) {
    CAPTURE(text);
    const auto options = options_of(text);
    REQUIRE(!options.frequencies_hz.empty());
    CHECK(std::is_sorted(options.frequencies_hz.begin(), options.frequencies_hz.end()));
    for (const double rate_hz : kRates) {
      // One sample, one that begins a frame, many.
      for (const std::int64_t size : {std::int64_t{1}, frame_begin(3, rate_hz, kDtMs) + 1,
                                      static_cast<std::int64_t>(0.11 * rate_hz)}) {
        const auto x =
            spectrogram(noise(size, rate_hz), options, {.dt_ms = kDtMs, .before = 2, .after = 3});
        REQUIRE(x.dim(0) == static_cast<std::int64_t>(options.frequencies_hz.size()));
        const auto frames = x.dim(1) - 5;
        CHECK(frame_begin(frames, rate_hz, kDtMs) >= size);
        CHECK(frame_begin(frames - 1, rate_hz, kDtMs) < size);
        CHECK(std::all_of(x.values.begin(), x.values.end(),
                          [](float v) { return std::isfinite(v) && v >= 0; }));
        if (size == 1) continue;
        const auto of_sound = loudest(x);
        CHECK(of_sound > 0);
      }
    }
  }
}

TEST_CASE("every kind: silence is 0, before and after a sound too") {
  for (const auto& text : kind_variants()) {
    CAPTURE(text);
    const auto options = options_of(text);
    const auto none = spectrogram(silence(4410, 44100), options, {.dt_ms = kDtMs, .before = 4});
    CHECK(loudest(none) == 0);
    // A click: nothing before it, something with it, and a second later no more than rounding.
    auto click = silence(44100, 44100);
    const std::int64_t frame = 40;
    click.samples[static_cast<std::size_t>(frame_begin(frame, 44100, kDtMs))] = 1;
    const auto x = spectrogram(click, options, {.dt_ms = kDtMs, .before = 3, .after = 200});
    for (std::int64_t f = 0; f < x.dim(0); ++f) {
      double before = 0;
      for (std::int64_t t = 0; t < frame + 3; ++t) before = std::max(before, at(x, f, t));
      CHECK(before == 0);
      CHECK(at(x, f, x.dim(1) - 1) <= 1e-6 * loudest(x));
    }
    double with = 0;
    for (std::int64_t f = 0; f < x.dim(0); ++f) {
      for (std::int64_t t = frame + 3; t < frame + 8; ++t) with = std::max(with, at(x, f, t));
    }
    CHECK(with == loudest(x));
  }
}

TEST_CASE("every kind is causal: what follows a frame changes nothing in it") {
  for (const auto& text : kind_variants()) {
    CAPTURE(text);
    const auto options = options_of(text);
    for (const double rate_hz : kRates) {
      const auto sound = noise(static_cast<std::int64_t>(0.2 * rate_hz), rate_hz);
      const auto x = spectrogram(sound, options, {.dt_ms = kDtMs});
      for (const std::int64_t t : {0, 7, 22}) {
        auto other = sound;
        const auto end = static_cast<std::size_t>(frame_begin(t + 1, rate_hz, kDtMs));
        for (auto i = end; i < other.samples.size(); ++i) other.samples[i] = 0.9F;
        const auto y = spectrogram(other, options, {.dt_ms = kDtMs});
        bool same = true, next_differs = false;
        for (std::int64_t f = 0; f < x.dim(0); ++f) {
          for (std::int64_t s = 0; s <= t; ++s) same = same && at(x, f, s) == at(y, f, s);
          next_differs = next_differs || at(x, f, t + 1) != at(y, f, t + 1);
        }
        CHECK(same);
        CHECK(next_differs);
      }
    }
  }
}

TEST_CASE("every kind: a delay of whole frames delays the spectrogram") {
  for (const auto& text : kind_variants()) {
    CAPTURE(text);
    const auto options = options_of(text);
    const double rate_hz = 40000;  // 200 samples a frame
    const auto sound = noise(8000, rate_hz);
    auto later = sound;
    later.samples.insert(later.samples.begin(), 1400, 0.0F);
    const auto x = spectrogram(sound, options, {.dt_ms = kDtMs, .before = 7});
    const auto y = spectrogram(later, options, {.dt_ms = kDtMs});
    CHECK(x.shape == y.shape);
    CHECK(x.values == y.values);
  }
}

TEST_CASE("every kind: c times the amplitude is c^power times the values") {
  for (const auto& text : kind_variants()) {
    CAPTURE(text);
    const auto options = options_of(text);
    const auto sound = noise(8820, 44100);
    auto louder = sound;
    for (float& x : louder.samples) x *= 4;  // exact in binary
    const auto x = spectrogram(sound, options, {.dt_ms = kDtMs});
    const auto y = spectrogram(louder, options, {.dt_ms = kDtMs});
    Array<double> scaled(x.shape);
    for (std::size_t i = 0; i < x.values.size(); ++i) {
      scaled.values[i] = std::pow(4.0, options.power) * static_cast<double>(x.values[i]);
    }
    CHECK(disagreement(y, scaled) < 1e-6);
  }
}

TEST_CASE("every kind: the same bits on any number of threads") {
  for (const auto& text : kind_variants()) {
    CAPTURE(text);
    const auto options = options_of(text);
    const auto sound = noise(200000, 44100);
    const auto one = spectrogram(sound, options, {.dt_ms = kDtMs}, 1);
    CHECK(one.values == spectrogram(sound, options, {.dt_ms = kDtMs}, 3).values);
  }
}

TEST_CASE("every kind: a tone is loudest in its own band") {
  for (const auto& text : kind_variants()) {
    CAPTURE(text);
    const auto options = options_of(text);
    const auto bands = options.frequencies_hz.size();
    for (const double rate_hz : kRates) {
      for (const std::size_t band : {bands / 4, bands / 2, bands * 4 / 5}) {
        const double hz = options.frequencies_hz[band];
        CAPTURE(hz);
        const auto x = spectrogram(tone(hz, 0.4, rate_hz), options, {.dt_ms = kDtMs});
        // Magnitudes of broader bands than neighbours are apart may peak one band aside.
        const auto found = static_cast<int>(peak(x, 60)), meant = static_cast<int>(band);
        CHECK(std::abs(found - meant) <= 1);
      }
    }
  }
}

TEST_CASE("every kind that says so has the same values at every rate") {
  int seen = 0;
  for (const auto& text : kind_variants()) {
    CAPTURE(text);
    const auto options = options_of(text);
    const double hz = options.frequencies_hz[options.frequencies_hz.size() / 2];
    const auto slow = loudest(spectrogram(tone(hz, 0.4, 44100), options, {.dt_ms = kDtMs}));
    const auto fast = loudest(spectrogram(tone(hz, 0.4, 88200), options, {.dt_ms = kDtMs}));
    // Windows of other lengths, and filters whose highest octave is cut: a few percent.
    CHECK((std::abs(fast / slow - 1) < 0.05) == options.same_at_every_rate);
    seen += options.same_at_every_rate ? 1 : 0;
  }
  CHECK(seen > 4);
}

TEST_CASE("what is refused of a sound, with the file and the mend") {
  for (const auto& kind : spectrogram_kinds()) {
    CAPTURE(kind);
    const auto options = options_of("{kind: " + kind + "}");
    const auto refusal = [&](const Sound& sound, double dt_ms) {
      return error_of<DataError>([&] { spectrogram(sound, options, {.dt_ms = dt_ms}); });
    };
    auto low = noise(1000, 8000);
    CHECK(contains(refusal(low, 5), "made: its rate of 8000 Hz"));
    CHECK(contains(refusal(low, 5), "lower " + options.highest_key));
    CHECK(contains(refusal(noise(1000, 44100), 0.03), "less than two samples"));
    CHECK(contains(refusal({"made", {}, 44100}, 5), "has no samples"));
    for (const double rate_hz : {0.0, -1.0, kNaN, HUGE_VAL}) {
      CHECK(contains(refusal({"made", {0, 1}, rate_hz}, 5), "a rate of"));
    }
    for (const float bad : {NAN, INFINITY, -INFINITY, 2e9F}) {
      auto sound = noise(1000, 44100);
      sound.samples[441] = bad;
      CHECK(contains(refusal(sound, 5), "made: sample 441 (0.01 s) is"));
    }
  }
}

TEST_CASE("keys that do not go with a rate or a frame width are refused at their place") {
  const auto refusal = [](const std::string& yaml, double dt_ms) {
    return error_of<ConfigError>(
        [&] { spectrogram(noise(4410, 44100), options_of(yaml), {.dt_ms = dt_ms}); });
  };
  CHECK(
      contains(refusal("{bands: 200}", 5), "recording.yaml:1:15: spectrogram.bands: the band at "));
  CHECK(contains(refusal("{kind: mel, bands: 200}", 5), "spectrogram.bands: the band at "));
  CHECK(
      contains(refusal("{window_frames: 0.005}", 5), "spectrogram.window_frames: the window has"));
  CHECK(contains(refusal("{window_frames: 1000, padding: 64}", 5), "spectrogram.window_frames"));
  CHECK(contains(refusal("{kind: stft, width_hz: 1e-9, step_hz: 100}", 5),
                 "spectrogram.width_hz: the window"));
}

TEST_CASE("keys are refused with the place and the nearest key") {
  const auto refusal = [](const std::string& yaml) {
    return error_of<ConfigError>([&] { options_of(yaml); });
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{kind: gamatone}", "recording.yaml:1:15: spectrogram.kind"},
      {"{knd: mel}", "did you mean \"kind\"?"},
      {"{kind: mel, band: 3}", "did you mean \"bands\"?"},
      {"{kind: gammatone, padding: 3}", "spectrogram.padding: unknown key"},
      {"{kind: nsl, align: centred}", "spectrogram.align: unknown key"},
      {"{bands: 1}", "spectrogram.bands"},
      {"{bands: 3.5}", "spectrogram.bands"},
      {"{min_hz: 0}", "spectrogram.min_hz"},
      {"{min_hz: 5000, max_hz: 5000}", "spectrogram.max_hz: must be above min_hz"},
      {"{kind: gammatone, min_hz: 5000, max_hz: 400}", "spectrogram.max_hz: must be above"},
      {"{kind: stft, min_hz: 5000, max_hz: 400}", "spectrogram.max_hz: must be at least"},
      {"{kind: stft, step_hz: 0.01}", "spectrogram.step_hz: gives more than 4096 bands"},
      {"{kind: nsl, bands: 4000}", "spectrogram.bands: go up to"},
      {"{kind: nsl, time_constant_ms: 0}", "spectrogram.time_constant_ms"},
      {"{align: left}", "spectrogram.align"},
      {"{compression: {kind: db}}", "spectrogram.compression.kind"},
      {"{compression: {kind: decibel, range: 3}}", "did you mean \"range_db\"?"},
      {"{compression: {kind: power, exponent: 0}}", "spectrogram.compression.exponent"},
      {"{compression: {kind: hill, range_db: 3}}", "spectrogram.compression.range_db: unknown"},
      {"{compression: {exponent: 2}}", "spectrogram.compression.exponent: unknown key"},
  };
  for (const auto& [yaml, part] : cases) {
    CAPTURE(yaml);
    CAPTURE(refusal(yaml));
    CHECK(contains(refusal(yaml), part));
  }
}

TEST_CASE("align: centred looks half a window ahead, and warns") {
  const auto causal = options_of("{}"), centred = options_of("{align: centred}");
  CHECK(causal.warnings.empty());
  REQUIRE(centred.warnings.size() == 1);
  CHECK(contains(centred.warnings.front(), "look ahead"));
  // At 40 kHz a frame has 200 samples, the window 400: centred, it begins half a frame later.
  const auto sound = noise(8000, 40000);
  auto earlier = sound;
  earlier.samples.erase(earlier.samples.begin(), earlier.samples.begin() + 100);
  const auto x = spectrogram(sound, centred, {.dt_ms = kDtMs});
  const auto y = spectrogram(earlier, causal, {.dt_ms = kDtMs});
  for (std::int64_t t = 2; t < 38; ++t) {
    for (std::int64_t f = 0; f < x.dim(0); ++f) CHECK(at(x, f, t) == near(at(y, f, t), 1e-6));
  }
}

}  // namespace
}  // namespace strffit::test
