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

  // The weighted mean of the parts' means. `partitions`: for each part the partition of each fold
  // of the dataset to be predicted, or empty. The result points to `parts`.
  Average average(const std::vector<std::vector<Partition>>& partitions) const;
  // The units and axes of the first part, and one member that predicts all units.
  Roster roster() const;
  std::int64_t members() const;  // of all parts
  // (1, 1, N): how many members predict each unit, in all parts together.
  Array<std::int64_t> members_of_units() const;
};

// An average of parts with one group: all members of a unit, of any setting.
Average average_of_parts(const std::vector<const Checkpoint*>& parts,
                         const std::vector<double>& weights,
                         const std::vector<std::vector<Partition>>& partitions);
// The roster of this average: one member that predicts all units.
Roster roster_of_parts(const std::vector<const Checkpoint*>& parts);

// DataError if a part is missing, or has other units, bands or frame width than the first.
AverageRun read_average_run(const std::string& file);

}  // namespace strffit
