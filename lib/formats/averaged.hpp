// The mean of members' predictions as results hold it: formats.md, "/averaged".
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

// One average: of the members of a setting, and of one fold or of all.
struct AverageGroup {
  static constexpr std::int64_t kAnySetting = -1;

  std::int64_t setting = 0;  // Member::setting, or kAnySetting
  std::int64_t fold = -1;    // -1: joined over folds, where there are some

  bool operator==(const AverageGroup&) const = default;
};

struct Averaged {
  std::vector<std::int64_t> settings;      // (S) those that the file has members of, ascending
  std::vector<std::int64_t> folds;         // (A) -1, and with several seeds and folds each fold
  Array<std::int64_t> members;             // (S, A, N_all) how many members are averaged
  std::map<std::string, Metrics> metrics;  // by split, (S, A, N_all); NaN where undefined

  // The averages in the order of the first two axes.
  std::vector<AverageGroup> groups() const;
  // Of the averages that are joined over folds, those of all settings: (S x N_all).
  std::vector<double> joined(const std::string& split, const std::string& metric) const;
};

// Gradient receptive fields of the means, which are the means of the members' fields, since a
// gradient is linear in the prediction.
struct AveragedFields {
  Fields mean;      // (S, A, N_all, F, L)
  Array<float> sd;  // of the members' fields, divisor n - 1; NaN of one member
  std::vector<double> lags_ms, frequencies_hz;  // (L), (F)
};

// Below /averaged/strf.
void put_averaged_fields(files::Writer& writer, const AveragedFields& fields);

inline constexpr const char* kAveragedPredictions = "/averaged/predictions/";  // and a key

void put_averaged(files::Writer& writer, const Averaged& averaged);

// Nothing where the file has none: every unit has one member. DataError where it breaks formats.md.
std::optional<Averaged> read_averaged(const std::string& path);

// (S, A, N_all, T) of one stimulus.
Array<float> read_averaged_predictions(const std::string& path, const std::string& stimulus);

}  // namespace strffit
