// Prepares recorded spectrograms and responses for the fit: models.md, "Before the model".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"

namespace strffit {

enum class Standardise { none, overall, per_band };

// x <- (x - mean) / std. Both vectors hold one value, or one per band.
struct Standardisation {
  std::vector<double> mean;
  std::vector<double> std;  // divisor n, > 0; infinite for a band that is constant but for rounding

  // Changes `spectrogram` (F, T) in place. A band with infinite std becomes 0. Bug if the
  // standardisation is per band and F differs.
  void apply(Array<float>& spectrogram) const;
  // Indices of the bands with infinite std.
  std::vector<std::size_t> silenced() const;
};

// Mean and std over all frames of the stimuli `train` (one or more), in double. If the std of a
// band is_rounding(), division by it would turn rounding into noise as large as the other bands,
// and any sound in it would be enormous: per_band sets it to infinity. DataError if the whole
// spectrogram (per_band: every band) is constant in this sense. `how` must not be none.
Standardisation standardisation(const Dataset& dataset, const std::vector<std::size_t>& train,
                                Standardise how);

// Smooths every trial of `responses` (N, R, T) with a centred Hann window of about `smooth_ms`
// > 0. Weights are divided by their sum over the frames that exist and are not NaN. NaN stays
// NaN.
Array<float> smoothed(const Array<float>& responses, double smooth_ms, double dt_ms);

// Smooths all responses of a dataset, which are no counts afterwards. ConfigError if the window is
// wider than the longest stimulus or narrower than four frames.
void smooth(Dataset& dataset, double smooth_ms);

// Mean over the trials present: (N, R, T) -> (N, T); NaN if there is none.
Array<float> target(const Array<float>& responses);

// Units whose predictions cannot be scored on these stimuli: no response (all NaN), or a constant
// one (see unusable_units).
std::vector<std::size_t> units_without_variation(const Dataset& dataset,
                                                 const std::vector<std::size_t>& stimuli);

struct UnusableUnit {
  std::size_t unit;  // index into Dataset::unit_ids
  std::string reason;
  std::int64_t fold = -1;  // the fold with these training stimuli, if there are several
};

// Units that cannot be fitted: no response in the training stimuli, or a constant one (max - min of
// the target at most 1e-6 of its largest magnitude).
std::vector<UnusableUnit> unusable_units(const Dataset& dataset,
                                         const std::vector<std::size_t>& train);

}  // namespace strffit
