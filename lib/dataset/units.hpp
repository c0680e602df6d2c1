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

// Either a list of unit ids, indices ("5", counted from 0), index ranges ("0-10", both ends
// included) and patterns of ids ("A1*", with the wildcards of a shell: * ? [abc]), or a condition.
// An id takes precedence over all others. A condition is "noise_ratio < 40", with < <= > >= == !=,
// or several joined by " and ". {"all"} selects every unit.
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
