// A list of whole numbers that may be given as a count.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/range.hpp"

namespace strffit::config {

class Node;

// As Node::integers(), but a single number n, from 1 to `most`, stands for the list 0 ... n - 1.
// The resolved text has the list.
std::vector<std::int64_t> read_numbered(const Node& node, const std::string& key,
                                        const std::vector<std::int64_t>& fallback,
                                        const Range& range, std::int64_t most,
                                        const std::string& doc);

}  // namespace strffit::config
