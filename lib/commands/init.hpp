// The command `init`, and the page of all configuration keys.
#pragma once

#include <string>
#include <vector>

namespace strffit {

// Kinds of models, in the order of their complexity.
std::vector<std::string> kinds();

// A commented configuration with every key of a model kind. ConfigError for an unknown kind.
std::string starting_config(const std::string& kind);

// docs/config.md: every key of every kind, in Markdown.
std::string config_reference();

}  // namespace strffit
