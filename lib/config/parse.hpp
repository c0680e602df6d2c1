// Parses YAML text into a tree of values; the only user of yaml-cpp. Internal to config.
#pragma once

#include <string>

#include "config/value.hpp"

namespace strffit::config {

// ConfigError at "name:line:column" if the text is not YAML, has duplicate keys, aliases, anchors,
// merge keys, tags or more than one document, or fails checked_text.
Value parse_file_text(const std::string& text, const std::string& name);

// The value of a `key=value` of the command line. Positions and errors name the assignment. Text
// that is not YAML is an error only for keys that expect YAML (Value::broken).
Value parse_assigned_text(const std::string& text, const std::string& assignment);

}  // namespace strffit::config
