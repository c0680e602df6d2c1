// Which members are trained on what.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataset/dataset.hpp"
#include "dataset/prepare.hpp"
#include "dataset/split.hpp"
#include "model/model.hpp"
#include "training/options.hpp"

namespace strffit {

// One independent model of the ensemble.
struct Member {
  std::int64_t unit =
      -1;  // index into Dataset::unit_ids; -1: predicts all units that can be fitted
  std::int64_t seed = 0;
  std::int64_t fold = 0;     // index into the partitions
  std::int64_t setting = 0;  // index into the settings of a sweep
};

// All but the readout of fitted members, which others begin with instead of random numbers.
struct Core {
  std::string file;    // it was read from
  std::string sha256;  // of that
  Tensors tensors;     // of Model::entries() those that are no readout, (K, ...) float32, CPU
  // Which of the K a member of this seed and fold begins with.
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> row;
};

// The members and their data. Members: folds x seeds x settings x units, the last fastest.
struct Plan {
  const Dataset* dataset;                        // smoothed already where asked for
  std::vector<Partition> partitions;             // one per fold
  std::vector<Standardisation> standardisation;  // one per fold; mean 0, std 1 where none is wanted
  std::shared_ptr<const Model> model;            // outputs: 1 (independent), or the number of units
  std::vector<Member> members;
  std::vector<UnusableUnit>
      unusable;    // cannot be fitted: no member in independent mode, no target in population
  FitOptions fit;  // the options that all members share
  std::shared_ptr<const Core> core = {};  // Initialise::checkpoint
  // The options of each setting, where there are several. They differ in kKeysOfMembers at most.
  // Empty: one setting, `fit`.
  std::vector<FitOptions> settings = {};
  // The batches of members: each member's number is in one of them. Made by cut(); empty before.
  std::vector<std::vector<std::int64_t>> chunks = {};
  bool of_several_chunks = false;  // part_of() took these chunks from a plan with more

  // The stimuli that the members were trained on: after a refit the validation stimuli too.
  std::vector<Partition> seen() const;
  // Whether members start from the closed form.
  bool closed_form() const;

  const FitOptions& fit_of(std::int64_t member) const {
    if (settings.empty()) return fit;
    const auto setting = members[static_cast<std::size_t>(member)].setting;
    return settings[static_cast<std::size_t>(setting)];
  }
};

// Throws DataError where no unit can be fitted.
Plan make_plan(const Dataset& dataset, const SplitOptions& split, Standardise how,
               const ModelSpec& model, const FitOptions& fit,
               const std::vector<FitOptions>& settings = {});

}  // namespace strffit
