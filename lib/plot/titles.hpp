// Shortened titles of many small figures.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace strffit::plot {

// Shortens titles so that they fit. If one does not fit, "…" replaces what all titles have in
// common, so that the differences remain. Different titles stay different: if two become equal,
// each gets its number in front. `fits`: returns true if a text fits. Characters are those of
// clean_characters().
std::vector<std::string> fitting_titles(const std::vector<std::string>& titles,
                                        const std::function<bool(const std::string&)>& fits);

}  // namespace strffit::plot
