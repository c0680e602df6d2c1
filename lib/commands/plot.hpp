// The command `plot`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "util/observer.hpp"

namespace strffit {

struct PlotRequest {
  std::vector<std::string> paths;   // run folders or checkpoints; several for `compare` alone
  std::string what;                 // one of plot_names()
  std::vector<std::string> units;   // ids; none: what the figure needs
  std::vector<std::string> sounds;  // keys; none: those of the test split
  std::string against;              // fact or metric, for score-against
  std::string metric = "cc_norm";   // of scores that are compared or plotted against a fact
  std::string sort = "score";       // of a contact sheet: score or dataset
  std::int64_t pages = 10;          // of a contact sheet, at most
  std::string out;                  // folder; "": figures in the run's
  std::string format = "pdf";       // png, svg or pdf
  std::string weights = "per_sd";   // of receptive fields: per_sd or raw
  double width_mm = 0;              // 0: that of the figure
  std::string data;                 // "": what was fitted
  std::string device = "auto";
  std::int64_t threads = 0;  // 0: all
};

struct PlotOutcome {
  std::vector<std::string> files;
  std::vector<std::string> notes;
};

// Names of all figures ("response", "strf", ...), in the order in which the help lists them.
const std::vector<std::string>& plot_names();

// Draws and writes. ConfigError where the run has nothing of the kind (a sweep of a run without
// one), saying so.
PlotOutcome plot_run(const PlotRequest& request, Observer& observer);

}  // namespace strffit
