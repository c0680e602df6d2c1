// The unit of time of a source.
#pragma once

#include <string>
#include <vector>

#include "config/node.hpp"

namespace strffit::import {

struct TimeUnit {
  std::string name;    // "s", "ms", "us", "min", "samples"
  double seconds = 0;  // seconds per unit
};

// Reads the keys `unit` and, for samples, `rate_hz`. Required, because a wrong unit gives a dataset
// that looks valid.
TimeUnit read_time_unit(config::Node& node);

// DataError if ten or more times in seconds are all integers: they are samples or ms. `file` and
// `place`: for the message.
void refuse_whole_seconds(const TimeUnit& unit, const std::vector<double>& times_s,
                          const std::string& file, const std::string& place);

}  // namespace strffit::import
