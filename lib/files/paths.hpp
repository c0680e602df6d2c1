// Names of files and folders.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace strffit {

// True if there is a file or folder of that name that can be looked at.
bool is_there(const std::string& path);

// `path` where there is such a file, else the first of `folders` / `path`, else `path`.
std::string found_file(const std::string& path, const std::vector<std::string>& folders);

// `path` as seen from the root folder.
std::string absolute(const std::string& path);

// A name, such as a unit's id, as part of a file's: letters, digits, '-', '_' and '.', '_' for all
// else; of a long one its two ends. Different names may become one.
std::string file_name(const std::string& id);

// Makes a folder, and those above it, where it is missing; true if it was. RunError where that
// fails.
bool make_folder(const std::string& folder);

// The whole of a file. RunError where it cannot be read.
std::string text_of(const std::string& path);

// The largest of the file's claims is its size: DataError where it is none, no regular file, cannot
// be read, or has more than `most` bytes.
std::int64_t checked_size(const std::string& file, std::int64_t most);
// The same, and its bytes.
std::string read_bytes(const std::string& file, std::int64_t most);

}  // namespace strffit
