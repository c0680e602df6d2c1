// Drafts a manifest from the files in a folder.
#pragma once

#include <string>

namespace strffit::import {

// Text of a manifest for a folder or file. DataError if there is nothing to import.
std::string draft_manifest(const std::string& path);

}  // namespace strffit::import
