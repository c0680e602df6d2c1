// The checkpoint with the best state of every member: formats.md, "Checkpoint".
#pragma once

#include <cstdint>
#include <string>

#include "dataset/dataset.hpp"
#include "formats/fitted_model.hpp"

namespace strffit {

// Fitted members, and the dataset that they were fitted to.
struct Checkpoint : FittedModel {
  std::string file;            // path that was read; not written
  std::string config;          // YAML
  std::string dataset;         // absolute path of the fitted dataset; "" if unknown
  std::string dataset_sha256;  // its checksum; "" if unknown
  std::int64_t epoch = 0;
  Standardise how = Standardise::overall;
};

// Writes a checkpoint. RunError if the file cannot be written.
void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);

// Reads a checkpoint, also one from another program. The config needs only the keys listed in
// formats.md. Further keys are allowed, but not in `model`. DataError with file and path if the
// file violates formats.md, or if a tensor is missing, unknown or has a wrong shape.
Checkpoint read_checkpoint(const std::string& path);

// DataError if the bands or the frame width of the dataset differ from those of the checkpoint.
void check_axes(const Checkpoint& checkpoint, const Dataset& dataset);

}  // namespace strffit
