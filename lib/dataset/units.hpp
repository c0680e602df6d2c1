// Which units of a dataset a run reads: the config key `data.units`.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "files/reader.hpp"

namespace strffit {

// What is known of each unit beside its id: name -> (N, ...) numbers or strings.
using UnitFacts = std::map<std::string, files::Column>;

// Either a list of unit ids and of ranges of indices ("0-10", from 0, both ends included; an id
// wins over a range), or one condition on a fact: "noise_ratio < 40", operators < <= > >= == !=,
// several joined by " and ". {"all"} is every unit.
struct UnitSelection {
  std::vector<std::string> words = {"all"};
  std::string where = "data.units";  // the place in the config, for messages
};

// Rows of the selected units in the file, ascending. ConfigError where a word fits nothing, where a
// fact is unknown or cannot be compared, and where nothing is selected; `file` is for the message.
// A unit whose fact is NaN meets no condition.
std::vector<std::int64_t> select_units(const UnitSelection& selection,
                                       const std::vector<std::string>& ids, const UnitFacts& facts,
                                       const std::string& file);

}  // namespace strffit
