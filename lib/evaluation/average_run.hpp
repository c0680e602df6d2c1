// An average of runs, ready to predict: formats.md, "Average of runs".
#pragma once

#include <string>
#include <vector>

#include "evaluation/averaging.hpp"
#include "evaluation/fitted.hpp"
#include "formats/average_file.hpp"
#include "formats/checkpoint.hpp"

namespace strffit {

// Fitted runs, each with a weight.
struct AverageRun {
  AverageFile file;
  std::vector<Checkpoint> parts;  // of the file's parts

  // The weighted mean of the parts' means. `partitions`: of each part, the divisions by fold of the
  // dataset to be predicted; or empty. It looks at the parts.
  Average average(const std::vector<std::vector<Partition>>& partitions) const;
  // Units, axes, and one member that predicts all of them.
  Roster roster() const;
  std::int64_t members() const;  // of all parts
};

// The one average that is made of such parts: each unit's members, whatever their setting.
Average average_of_parts(const std::vector<const Checkpoint*>& parts,
                         const std::vector<double>& weights,
                         const std::vector<std::vector<Partition>>& partitions);
// Of such an average.
Roster roster_of_parts(const std::vector<const Checkpoint*>& parts);

// DataError where a part is missing, or has other units, bands or frames than the first.
AverageRun read_average_run(const std::string& file);

}  // namespace strffit
