// Selection of the units to read: the config key `data.units`.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "files/reader.hpp"

namespace strffit {

// Metadata of the units, without their ids: name -> (N, ...) numbers or strings.
using UnitFacts = std::map<std::string, files::Column>;

// Either a list of unit ids and index ranges, or a condition. A range such as "0-10" counts from 0
// and includes both ends; an id takes precedence over a range. A condition is "noise_ratio < 40",
// with < <= > >= == !=, or several joined by " and ". {"all"} selects every unit.
struct UnitSelection {
  std::vector<std::string> words = {"all"};
  std::string where = "data.units";  // position in the config, for messages
};

// Indices of the selected units in the file, ascending. A unit whose fact is NaN meets no
// condition. ConfigError if a word matches nothing, a fact is unknown or cannot be compared, or
// nothing is selected. `file` is used in messages.
std::vector<std::int64_t> select_units(const UnitSelection& selection,
                                       const std::vector<std::string>& ids, const UnitFacts& facts,
                                       const std::string& file);

}  // namespace strffit
