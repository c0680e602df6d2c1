// A configuration with its data, ready to be trained.
#pragma once

#include <string>

#include "export/checkpoint.hpp"
#include "export/provenance.hpp"
#include "run/config.hpp"
#include "run/scoring.hpp"
#include "training/trainer.hpp"
#include "util/observer.hpp"

namespace strffit {

struct Study {
  Config config;
  std::string resolved;
  Dataset dataset;
  Plan plan;  // looks at `dataset`

  Study() = default;
  Study(const Study&) = delete;
  Study& operator=(const Study&) = delete;
};

// Reads the data that `study.config` names and plans its members; tells `observer` what the log
// begins with, and warns of leaks between splits, units that nobody can fit, and a slow BLAS.
void load(Study& study, const std::string& config_path, Observer& observer);

// The checkpoint of a study without its tensors: units, members, standardisation.
Checkpoint empty_checkpoint(const Study& study);

// `path` where there is such a file, else the first of `folders` / `path`, else `path`.
std::string found_file(const std::string& path, const std::vector<std::string>& folders);

std::string absolute(const std::string& path);

}  // namespace strffit
