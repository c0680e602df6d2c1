// Text of the keys that were read: for the run folder, `strffit init` and docs/config.md. Internal
// to config; documented at Document.
#pragma once

#include <string>

#include "config/section.hpp"

namespace strffit::config {

std::string write_resolved(const Section& root);
std::string write_commented(const Section& root);
std::string write_reference(const Section& root, const std::string& path);

}  // namespace strffit::config
