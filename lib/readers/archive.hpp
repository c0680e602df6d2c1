// Files in a .tgz, .tar or .zip archive, read into memory: nothing is unpacked to the disk.
#pragma once

#include <map>
#include <string>

namespace strffit::import {

// Content of all files named *.csv or *.json; keys are names without folders. DataError if the
// archive is damaged, holds more than 10,000 entries or 1 GiB, or two such files of one name, or if
// this program was built without libarchive.
std::map<std::string, std::string> read_archive(const std::string& file);

// "3.6.2", or "none" and its consequence.
std::string archive_library_version();

}  // namespace strffit::import
