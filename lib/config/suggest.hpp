// "Did you mean": finds the nearest of some names.
#pragma once

#include <string>
#include <vector>

namespace strffit::config {

// Insertions, deletions, replacements and swaps of neighbours from a to b, ignoring case.
int edit_distance(const std::string& a, const std::string& b);

// The name nearest to `word`, or "" if none is similar enough.
std::string nearest(const std::string& word, const std::vector<std::string>& names);

// The end of a message: "; did you mean "NAME"?" with the nearest name, or `otherwise` if none is
// similar enough.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& names,
                         const std::string& otherwise = "");

}  // namespace strffit::config
