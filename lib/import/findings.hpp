// What a person should know about a recording before anything is fitted to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"
#include "dataset/inspect.hpp"
#include "import/assemble.hpp"

namespace strffit::import {

// What becomes clear while the stimuli pass by, one after the other.
class Findings {
 public:
  void see(const Stimulus& stimulus, const Dataset& head, const Extent& extent);

  // Of the unit with most spikes and its stimulus with most: trials with their spikes, a line each.
  struct Raster {
    std::int64_t unit = -1;  // index; -1: none
    std::string stimulus;
    Array<float> responses;  // (R, T)
  };
  struct Result {
    std::vector<std::string> notes;  // sentences, with numbers: those of the assembly first
    Doubts doubts;                   // what `inspect` finds as well, by the same code
    Raster raster;
  };
  Result result(const Assembled& assembled) &&;

 private:
  void note_spikes(const Assembled& assembled, std::vector<std::string>& notes) const;
  void note_units(const Assembled& assembled, std::vector<std::string>& notes) const;

  std::optional<DoubtsWatch> doubts_;
  bool whole_ = true;  // all responses are whole numbers, none below 0
  Raster raster_;
  double raster_spikes_ = -1;
  std::vector<std::string> odd_trials_;
  std::int64_t odd_ = 0, trials_ = 0;
  std::vector<double> counts_, seconds_;  // of each unit: spikes, and time that was observed
};

}  // namespace strffit::import
