// The command `config`: what a key of the configuration means.
#pragma once

#include <string>

namespace strffit {

// A key's meaning, values, defaults by kind of model, and where it is documented; of a mapping, its
// keys; of "", all keys. The last part of a path is enough where no other key ends so ("hidden").
// ConfigError, with the nearest key, where there is none.
std::string explain_key(const std::string& path);

// The same as JSON: a list of keys.
std::string explain_key_as_json(const std::string& path);

}  // namespace strffit
