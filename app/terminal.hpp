// Properties of the terminal.
#pragma once

#include <cstddef>
#include <string>

#include "util/report.hpp"

namespace strffit::app {

// True if a stream is a terminal that understands control characters. False for TERM=dumb or no
// TERM.
bool has_control_characters(int stream);
// True if that holds and colours are wanted: NO_COLOR is not set, or empty (no-color.org).
bool has_colours(int stream);
// Columns of a terminal: as it says, else as COLUMNS says, else 80.
std::size_t columns_of(int stream);

// How tables are laid out on the standard output: as wide as the terminal unless `wide`; whole
// where it is a file or a pipe.
Layout output_layout(bool wide);

}  // namespace strffit::app
