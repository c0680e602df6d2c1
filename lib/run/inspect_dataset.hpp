// `inspect` of a dataset. Internal to run.
#pragma once

#include <string>

#include "run/inspect.hpp"

namespace strffit {

Inspection inspect_dataset(const std::string& file);

}  // namespace strffit
