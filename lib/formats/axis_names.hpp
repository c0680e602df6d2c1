// Names of the axes of what results hold: formats.md, "Names of axes".
#pragma once

#include <string>
#include <vector>

#include "files/writer.hpp"
#include "formats/roster.hpp"

namespace strffit {

// What stands along the axes; what is empty is not known, or not there.
struct AxisValues {
  double dt_ms = 0;
  std::vector<std::string> unit_ids;
  std::vector<double> frequencies_hz;
  std::vector<std::string> channels;
  std::vector<double> lags_ms;
  std::vector<std::int64_t> member_numbers;  // of a shard; else they count from 0
  bool kernel_a_unit = false;                // kernels are those of the units, in their order
};

// Gives every dataset of a file of the format strffit-results its dimension scales, after all has
// been put, and the scores of members the columns that say whose they are.
void name_axes(files::Writer& writer, const AxisValues& values);

// Names below /metrics/<split> that are no metrics.
bool is_label_of_members(const std::string& name);

// Puts these labels beside the metrics of a split.
void put_labels_of_members(files::Writer& writer, const std::string& group, const Roster& roster);

}  // namespace strffit
