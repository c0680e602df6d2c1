// The page of `strffit report`: what was fitted, how well, every unit that tells most, the
// population, the training, the comparison of several runs, and how to repeat it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/run_view.hpp"

namespace strffit {

// What `compare` found of several runs, as text and numbers.
struct RunsCompared {
  std::string metric, split;
  std::vector<std::string> names;           // of the runs
  std::vector<std::string> units;           // ids
  std::vector<std::vector<double>> scores;  // (runs, units)
  struct Pair {
    std::size_t run = 0;             // against the first
    std::vector<std::string> cells;  // as the header has them
    std::string note;
  };
  std::vector<std::string> header;
  std::vector<Pair> pairs;
  std::vector<std::string> notes;
};

struct PageOptions {
  std::vector<std::string> units;  // ids that get figures; none: those that tell most
  std::string data;                // "": what was fitted
  RunOptions run;
  std::size_t most_units = 50;  // with figures of their own
  std::size_t most_bytes = 28'000'000;
};

// One file of HTML. The first run gives units and sounds.
std::string report_page(const std::vector<RunView>& views, const PageOptions& options,
                        const std::optional<RunsCompared>& compared, Observer& observer);

// What a kind of model computes, in words and as a formula. Every kind has an entry.
struct ModelWords {
  std::string words, formula;
};
ModelWords model_words(const std::string& kind);

}  // namespace strffit
