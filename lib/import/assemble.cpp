#include "import/assemble.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "files/checksum.hpp"
#include "files/utf8.hpp"
#include "import/assign.hpp"
#include "import/placing.hpp"
#include "import/spectra.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

std::string milliseconds(double seconds) {
  return fmt::format("{} ms", static_cast<std::int64_t>(std::llround(seconds * 1000)));
}

void check_ids(const Manifest& manifest, const std::vector<std::string>& ids) {
  std::set<std::string> seen;
  for (const auto& id : ids) {
    if (id.empty() || !files::is_utf8(id)) {
      throw DataError(manifest.file, "spikes", "expected names of units in UTF-8; found others");
    }
    if (!seen.insert(id).second) {
      throw DataError(manifest.file, "spikes",
                      "expected units of different names; found " + id + " twice");
    }
  }
  if (ids.empty())
    throw DataError(manifest.file, "spikes", "expected one unit or more; found none");
}

// Planned stimuli, one per piece of each sound, sorted by key as in a dataset.
std::vector<Planned> planned(const Manifest& manifest, const Sounds& sounds,
                             const std::vector<Spectra::One>& spectra, const Placing& placing) {
  std::vector<Planned> stimuli;
  std::set<std::string> keys;
  for (std::size_t i = 0; i < spectra.size(); ++i) {
    const std::int64_t pieces = manifest.frames.pieces;
    if (pieces > spectra[i].frames()) {
      throw DataError(
          manifest.file, "frames.pieces",
          fmt::format("expected sounds of {} frames or more; found a shorter one", pieces));
    }
    const SoundEntry& sound = sounds.list[spectra[i].sounds.front()];
    std::string key = sound.key;
    std::replace(key.begin(), key.end(), '/', '_');
    if (key.empty() || key == "." || key == "..") key = "sound_" + key;
    const std::size_t digits = std::to_string(pieces - 1).size();
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
      std::string number = std::to_string(piece);
      number.insert(0, digits - number.size(), '0');
      stimuli.push_back({pieces == 1 ? key : key + "_" + number, spectra[i].sounds.front(), piece,
                         placing.trials(spectra[i].sounds), "", std::nullopt});
      if (!keys.insert(stimuli.back().key).second) {
        throw DataError(
            manifest.file, "sounds",
            "expected sounds of different names; found " + stimuli.back().key + " twice");
      }
    }
  }
  std::sort(stimuli.begin(), stimuli.end(),
            [](const Planned& a, const Planned& b) { return a.key < b.key; });
  return stimuli;
}

void tally_spikes(const Responses& responses, Tally& tally) {
  tally.units.resize(responses.ids.size());
  const auto widen = [&](double first, double last) {
    if (!(tally.first_spike_s <= first)) tally.first_spike_s = first;
    if (!(tally.last_spike_s >= last)) tally.last_spike_s = last;
  };
  if (const auto* clock = std::get_if<ClockSpikes>(&responses.values)) {
    for (std::size_t unit = 0; unit < clock->units.size(); ++unit) {
      const auto& times = clock->units[unit].times_s;
      tally.units[unit].spikes = static_cast<std::int64_t>(times.size());
      if (!times.empty()) widen(times.front(), times.back());
    }
  } else if (const auto* trials = std::get_if<TrialSpikes>(&responses.values)) {
    for (const auto& trial : trials->trials) {
      tally.units[trial.unit].spikes += static_cast<std::int64_t>(trial.times_s.size());
      if (!trial.times_s.empty()) widen(trial.times_s.front(), trial.times_s.back());
    }
  }
}

void refuse_overlap(const Manifest& manifest, const Sounds& sounds,
                    const std::vector<Presentation>& presentations,
                    const std::vector<double>& seconds) {
  if (manifest.allow_overlap) return;
  constexpr double kSlack = 1e-3;  // onsets have a resolution of 1 ms, and sounds end within a
                                   // frame
  for (std::size_t i = 1; i < presentations.size(); ++i) {
    const Presentation &a = presentations[i - 1], &b = presentations[i];
    // The sound ends before its last frame, which it may fill in part.
    const double end = a.onset_s + seconds[a.sound];
    if (b.onset_s >= end - kSlack) continue;
    throw DataError(b.where, "",
                    "expected presentations one after the other; found " +
                        sounds.list[b.sound].label + " beginning " + milliseconds(end - b.onset_s) +
                        " before the end of " + sounds.list[a.sound].label + " (" + a.where +
                        "): presentations.overlap: allow accepts them");
  }
}

class Assembly {
 public:
  Assembly(const Manifest& manifest, Observer& observer)
      : manifest_(manifest), observer_(observer) {
    reading_.folder = manifest.folder;
  }

  Assembled run(const UseStimulus& use) {
    sounds_ = manifest_.sounds(reading_);
    if (manifest_.presentations) read_presentations();
    responses_ = manifest_.responses(reading_, sounds_);
    check_responses();
    result_.head.axes.dt_ms = sounds_.are_spectrograms() ? sounds_.dt_ms : manifest_.frames.dt_ms;
    const double dt_ms = result_.head.axes.dt_ms;
    const auto before = static_cast<std::int64_t>(std::llround(manifest_.frames.before_ms / dt_ms));
    tally_spikes(responses_, result_.tally);
    Placing placing(responses_, presentations_, sounds_.list.size(), dt_ms, before);
    const auto played = played_sounds(placing);
    const Spectra spectra(manifest_, sounds_, played, dt_ms, observer_, reading_.notes);
    fill_head();
    note_windows(spectra.list(), dt_ms);
    auto stimuli = planned(manifest_, sounds_, spectra.list(), placing);
    std::optional<Facts> facts;
    if (manifest_.stimuli) facts = manifest_.stimuli(reading_);
    assign_stimuli(manifest_, facts ? &*facts : nullptr, sounds_, stimuli, reading_.notes);
    hand_over(stimuli, spectra, placing, use);
    placing.notes(reading_.notes);
    result_.notes = std::move(reading_.notes);
    return std::move(result_);
  }

  // Adds SHA-256 of the files read, with their paths as in the manifest.
  void add_sources(Assembled& result) const {
    namespace fs = std::filesystem;
    for (const auto& file : reading_.sources) {
      const fs::path path(file);
      const std::string name =
          path.is_absolute() && !fs::path(manifest_.folder).is_absolute()
              ? file
              : path.lexically_relative(manifest_.folder.empty() ? "." : manifest_.folder).string();
      result.sources.emplace_back(name.empty() ? file : name, files::sha256(file));
    }
  }

 private:
  void read_presentations() {
    presentations_ = manifest_.presentations(reading_, sounds_);
    const double delay_s = manifest_.frames.delay_ms / 1000;
    for (auto& one : presentations_) one.onset_s += delay_s;
    std::stable_sort(presentations_.begin(), presentations_.end(),
                     [](const auto& a, const auto& b) { return a.onset_s < b.onset_s; });
  }

  void check_responses() {
    check_ids(manifest_, responses_.ids);
    if (responses_.need_presentations() && !manifest_.presentations) {
      throw ConfigError(manifest_.file,
                        "presentations: is required: these spikes are on the recording's clock, "
                        "and the times of the sounds are unknown");
    }
    if (!responses_.need_presentations() && manifest_.presentations) {
      throw ConfigError(
          manifest_.file,
          "presentations: has no effect: these spikes are given by sound and trial; leave it out");
    }
    if (!responses_.need_presentations() && manifest_.frames.delay_ms != 0) shift_trials();
    const double dt_ms = sounds_.are_spectrograms() ? sounds_.dt_ms : manifest_.frames.dt_ms;
    double own = dt_ms;
    if (const auto* ready = std::get_if<ClockFrames>(&responses_.values)) own = ready->dt_ms;
    if (const auto* ready = std::get_if<TrialFrames>(&responses_.values)) own = ready->dt_ms;
    if (std::abs(own - dt_ms) > 1e-9 * dt_ms) {
      throw ConfigError(manifest_.file,
                        fmt::format("spikes.dt_ms: responses in frames of {} ms need sounds in "
                                    "frames of the same width; found {} ms",
                                    own, dt_ms));
    }
  }

  void shift_trials() {
    auto* spikes = std::get_if<TrialSpikes>(&responses_.values);
    if (spikes == nullptr) {
      throw ConfigError(manifest_.file,
                        "frames.delay_ms: is for spikes; these responses are given in frames");
    }
    for (auto& trial : spikes->trials) {
      for (double& time : trial.times_s) time -= manifest_.frames.delay_ms / 1000;
    }
  }

  std::vector<bool> played_sounds(const Placing& placing) {
    std::vector<bool> played;
    std::string never;
    std::size_t n = 0;
    for (std::size_t i = 0; i < sounds_.list.size(); ++i) {
      played.push_back(placing.trials({i}) > 0);
      if (played.back()) continue;
      ++n;
      if (n <= 8) never += (never.empty() ? "" : ", ") + sounds_.list[i].label;
    }
    if (n == sounds_.list.size()) {
      throw DataError(manifest_.file, "", "expected one sound or more that was played; found none");
    }
    if (n > 0) {
      reading_.notes.push_back(fmt::format("{} sounds were never played and are left out: {}{}", n,
                                           never, n > 8 ? ", ..." : ""));
    }
    return played;
  }

  void fill_head() {
    Dataset& head = result_.head;
    head.name = manifest_.name;
    head.reference = manifest_.reference;
    head.axes.frequencies_hz =
        sounds_.are_spectrograms() ? sounds_.frequencies_hz : manifest_.spectrogram->frequencies_hz;
    head.unit_ids = head.all_unit_ids = responses_.ids;
    for (std::size_t i = 0; i < responses_.ids.size(); ++i) head.file_units.push_back(FileUnit(i));
    head.unit_facts = responses_.facts;
    if (manifest_.units) {
      add_unit_facts(manifest_.units(reading_), head.unit_ids, head.unit_facts, reading_.notes);
    }
    head.counts = responses_.are_spikes();
  }

  // Checks and summarises the presentations; needs the lengths of the sounds.
  void note_windows(const std::vector<Spectra::One>& spectra, double dt_ms) {
    const double margin = (manifest_.frames.before_ms + manifest_.frames.after_ms) / 1000;
    std::vector<double> seconds(sounds_.list.size(), 0);
    for (const auto& one : spectra) {
      for (const auto sound : one.sounds) {
        // Without the last frame, which the sound may fill in part.
        seconds[sound] =
            std::max(0.0, static_cast<double>(one.frames() - 1) * dt_ms / 1000 - margin);
        result_.tally.longest_s = std::max(result_.tally.longest_s, seconds[sound]);
      }
    }
    if (!responses_.need_presentations()) return;
    refuse_overlap(manifest_, sounds_, presentations_, seconds);
    Tally& tally = result_.tally;
    tally.presentations = static_cast<std::int64_t>(presentations_.size());
    tally.first_onset_s = presentations_.front().onset_s;
    for (const auto& one : presentations_) {
      const double end = one.onset_s + seconds[one.sound];
      if (!(tally.last_offset_s >= end)) tally.last_offset_s = end;
      if (std::isfinite(one.offset_s)) {
        const double noted = one.offset_s + manifest_.frames.delay_ms / 1000 - one.onset_s;
        const double off = noted - seconds[one.sound];
        if (std::abs(off) > std::abs(worst_offset_)) worst_offset_ = off;
      }
    }
    std::int64_t before = 0, after = 0;
    for (const auto& one : presentations_) {
      before += one.onset_s < 0 ? 1 : 0;
      after += one.onset_s > tally.last_spike_s ? 1 : 0;
    }
    if (before + after > 0) {
      reading_.notes.push_back(
          fmt::format("{} presentations begin before time 0 and {} after the last spike: do they "
                      "belong to this recording?",
                      before, after));
    }
    if (std::abs(worst_offset_) > 0.05) {
      reading_.notes.push_back("recorded presentations are up to " + milliseconds(worst_offset_) +
                               " longer than their sounds (negative: shorter)");
    }
  }

  void hand_over(const std::vector<Planned>& stimuli, const Spectra& spectra, Placing& placing,
                 const UseStimulus& use) {
    std::map<std::size_t, std::size_t> of_sound;  // first sound of a stimulus -> index
    Extent extent{result_.head.axes, result_.head.units(), 0, 0};
    for (std::size_t i = 0; i < spectra.list().size(); ++i) {
      const Spectra::One& one = spectra.list()[i];
      of_sound[one.sounds.front()] = i;
      extent.frames += one.frames();
      extent.responses += extent.units * placing.trials(one.sounds) * one.frames();
    }
    std::size_t loaded = spectra.list().size();  // index of the sound in `whole`
    Array<float> whole, responses;
    for (const auto& plan : stimuli) {
      if (observer_.stop_requested()) throw Stopped("stopped; nothing was written");
      const std::size_t i = of_sound.at(plan.sound);
      const Spectra::One& one = spectra.list()[i];
      Stimulus stimulus{plan.key, sounds_.list[plan.sound].label, plan.category, plan.split, {},
                        {}};
      const std::int64_t frames = one.frames(), pieces = manifest_.frames.pieces;
      if (pieces == 1) {
        stimulus.spectrogram = spectra.read(one);
        stimulus.responses = placing.place(one.sounds, frames, result_.tally);
      } else {
        if (i != loaded) {
          whole = spectra.read(one);
          responses = placing.place(one.sounds, frames, result_.tally);
          loaded = i;
        }
        const std::int64_t begin = plan.piece * frames / pieces;
        const std::int64_t end = (plan.piece + 1) * frames / pieces;
        stimulus.spectrogram = cut(whole, begin, end);
        stimulus.responses = cut(responses, begin, end);
      }
      use(result_.head, extent, std::move(stimulus));
    }
  }

  // Frames begin to end (exclusive) of the last axis.
  static Array<float> cut(const Array<float>& whole, std::int64_t begin, std::int64_t end) {
    Shape shape = whole.shape;
    const std::int64_t frames = shape.back();
    shape.back() = end - begin;
    Array<float> piece;
    piece.shape = shape;
    for (std::int64_t row = 0; row < whole.size() / frames; ++row) {
      const auto from = whole.values.begin() + row * frames;
      piece.values.insert(piece.values.end(), from + begin, from + end);
    }
    return piece;
  }

  const Manifest& manifest_;
  Observer& observer_;
  Reading reading_;
  Sounds sounds_;
  std::vector<Presentation> presentations_;
  Responses responses_;
  Assembled result_;
  double worst_offset_ = 0;
};

}  // namespace

Assembled assemble(const Manifest& manifest, Observer& observer, const UseStimulus& use) {
  Assembly assembly(manifest, observer);
  Assembled result = assembly.run(use);
  assembly.add_sources(result);
  return result;
}

}  // namespace strffit::import
