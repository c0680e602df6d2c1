// Estimated time and memory of a run.
#pragma once

#include <cstdint>

namespace strffit {

struct Estimate {
  std::int64_t members = 0, parameters = 0, threads = 0;  // `parameters`: sum over all members
  std::int64_t parameters_per_member = 0, members_per_chunk = 0;
  std::int64_t max_epochs = 0;   // including a refit
  double bytes = 0;              // peak memory
  double seconds_per_epoch = 0;  // all members, measured on some of them; 0 for a closed form
  // Of all closed forms, including those of a refit. Counted, with speeds measured on small parts.
  // 0 if there is none.
  double seconds_closed_form = 0;

  // Adds the estimate of another ensemble that is trained afterwards.
  void add(const Estimate& next);
};

}  // namespace strffit
