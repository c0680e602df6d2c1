// Lists of names in one line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace strffit {

// "a", "a and b", "a, b, c and 837 more": at most `most` names, or all if only one more.
std::string listed(const std::vector<std::string>& names, std::size_t most = 3);

// "unit a", "840 units (a, b, c and 837 more)".
std::string subject(const std::string& noun, const std::vector<std::string>& names);

// "unit a has", "840 units (a, b, c and 837 more) have".
std::string subject(const std::string& noun, const std::vector<std::string>& names,
                    const std::string& verb_of_one, const std::string& verb_of_many);

// "a in fold 2", "a in folds 0, 1 and 3"; "a" if there is only one fold.
std::string in_folds(const std::string& name, const std::vector<std::int64_t>& folds,
                     std::size_t of);

}  // namespace strffit
