// The file average.h5: runs whose predictions are averaged (formats.md, "Average of runs").
#pragma once

#include <string>
#include <vector>

#include "formats/provenance.hpp"

namespace strffit {

struct AverageFile {
  struct Part {
    std::string checkpoint;  // path; the file is in the folder of average.h5
    std::string run;         // the run from which the checkpoint was copied
    double weight = 1;       // weight of the mean of this part's members; all weights sum to 1
  };
  std::string file;  // path of the file that was read; not written
  std::vector<Part> parts;
  std::string weights;  // how the weights were chosen: "equal", "given" or "validation"
  Provenance provenance;
};

// File names in the folder of an average of runs: average.h5, and part-0.h5, part-1.h5, ...
inline constexpr const char* kAverageName = "average.h5";
std::string average_part_name(std::size_t part);

// The path of average.h5 if `path` is this file or a folder that contains it; otherwise "".
std::string average_file_of(const std::string& path);

// Writes average.h5. Stores only the file names of the checkpoints, without folder. RunError if the
// file cannot be written.
void write_average(const std::string& path, const AverageFile& average);

// Reads average.h5. Returns the checkpoints with their folder. DataError if the file violates
// formats.md.
AverageFile read_average(const std::string& path);

}  // namespace strffit
