// Titles of many small figures side by side, as far as they fit.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace strffit::plot {

// The titles, or, where one does not fit, all with "…" for what they share, so that what tells them
// apart is left. Titles that were different stay so: what is alike after that gets its number in
// front. `fits` says whether a text does. Characters are those of clean_characters().
std::vector<std::string> fitting_titles(const std::vector<std::string>& titles,
                                        const std::function<bool(const std::string&)>& fits);

}  // namespace strffit::plot
