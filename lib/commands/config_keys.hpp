// Every key that a configuration may have, as the code that reads it describes it: for the command
// `config`, for completion and for man pages.
#pragma once

#include <string>
#include <vector>

namespace strffit {

// What kinds of models share: a default, or a value that `init` writes.
struct ValueOfKinds {
  std::string value;               // YAML
  std::vector<std::string> kinds;  // in the order of model_kinds()
};

// One meaning of a key; a few keys have two (data.split.valid: a share, or a list).
struct KeyForm {
  std::string doc = {};                     // meaning and unit
  std::string values = {};                  // "whole number at least 1"; "" of a mapping
  std::vector<std::string> words = {};      // the values that are words
  std::vector<ValueOfKinds> defaults = {};  // none where the key has none
  std::vector<ValueOfKinds> written = {};   // by `strffit init`, where that differs
  std::vector<std::string> kinds = {};      // of models that have it
  std::vector<std::string> beside = {};  // what must be set for it to have an effect; may be none
  std::vector<std::string> documentation = {};  // places such as "docs/config.md, `fit`"
};

struct ConfigKey {
  std::string path;  // "model.hidden"
  bool mapping = false;
  std::vector<KeyForm> forms;  // one or more

  const std::string& doc() const { return forms.front().doc; }
  std::vector<std::string> words() const;  // of all forms, each once
};

// Mappings before their keys, in the order of docs/config.md.
const std::vector<ConfigKey>& config_keys();

}  // namespace strffit
