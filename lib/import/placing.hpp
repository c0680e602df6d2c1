// Puts responses into frames. Internal to import.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "import/recording.hpp"
#include "import/tally.hpp"
#include "util/array.hpp"

namespace strffit::import {

class Placing {
 public:
  // `presentations`: sorted by onset, with the delay; ignored if responses are given by trial.
  Placing(const Responses& responses, const std::vector<Presentation>& presentations,
          std::size_t sounds, double dt_ms, std::int64_t before);

  // Number of trials of these sounds together.
  std::int64_t trials(const std::vector<std::size_t>& sounds) const;
  // Responses (N, R, T); counts the spikes in `tally`.
  Array<float> place(const std::vector<std::size_t>& sounds, std::int64_t frames, Tally& tally);
  // Adds notes on responses that did not fit.
  void notes(std::vector<std::string>& notes) const;

 private:
  void place_clock(const ClockSpikes& spikes, const Presentation& at, std::int64_t trial,
                   Array<float>& out, Tally& tally);
  void place_frames(const ClockFrames& frames, const Presentation& at, std::int64_t trial,
                    Array<float>& out);

  const Responses& responses_;
  const std::vector<Presentation>& presentations_;
  double dt_s_;
  std::int64_t before_;
  std::vector<std::vector<std::size_t>> by_sound_;        // presentations, or trials of TrialSpikes
  std::vector<std::int64_t> trials_;                      // per sound
  std::int64_t longer_ = 0, shorter_ = 0, most_off_ = 0;  // sounds with other frames
  std::int64_t outside_ = 0;                              // frames outside the recording
};

}  // namespace strffit::import
