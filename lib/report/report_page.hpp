// The page of `strffit report`: description of the fit, scores, selected units, population,
// training, comparison of several runs, and how to reproduce them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/run_view.hpp"

namespace strffit {

// The result of `compare` for several runs.
struct RunsCompared {
  std::string metric, split;
  std::vector<std::string> names;
  std::vector<std::string> units;           // unit ids
  std::vector<std::vector<double>> scores;  // (runs, units)
  struct Pair {
    std::size_t run = 0;             // this run is compared with run 0
    std::vector<std::string> cells;  // one per column of `header`
    std::string note;
  };
  std::vector<std::string> header;
  std::vector<Pair> pairs;
  std::vector<std::string> notes;
};

struct PageOptions {
  // ids of units with figures; empty: a selection by telling_units()
  std::vector<std::string> units;
  std::string data;  // path of the dataset; "": the dataset of the fit
  RunOptions run;
  std::size_t most_units = 50;  // largest number of units with their own figures
  std::size_t most_bytes = 28'000'000;
};

// Makes the report as one HTML file. The first run determines the units and sounds. Throws
// ConfigError for unknown units.
std::string report_page(const std::vector<RunView>& views, const PageOptions& options,
                        const std::optional<RunsCompared>& compared, Observer& observer);

// Describes a model kind in words and by its formula. Every kind must have an entry.
struct ModelWords {
  std::string words, formula;
};
ModelWords model_words(const std::string& kind);

}  // namespace strffit
