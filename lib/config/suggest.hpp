// "Did you mean": the nearest of some names. Internal to config.
#pragma once

#include <string>
#include <vector>

namespace strffit::config {

// Insertions, deletions, replacements and swaps of neighbours that turn a into b, case ignored.
int edit_distance(const std::string& a, const std::string& b);

// The name nearest to `word`, or "" where none is near enough to have been meant.
std::string nearest(const std::string& word, const std::vector<std::string>& names);

}  // namespace strffit::config
