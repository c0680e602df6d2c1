// A key without effect. Internal to config.
#pragma once

#include <string>

namespace strffit::config {

// A key that was given but has no effect.
struct Unused {
  std::string path;  // "fit.patience"
  std::string where, reason;
};

}  // namespace strffit::config
