// Facts about units and sounds, and which sounds train, choose and test. Internal to import.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"
#include "import/manifest.hpp"
#include "import/recording.hpp"

namespace strffit::import {

// What is known of a stimulus before its signals are.
struct Planned {
  std::string key;        // of the dataset
  std::size_t sound = 0;  // index into Sounds::list
  std::int64_t piece = 0;
  std::int64_t trials = 0;
  std::string category;
  std::optional<SplitName> split;
};

// The columns of `facts` for these units, numbers where all cells that are not missing are; noted
// where a unit has no row.
void add_unit_facts(const Facts& facts, const std::vector<std::string>& ids, UnitFacts& all,
                    std::vector<std::string>& notes);

// Fills in categories and splits. ConfigError where a rule names what is not there.
void assign_stimuli(const Manifest& manifest, const Facts* facts, const Sounds& sounds,
                    std::vector<Planned>& stimuli, std::vector<std::string>& notes);

}  // namespace strffit::import
