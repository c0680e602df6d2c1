// From recorded responses and spectrograms to what is fitted: models.md, "Before the model".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"

namespace strffit {

enum class Standardise { none, overall, per_band };

// x <- (x - mean) / std. Both hold 1 value, or one per band.
struct Standardisation {
  std::vector<double> mean;
  std::vector<double> std;  // divisor n, > 0; infinite: a band that held roundings alone

  // `spectrogram` (F, T) in place; F must be that of a per-band standardisation (else a Bug).
  // A band of infinite std becomes 0, whatever it holds there.
  void apply(Array<float>& spectrogram) const;
  // The bands of infinite std.
  std::vector<std::size_t> silenced() const;
};

// Over all frames of the stimuli `train` (one or more), in double. A band whose standard deviation
// is_rounding() would become noise as large as the other bands, and any true sound in it enormous:
// per_band gives it an infinite one. DataError where the whole spectrogram (per_band: every band)
// is so. `how` must not be none.
Standardisation standardisation(const Dataset& dataset, const std::vector<std::size_t>& train,
                                Standardise how);

// Every trial of `responses` (N, R, T) smoothed with a centred Hann window of about `smooth_ms` >
// 0; the weights are divided by their sum over the frames that exist and are not NaN, NaN stays
// NaN.
Array<float> smoothed(const Array<float>& responses, double smooth_ms, double dt_ms);

// All responses of a dataset; afterwards they no longer are counts. ConfigError where the window is
// wider than the longest stimulus or below four frames.
void smooth(Dataset& dataset, double smooth_ms);

// Mean over the trials present: (N, R, T) -> (N, T), NaN where none is.
Array<float> target(const Array<float>& responses);

// The units without a response to any of these stimuli (all NaN), or with a constant one (see
// unusable_units): no prediction of it can be scored.
std::vector<std::size_t> units_without_variation(const Dataset& dataset,
                                                 const std::vector<std::size_t>& stimuli);

struct UnusableUnit {
  std::size_t unit;  // index into Dataset::unit_ids
  std::string reason;
  std::int64_t fold = -1;  // whose training stimuli those are, of several
};

// The units that cannot be fitted, because they have no response in the training stimuli or a
// constant one (max - min of the target at most 1e-6 of its largest magnitude).
std::vector<UnusableUnit> unusable_units(const Dataset& dataset,
                                         const std::vector<std::size_t>& train);

}  // namespace strffit
