// Files inside of a .tgz, .tar or .zip, in memory: nothing is ever unpacked to the disk.
#pragma once

#include <map>
#include <string>

namespace strffit::import {

// The files whose names end in one of ".csv", ".json", by their names without folders. DataError
// where the archive is damaged, or holds more than 10,000 entries or 1 GiB of such files, and where
// this program was built without libarchive.
std::map<std::string, std::string> read_archive(const std::string& file);

// "3.6.2", or "none" and what that means.
std::string archive_library_version();

}  // namespace strffit::import
