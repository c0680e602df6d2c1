// Runs whose predictions are averaged: formats.md, "Average of runs".
#pragma once

#include <string>
#include <vector>

#include "formats/provenance.hpp"

namespace strffit {

struct AverageFile {
  struct Part {
    std::string checkpoint;  // file, in the folder of this one
    std::string run;         // what it was copied from
    double weight = 1;       // of the mean of its members; those of all parts add up to 1
  };
  std::string file;  // it was read from; not written
  std::vector<Part> parts;
  std::string weights;  // how they came about: "equal", "given", or "validation"
  Provenance provenance;
};

// The name of the file in the folder of such a run, and of its parts' checkpoints.
inline constexpr const char* kAverageName = "average.h5";
std::string average_part_name(std::size_t part);

// The file of an average that `path` means: itself, or that of a run folder. "" where it means
// none.
std::string average_file_of(const std::string& path);

// The parts' checkpoints are written as names without folder.
void write_average(const std::string& path, const AverageFile& average);

// The parts' checkpoints with the folder. DataError where the file breaks formats.md.
AverageFile read_average(const std::string& path);

}  // namespace strffit
