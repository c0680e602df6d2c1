// The command `export-strfs`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "run/report.hpp"
#include "util/observer.hpp"

namespace strffit {

struct ExportRequest {
  std::string path;  // run folder or checkpoint
  std::string out;   // "": strfs.h5 beside the checkpoint
  std::string data;  // dataset for gradient and dynamic STRFs; "": what it was fitted to
  bool gradient = false;
  std::vector<std::string> dynamic;  // keys of stimuli
  std::string plot;                  // folder for figures; "": none
  std::string format = "png";        // png, svg, pdf
  std::string truth;                 // simulated dataset to compare with; "": none
  std::string device = "auto";
  std::int64_t threads = 0;  // 0: all
  std::string command_line;
};

// How well a unit's receptive field was found again.
struct Recovery {
  std::string unit;
  std::int64_t seed = 0, fold = 0;
  double correlation = 0;  // of the field and the true one, over bands and lags
};

struct ExportOutcome {
  std::string out;
  std::int64_t kernels = 0, gradients = 0, dynamic = 0;  // fields written
  std::string plot;                                      // their folder
  std::vector<std::string> figures;                      // files
  std::vector<Recovery> recovery;
};

// Stopped is thrown when the observer asks to stop; nothing is written then.
ExportOutcome export_strfs(const ExportRequest& request, Observer& observer);

Report to_report(const ExportOutcome& outcome);
std::string to_json(const ExportOutcome& outcome);

}  // namespace strffit
