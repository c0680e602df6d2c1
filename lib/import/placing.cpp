#include "import/placing.hpp"

#include <algorithm>
#include <cmath>

#include "util/text.hpp"

namespace strffit::import {

namespace {

// Tolerance at frame edges, in frames, because times and onsets are rounded in their files.
constexpr double kEdge = 1e-6;

std::int64_t frame_at(double time_s, double onset_s, double dt_s, std::int64_t before) {
  const double frame = std::floor((time_s - onset_s) / dt_s + kEdge);
  constexpr double kFar = 1e15;
  return static_cast<std::int64_t>(std::clamp(frame, -kFar, kFar)) + before;
}

}  // namespace

Placing::Placing(const Responses& responses, const std::vector<Presentation>& presentations,
                 std::size_t sounds, double dt_ms, std::int64_t before)
    : responses_(responses),
      presentations_(presentations),
      dt_s_(dt_ms / 1000),
      before_(before),
      by_sound_(sounds),
      trials_(sounds, 0) {
  if (responses.need_presentations()) {
    for (std::size_t i = 0; i < presentations.size(); ++i) {
      by_sound_[presentations[i].sound].push_back(i);
      ++trials_[presentations[i].sound];
    }
  } else if (const auto* spikes = std::get_if<TrialSpikes>(&responses.values)) {
    for (std::size_t i = 0; i < spikes->trials.size(); ++i) {
      const auto& one = spikes->trials[i];
      by_sound_[one.sound].push_back(i);
      trials_[one.sound] = std::max(trials_[one.sound], one.trial + 1);
    }
  } else {
    for (const auto& [sound, values] : std::get<TrialFrames>(responses.values).sounds) {
      trials_[sound] = values.dim(1);
    }
  }
}

std::int64_t Placing::trials(const std::vector<std::size_t>& sounds) const {
  std::int64_t all = 0;
  for (const auto sound : sounds) all += trials_[sound];
  return all;
}

Array<float> Placing::place(const std::vector<std::size_t>& sounds, std::int64_t frames,
                            Tally& tally) {
  const auto units = static_cast<std::int64_t>(responses_.ids.size());
  const std::int64_t all = trials(sounds);
  const auto missing = static_cast<float>(kNaN);
  Array<float> out({units, all, frames}, missing);
  std::int64_t trial = 0;
  for (const auto sound : sounds) {
    if (const auto* clock = std::get_if<ClockSpikes>(&responses_.values)) {
      for (const auto i : by_sound_[sound]) {
        place_clock(*clock, presentations_[i], trial++, out, tally);
      }
    } else if (const auto* ready = std::get_if<ClockFrames>(&responses_.values)) {
      for (const auto i : by_sound_[sound]) place_frames(*ready, presentations_[i], trial++, out);
    } else if (const auto* spikes = std::get_if<TrialSpikes>(&responses_.values)) {
      for (const auto i : by_sound_[sound]) {
        const auto& one = spikes->trials[i];
        float* row =
            out.data() + (static_cast<std::int64_t>(one.unit) * all + trial + one.trial) * frames;
        std::fill(row, row + frames, 0.0F);
        auto& unit = tally.units[one.unit];
        for (const double time : one.times_s) {
          const std::int64_t frame = frame_at(time, 0, dt_s_, before_);
          if (frame < 0) {
            ++unit.before;
          } else if (frame >= frames) {
            ++unit.after;
          } else {
            row[frame] += 1;
            ++unit.placed;
          }
        }
      }
      trial += trials_[sound];
    } else {
      const auto& values = std::get<TrialFrames>(responses_.values).sounds.at(sound);
      const std::int64_t there = values.dim(2), room = frames - before_;
      if (there != room) {
        ++(there > room ? longer_ : shorter_);
        most_off_ = std::max(most_off_, std::abs(there - room));
      }
      for (std::int64_t unit = 0; unit < units; ++unit) {
        for (std::int64_t r = 0; r < values.dim(1); ++r) {
          const float* from = values.data() + (unit * values.dim(1) + r) * there;
          std::copy(from, from + std::min(there, room),
                    out.data() + (unit * all + trial + r) * frames + before_);
        }
      }
      trial += values.dim(1);
    }
  }
  return out;
}

void Placing::place_clock(const ClockSpikes& spikes, const Presentation& at, std::int64_t trial,
                          Array<float>& out, Tally& tally) {
  const std::int64_t frames = out.dim(2), all = out.dim(1);
  const double begin = at.onset_s - static_cast<double>(before_) * dt_s_;
  const double end = begin + static_cast<double>(frames) * dt_s_;
  for (std::size_t unit = 0; unit < spikes.units.size(); ++unit) {
    const SpikeTrain& train = spikes.units[unit];
    float* row = out.data() + (static_cast<std::int64_t>(unit) * all + trial) * frames;
    if (train.observed.empty()) {
      std::fill(row, row + frames, 0.0F);
    } else {
      for (const auto& [from, to] : train.observed) {
        const double first = std::ceil((from - begin) / dt_s_ - kEdge);
        const double last = std::floor((to - begin) / dt_s_ + kEdge);
        const auto low =
            static_cast<std::int64_t>(std::clamp(first, 0.0, static_cast<double>(frames)));
        const auto high =
            static_cast<std::int64_t>(std::clamp(last, 0.0, static_cast<double>(frames)));
        if (low < high) std::fill(row + low, row + high, 0.0F);
      }
    }
    const auto& times = train.times_s;
    const double slack = 2 * kEdge * dt_s_;
    auto spike = std::lower_bound(times.begin(), times.end(), begin - slack);
    for (; spike != times.end() && *spike < end + slack; ++spike) {
      const std::int64_t frame = frame_at(*spike, at.onset_s, dt_s_, before_);
      if (frame < 0 || frame >= frames || std::isnan(row[frame])) continue;
      row[frame] += 1;
      ++tally.units[unit].placed;
    }
  }
}

void Placing::place_frames(const ClockFrames& ready, const Presentation& at, std::int64_t trial,
                           Array<float>& out) {
  const std::int64_t frames = out.dim(2), all = out.dim(1), there = ready.values.dim(1);
  const auto begin = static_cast<std::int64_t>(std::llround(at.onset_s / dt_s_)) - before_;
  const std::int64_t low = std::max<std::int64_t>(0, -begin);
  const std::int64_t high = std::min(frames, there - begin);
  outside_ += frames - std::max<std::int64_t>(0, high - low);
  for (std::int64_t unit = 0; unit < out.dim(0); ++unit) {
    const float* from = ready.values.data() + unit * there + begin;
    for (std::int64_t frame = low; frame < high; ++frame) {
      out.values[static_cast<std::size_t>((unit * all + trial) * frames + frame)] = from[frame];
    }
  }
}

void Placing::notes(std::vector<std::string>& notes) const {
  const auto tell = [&](std::int64_t sounds, const std::string& what) {
    if (sounds == 0) return;
    notes.push_back(
        fmt::format("responses to {} sounds have {}, by up to {} frames", sounds, what, most_off_));
  };
  tell(longer_, "more frames than the sound, which are dropped");
  tell(shorter_, "fewer frames than the sound, which are NaN");
  if (outside_ > 0) {
    notes.push_back(fmt::format(
        "{} frames of presentations are outside the recording; they are NaN", outside_));
  }
}

}  // namespace strffit::import
