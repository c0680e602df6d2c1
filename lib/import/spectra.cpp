#include "import/spectra.hpp"

#include <chrono>
#include <cmath>
#include <cstring>
#include <map>
#include <span>

#include "util/errors.hpp"
#include "util/memory.hpp"

namespace strffit::import {

namespace {

// A hash (FNV-1a over words) that is equal for equal samples and rates.
std::uint64_t fingerprint(std::span<const float> values, double rate_hz) {
  std::uint64_t hash = 0xcbf29ce484222325ULL ^ static_cast<std::uint64_t>(rate_hz * 1000);
  for (const float value : values) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    hash = (hash ^ bits) * 0x100000001b3ULL;
  }
  return hash ^ values.size();
}

Frames frames_of(const FrameOptions& options, double dt_ms) {
  return {dt_ms, static_cast<std::int64_t>(std::llround(options.before_ms / dt_ms)),
          static_cast<std::int64_t>(std::llround(options.after_ms / dt_ms))};
}

class Spectra {
 public:
  Spectra(const Manifest& manifest, double dt_ms) : manifest_(manifest), dt_ms_(dt_ms) {}

  void add(std::size_t index, const SoundEntry& sound) {
    if (sound.spectrogram) {
      Array<float> values = sound.spectrogram();
      const auto print = fingerprint(values.values, 0);
      if (sound.distinct || !known(print, index)) keep(print, index, std::move(values));
      return;
    }
    const Sound wave = sound.waveform();
    seconds_ += static_cast<double>(wave.samples.size()) / wave.rate_hz;
    const auto print = fingerprint(wave.samples, wave.rate_hz);
    if (known(print, index)) return;
    keep(print, index,
         strffit::spectrogram(wave, *manifest_.spectrogram, frames_of(manifest_.frames, dt_ms_),
                              available_processors()));
  }

  std::vector<Spectrum> finished() {
    for (auto& one : all_) {
      compress(one.spectrogram, manifest_.compression, loudest_);
      for (const float value : one.spectrogram.values) {
        if (!std::isfinite(value))
          throw DataError(manifest_.file, "", "a spectrogram is not finite");
      }
    }
    return std::move(all_);
  }

  double seconds() const { return seconds_; }

 private:
  bool known(std::uint64_t print, std::size_t index) {
    const auto found = prints_.find(print);
    if (found == prints_.end()) return false;
    all_[found->second].sounds.push_back(index);
    return true;
  }
  void keep(std::uint64_t print, std::size_t index, Array<float> values) {
    for (const float value : values.values) {
      // A power, a logarithm and decibels are of values from 0 up.
      if (value < 0 && manifest_.compression.kind != "none") {
        throw DataError(manifest_.file, "spectrogram.compression",
                        "expected spectrograms of values from 0 up; found " +
                            std::to_string(value) + ": take kind: none");
      }
    }
    loudest_ = std::max(loudest_, loudest(values));
    prints_[print] = all_.size();
    all_.push_back({{index}, std::move(values)});
  }

  const Manifest& manifest_;
  double dt_ms_;
  double loudest_ = 0, seconds_ = 0;
  std::map<std::uint64_t, std::size_t> prints_;
  std::vector<Spectrum> all_;
};

}  // namespace

std::vector<Spectrum> spectra_of(const Manifest& manifest, const Sounds& sounds,
                                 const std::vector<bool>& played, double dt_ms, Observer& observer,
                                 std::vector<std::string>& notes) {
  using Clock = std::chrono::steady_clock;
  Spectra spectra(manifest, dt_ms);
  auto told = Clock::now();
  for (std::size_t i = 0; i < sounds.list.size(); ++i) {
    if (!played[i]) continue;
    if (observer.stop_requested()) throw Stopped("stopped; nothing was written");
    spectra.add(i, sounds.list[i]);
    if (Clock::now() - told > std::chrono::seconds(5)) {
      told = Clock::now();
      observer.began("sound " + std::to_string(i + 1) + " of " +
                     std::to_string(sounds.list.size()));
    }
  }
  auto all = spectra.finished();
  for (const auto& one : all) {
    if (one.sounds.size() < 2) continue;
    std::string names;
    for (const auto sound : one.sounds) {
      names += (names.empty() ? "" : ", ") + sounds.list[sound].label;
    }
    notes.push_back("the same sound under several names is one stimulus: " + names);
  }
  return all;
}

}  // namespace strffit::import
