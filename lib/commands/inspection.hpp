// What `inspect` says of a file.
#pragma once

#include <string>

#include "util/report.hpp"

namespace strffit {

struct Inspection {
  Report report;
  std::string json;
};

}  // namespace strffit
