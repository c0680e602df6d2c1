// The config key `kernel_frames`, shared by the prefilters.
#pragma once

#include <cstdint>

#include "config/node.hpp"
#include "ops/adaptation.hpp"

namespace strffit {

inline std::int64_t read_kernel_frames(config::Node& node) {
  const auto value =
      node.integer_or("kernel_frames", "infinite", config::between(2, 100000), {"infinite"},
                      "frames of the running average, the current one included; a number cuts it "
                      "off, as in some published code");
  return std::holds_alternative<std::string>(value) ? ops::kInfinite
                                                    : std::get<std::int64_t>(value);
}

}  // namespace strffit
