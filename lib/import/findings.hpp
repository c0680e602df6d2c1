// Findings about a recording, for the user, before anything is fitted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"
#include "dataset/inspect.hpp"
#include "import/assemble.hpp"

namespace strffit::import {

// Collects findings from the stimuli, one at a time.
class Findings {
 public:
  void see(const Stimulus& stimulus, const Dataset& head, const Extent& extent);

  // Spikes in each trial, for the unit with most spikes and its stimulus with most spikes.
  struct Raster {
    std::int64_t unit = -1;  // index; -1: none
    std::string stimulus;
    Array<float> responses;  // (R, T)
  };
  struct Result {
    std::vector<std::string> notes;  // sentences with numbers; those of the assembly first
    Doubts doubts;                   // the same checks as `inspect`
    Raster raster;
  };
  Result result(const Assembled& assembled) &&;

 private:
  void note_spikes(const Assembled& assembled, std::vector<std::string>& notes) const;
  void note_units(const Assembled& assembled, std::vector<std::string>& notes) const;

  std::optional<DoubtsWatch> doubts_;
  bool whole_ = true;  // all responses are integers >= 0
  Raster raster_;
  double raster_spikes_ = -1;
  std::vector<std::string> odd_trials_;
  std::int64_t odd_ = 0, trials_ = 0;
  std::vector<double> counts_, seconds_;  // per unit: spikes, and observed time
};

}  // namespace strffit::import
