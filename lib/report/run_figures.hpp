// From a run to the numbers of its figures; lib/plot draws them.
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

// "cc_norm" as an axis has it: "CC norm, test".
std::string score_label(const RunView& view, const std::string& metric);

// Spectrogram, response, prediction and trials of one unit (by its place in `recorded`) for one
// sound (by its place in recorded.sounds). `predicted`: (T).
plot::ResponseFigure response_figure(const RunView& view, const Recorded& recorded,
                                     std::size_t unit, std::size_t sound,
                                     const std::vector<double>& predicted);

// Histogram of cc_norm, or of cc where no unit has one; against SNR and noise ceiling.
plot::ScoresFigure scores_figure(const RunView& view);

// A metric against a fact of the dataset, or against another metric.
plot::AgainstFigure against_figure(const RunView& view, const std::string& metric,
                                   const std::string& name, const Fact& fact);

// Losses and scores over epochs of some units' members, of all where none are given; nothing where
// the run has no epochs (closed form).
std::optional<plot::CurvesFigure> learning_figure(const RunView& view,
                                                  const std::vector<std::int64_t>& units);

// The receptive field of a unit; nothing where it has none (unit_strf()).
std::optional<plot::StrfFigure> strf_figure(const RunView& view, std::int64_t unit,
                                            const std::string& metric = "cc_norm");

// The receptive fields of these units, in this order, those that have none left out.
plot::ContactSheet contact_sheet(const RunView& view, const std::vector<std::int64_t>& units);

// Distributions of what receptive fields say in a few numbers; nothing where there are none.
std::optional<plot::DistributionsFigure> tuning_figure(const RunView& view,
                                                       const std::vector<std::int64_t>& units,
                                                       int threads = 1);

// Time constants of an AdapTrans prefilter; nothing for others.
std::optional<plot::TimeConstantsFigure> prefilter_figure(const RunView& view);

// Scores of the settings of a sweep, the best first; nothing without one.
std::optional<plot::SettingsFigure> sweep_figure(const RunView& view);

// How strongly receptive fields pass each modulation of a sound: mean over these units of the
// magnitude of the Fourier transform, each divided by its largest; of more than 400 units every
// second, third, ... Nothing where there are no
// receptive fields, or bands have no logarithm.
std::optional<plot::MapFigure> modulation_figure(const RunView& view,
                                                 const std::vector<std::int64_t>& units);

// The hidden units of a unit's first member with kernels (nrf, dnet), ordered by how much the drive
// changes without each. Nothing for other kinds.
std::optional<plot::ContactSheet> hidden_figure(const RunView& view, std::int64_t unit,
                                                const Recorded& recorded);

// The gradient STRF of a unit at frames spread evenly over a sound.
plot::ContactSheet dynamic_figure(const RunView& view, std::int64_t unit, const Stimulus& sound);

// The two-dimensional modulation spectrum of a field (F, L) whose bands are equally spaced in
// octaves or are brought so: magnitudes (ripples, rates), rates from -half to half the frame rate,
// above 0 where the field prefers sounds that rise in frequency. Zero-padded to four times the
// points. Empty of fewer than 2 bands or lags, and of bands without a logarithm.
struct Modulation {
  int ripples = 0, rates = 0;
  double highest_ripple = 0;       // cycles/octave
  double highest_rate_hz = 0;      // Hz; the lowest is minus that
  std::vector<double> magnitudes;  // (ripples, rates)
};
Modulation modulation_of(const std::vector<float>& field, const Axes& axes);

// Units that tell most, at most `most`: best, median and worst in turn, by a score per unit; those
// without a score last.
std::vector<std::int64_t> telling_units(const std::vector<double>& scores, std::size_t most);

// Units in the order of their scores, the best first, those without one last.
std::vector<std::int64_t> sorted_units(const std::vector<std::int64_t>& units,
                                       const std::vector<double>& scores);

}  // namespace strffit
