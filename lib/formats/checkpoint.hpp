// The best state of every member: formats.md, "Checkpoint".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataset/prepare.hpp"
#include "formats/roster.hpp"
#include "model/model.hpp"

namespace strffit {

// Everything needed to predict.
struct Checkpoint {
  std::string file;            // it was read from; not written
  std::string config;          // YAML
  std::string dataset;         // absolute path of what it was fitted to; "" where unknown
  std::string dataset_sha256;  // "" where unknown
  std::int64_t epoch = 0;
  Roster roster;
  Standardise how = Standardise::overall;
  std::vector<Standardisation> standardisation;  // one for all members, or one each
  bool own_standardisation = false;              // one each, as folds need it
  std::shared_ptr<const Model> model;
  Tensors tensors;  // (M, ...) float32, CPU
};

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);

// Also of other programs: of the config only the keys of formats.md are needed, further keys may
// stand in its mappings other than `model`. DataError naming file and path for everything that
// breaks formats.md, and for tensors that are missing, too many or of another shape than the
// model's.
Checkpoint read_checkpoint(const std::string& path);

// What belongs to the members `which`: one for all of them, or one each in that order.
std::vector<Standardisation> standardisation_of(const Checkpoint& checkpoint,
                                                const std::vector<std::int64_t>& which);

// DataError where a dataset has other bands or another frame width than the model was fitted to.
void check_axes(const Checkpoint& checkpoint, const Dataset& dataset);

}  // namespace strffit
