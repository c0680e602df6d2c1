#include "import/time_unit.hpp"

#include <algorithm>
#include <cmath>

#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

TimeUnit read_time_unit(config::Node& node) {
  if (!node.has("unit")) {
    node.fail("unit",
              "is required, because this format does not define the unit of times: s, ms, us, min "
              "or samples");
  }
  TimeUnit unit;
  unit.name = node.choice("unit", "", {"s", "ms", "us", "min", "samples"}, "unit of the times");
  const double rate_hz =
      node.get("rate_hz", 0.0, config::at_least(0), "samples per second, if the unit is samples");
  if (unit.name == "samples" && rate_hz == 0) {
    node.fail("rate_hz", "is required if the unit is samples: the number of samples per second");
  }
  if (unit.name != "samples" && node.has("rate_hz")) {
    node.fail("rate_hz", "is for times in samples; these are in " + unit.name);
  }
  unit.seconds = unit.name == "s"     ? 1
                 : unit.name == "ms"  ? 1e-3
                 : unit.name == "us"  ? 1e-6
                 : unit.name == "min" ? 60
                                      : 1 / rate_hz;
  return unit;
}

void refuse_whole_seconds(const TimeUnit& unit, const std::vector<double>& times_s,
                          const std::string& file, const std::string& place) {
  constexpr std::size_t kFewest = 10;
  if (unit.name != "s" || times_s.size() < kFewest) return;
  const bool whole = std::all_of(times_s.begin(), times_s.end(),
                                 [](double time) { return time == std::floor(time); });
  if (!whole) return;
  throw DataError(file, place,
                  fmt::format("expected times in s; found {} whole numbers, the last {}: they are "
                              "ms or samples; set unit (and rate_hz)",
                              times_s.size(), std::llround(times_s.back())));
}

}  // namespace strffit::import
