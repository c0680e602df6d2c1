// Names of the axes in results files: formats.md, "Names of axes".
#pragma once

#include <string>
#include <vector>

#include "files/writer.hpp"
#include "formats/roster.hpp"

namespace strffit {

// The coordinates of the axes. An empty value means that the file does not have this axis or that
// its coordinates are unknown.
struct AxisValues {
  double dt_ms = 0;
  std::vector<std::string> unit_ids;
  std::vector<double> frequencies_hz;
  std::vector<std::string> channels;
  std::vector<double> lags_ms;
  // numbers in the whole run, for a shard; empty: 0, 1, ...
  std::vector<std::int64_t> member_numbers;
  bool kernel_a_unit = false;  // true if kernel k belongs to unit k
};

// Adds dimension scales to every dataset of a strffit-results file. Also links the member labels
// (unit_id, seed, fold, setting) to the tables of scores. Call it after everything else was put.
void name_axes(files::Writer& writer, const AxisValues& values);

// True for names below /metrics/<split> that are labels of members, not metrics.
bool is_label_of_members(const std::string& name);

// Writes these labels below `group`, next to the metrics of a split.
void put_labels_of_members(files::Writer& writer, const std::string& group, const Roster& roster);

}  // namespace strffit
