// What a person should know about a recording before anything is fitted to it.
#pragma once

#include <string>
#include <vector>

#include "dataset/dataset.hpp"
#include "import/assemble.hpp"

namespace strffit::import {

// What becomes clear while the stimuli pass by, one after the other.
class Findings {
 public:
  void see(const Stimulus& stimulus, bool counts);
  // Sentences, with numbers: those of the assembly first.
  std::vector<std::string> notes(const Assembled& assembled, double dt_ms) const;

  // How the response, summed over units and trials, follows the sound's energy, the mean over
  // bands: their correlation, over all stimuli, at each lag from -200 to 300 ms. 0 where either is
  // constant; positive lags: the response comes after the sound.
  struct Lags {
    std::int64_t first = 0;  // frames
    std::vector<double> correlation;
    std::int64_t best() const;  // frames
  };
  Lags lags(double dt_ms) const;

  // Of the unit with most spikes and its stimulus with most: trials with their spikes, a line each.
  struct Raster {
    std::int64_t unit = -1;  // index; -1: none
    std::string stimulus;
    Array<float> responses;  // (R, T)
  };
  const Raster& raster() const { return raster_; }

 private:
  // Of each stimulus, a number a frame, its mean taken off: small, whatever the recording.
  std::vector<std::vector<double>> energy_, response_;
  Raster raster_;
  double raster_spikes_ = -1;
  std::vector<std::string> odd_trials_;
  std::int64_t odd_ = 0, trials_ = 0;
  std::vector<double> counts_, seconds_;  // of each unit: spikes, and time that was observed
};

}  // namespace strffit::import
