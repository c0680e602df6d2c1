// YAML text to a tree of values; the one user of yaml-cpp. Internal to config.
#pragma once

#include <string>

#include "config/value.hpp"

namespace strffit::config {

// Throws ConfigError at "name:line:column" for text that is no YAML, for a key given twice,
// aliases, anchors, merge keys and tags, more than one document, and what checked_text refuses.
Value parse_file_text(const std::string& text, const std::string& name);

// The value of a `key=value` of the command line. Places and errors name the assignment. Text that
// is no YAML is an error only for who wants YAML (Value::broken).
Value parse_assigned_text(const std::string& text, const std::string& assignment);

}  // namespace strffit::config
