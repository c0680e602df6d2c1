// Checks the bytes of a configuration before YAML is parsed. Internal to config.
#pragma once

#include <cstddef>
#include <string>

namespace strffit::config {

inline constexpr std::size_t kLargestFile = 1 << 20;  // bytes
inline constexpr int kDeepest = 32;                   // nesting of mappings and lists

// The text without its byte order mark. ConfigError at "name:line:column" for invalid UTF-8,
// control characters (including NUL), tabs outside comments, and more than kLargestFile
// bytes.
std::string checked_text(std::string text, const std::string& name);

// Reads at most kLargestFile bytes of a regular file. ConfigError naming the file.
std::string read_small_file(const std::string& path);

}  // namespace strffit::config
