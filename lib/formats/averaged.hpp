// The averages of members in results.h5: formats.md, "/averaged".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "files/writer.hpp"
#include "formats/results.hpp"
#include "util/array.hpp"

namespace strffit {

// The members whose predictions are averaged: those of a setting, of one fold or of all folds.
struct AverageGroup {
  static constexpr std::int64_t kAnySetting = -1;

  std::int64_t setting = 0;  // Member::setting, or kAnySetting
  std::int64_t fold = -1;    // -1: all folds, joined

  bool operator==(const AverageGroup&) const = default;
};

struct Averaged {
  std::vector<std::int64_t> settings;      // (S) the settings with members, ascending
  std::vector<std::int64_t> folds;         // (A) -1 and, with several seeds and folds, each fold
  Array<std::int64_t> members;             // (S, A, N_all) the number of members in each average
  std::map<std::string, Metrics> metrics;  // by split: (S, A, N_all), NaN if undefined

  // (S x A) in the order of these axes.
  std::vector<AverageGroup> groups() const;
  // The values of the averages over all folds: (S x N_all).
  std::vector<double> joined(const std::string& split, const std::string& metric) const;
};

// Gradient receptive fields of the averages. A gradient is linear in the prediction, so these are
// the means of the members' fields.
struct AveragedFields {
  Fields mean;      // (S, A, N_all, F, L)
  Array<float> sd;  // standard deviation of the members' fields, divisor n - 1; NaN for one member
  std::vector<double> lags_ms, frequencies_hz;  // (L), (F)
};

// Writes them below /averaged/strf.
void put_averaged_fields(files::Writer& writer, const AveragedFields& fields);

inline constexpr const char* kAveragedPredictions = "/averaged/predictions/";  // + key

void put_averaged(files::Writer& writer, const Averaged& averaged);

// Nothing if the file has no averages. DataError if it breaks formats.md.
std::optional<Averaged> read_averaged(const std::string& path);

// The averages' predictions for one stimulus, (S, A, N_all, T).
Array<float> read_averaged_predictions(const std::string& path, const std::string& stimulus);

}  // namespace strffit
