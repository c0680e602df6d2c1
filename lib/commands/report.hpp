// The command `report`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "util/observer.hpp"

namespace strffit {

struct ReportRequest {
  std::vector<std::string> paths;  // run folders or checkpoints
  std::string out;                 // file; "": report.html in the first run's folder
  std::vector<std::string> units;  // ids that get figures; none: the 50 that tell most
  std::string data;                // "": what was fitted
  std::string device = "auto";
  std::int64_t threads = 0;  // 0: all
};

// Writes the page; returns its file. Several runs are compared as `compare` does, and refused
// where that refuses them. RunError where `out` is there and is no page.
std::string write_report(const ReportRequest& request, Observer& observer);

}  // namespace strffit
