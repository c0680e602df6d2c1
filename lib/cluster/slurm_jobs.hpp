// Texts of the jobs that strffit slurm writes, from the templates in lib/cluster/jobs/.
#pragma once

#include <cstdint>
#include <string>

#include "cluster/slurm_request.hpp"

namespace strffit {

// Templates with @NAME@ for values.
extern const char* const kTrainJobTemplate;
extern const char* const kMergeJobTemplate;

// Name of the jobs of a run folder: the same in every shell, unique to this folder.
std::string job_name(const std::string& folder);

// Name of the array whose index 1 is shard first + 1.
std::string array_name(const std::string& name, std::int64_t first);

// Suffix of --array: "%4" for at most 4 tasks at once, or "".
std::string at_once(const SlurmRequest& request);

// Job script that fits one shard per array task. `run`: absolute path of the run folder, without
// quotes and line breaks.
std::string train_job(const SlurmRequest& request, const std::string& run, const std::string& name);

// Job script that merges the shards.
std::string merge_job(const SlurmRequest& request, const std::string& run, const std::string& name);

// Quotes a text as one word of a shell.
std::string shell_word(const std::string& text);

}  // namespace strffit
