// A key as the code describes it, whatever its value is.
#pragma once

#include <string>
#include <vector>

namespace strffit::config {

struct Description {
  std::string path;      // "model.hidden"
  std::string doc;       // meaning and unit
  std::string values;    // "whole number at least 1"; "" for a mapping
  std::string fallback;  // default as YAML; "" where there is none
  // Every value that is a word, such as none or all; of a choice these are all values.
  std::vector<std::string> words;
  bool mapping = false;  // its keys follow it
};

}  // namespace strffit::config
