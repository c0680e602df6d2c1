// Mappings that have a kind: model, model.prefilter, model.kernel.
#pragma once

#include <string>

#include "config/node.hpp"

namespace strffit::config {

// Node::map(), for a mapping with a key `kind`. A word in its place, `prefilter: adaptrans`, is
// refused with the key that it belongs to.
Node map_with_kind(Node& node, const std::string& key, const std::string& doc);

}  // namespace strffit::config
