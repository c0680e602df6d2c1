// What a run will need, before it begins.
#pragma once

#include <cstdint>

namespace strffit {

struct Estimate {
  std::int64_t members = 0, parameters = 0, threads = 0;  // parameters of all members
  std::int64_t parameters_per_member = 0, members_per_chunk = 0;
  std::int64_t max_epochs = 0;   // with those of a refit
  double bytes = 0;              // peak memory
  double seconds_per_epoch = 0;  // all members; measured on a part of them; 0 for a closed form
  // Of the closed forms that members start from, with those of the refit: counted, and measured on
  // small parts; 0 without.
  double seconds_closed_form = 0;

  // Another ensemble, trained after these.
  void add(const Estimate& next);
};

}  // namespace strffit
