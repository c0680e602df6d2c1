// The command `export-strfs`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluation/recovery.hpp"
#include "util/observer.hpp"
#include "util/report.hpp"

namespace strffit {

struct ExportRequest {
  std::string path;  // run folder, checkpoint or study.h5; of these what chosen_members() says
  std::string out;   // "": strfs.h5 beside the checkpoint
  std::string data;  // dataset for gradient and dynamic STRFs; "": what it was fitted to
  bool gradient = false;
  std::vector<std::string> dynamic;  // keys of stimuli
  std::string plot;                  // folder for figures; "": none
  std::string format = "png";        // png, svg, pdf
  std::string weights = "per_sd";    // or raw: what summaries and figures show
  std::string show = "member";       // mean or z over seeds and folds: what figures show
  std::string truth;                 // simulated dataset to compare with; "": none
  std::string device = "auto";
  std::int64_t threads = 0;  // 0: all
  std::string command_line;
};

struct ExportOutcome {
  std::string out;
  std::int64_t kernels = 0, gradients = 0, dynamic = 0;  // fields written
  std::string plot;                                      // their folder
  std::vector<std::string> figures;                      // files
  std::string chosen;                                    // which members, of a sweep
  std::vector<Recovery> recovery;
  // Units, or "member 3" where a kernel is that of a hidden unit, whose best frequency is that of
  // the lowest or highest band in a field of theirs.
  std::vector<std::string> at_edge;
};

// Stopped is thrown when the observer asks to stop; nothing is written then.
ExportOutcome export_strfs(const ExportRequest& request, Observer& observer);

Report to_report(const ExportOutcome& outcome);
std::string to_json(const ExportOutcome& outcome);

}  // namespace strffit
