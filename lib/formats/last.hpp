// The file last.h5: the complete state of training, to resume a run exactly, and all results so far
// (formats.md, "last.h5").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "training/state.hpp"

namespace strffit {

struct LastState {
  std::string config;  // YAML with all defaults filled in
  std::string dataset_sha256;
  std::string started;  // time of the start, ISO 8601, UTC
  TrainerState trainer;
  std::string core_sha256 = {};  // of the checkpoint used as initial state; "" if there was none
};

// Writes last.h5. RunError if the file cannot be written.
void write_last(const std::string& path, const LastState& last);

// Reads last.h5. DataError if the file violates formats.md. Does not check that the tensors match
// the model; the trainer does this.
LastState read_last(const std::string& path);

// The progress of a run, without the tensors.
struct LastProgress {
  std::string config;
  std::int64_t epoch = 0;
  std::vector<MemberStatus> status;        // (M); also `running` while a member is refitted
  std::vector<double> seconds;             // duration of each epoch
  std::optional<std::int64_t> refit_left;  // remaining epochs of a refit, if one has started
};

// Reads the progress from last.h5. DataError if the file violates formats.md.
LastProgress read_last_progress(const std::string& path);

}  // namespace strffit
