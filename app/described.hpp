// The command line as CLI11 describes it, for completion, man pages and mistyped names.
#pragma once

#include <CLI/CLI.hpp>

#include "commands/shell.hpp"

namespace strffit::app {

// Commands without a meaning of their own are hidden and left out.
DescribedProgram described(const CLI::App& app);

}  // namespace strffit::app
