// Splits of the stimuli into training, validation and test: config keys `data.split`, `data.folds`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "dataset/dataset.hpp"

namespace strffit {

// The `split` attributes of the file decide.
struct SplitFromFile {};

// Random split; the `split` attributes of the file are ignored. All other stimuli are for training.
struct SplitFractions {
  double valid = 0.15;     // fraction of the stimuli, >= 0; rounded, at least one if above 0
  double test = 0.2;       // likewise; valid + test < 1
  std::uint64_t seed = 0;  // of the shuffle
};

// Lists of stimulus keys or categories; the `split` attributes of the file are ignored. Stimuli in
// no list are for training if `train` is empty, and unused otherwise.
struct SplitLists {
  std::vector<std::string> train, valid, test;
};

struct SplitOptions {
  std::variant<SplitFromFile, SplitFractions, SplitLists> by = SplitFromFile{};
  std::int64_t folds = 0;            // 0: none; k >= 2: cross-validation
  std::int64_t outer = 0;            // outer folds over all stimuli: 0 for none, or >= 2
  std::int64_t inner = 4;            // inner folds of the stimuli that an outer fold leaves, >= 2
  std::string where = "data.split";  // position in the config, for messages
  std::string where_folds = "data.folds";
};

// Indices into Dataset::stimuli, ascending; each stimulus is in one list.
struct Partition {
  std::vector<std::size_t> train;
  std::vector<std::size_t> valid;  // may be empty
  std::vector<std::size_t> test;   // may be empty
  std::vector<std::size_t> unused;

  const std::vector<std::size_t>& of(SplitName split) const;
};

// Nested cross-validation gives outer x inner partitions, the inner fold fastest: `test` is every
// outer-th of all stimuli, `valid` every inner-th of the others.
// Without it there is one partition, or one per fold: `valid` is every k-th of the stimuli that are
// not in the test split, `train` the rest, and `test` is the same for all. ConfigError if a word of
// a list matches no stimulus, a stimulus is in two lists, there are more folds than stimuli, or
// neither file nor config defines a split.
std::vector<Partition> partitions(const Dataset& dataset, const SplitOptions& options);

// ConfigError if a partition has no training stimulus.
void require_training(const Dataset& dataset, const std::vector<Partition>& partitions,
                      const SplitOptions& options);

// "8 train, 1 valid, 1 test", followed by "2 unused" if some are unused; empty splits are omitted.
std::string describe(const Partition& partition);

// Moves the stimuli of `valid` to `train` in each partition.
std::vector<Partition> with_validation_in_training(std::vector<Partition> partitions);

}  // namespace strffit
