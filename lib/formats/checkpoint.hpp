// The best state of every member: formats.md, "Checkpoint".
#pragma once

#include <cstdint>
#include <string>

#include "dataset/dataset.hpp"
#include "formats/fitted_model.hpp"

namespace strffit {

// Fitted members, and what they were fitted to.
struct Checkpoint : FittedModel {
  std::string file;            // it was read from; not written
  std::string config;          // YAML
  std::string dataset;         // absolute path of what it was fitted to; "" where unknown
  std::string dataset_sha256;  // "" where unknown
  std::int64_t epoch = 0;
  Standardise how = Standardise::overall;
};

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);

// Also of other programs: of the config only the keys of formats.md are needed, further keys may
// stand in its mappings other than `model`. DataError naming file and path for everything that
// breaks formats.md, and for tensors that are missing, too many or of another shape than the
// model's.
Checkpoint read_checkpoint(const std::string& path);

// DataError where a dataset has other bands or another frame width than the model was fitted to.
void check_axes(const Checkpoint& checkpoint, const Dataset& dataset);

}  // namespace strffit
