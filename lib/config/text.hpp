// What may stand in a configuration before any YAML is read. Internal to config.
#pragma once

#include <cstddef>
#include <string>

namespace strffit::config {

inline constexpr std::size_t kLargestFile = 1 << 20;  // bytes
inline constexpr int kDeepest = 32;                   // mappings and lists inside each other

// The text without its byte order mark. Throws ConfigError at "name:line:column" for bytes that
// are not UTF-8, control characters (also a NUL), tabs outside comments, and more than
// kLargestFile bytes.
std::string checked_text(std::string text, const std::string& name);

// Reads at most kLargestFile bytes of a regular file. Throws ConfigError naming the file.
std::string read_small_file(const std::string& path);

}  // namespace strffit::config
