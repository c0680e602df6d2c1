// Calls Slurm's programs: squeue, sbatch, scancel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace strffit {

// A queued or running job of this user.
struct QueuedJob {
  std::string name;
  std::string id;           // "123", or "123_4" in an array
  std::int64_t index = -1;  // in its array, or -1
};

// All jobs of this user. Nothing if squeue is not on the PATH or fails.
std::optional<std::vector<QueuedJob>> queued_jobs();

// Runs an sbatch command and returns the id of the new job. RunError if sbatch is missing or
// refuses.
std::string submit_job(const std::vector<std::string>& command);

void cancel_job(const std::string& id);

// A command as one line for a shell.
std::string shell_line(const std::vector<std::string>& command);

}  // namespace strffit
