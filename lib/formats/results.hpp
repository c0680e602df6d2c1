// What a run found: formats.md, "Results". Predictions and receptive fields written alone are
// results with fewer parts.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "formats/provenance.hpp"
#include "formats/roster.hpp"
#include "formats/strfs.hpp"
#include "training/state.hpp"
#include "util/array.hpp"

namespace strffit {

using Metrics = std::map<std::string, Array<double>>;  // name -> (M, N)

struct Results {
  Roster roster;
  Provenance provenance;
  std::string config;                      // YAML
  std::vector<MemberStatus> status;        // (M), empty where nothing was fitted
  std::vector<std::int64_t> best_epoch;    // (M), likewise
  std::vector<std::int64_t> number;        // (M) in the whole run; of a shard only
  std::map<std::string, Metrics> metrics;  // by split
  std::map<std::string, std::vector<std::vector<double>>> history;  // as of TrainerState
  RidgeRecord ridge;
  Strfs strfs;
};

// `more` may put further datasets: predictions, which are many.
void write_results(const std::string& path, const Results& results,
                   const std::function<void(files::Writer&)>& more = {});

// What inspect and eval read again of a file of results.
struct ResultsSummary {
  Roster roster;
  std::map<std::string, std::string> attributes;  // provenance
  std::map<std::string, Metrics> metrics;
  std::vector<std::string> predictions;  // stimulus keys
  std::vector<std::string> strfs;        // "kernel (8, 1, 1, 32, 20)"
  std::vector<std::string> status;       // (M) "stopped early", or empty
  std::int64_t epochs = 0;               // of the history
};

// DataError where the file breaks formats.md.
ResultsSummary read_results(const std::string& path);

// "running", "finished", "stopped early", "failed".
std::string to_string(MemberStatus status);

// /ridge of last.h5 and results.h5; nothing without a closed form.
void put_ridge(files::Writer& writer, const RidgeRecord& ridge);

}  // namespace strffit
