// Names of files and folders.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace strffit {

// True if a file or folder of that name exists and is accessible.
bool is_there(const std::string& path);

// `path` if that file exists, else the first existing `folders` / `path`, else `path`.
std::string found_file(const std::string& path, const std::vector<std::string>& folders);

// `path` as an absolute path.
std::string absolute(const std::string& path);

// Part of a file name made from a name such as a unit's id: letters, digits, '-', '_' and '.' stay,
// others become '_', and long names lose their middle. Different names may give the same result.
std::string file_name(const std::string& id);

// Creates a folder and its parents if missing; true if created. RunError on
// failure.
bool make_folder(const std::string& folder);

// Content of a file. RunError if it cannot be read.
std::string text_of(const std::string& path);

// Size of a file in bytes. DataError if it does not exist, is not regular, cannot be read or is
// larger than `most`.
std::int64_t checked_size(const std::string& file, std::int64_t most);
// Bytes of a file; errors of checked_size().
std::string read_bytes(const std::string& file, std::int64_t most);

}  // namespace strffit
