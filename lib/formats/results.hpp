// What a run found: formats.md, "Results". Predictions and receptive fields written alone are
// results with fewer parts.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "formats/input_spread.hpp"
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
  InputSpread spread;
};

// `more` may put further datasets: predictions, which are many.
void write_results(const std::string& path, const Results& results,
                   const std::function<void(files::Writer&)>& more = {});

// All but predictions, receptive fields and what they hear, which are many. DataError where the
// file breaks formats.md.
Results read_results(const std::string& path);

// Receptive fields but dynamic ones.
Strfs read_strfs(const std::string& path);

// Keys of the stimuli whose responses are predicted in the file, and the predictions of one:
// (M, N, T).
std::vector<std::string> predicted_stimuli(const std::string& path);
Array<float> read_predictions(const std::string& path, const std::string& stimulus);

// "running", "finished", "stopped early", "failed".
std::string to_string(MemberStatus status);

// /ridge of last.h5 and results.h5; nothing without a closed form.
void put_ridge(files::Writer& writer, const RidgeRecord& ridge);
RidgeRecord read_ridge(const files::Reader& reader, std::int64_t members);

// A table of /history as rows: a value for each member at each epoch, or one for each epoch.
std::vector<std::vector<double>> read_history(const files::Reader& reader, const std::string& name,
                                              const files::Expected& expected,
                                              std::int64_t members);

}  // namespace strffit
