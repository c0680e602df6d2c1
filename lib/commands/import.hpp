// The command `import`: a lab's files into a dataset.
#pragma once

#include <string>
#include <vector>

#include "util/observer.hpp"
#include "util/report.hpp"

namespace strffit {

struct Imported {
  Report report;                   // units, stimuli, and what a person should know
  std::string figures;             // a raster and the lags of responses behind the sound, as text
  std::vector<std::string> files;  // the same, drawn
};

struct ImportRequest {
  std::string manifest;
  std::string out;  // dataset to write; "": none
  bool overwrite = false;
  std::string plot;            // folder for figures; "": none
  std::string format = "png";  // of figures: png, svg or pdf
};

// Reads the recording that a manifest describes, writes it as a dataset and draws it, as asked.
// Importing the same files twice gives the same bytes. ConfigError and DataError for the manifest
// and its files; RunError where `out` is there already and not to be replaced.
Imported import_recording(const ImportRequest& request, Observer& observer);

// A manifest to start from.
std::string draft_import(const std::string& path);

}  // namespace strffit
