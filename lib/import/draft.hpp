// A manifest to start from, written by looking at what is there.
#pragma once

#include <string>

namespace strffit::import {

// The text of a manifest for a folder or file. DataError where there is nothing to import.
std::string draft_manifest(const std::string& path);

}  // namespace strffit::import
