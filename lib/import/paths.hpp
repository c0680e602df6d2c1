// Finds files by a pattern with placeholders: "stimuli/stim{sound}.wav", "spikes/{unit}/*.txt".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace strffit::import {

using Placeholders = std::map<std::string, std::string>;  // "sound" -> "7"

struct FoundFile {
  std::string path;      // starts with the folder
  Placeholders matched;  // values of the placeholders
};

// Files that match the pattern, below `folder` if it is relative: `*` matches anything but a slash,
// `?` one character, {word} one or more characters, the same at each repetition. Natural order,
// stim2 before stim10. DataError after a million files.
std::vector<FoundFile> files_like(const std::string& pattern, const std::string& folder);

// True if the whole text matches the pattern.
bool fits(const std::string& pattern, const std::string& text, Placeholders& matched);

// Replaces placeholders by their values; those without a value stay.
std::string filled(const std::string& pattern, const Placeholders& values);
bool has_placeholder(const std::string& pattern, const std::string& word);

// Natural order: runs of digits compare as numbers.
bool natural_less(const std::string& a, const std::string& b);

}  // namespace strffit::import
