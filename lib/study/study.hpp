// A configuration with its data, ready for training.
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

// Members whose tensors have the same shapes, so that they can be trained in the same chunks.
struct Ensemble {
  Config config;
  std::string resolved;
  std::string folder;  // below the run folder; "" for a single ensemble

  Plan plan;  // of the members that are trained here; looks at Study::dataset

  Roster roster;  // of the same members; `unit` is one of the units of the whole run
  std::vector<std::int64_t> numbers;   // numbers of these members in the whole run
  std::int64_t members_all = 0;        // number of members in the whole run
  std::vector<std::int64_t> settings;  // number in the study of each setting of the plan
  std::vector<FitOptions> fits;        // options of each setting; empty without a sweep

  // Number of the chunk of each member, see FittedModel::batch_of.
  std::vector<std::int64_t> batch_of() const;
};

struct Study {
  Config config;
  std::string resolved;
  Dataset dataset;                    // for a shard, only the units of its members
  std::vector<std::int64_t> unit_of;  // for each unit of the run: its index in `dataset`, or -1
  std::vector<Ensemble> ensembles;
  // As in Roster; empty without a sweep.
  std::map<std::string, std::vector<std::string>> settings;

  bool nested() const { return config.data.split.outer != 0; }
  // True if the study has results beyond those of one ensemble (study.h5).
  bool chooses() const { return nested() || !settings.empty(); }

  Study() = default;
  Study(const Study&) = delete;
  Study& operator=(const Study&) = delete;
};

// Reads the configuration and every setting of a sweep, and groups the settings into ensembles. The
// resolved text of an ensemble has all values that its settings share. Keys that were not given and
// differ between settings are left out; each setting then gets its own default when the text is
// read again. Throws ConfigError.
void read_study(Study& study, const std::string& config_path,
                const std::vector<std::string>& assignments);
void read_study(Study& study, config::Document document, const std::string& default_folder);

// Reads and checks the text of a stored configuration in any YAML style, as read_study() does.
// `name`: file name for messages. Throws ConfigError.
StoredConfig read_stored_config(const std::string& text, const std::string& name);

// Reads the data and plans the members; for a shard, only its members, which may be none. Writes
// the first lines of the log to `observer`. Warns about stimuli shared between splits, units that
// cannot be fitted, and a slow BLAS. `cut_by`: the options for cutting members into chunks. Throws
// DataError or ConfigError for unsuitable data.
void load(Study& study, const std::string& config_path, const Shard& shard,
          const RunOptions& cut_by, Observer& observer);

// Makes the checkpoint of an ensemble without its tensors: units, members and standardisation.
Checkpoint empty_checkpoint(const Study& study, const Ensemble& ensemble);

// Indices of the stimuli whose predictions are stored in the results of an ensemble
// (output.predictions).
std::vector<std::size_t> stimuli_to_keep(const Study& study, const Ensemble& ensemble);

// Path of the dataset. A relative path is searched in the working directory and in the folder of
// the configuration file.
std::string data_file_of(const Config& config, const std::string& config_path);

}  // namespace strffit
