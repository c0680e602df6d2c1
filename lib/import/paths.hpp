// Files by a pattern with placeholders: "stimuli/stim{sound}.wav", "spikes/{unit}/*.txt".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace strffit::import {

using Placeholders = std::map<std::string, std::string>;  // "sound" -> "7"

struct FoundFile {
  std::string path;      // of the file, from the folder on
  Placeholders matched;  // what the placeholders stood for
};

// Files below `folder` (or of an absolute pattern) that fit: `*` is anything but a slash, `?` one
// character, {word} one or more characters, the same wherever it is repeated; all in their natural
// order, stim2 before stim10. At most a million are looked at.
std::vector<FoundFile> files_like(const std::string& pattern, const std::string& folder);

// Whether a text fits a pattern as a whole.
bool fits(const std::string& pattern, const std::string& text, Placeholders& matched);

// The pattern with its placeholders filled in; those without a value stay.
std::string filled(const std::string& pattern, const Placeholders& values);
bool has_placeholder(const std::string& pattern, const std::string& word);

// Runs of digits compare as numbers.
bool natural_less(const std::string& a, const std::string& b);

}  // namespace strffit::import
