#include "import/spectra.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <span>

#include "config/written.hpp"
#include "util/errors.hpp"
#include "util/fingerprint.hpp"
#include "util/memory.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

// Hash; equal for equal samples and rates.
std::uint64_t fingerprint_of(std::span<const float> values, double rate_hz) {
  Fingerprint fingerprint;
  fingerprint.add(static_cast<std::uint64_t>(rate_hz * 1000));
  fingerprint.add(values);
  return fingerprint.value() ^ values.size();
}

Frames frames_of(const FrameOptions& options, double dt_ms) {
  return {dt_ms, static_cast<std::int64_t>(std::llround(options.before_ms / dt_ms)),
          static_cast<std::int64_t>(std::llround(options.after_ms / dt_ms))};
}

}  // namespace

Spectra::Spectra(const Manifest& manifest, const Sounds& sounds, const std::vector<bool>& played,
                 double dt_ms, Observer& observer, std::vector<std::string>& notes)
    : manifest_(manifest), dt_ms_(dt_ms) {
  using Clock = std::chrono::steady_clock;
  auto last_report = Clock::now();
  for (std::size_t i = 0; i < sounds.list.size(); ++i) {
    if (!played[i]) continue;
    if (observer.stop_requested()) throw Stopped("stopped; nothing was written");
    add(i, sounds.list[i]);
    if (Clock::now() - last_report > std::chrono::seconds(5)) {
      last_report = Clock::now();
      observer.began(fmt::format("sound {} of {}", i + 1, sounds.list.size()));
    }
  }
  for (const auto& one : all_) {
    if (one.sounds.size() < 2) continue;
    std::string names;
    for (const auto sound : one.sounds) {
      names += (names.empty() ? "" : ", ") + sounds.list[sound].label;
    }
    notes.push_back("the same sound under several names is one stimulus: " + names);
  }
  if (!manifest.spectrogram) return;
  const auto& warnings = manifest.spectrogram->warnings;
  notes.insert(notes.end(), warnings.begin(), warnings.end());
  note_rates(sounds, notes);
}

void Spectra::add(std::size_t index, const SoundEntry& sound) {
  if (sound.spectrogram) {
    const Array<float> values = sound.spectrogram();
    const auto fingerprint = fingerprint_of(values.values, 0);
    if (sound.distinct || !known(fingerprint, index)) keep(fingerprint, index, values);
    return;
  }
  const Sound wave = sound.waveform();
  const auto fingerprint = fingerprint_of(wave.samples, wave.rate_hz);
  rates_hz_.emplace(wave.rate_hz, index);
  if (known(fingerprint, index)) return;
  keep(fingerprint, index,
       strffit::spectrogram(wave, *manifest_.spectrogram, frames_of(manifest_.frames, dt_ms_),
                            available_processors()));
}

bool Spectra::known(std::uint64_t fingerprint, std::size_t index) {
  const auto found = prints_.find(fingerprint);
  if (found == prints_.end()) return false;
  all_[found->second].sounds.push_back(index);
  return true;
}

void Spectra::keep(std::uint64_t fingerprint, std::size_t index, const Array<float>& values) {
  for (const float value : values.values) {
    // Compression needs values >= 0.
    if (value < 0 && manifest_.compression.kind != "none") {
      throw DataError(
          manifest_.file, "spectrogram.compression",
          fmt::format("expected spectrograms with values >= 0; found {}: use kind: none", value));
    }
  }
  loudest_ = std::max(loudest_, loudest(values));
  prints_[fingerprint] = all_.size();
  all_.push_back({{index}, values.shape, scratch_.append(values.values)});
}

void Spectra::note_rates(const Sounds& sounds, std::vector<std::string>& notes) const {
  if (rates_hz_.size() < 2 || manifest_.spectrogram->same_at_every_rate) return;
  std::string rates;
  for (const auto& [rate_hz, index] : rates_hz_) {
    rates += (rates.empty() ? "" : ", ") + config::write(rate_hz) + " (" +
             sounds.list[index].label + ")";
  }
  notes.push_back(
      "sounds have " + rates + " samples/s, and " + manifest_.spectrogram->kind +
      " sums over a window, so that those of the highest rate appear up to " +
      config::write(std::round(10 * std::pow(rates_hz_.rbegin()->first / rates_hz_.begin()->first,
                                             manifest_.spectrogram->power)) /
                    10) +
      " times as large as those of the lowest: set spectrogram.normalise: true");
}

Array<float> Spectra::read(const One& one) const {
  Array<float> values(one.shape);
  scratch_.read(one.place, values.values);
  compress(values, manifest_.compression, loudest_);
  for (const float value : values.values) {
    if (!std::isfinite(value)) throw DataError(manifest_.file, "", "a spectrogram is not finite");
  }
  return values;
}

}  // namespace strffit::import
