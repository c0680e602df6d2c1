// In which unit a source gives its times.
#pragma once

#include <string>
#include <vector>

#include "config/node.hpp"

namespace strffit::import {

struct TimeUnit {
  std::string name;    // "s", "ms", "us", "min", "samples"
  double seconds = 0;  // of one
};

// The keys `unit` and, for samples, `rate_hz`. Required: a wrong unit gives a dataset that looks
// sound.
TimeUnit read_time_unit(config::Node& node);

// Throws DataError where times that the manifest calls seconds are all whole numbers, ten or more:
// they are samples or ms. `file` and `place` for the message.
void refuse_whole_seconds(const TimeUnit& unit, const std::vector<double>& times_s,
                          const std::string& file, const std::string& place);

}  // namespace strffit::import
