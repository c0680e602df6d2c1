// A configuration with its data, ready to be trained.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "evaluation/scoring.hpp"
#include "formats/checkpoint.hpp"
#include "formats/provenance.hpp"
#include "study/config.hpp"
#include "study/shard.hpp"
#include "training/batching.hpp"
#include "training/plan.hpp"
#include "util/observer.hpp"

namespace strffit {

// Members whose tensors have the same shapes, trained side by side.
struct Ensemble {
  Config config;
  std::string resolved;
  std::string folder;  // below the run's; "" where it is the only one
  Plan plan;           // of the members that are trained here; looks at Study::dataset
  Roster roster;       // of the same members; `unit` is one of the units of the whole run
  std::vector<std::int64_t> numbers;   // of these members in the whole run
  std::int64_t members_all = 0;        // of the whole run
  std::vector<std::int64_t> settings;  // of the study; of each of the plan's
  std::vector<FitOptions> fits;        // likewise; empty without a sweep

  // The batch of each member: FittedModel::batch_of.
  std::vector<std::int64_t> batch_of() const;
};

struct Study {
  Config config;
  std::string resolved;
  Dataset dataset;                    // of a shard: with the units of its members alone
  std::vector<std::int64_t> unit_of;  // unit of `dataset` of each of the run's units, or -1
  std::vector<Ensemble> ensembles;
  // As of Roster; empty without a sweep.
  std::map<std::string, std::vector<std::string>> settings;

  bool nested() const { return config.data.split.outer != 0; }
  // Whether there is more to say at the end than the results of one ensemble.
  bool chooses() const { return nested() || !settings.empty(); }

  Study() = default;
  Study(const Study&) = delete;
  Study& operator=(const Study&) = delete;
};

// Reads the configuration, every setting of a sweep, and sorts these into ensembles. The resolved
// texts have all values that the settings share; what was not given and differs among them is left
// out, and is each setting's own default again when the text is read. ConfigError.
void read_study(Study& study, const std::string& config_path,
                const std::vector<std::string>& assignments);
void read_study(Study& study, config::Document document, const std::string& default_folder);

// A configuration out of a file, in whatever style of YAML: read and checked as read_study() does.
// `name`: of the file, for messages. ConfigError.
StoredConfig read_stored_config(const std::string& text, const std::string& name);

// Reads the data that the configuration names and plans the members, of a shard those of its share,
// which may be none; tells `observer` what the log begins with, and warns of leaks between splits,
// units that cannot be fitted, and a slow BLAS. `cut_by`: how members are cut into chunks.
void load(Study& study, const std::string& config_path, const Shard& shard,
          const RunOptions& cut_by, Observer& observer);

// The checkpoint of an ensemble without its tensors: units, members, standardisation.
Checkpoint empty_checkpoint(const Study& study, const Ensemble& ensemble);

// The stimuli whose predictions an ensemble's results hold: output.predictions.
std::vector<std::size_t> stimuli_to_keep(const Study& study, const Ensemble& ensemble);

// The dataset that a configuration names, seen from here or from the folder of its file.
std::string data_file_of(const Config& config, const std::string& config_path);

}  // namespace strffit
