// The command `inspect`.
#pragma once

#include <string>

#include "commands/inspection.hpp"

namespace strffit {

// What a dataset, checkpoint, file of results or state to resume from holds; of a run folder, its
// results or, before there are any, its state. DataError where it is not sound.
Inspection inspect(const std::string& path);

}  // namespace strffit
