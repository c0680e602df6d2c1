// The results of a run: formats.md, "Results". Files with only predictions or only receptive fields
// have the same format with fewer parts.
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

using Metrics = std::map<std::string, Array<double>>;  // metric name -> (M, N)

struct Results {
  Roster roster;
  Provenance provenance;
  std::string config;                    // YAML
  std::vector<MemberStatus> status;      // (M), empty if nothing was fitted
  std::vector<std::int64_t> best_epoch;  // (M), empty if nothing was fitted
  std::vector<std::int64_t> number;  // (M) number of each member in the whole run; only for a shard
  std::map<std::string, Metrics> metrics;                           // key: split
  std::map<std::string, std::vector<std::vector<double>>> history;  // as TrainerState::history
  RidgeRecord ridge;
  Strfs strfs;
  InputSpread spread;
};

// Writes a results file. `more` may put further datasets, such as predictions, which are large.
// RunError if the file cannot be written.
void write_results(const std::string& path, const Results& results,
                   const std::function<void(files::Writer&)>& more = {});

// Reads a results file without its large parts: predictions, receptive fields and input standard
// deviations. DataError if the file violates formats.md.
Results read_results(const std::string& path);

// Reads the receptive fields, except for dynamic ones. DataError if the file violates formats.md.
Strfs read_strfs(const std::string& path);

// The keys of the stimuli with predictions in the file; and the predictions for one of them, (M, N,
// T). DataError if the file or the predictions cannot be read.
std::vector<std::string> predicted_stimuli(const std::string& path);
Array<float> read_predictions(const std::string& path, const std::string& stimulus);

// "running", "finished", "stopped early" or "failed".
std::string to_string(MemberStatus status);

// Write and read /ridge of last.h5 and results.h5. Nothing is written if the fit has no closed
// form.
void put_ridge(files::Writer& writer, const RidgeRecord& ridge);
RidgeRecord read_ridge(const files::Reader& reader, std::int64_t members);

// Reads a table of /history, one row per epoch. A row has one value per member, or a single value.
// DataError if the shape differs from `expected`.
std::vector<std::vector<double>> read_history(const files::Reader& reader, const std::string& name,
                                              const files::Expected& expected,
                                              std::int64_t members);

}  // namespace strffit
