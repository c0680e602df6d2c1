// The members of a study and the data that each of them is trained on.
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
  // Index into Dataset::unit_ids. -1: the member predicts all units that can be fitted.
  std::int64_t unit = -1;
  std::int64_t seed = 0;
  std::int64_t fold = 0;     // index into the partitions
  std::int64_t setting = 0;  // index into the settings of a sweep
};

// All tensors except the readout, from members that were fitted before. New members start from
// them.
struct Core {
  std::string file;    // path of the checkpoint
  std::string sha256;  // of this file
  Tensors tensors;     // (K, ...) float32, CPU, for all Model::entries() that are not readout
  // (seed, fold) -> the row among K that such a member starts from.
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> row;
};

// All members and their data. Order of members: folds x seeds x settings x units, units fastest.
struct Plan {
  const Dataset* dataset;             // already smoothed if the configuration asks for it
  std::vector<Partition> partitions;  // one per fold
  // one per fold; mean 0 and std 1 for no standardisation
  std::vector<Standardisation> standardisation;
  std::shared_ptr<const Model> model;  // outputs: 1 (independent), or the number of units
  std::vector<Member> members;
  // Units that cannot be fitted. They have no member (independent) or no target (population).
  std::vector<UnusableUnit> unusable;
  FitOptions fit;  // the options that all members share

  std::shared_ptr<const Core> core = {};  // Initialise::checkpoint
  // The options of each setting of a sweep. They differ only in kKeysOfMembers. Empty: there is
  // only one setting, `fit`.
  std::vector<FitOptions> settings = {};
  // The chunks made by cut(); each member is in exactly one. Empty before cut().
  std::vector<std::vector<std::int64_t>> chunks = {};
  bool of_several_chunks = false;  // part_of() has taken these chunks from a plan that has more

  // The stimuli that the final members are trained on. After a refit, the training part includes
  // the validation stimuli.
  std::vector<Partition> seen() const;
  // True if members start from the closed form.
  bool closed_form() const;

  // The options of one member.
  const FitOptions& fit_of(std::int64_t member) const {
    if (settings.empty()) return fit;
    const auto setting = members[static_cast<std::size_t>(member)].setting;
    return settings[static_cast<std::size_t>(setting)];
  }
};

// Builds the plan: partitions, standardisation, model and members. Throws DataError if no unit can
// be fitted, if fit.refit is set without validation stimuli, or if the poisson loss meets negative
// responses. `settings`: as in Plan.
Plan make_plan(const Dataset& dataset, const SplitOptions& split, Standardise how,
               const ModelSpec& model, const FitOptions& fit,
               const std::vector<FitOptions>& settings = {});

}  // namespace strffit
