// What runs must have in common so that their scores can be compared or their predictions averaged.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace strffit {

struct Protocol {
  std::string dataset_sha256;
  double dt_ms = 0, smooth_ms = 0;
  std::vector<std::string> stimuli;  // keys of the scored stimuli, ascending
  std::vector<std::string> units;    // ids, in the order of the dataset
  std::int64_t outer = 0;            // folds of nested cross-validation, 0: none
};

// A protocol with the names that a message needs.
struct NamedProtocol {
  std::string run, data;  // files
  Protocol protocol;
};

// ConfigError if the protocols differ: it names `other`, the difference and the cure ("cannot be
// compared with ...: they differ in ..."). `done`: "compared" or "averaged". `split`: the split of
// the stimuli. `same_data`: both are scored on one dataset that neither was fitted to.
// `same_units`: true if the units must be the same too.
void require_same_protocol(const NamedProtocol& first, const NamedProtocol& other,
                           const std::string& done, const std::string& split, bool same_data,
                           bool same_units = true);

// "3 only in the first (a, b, c), 0 only in the other".
std::string difference_of(std::vector<std::string> a, std::vector<std::string> b);

// DataError if the content of a dataset, by its SHA-256, is no longer `then`: "FILE: is not WHAT
// (sha256 ..., then ...)CURE".
void require_same_data(const std::string& file, const std::string& sha256, const std::string& then,
                       const std::string& what, const std::string& cure);

}  // namespace strffit
