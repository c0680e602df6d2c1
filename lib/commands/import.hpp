// The command `import`: a lab's files into a dataset.
#pragma once

#include <string>

#include "util/observer.hpp"
#include "util/report.hpp"

namespace strffit {

struct Imported {
  Report report;        // units, stimuli, and what a person should know
  std::string figures;  // a raster and the lags of responses behind the sound, as text
};

// Reads the recording that a manifest describes and writes it to `out` as a dataset, unless that is
// "". Importing the same files twice gives the same bytes. ConfigError and DataError for the
// manifest and its files; RunError where `out` is there already and not to be replaced.
Imported import_recording(const std::string& manifest, const std::string& out, bool overwrite,
                          Observer& observer);

// A manifest to start from.
std::string draft_import(const std::string& path);

}  // namespace strffit
