// Collects the numbers of figures from a run. lib/plot draws them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plot/figures.hpp"
#include "plot/population.hpp"
#include "plot/response.hpp"
#include "report/run_view.hpp"

namespace strffit {

// Axis label of a metric: "CC norm, test" for "cc_norm".
std::string score_label(const RunView& view, const std::string& metric);

// Spectrogram, response, prediction and trials of one unit for one sound. `unit` and `sound` are
// indices into recorded.units and recorded.sounds. `predicted`: (T).
plot::ResponseFigure response_figure(const RunView& view, const Recorded& recorded,
                                     std::size_t unit, std::size_t sound,
                                     const std::vector<double>& predicted);

// Histogram of CCnorm (of CC if no unit has a CCnorm), and scores against SNR and noise ceiling.
plot::ScoresFigure scores_figure(const RunView& view);

// A metric of all units against a fact from the dataset, or against another metric.
plot::AgainstFigure against_figure(const RunView& view, const std::string& metric,
                                   const std::string& name, const Fact& fact);

// Losses and scores over epochs for the members of some units (empty: all). Nothing if the run has
// no epochs (closed form).
std::optional<plot::CurvesFigure> learning_figure(const RunView& view,
                                                  const std::vector<std::int64_t>& units);

// The STRF of a unit. Nothing if it has none, see unit_strf().
std::optional<plot::StrfFigure> strf_figure(const RunView& view, std::int64_t unit,
                                            const std::string& metric = "cc_norm");

// The STRFs of these units, in this order. Units without an STRF are left out.
plot::ContactSheet contact_sheet(const RunView& view, const std::vector<std::int64_t>& units);

// Distributions of the STRF summaries (unit_tuning()); nothing if there are no STRFs.
std::optional<plot::DistributionsFigure> tuning_figure(const RunView& view,
                                                       const std::vector<std::int64_t>& units,
                                                       int threads = 1);

// Time constants of an AdapTrans prefilter; nothing for other prefilters.
std::optional<plot::TimeConstantsFigure> prefilter_figure(const RunView& view);

// Scores of the settings of a sweep, the best first; nothing without a sweep.
std::optional<plot::SettingsFigure> sweep_figure(const RunView& view);

// Modulation transfer function: mean over these units of the magnitude of the Fourier transform of
// the STRF, each divided by its maximum. For more than 400 units, only every second, third, and so
// on is used. Nothing if there are no STRFs, or if a band is at or below 0 Hz.
std::optional<plot::MapFigure> modulation_figure(const RunView& view,
                                                 const std::vector<std::int64_t>& units);

// Kernels of the hidden units of a unit's first member (nrf, dnet). They are ordered by how much
// the drive changes if the hidden unit is removed. Nothing for other kinds.
std::optional<plot::ContactSheet> hidden_figure(const RunView& view, std::int64_t unit,
                                                const Recorded& recorded);

// Dynamic STRFs of a unit at frames that are evenly spaced over a sound.
plot::ContactSheet dynamic_figure(const RunView& view, std::int64_t unit, const Stimulus& sound);

// Two-dimensional modulation spectrum of an STRF (F, L). Bands that are not equally spaced in
// octaves are interpolated first. Magnitudes are (ripples, rates), and rates range from minus half
// to half the frame rate. Rates above 0 mean that the STRF prefers sounds that rise in frequency.
// The field is zero-padded to four times its size. Empty for fewer than 2 bands or lags, and if a
// band is at or below 0 Hz.
struct Modulation {
  int ripples = 0, rates = 0;
  double highest_ripple = 0;       // cycles/octave
  double highest_rate_hz = 0;      // Hz; the lowest rate is the negative of this
  std::vector<double> magnitudes;  // (ripples, rates)
};
Modulation modulation_of(const std::vector<float>& field, const Axes& axes);

// Selects at most `most` informative units by their scores: best, median and worst in turn. Units
// without a score come last.
std::vector<std::int64_t> telling_units(const std::vector<double>& scores, std::size_t most);

// Sorts units by their scores, the best first. Units without a score come last.
std::vector<std::int64_t> sorted_units(const std::vector<std::int64_t>& units,
                                       const std::vector<double>& scores);

}  // namespace strffit
