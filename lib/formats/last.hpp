// Everything needed to go on with a run exactly, and all results so far: formats.md, "last.h5".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "training/state.hpp"

namespace strffit {

struct LastState {
  std::string config;  // YAML, as resolved
  std::string dataset_sha256;
  std::string started;  // ISO 8601, UTC
  TrainerState trainer;
  std::string core_sha256 = {};  // of the checkpoint that members began with; "" without one
};

void write_last(const std::string& path, const LastState& last);

// DataError where the file breaks formats.md. Whether the tensors fit a model is the trainer's to
// see.
LastState read_last(const std::string& path);

// How far a run is, without its tensors.
struct LastProgress {
  std::string config;
  std::int64_t epoch = 0;
  std::vector<MemberStatus> status;        // (M); running too while a member is refitted
  std::vector<double> seconds;             // of each epoch
  std::optional<std::int64_t> refit_left;  // epochs of a refit, where one has begun
};

LastProgress read_last_progress(const std::string& path);

}  // namespace strffit
