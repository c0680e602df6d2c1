// Metadata of units and sounds, and the split of the stimuli. Internal to import.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"
#include "import/manifest.hpp"
#include "import/recording.hpp"

namespace strffit::import {

// A stimulus before its signals are known.
struct Planned {
  std::string key;        // in the dataset
  std::size_t sound = 0;  // index into Sounds::list
  std::int64_t piece = 0;
  std::int64_t trials = 0;
  std::string category;
  std::optional<SplitName> split;
};

// Adds the columns of `facts` for these units: numbers if all cells are numbers or missing,
// otherwise text. Notes units without a row.
void add_unit_facts(const Facts& facts, const std::vector<std::string>& ids, UnitFacts& all,
                    std::vector<std::string>& notes);

// Sets categories and splits. ConfigError if a rule names something that does not exist.
void assign_stimuli(const Manifest& manifest, const Facts* facts, const Sounds& sounds,
                    std::vector<Planned>& stimuli, std::vector<std::string>& notes);

}  // namespace strffit::import
