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

// The members whose predictions are averaged: the members of one setting, either of one fold or of
// all folds.
struct AverageGroup {
  static constexpr std::int64_t kAnySetting = -1;

  std::int64_t setting = 0;  // Member::setting, or kAnySetting
  std::int64_t fold = -1;    // -1: joined over all folds

  bool operator==(const AverageGroup&) const = default;
};

struct Averaged {
  std::vector<std::int64_t> settings;  // (S) the settings with members, ascending
  // (A) -1; also each fold if there are several seeds and several folds
  std::vector<std::int64_t> folds;
  Array<std::int64_t> members;             // (S, A, N_all) the number of members in each average
  std::map<std::string, Metrics> metrics;  // key: split; (S, A, N_all), NaN if undefined

  // All groups, (S x A), in the order of these axes.
  std::vector<AverageGroup> groups() const;
  // The values of the averages over all folds, (S x N_all). `split` must be a key of `metrics`.
  std::vector<double> joined(const std::string& split, const std::string& metric) const;
};

// Gradient STRFs of the averages. A gradient is linear in the prediction, so the gradient of the
// average is the mean of the members' gradients.
struct AveragedFields {
  Fields mean;      // (S, A, N_all, F, L)
  Array<float> sd;  // standard deviation over members, divisor n - 1; NaN for one member
  std::vector<double> lags_ms, frequencies_hz;  // (L), (F)
};

// Writes the fields below /averaged/strf. RunError if the file cannot be written.
void put_averaged_fields(files::Writer& writer, const AveragedFields& fields);

// followed by the key of a stimulus
inline constexpr const char* kAveragedPredictions = "/averaged/predictions/";

// Writes all averages below /averaged. RunError if the file cannot be written.
void put_averaged(files::Writer& writer, const Averaged& averaged);

// Reads the averages of a results file. Nothing if there are none. DataError if the file violates
// formats.md.
std::optional<Averaged> read_averaged(const std::string& path);

// Reads the predictions of the averages for one stimulus: (S, A, N_all, T). DataError if there are
// none.
Array<float> read_averaged_predictions(const std::string& path, const std::string& stimulus);

}  // namespace strffit
