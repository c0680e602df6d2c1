// Loads an average of runs for prediction. File format: formats.md, "Average of runs".
#pragma once

#include <string>
#include <vector>

#include "evaluation/averaging.hpp"
#include "evaluation/fitted.hpp"
#include "formats/average_file.hpp"
#include "formats/checkpoint.hpp"

namespace strffit {

// Fitted runs with one weight each.
struct AverageRun {
  AverageFile file;
  std::vector<Checkpoint> parts;  // one checkpoint per entry of file.parts, in the same order

  // The weighted mean of the means of all parts, as one group with all units of the first part.
  // `partitions`: for each part, the partition of each fold of the dataset to predict; empty if the
  // members have seen none of its stimuli. The result contains pointers to `parts`, so it must not
  // outlive this object.
  Average average(const std::vector<std::vector<Partition>>& partitions) const;
  // The units and axes of the first part, with one member that predicts all units.
  Roster roster() const;
  std::int64_t members() const;  // sum over all parts
  // (1, 1, N): the number of members that predict each unit, summed over all parts.
  Array<std::int64_t> members_of_units() const;
};

// An average with one group. It takes all members of a unit, whatever their setting. `weights` and
// `partitions`: one entry per part. The result contains the pointers in `parts`.
Average average_of_parts(const std::vector<const Checkpoint*>& parts,
                         const std::vector<double>& weights,
                         const std::vector<std::vector<Partition>>& partitions);
// The roster of such an average: the units and axes of the first part, with one member that
// predicts all units.
Roster roster_of_parts(const std::vector<const Checkpoint*>& parts);

// Reads average.h5 and the checkpoints of its parts. DataError if a part is missing or invalid, or
// if its units, bands or frame width differ from those of the first part.
AverageRun read_average_run(const std::string& file);

}  // namespace strffit
