// Runs whose predictions are averaged: formats.md, "Average of runs".
#pragma once

#include <string>
#include <vector>

#include "formats/provenance.hpp"

namespace strffit {

struct AverageFile {
  struct Part {
    std::string checkpoint;  // a file in the folder of average.h5
    std::string run;         // the run that it was copied from
    double weight = 1;       // of the mean of its members; all weights add up to 1
  };
  std::string file;  // the file that was read; not written
  std::vector<Part> parts;
  std::string weights;  // how the weights were chosen: "equal", "given" or "validation"
  Provenance provenance;
};

// File names in the folder of an average of runs.
inline constexpr const char* kAverageName = "average.h5";
std::string average_part_name(std::size_t part);

// The average.h5 that `path` names: the file itself, or the one in this run folder. "" if none.
std::string average_file_of(const std::string& path);

// Writes the names of the parts' checkpoints without their folder.
void write_average(const std::string& path, const AverageFile& average);

// Gives the parts' checkpoints with their folder. DataError if the file breaks formats.md.
AverageFile read_average(const std::string& path);

}  // namespace strffit
