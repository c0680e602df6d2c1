// What the terminal can show.
#pragma once

#include <cstddef>
#include <string>

#include "util/report.hpp"

namespace strffit::app {

// Whether a stream is a terminal that understands control characters: not with TERM=dumb, or none.
bool has_control_characters(int stream);
// The same, and colours are wanted: NO_COLOR is not set, or empty (no-color.org).
bool has_colours(int stream);
// Columns of a terminal: as it says, else as COLUMNS says, else 80.
std::size_t columns_of(int stream);

// How tables are laid out on the standard output: as wide as the terminal unless `wide`; whole
// where it is a file or a pipe.
Layout output_layout(bool wide);

}  // namespace strffit::app
