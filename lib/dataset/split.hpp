// Which stimuli train, choose and test: the config keys `data.split` and `data.folds`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "dataset/dataset.hpp"

namespace strffit {

// As the `split` attributes of the file say.
struct SplitFromFile {};

// At random, whatever the file says; the rest trains.
struct SplitFractions {
  double valid = 0.15;     // of the stimuli, >= 0; rounded, at least one stimulus where above 0
  double test = 0.2;       // likewise; valid + test < 1
  std::uint64_t seed = 0;  // of the shuffle
};

// By stimulus keys or categories, whatever the file says. Without `train`, what is in no list
// trains; with it, it is left out.
struct SplitLists {
  std::vector<std::string> train, valid, test;
};

struct SplitOptions {
  std::variant<SplitFromFile, SplitFractions, SplitLists> by = SplitFromFile{};
  std::int64_t folds = 0;            // 0: none; k >= 2: cross-validation
  std::int64_t outer = 0;            // nested cross-validation of all stimuli: 0 none, or >= 2
  std::int64_t inner = 4;            // folds of those that an outer fold leaves, >= 2
  std::string where = "data.split";  // the place in the config, for messages
  std::string where_folds = "data.folds";
};

// Indices into Dataset::stimuli, each ascending, no stimulus in two of them.
struct Partition {
  std::vector<std::size_t> train;
  std::vector<std::size_t> valid;  // may be empty
  std::vector<std::size_t> test;   // may be empty
  std::vector<std::size_t> unused;

  const std::vector<std::size_t>& of(SplitName split) const;
};

// With outer and inner folds, outer x inner partitions, the inner fastest: every outer-th of all
// stimuli in turn is `test`, of the others every inner-th in turn is `valid`.
// Else one partition, or with folds one for each: of the stimuli that do not test, every k-th in
// turn is held out as `valid` and the others train; `test` is the same for all. ConfigError where a
// word of a list fits no stimulus or one stimulus is in two lists, where folds are more than
// stimuli, and where the file says nothing and the config neither.
std::vector<Partition> partitions(const Dataset& dataset, const SplitOptions& options);

// ConfigError where a partition leaves no stimulus to train.
void require_training(const Dataset& dataset, const std::vector<Partition>& partitions,
                      const SplitOptions& options);

// "8 train, 1 valid, 1 test", and "2 in none" where some are unused; without those of none.
std::string describe(const Partition& partition);

// Each with the stimuli of `valid` among those of `train`.
std::vector<Partition> with_validation_in_training(std::vector<Partition> partitions);

}  // namespace strffit
