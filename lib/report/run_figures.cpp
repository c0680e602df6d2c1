#include "report/run_figures.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>

#include "evaluation/strfs.hpp"
#include "metrics/strf_summary.hpp"
#include "ops/layout.hpp"
#include "training/input.hpp"
#include "util/errors.hpp"
#include "util/nan.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

const std::string& id_of(const RunView& view, std::int64_t unit) {
  return view.roster().unit_ids.at(static_cast<std::size_t>(unit));
}

// Sorts scores: the highest first, undefined ones last.
bool is_better(double score, double other) {
  return std::isfinite(score) && (!std::isfinite(other) || score > other);
}

// The title, with a note such as "mean of 3 seeds" for several members.
plot::Heading heading_of(const RunView& view, const std::string& title) {
  plot::Heading heading{title, {}};
  const std::string averaged = view.averaged();
  if (!averaged.empty()) heading.notes.push_back(averaged);
  if (!view.setting.empty()) heading.notes.push_back("setting " + view.setting);
  return heading;
}

double value_of(const std::vector<double>& values, std::int64_t unit) {
  return values.empty() ? kNaN : values.at(static_cast<std::size_t>(unit));
}

// "cc_norm", or "cc" if no unit has a CCnorm (a single trial).
std::string main_metric(const RunView& view) {
  const auto scores = unit_scores(view, "cc_norm");
  const bool known =
      std::any_of(scores.begin(), scores.end(), [](double score) { return std::isfinite(score); });
  return known ? "cc_norm" : "cc";
}

// Selects the columns of some members from a history: (epochs, members).
plot::Curve curve_of(const std::string& name, const std::vector<std::vector<double>>& rows,
                     const std::vector<std::int64_t>& members) {
  plot::Curve curve{name, Array<double>({static_cast<std::int64_t>(rows.size()),
                                         static_cast<std::int64_t>(members.size())})};
  std::size_t i = 0;
  for (const auto& row : rows) {
    for (const auto m : members) curve.values.values[i++] = row.at(static_cast<std::size_t>(m));
  }
  return curve;
}

// The members of some units, without duplicates.
std::vector<std::int64_t> members_of(const RunView& view, const std::vector<std::int64_t>& units) {
  std::vector<std::int64_t> members;
  for (const auto unit : units) {
    for (const Place& place : view.places.at(static_cast<std::size_t>(unit))) {
      members.push_back(place.member);
    }
  }
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  return members;
}

std::vector<std::int64_t> every_unit(const RunView& view) {
  std::vector<std::int64_t> units(static_cast<std::size_t>(view.units()));
  std::iota(units.begin(), units.end(), std::int64_t{0});
  return units;
}

std::string seconds_text(double seconds) { return fmt::format("{:.2f} s", seconds); }

}  // namespace

std::string score_label(const RunView& view, const std::string& metric) {
  static const std::map<std::string, std::string> kNames = {{"cc_norm", "CC norm"},
                                                            {"cc", "CC"},
                                                            {"cc_norm_hsu", "CC norm (Hsu)"},
                                                            {"cc_max", "noise ceiling"},
                                                            {"fve", "FVE"},
                                                            {"spe", "SPE"},
                                                            {"mse", "squared error"},
                                                            {"bits_per_spike", "bits/spike"},
                                                            {"snr", "SNR"},
                                                            {"signal_power", "signal power"},
                                                            {"noise_power", "noise power"}};
  const auto found = kNames.find(metric);
  return (found == kNames.end() ? metric : found->second) + ", " + view.split;
}

plot::ResponseFigure response_figure(const RunView& view, const Recorded& recorded,
                                     std::size_t unit, std::size_t sound,
                                     const std::vector<double>& predicted) {
  const Stimulus& stimulus = recorded.dataset.stimuli.at(recorded.sounds.at(sound));
  const std::int64_t place = recorded.units.at(unit);
  plot::ResponseFigure figure;
  figure.heading = heading_of(view, "unit " + id_of(view, place));
  const std::string metric = main_metric(view);
  const double score = value_of(unit_scores(view, metric), place);
  std::string note = "sound " + stimulus.key;
  constexpr std::size_t kLongName = 30;
  if (!stimulus.name.empty() && stimulus.name != stimulus.key &&
      stimulus.name.size() <= kLongName) {
    note += " (" + stimulus.name + ")";
  }
  if (std::isfinite(score)) {
    note +=
        fmt::format("; {} over all sounds {}", score_label(view, metric), plot::score_of(score));
  }
  figure.heading.notes.insert(figure.heading.notes.begin(), note);
  const auto& unseen = recorded.unseen.at(sound);
  if (!unseen.empty() && std::all_of(unseen.begin(), unseen.end(), [](char u) { return u == 0; })) {
    figure.heading.notes.emplace_back("the model was trained on this sound");
  }
  if (recorded.smooth_ms > 0) {
    figure.heading.notes.push_back(fmt::format(
        "responses smoothed with a Hann window of {} ms, as fitted", recorded.smooth_ms));
  }
  figure.dt_ms = recorded.dataset.axes.dt_ms;
  figure.frequencies_hz = recorded.dataset.axes.frequencies_hz;
  figure.spectrogram = stimulus.spectrogram;
  figure.counts = recorded.counts;
  const auto trials = stimulus.trials(), frames = stimulus.frames();
  if (trials > 0) {
    const float* first =
        stimulus.responses.data() + static_cast<std::int64_t>(unit) * trials * frames;
    figure.trials = Array<float>({trials, frames}, {first, first + trials * frames});
    const Array<float> mean = target(Array<float>({1, trials, frames}, figure.trials.values));
    figure.response.assign(mean.values.begin(), mean.values.end());
  }
  figure.predictions = {{view.checkpoint.model->kind(), predicted}};
  return figure;
}

plot::ScoresFigure scores_figure(const RunView& view) {
  const std::string metric = main_metric(view);
  plot::ScoresFigure figure;
  figure.heading = heading_of(view, "scores of " + view.checkpoint.model->kind());
  figure.score_label = score_label(view, metric);
  figure.score = unit_scores(view, metric);
  const auto known = [](const std::vector<double>& values) {
    return std::any_of(values.begin(), values.end(),
                       [](double value) { return std::isfinite(value); });
  };
  if (auto snr = unit_scores(view, "snr"); known(snr)) figure.snr = std::move(snr);
  if (auto ceiling = unit_scores(view, "cc_max"); known(ceiling)) {
    figure.ceiling = std::move(ceiling);
    figure.correlation = unit_scores(view, "cc");
  }
  return figure;
}

plot::AgainstFigure against_figure(const RunView& view, const std::string& metric,
                                   const std::string& name, const Fact& fact) {
  plot::AgainstFigure figure;
  figure.heading = heading_of(view, score_label(view, metric) + " against " + name);
  const auto metrics = known_metrics(view);
  const bool is_metric = std::find(metrics.begin(), metrics.end(), name) != metrics.end();
  figure.x_label = is_metric ? score_label(view, name) : name;
  figure.y_label = score_label(view, metric);
  figure.x = fact.numbers;
  figure.words = fact.words;
  figure.y = unit_scores(view, metric);
  return figure;
}

std::optional<plot::CurvesFigure> learning_figure(const RunView& view,
                                                  const std::vector<std::int64_t>& units) {
  if (!view.results) return std::nullopt;
  const auto members = members_of(view, units.empty() ? every_unit(view) : units);
  const auto& history = view.results->history;
  plot::CurvesFigure figure;
  figure.title = units.size() == 1 ? "learning of unit " + id_of(view, units.front())
                                   : "learning of " + view.checkpoint.model->kind();
  if (!view.setting.empty()) figure.notes.push_back("setting " + view.setting);
  const auto add = [&](std::vector<plot::Curve>& to, const std::string& key,
                       const std::string& name) {
    const auto found = history.find(key);
    if (found == history.end() || found->second.empty()) return;
    if (found->second.front().size() != view.roster().members.size()) return;
    auto curve = curve_of(name, found->second, members);
    const auto& values = curve.values.values;
    if (std::any_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); })) {
      to.push_back(std::move(curve));
    }
  };
  if (members.empty()) return std::nullopt;
  add(figure.curves, "train_loss", "training");
  add(figure.curves, "valid_loss", "validation");
  add(figure.scores, "valid_cc_norm", "CC norm");
  add(figure.scores, "valid_cc", "CC");
  figure.score_label = "score, validation";
  if (figure.curves.empty()) return std::nullopt;
  std::size_t failed = 0;
  for (const auto m : members) {
    const auto i = static_cast<std::size_t>(m);
    if (i < view.results->best_epoch.size()) {
      figure.best_epoch.push_back(static_cast<double>(view.results->best_epoch[i]));
    }
    if (i < view.results->status.size() && view.results->status[i] == MemberStatus::failed)
      ++failed;
  }
  if (failed > 0) {
    figure.notes.push_back(fmt::format(
        "{} of {} failed", failed, counted(static_cast<std::int64_t>(members.size()), "member")));
  }
  return figure;
}

std::optional<plot::StrfFigure> strf_figure(const RunView& view, std::int64_t unit,
                                            const std::string& metric) {
  const UnitStrf strf = unit_strf(view, unit);
  if (strf.values.empty()) return std::nullopt;
  plot::StrfFigure figure;
  figure.unit_id = "unit " + id_of(view, unit);
  if (const std::string averaged = view.averaged(); !averaged.empty()) {
    figure.unit_id += ", " + averaged;
  }
  figure.channels = strf.channels;
  figure.frequencies_hz = view.strfs.frequencies_hz;
  figure.lags_ms = view.strfs.lags_ms;
  figure.value_label = strf.value_label;
  figure.kernel = {{1, static_cast<std::int64_t>(strf.channels.size()),
                    static_cast<std::int64_t>(figure.frequencies_hz.size()),
                    static_cast<std::int64_t>(figure.lags_ms.size())},
                   strf.values};
  if (strf.channels.size() == 1) {
    const StrfSummary summary =
        strf_summary(strf.values, view.roster().axes, view.checkpoint.model->ahead());
    figure.best_frequency_hz = summary.best_frequency_hz;
    figure.latency_ms = summary.latency_ms;
    figure.at_edge = summary.at_edge;
  }
  figure.cc_norm = value_of(unit_scores(view, metric), unit);
  figure.score_label = score_label(view, metric);
  return figure;
}

plot::ContactSheet contact_sheet(const RunView& view, const std::vector<std::int64_t>& units) {
  const std::string metric = main_metric(view);
  plot::ContactSheet sheet;
  sheet.title = "receptive fields of " + view.checkpoint.model->kind();
  if (const std::string averaged = view.averaged(); !averaged.empty()) {
    sheet.title += ", " + averaged;
  }
  for (const auto unit : units) {
    auto figure = strf_figure(view, unit, metric);
    if (!figure) continue;
    figure->unit_id = id_of(view, unit);
    sheet.figures.push_back(std::move(*figure));
  }
  return sheet;
}

std::optional<plot::DistributionsFigure> tuning_figure(const RunView& view,
                                                       const std::vector<std::int64_t>& units,
                                                       int threads) {
  static const std::map<std::string_view, std::pair<const char*, bool>> kLabels = {
      {"best_frequency_hz", {"best frequency (kHz)", true}},
      {"bandwidth_octaves", {"bandwidth (octaves)", false}},
      {"latency_ms", {"latency (ms)", false}},
      {"duration_ms", {"duration (ms)", false}},
      {"separability", {"separability", false}},
      {"best_rate_hz", {"best rate (Hz)", false}},
      {"best_ripple_cycles_per_octave", {"best ripple (cyc/oct)", false}}};
  const auto& all = unit_tuning(view, threads);
  std::vector<StrfSummary> summaries;
  bool several_channels = false;
  for (const auto unit : units) {
    const UnitStrf strf = unit_strf(view, unit);
    if (strf.values.empty()) continue;
    several_channels = several_channels || strf.channels.size() > 1;
    summaries.push_back(all[static_cast<std::size_t>(unit)]);
  }
  if (summaries.empty()) return std::nullopt;
  plot::DistributionsFigure figure;
  figure.heading = heading_of(view, "tuning of receptive fields");
  figure.heading.notes.push_back(counted(static_cast<std::int64_t>(summaries.size()), "unit") +
                                 (several_channels ? ", of each the channel with more power" : ""));
  for (const auto& measure : kStrfMeasures) {
    const auto& [label, logarithmic] = kLabels.at(measure.name);
    plot::Distribution panel{label, {}, logarithmic};
    for (const StrfSummary& summary : summaries) {
      const double value = summary.*measure.value;
      panel.values.push_back(logarithmic ? value / 1000 : value);  // Hz to kHz
    }
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

std::optional<plot::TimeConstantsFigure> prefilter_figure(const RunView& view) {
  const auto members = members_of(view, every_unit(view));
  const auto of = [&](const std::string& name) -> Array<double> {
    const auto found = view.strfs.measures.find("prefilter/" + name);
    if (found == view.strfs.measures.end() || members.empty()) return {};
    const Array<float>& all = found->second;
    if (all.shape.size() < 2) return {all.shape, {all.values.begin(), all.values.end()}};
    Array<double> some({static_cast<std::int64_t>(members.size()), all.dim(1)});
    auto to = some.values.begin();
    for (const auto m : members) {
      to = std::copy_n(all.values.begin() + m * all.dim(1), all.dim(1), to);
    }
    return some;
  };
  plot::TimeConstantsFigure figure{"adaptation to the mean level",
                                   view.strfs.frequencies_hz,
                                   of("time_constant_on_ms"),
                                   of("time_constant_off_ms"),
                                   of("weight"),
                                   of("start_time_constant_ms").values,
                                   of("start_weight").values};
  if (figure.on_ms.size() == 0) return std::nullopt;
  return figure;
}

std::optional<plot::SettingsFigure> sweep_figure(const RunView& view) {
  if (!view.study || view.study->roster.settings.empty()) return std::nullopt;
  const Choice& choice = view.study->choice;
  const Roster& roster = view.study->roster;
  std::vector<std::size_t> order(choice.valid.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return is_better(choice.valid[a], choice.valid[b]);
  });
  plot::SettingsFigure figure;
  figure.heading = {"settings of the sweep", {"means over units"}};
  figure.score_label = choice.score;
  const bool tested = std::any_of(choice.test.begin(), choice.test.end(),
                                  [](double score) { return std::isfinite(score); });
  for (const auto s : order) {
    std::string name;
    for (const auto& [key, values] : roster.settings) {
      // The last part of the key says enough where it is the only one.
      name += (name.empty() ? "" : ", ") + key + " " + values[s];
    }
    figure.names.push_back(name);
    figure.valid.push_back(choice.valid[s]);
    if (tested) figure.test.push_back(choice.test[s]);
  }
  return figure;
}

Modulation modulation_of(const std::vector<float>& field, const Axes& axes) {
  constexpr std::size_t kPadding = 4;  // the transform has this many times the points
  const auto& hz = axes.frequencies_hz;
  const std::size_t bands = hz.size(), lags = bands == 0 ? 0 : field.size() / bands;
  Modulation result;
  if (bands < 2 || lags < 2 || !(hz.front() > 0) || field.size() != bands * lags) return result;
  const double octaves = std::log2(hz.back() / hz.front());
  // Interpolates linearly to bands that are equally spaced in octaves.
  std::vector<std::vector<double>> even(bands, std::vector<double>(lags));
  std::size_t below = 0;
  for (std::size_t f = 0; f < bands; ++f) {
    const double at =
        hz.front() * std::exp2(octaves * static_cast<double>(f) / static_cast<double>(bands - 1));
    while (below + 2 < bands && hz[below + 1] <= at) ++below;
    const double part =
        std::clamp(std::log(at / hz[below]) / std::log(hz[below + 1] / hz[below]), 0.0, 1.0);
    for (std::size_t l = 0; l < lags; ++l) {
      even[f][l] = (1 - part) * static_cast<double>(field[below * lags + l]) +
                   part * static_cast<double>(field[(below + 1) * lags + l]);
    }
  }
  const std::size_t rate_points = kPadding * lags, ripple_points = kPadding * bands;
  const std::size_t half_rate = rate_points / 2, half_ripple = ripple_points / 2;
  result.rates = static_cast<int>(2 * half_rate + 1);
  result.ripples = static_cast<int>(half_ripple + 1);
  result.highest_rate_hz = 500 / axes.dt_ms;
  result.highest_ripple = 0.5 * static_cast<double>(bands - 1) / octaves;
  // Transforms along lags first: (bands, rates). Then transforms along bands.
  const auto turn = [](std::size_t wave, std::size_t point, std::size_t points) {
    return 2 * std::numbers::pi * static_cast<double>(wave * point % points) /
           static_cast<double>(points);
  };
  const auto rates = static_cast<std::size_t>(result.rates);
  std::vector<double> real(bands * rates), imaginary(bands * rates);
  for (std::size_t j = 0; j < rates; ++j) {
    const std::size_t wave = j >= half_rate ? j - half_rate : rate_points + j - half_rate;
    for (std::size_t l = 0; l < lags; ++l) {
      const double angle = turn(wave, l, rate_points);
      const double cosine = std::cos(angle), sine = std::sin(angle);
      for (std::size_t f = 0; f < bands; ++f) {
        real[f * rates + j] += even[f][l] * cosine;
        imaginary[f * rates + j] -= even[f][l] * sine;
      }
    }
  }
  result.magnitudes.resize((half_ripple + 1) * rates);
  for (std::size_t i = 0; i <= half_ripple; ++i) {
    std::vector<double> re(rates), im(rates);
    for (std::size_t f = 0; f < bands; ++f) {
      const double angle = turn(i, f, ripple_points);
      const double cosine = std::cos(angle), sine = -std::sin(angle);
      for (std::size_t j = 0; j < rates; ++j) {
        const double a = real[f * rates + j], b = imaginary[f * rates + j];
        re[j] += a * cosine - b * sine;
        im[j] += a * sine + b * cosine;
      }
    }
    for (std::size_t j = 0; j < rates; ++j) {
      result.magnitudes[i * rates + j] = std::hypot(re[j], im[j]);
    }
  }
  return result;
}

std::optional<plot::MapFigure> modulation_figure(const RunView& view,
                                                 const std::vector<std::int64_t>& units) {
  constexpr std::size_t kMost = 400;  // more units hardly change the mean
  plot::MapFigure figure;
  std::int64_t shown = 0;
  Modulation last;
  const std::size_t step = (units.size() + kMost - 1) / kMost;
  for (std::size_t i = 0; i < units.size(); i += step) {
    const auto unit = units[i];
    const UnitStrf strf = unit_strf(view, unit);
    if (strf.values.empty()) continue;
    last = modulation_of(strongest_channel(strf), view.roster().axes);
    if (last.magnitudes.empty()) return std::nullopt;
    const double most = *std::max_element(last.magnitudes.begin(), last.magnitudes.end());
    if (!(most > 0) || !std::isfinite(most)) continue;
    figure.values.resize(last.magnitudes.size());
    for (std::size_t k = 0; k < last.magnitudes.size(); ++k) {
      figure.values[k] += last.magnitudes[k] / most;
    }
    ++shown;
  }
  if (shown == 0) return std::nullopt;
  for (double& value : figure.values) value /= static_cast<double>(shown);
  figure.heading = heading_of(view, shown == 1 && units.size() == 1
                                        ? "modulations passed by unit " + id_of(view, units[0])
                                        : "modulations passed by receptive fields");
  figure.heading.notes.push_back(
      shown == 1 ? std::string("relative to the largest")
                 : fmt::format("mean over {}{}, each relative to its largest",
                               counted(shown, "unit"), step > 1 ? " spread over all" : ""));
  figure.rows = last.ripples;
  figure.columns = last.rates;
  const double half_rate = last.highest_rate_hz / (last.rates - 1);
  const double half_ripple = last.highest_ripple / (last.ripples - 1) / 2;
  figure.x_low = -last.highest_rate_hz - half_rate;
  figure.x_high = last.highest_rate_hz + half_rate;
  figure.y_low = -half_ripple;
  figure.y_high = last.highest_ripple + half_ripple;
  figure.x_label = "rate (Hz), above 0 for rising sounds";
  figure.y_label = "ripple (cycles/octave)";
  figure.value_label = "magnitude";
  return figure;
}

std::optional<plot::ContactSheet> hidden_figure(const RunView& view, std::int64_t unit,
                                                const Recorded& recorded) {
  const auto& places = view.places.at(static_cast<std::size_t>(unit));
  const Model& model = *view.checkpoint.model;
  if (!view.strfs.kernel || model.backbone().response_kernel() != nullptr || places.empty()) {
    return std::nullopt;
  }
  constexpr const char* kReadout = "readout/weight";  // (M, N, H)
  const Place place = places.front();
  const FittedModel one = view.checkpoint.select({place.member});
  const auto readout = one.tensors.find(kReadout);
  const Array<float>& fields = view.strfs.kernel->shown();  // (M, H, C, F, L)
  if (readout == one.tensors.end() || readout->second.dim() != 3 ||
      readout->second.size(2) != fields.dim(1)) {
    return std::nullopt;
  }
  const auto hidden = fields.dim(1);
  // Removes each hidden unit and measures the change of the drive over the sounds.
  std::vector<double> contribution(static_cast<std::size_t>(hidden)), changed = contribution;
  double frames = 0;
  for (const auto sound : recorded.sounds) {
    const Stimulus& stimulus = recorded.dataset.stimuli.at(sound);
    const auto layout = ops::join({stimulus.frames()}, model.gap());
    const auto begin = layout->segments.front().begin;
    const auto x = at::zeros({1, layout->total, stimulus.spectrogram.dim(0)});
    put_input(x, begin, stimulus.spectrogram, one.standardisation.front());
    const auto drive = [&](const Tensors& tensors) {
      return model.drive(tensors, x, layout)
          .select(2, place.output)
          .narrow(1, begin, stimulus.frames());
    };
    const at::Tensor whole = drive(one.tensors);
    frames += static_cast<double>(stimulus.frames());
    for (std::int64_t h = 0; h < hidden; ++h) {
      Tensors without = one.tensors;
      without[kReadout] = readout->second.clone();
      without[kReadout].select(2, h).zero_();
      const at::Tensor difference = (whole - drive(without)).to(at::kDouble);
      const auto i = static_cast<std::size_t>(h);
      contribution[i] += difference.square().sum().item<double>();
      changed[i] += difference.sum().item<double>();
    }
  }
  std::vector<std::int64_t> order(static_cast<std::size_t>(hidden));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (std::size_t h = 0; h < contribution.size(); ++h) {
    const double mean = changed[h] / frames;
    contribution[h] = std::sqrt(std::max(contribution[h] / frames - mean * mean, 0.0));
  }
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return contribution[static_cast<std::size_t>(a)] > contribution[static_cast<std::size_t>(b)];
  });
  const double all = std::accumulate(contribution.begin(), contribution.end(), 0.0);
  const Member& member = view.roster().members[static_cast<std::size_t>(place.member)];
  plot::ContactSheet sheet;
  sheet.title = fmt::format("hidden units behind unit {}, seed {}, fold {}", id_of(view, unit),
                            member.seed, member.fold);
  sheet.subtitle = fmt::format(
      "by their share of the drive over {}, with the weight of the readout; each on its own colour "
      "scale",
      counted(static_cast<std::int64_t>(recorded.sounds.size()), "sound"));
  const auto weights = readout->second.select(1, place.output).to(at::kCPU).contiguous();
  const auto size = fields.size() / (fields.dim(0) * hidden);
  for (const auto h : order) {
    plot::StrfFigure figure;
    const double share = all > 0 ? contribution[static_cast<std::size_t>(h)] / all : 0;
    figure.unit_id =
        fmt::format("{}: {:.0f} %, w {}", h, 100 * share,
                    plot::short_number(std::round(weights.data_ptr<float>()[h] * 100) / 100.0));
    figure.channels = view.strfs.channels;
    figure.value_label = value_label(view.strfs.value, view.strfs.kernel->weights);
    figure.frequencies_hz = view.strfs.frequencies_hz;
    figure.lags_ms = view.strfs.lags_ms;
    const float* field = fields.data() + (place.member * hidden + h) * size;
    figure.kernel = {{1, fields.dim(2), fields.dim(3), fields.dim(4)}, {field, field + size}};
    sheet.figures.push_back(std::move(figure));
  }
  return sheet;
}

plot::ContactSheet dynamic_figure(const RunView& view, std::int64_t unit, const Stimulus& sound) {
  constexpr std::int64_t kMost = 24;
  const auto& places = view.places.at(static_cast<std::size_t>(unit));
  if (places.empty()) {
    throw ConfigError("--units", fmt::format("unit {} was not fitted", id_of(view, unit)));
  }
  const Place place = places.front();
  const Array<float> fields = dynamic_strf(view.checkpoint, place.member, sound.spectrogram);
  const auto frames = fields.dim(1), bands = fields.dim(2), lags = fields.dim(3);
  const auto shown = std::min(kMost, frames);
  const Member& member = view.roster().members[static_cast<std::size_t>(place.member)];
  plot::ContactSheet sheet;
  sheet.title = fmt::format("unit {} during {}, seed {}, fold {}", id_of(view, unit), sound.key,
                            member.seed, member.fold);
  sheet.subtitle = fmt::format(
      "what a change of the sound would do at {} times: the gradient of the prediction, one colour "
      "scale",
      shown);
  sheet.one_scale = true;
  for (std::int64_t i = 0; i < shown; ++i) {
    const auto frame = shown == 1 ? 0 : i * (frames - 1) / (shown - 1);
    plot::StrfFigure figure;
    figure.unit_id =
        seconds_text((static_cast<double>(frame) + 0.5) * view.roster().axes.dt_ms / 1000);
    figure.frequencies_hz = view.strfs.frequencies_hz;
    figure.lags_ms = view.strfs.lags_ms;
    figure.value_label = value_label("gradient: response", Weights::raw);
    const float* field = fields.data() + (place.output * frames + frame) * bands * lags;
    figure.kernel = {{1, 1, bands, lags}, {field, field + bands * lags}};
    sheet.figures.push_back(std::move(figure));
  }
  return sheet;
}

std::vector<std::int64_t> sorted_units(const std::vector<std::int64_t>& units,
                                       const std::vector<double>& scores) {
  std::vector<std::int64_t> order = units;
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return is_better(value_of(scores, a), value_of(scores, b));
  });
  return order;
}

std::vector<std::int64_t> telling_units(const std::vector<double>& scores, std::size_t most) {
  std::vector<std::int64_t> all(scores.size());
  std::iota(all.begin(), all.end(), std::int64_t{0});
  if (all.size() <= most) return all;
  std::vector<std::int64_t> order = sorted_units(all, scores), rest;
  while (!order.empty() && !std::isfinite(value_of(scores, order.back()))) {
    rest.push_back(order.back());
    order.pop_back();
  }
  std::vector<std::int64_t> chosen;
  std::vector<char> taken(scores.size(), 0);
  const auto take = [&](std::ptrdiff_t place) {
    if (place < 0 || place >= static_cast<std::ptrdiff_t>(order.size())) return;
    const auto unit = order[static_cast<std::size_t>(place)];
    if (chosen.size() >= most || taken[static_cast<std::size_t>(unit)] != 0) return;
    taken[static_cast<std::size_t>(unit)] = 1;
    chosen.push_back(unit);
  };
  const auto count = static_cast<std::ptrdiff_t>(order.size());
  for (std::ptrdiff_t i = 0; i < count && chosen.size() < most; ++i) {
    take(i);
    take(count / 2 + (i % 2 == 0 ? i / 2 : -(i + 1) / 2));
    take(count - 1 - i);
  }
  for (std::size_t i = 0; i < rest.size() && chosen.size() < most; ++i) chosen.push_back(rest[i]);
  return sorted_units(chosen, scores);
}

}  // namespace strffit
