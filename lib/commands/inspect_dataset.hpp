// `inspect` of a dataset.
#pragma once

#include <string>

#include "commands/inspection.hpp"

namespace strffit {

Inspection inspect_dataset(const std::string& file);

}  // namespace strffit
