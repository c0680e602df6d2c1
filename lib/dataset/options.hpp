// The `data` mapping of a configuration.
#pragma once

#include <string>

#include "config/node.hpp"
#include "dataset/prepare.hpp"
#include "dataset/split.hpp"
#include "dataset/units.hpp"

namespace strffit {

struct DataOptions {
  std::string file;                                // HDF5 dataset; relative to the current folder
  UnitSelection units;                             // which units to read
  SplitOptions split;                              // training, validation and test stimuli; folds
  Standardise standardise = Standardise::overall;  // of the spectrograms
  double smooth_ms = 0;                            // Hann window over the trials; 0: none
};

// Reads, checks and documents every key of `node`, the mapping `data`. ConfigError.
DataOptions read_data_options(config::Node& node);

}  // namespace strffit
