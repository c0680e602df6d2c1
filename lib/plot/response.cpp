#include "plot/response.hpp"

#include <algorithm>
#include <cmath>

#include "plot/colour.hpp"
#include "plot/lines.hpp"
#include "plot/trials.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::plot {
namespace {

constexpr double kSpectrogram = 44, kRates = 78, kGap = 7, kLegendHeight = 12;
constexpr double kTallestTrials = 90, kTrial = 4.5;
constexpr std::size_t kMostFrames = 3000;  // largest number of image columns

std::int64_t frames_of(const ResponseFigure& figure) {
  std::int64_t frames = -1;
  const auto agree = [&](std::int64_t found) {
    if (frames >= 0 && found != frames) throw Bug("a figure of series of unequal lengths");
    frames = found;
  };
  for (const auto* array : {&figure.spectrogram, &figure.trials}) {
    if (array->size() == 0) continue;
    if (array->shape.size() != 2) throw Bug("a figure of " + to_string(array->shape));
    agree(array->dim(1));
  }
  if (!figure.response.empty()) agree(static_cast<std::int64_t>(figure.response.size()));
  for (const auto& one : figure.predictions) agree(static_cast<std::int64_t>(one.values.size()));
  if (frames < 1 || !(figure.dt_ms > 0)) throw Bug("a figure of no frames");
  return frames;
}

// Makes the image of a spectrogram, high frequencies on top. Adjacent frames of a long sound are
// averaged.
Cells sound_cells(const Array<float>& sound) {
  const auto bands = static_cast<std::size_t>(sound.dim(0));
  const auto frames = static_cast<std::size_t>(sound.dim(1));
  const std::size_t joined = (frames + kMostFrames - 1) / kMostFrames;
  const std::size_t columns = (frames + joined - 1) / joined;
  std::vector<double> values;
  for (std::size_t row = 0; row < bands; ++row) {
    const float* band = sound.data() + (bands - 1 - row) * frames;
    for (std::size_t column = 0; column < columns; ++column) {
      const std::size_t last = std::min(frames, (column + 1) * joined);
      double sum = 0;
      for (std::size_t t = column * joined; t < last; ++t) sum += static_cast<double>(band[t]);
      values.push_back(sum / static_cast<double>(last - column * joined));
    }
  }
  const double low = quantile(values, 0.02), high = quantile(values, 0.998);
  Cells cells{.columns = static_cast<int>(columns), .rows = static_cast<int>(bands), .colours = {}};
  for (const double value : values) cells.colours.push_back(grey(value, low, high));
  return cells;
}

std::vector<double> times(double factor, std::vector<double> values) {
  for (double& value : values) value *= factor;
  return values;
}

}  // namespace

std::string draw(const ResponseFigure& figure, const Look& look) {
  constexpr Colour kColours[] = {kVermilion, kBlue, kGreen};
  const auto frames = frames_of(figure);
  if (figure.predictions.size() > std::size(kColours)) throw Bug("more than three predictions");
  const double dt_s = figure.dt_ms / 1000;
  const double factor = figure.counts ? 1 / dt_s : 1;
  std::vector<Line> lines;
  std::vector<double> middle, range = times(factor, figure.response);
  for (std::int64_t t = 0; t < frames; ++t) middle.push_back((static_cast<double>(t) + 0.5) * dt_s);
  for (const auto& prediction : figure.predictions) {
    lines.push_back({.name = prediction.name,
                     .colour = kColours[lines.size()],
                     .x = middle,
                     .middle = times(factor, prediction.values),
                     .lower = {},
                     .upper = {}});
    range.insert(range.end(), lines.back().middle.begin(), lines.back().middle.end());
  }
  range = finite(range);
  range.push_back(0);  // the response is drawn from 0
  const auto [low, high] = std::minmax_element(range.begin(), range.end());
  const Scale time =
      linear_scale(0, static_cast<double>(frames) * dt_s, look.width() > 350 ? 9 : 6);
  const Scale rate = rounded_linear_scale(*low, *high, 5);

  const bool has_sound = figure.spectrogram.size() > 0, has_trials = figure.trials.size() > 0;
  const double trials = has_trials ? static_cast<double>(figure.trials.dim(0)) : 0;
  const double tall = std::clamp(trials * kTrial, 20.0, kTallestTrials);
  const double rates_from = (has_sound ? kSpectrogram + kGap : 0) + kLegendHeight;
  Heading heading = figure.heading;
  Scale bands{.low = 0, .high = 1, .ticks = {}, .factor = {}};
  if (has_sound) bands.ticks = band_ticks(figure.frequencies_hz, 1.4 * kTickFont / kSpectrogram);
  Page page(look, heading, rates_from + kRates + (has_trials ? kGap + tall : 0) + kAxisHeight);
  const std::vector<Scale> scales = {rate, bands};
  if (has_sound) {
    Panel panel(page, page.below(0, kSpectrogram, scales), time, bands);
    panel.cells(sound_cells(figure.spectrogram));
    panel.frame("", "kHz", true);
  }
  Panel rates(page, page.below(rates_from, kRates, scales), time, rate);
  if (!figure.response.empty()) {
    std::vector<double> borders;
    for (std::int64_t t = 0; t <= frames; ++t) borders.push_back(static_cast<double>(t) * dt_s);
    rates.bars(borders, times(factor, figure.response), kMissing);
  }
  if (rate.low < 0) rates.horizontal(0, {.colour = kDarkGrey, .width = 0.5});
  draw_lines(page.canvas(), rates.box(), time, rate, lines);
  rates.frame(has_trials ? "" : "time (s)", figure.counts ? "rate (spikes/s)" : figure.value_label);
  std::vector<Line> legend = lines;
  if (!figure.response.empty()) {
    legend.insert(legend.begin(), {.name = trials > 1 ? fmt::format("response, mean of {} trials",
                                                                    figure.trials.dim(0))
                                                      : std::string("response"),
                                   .colour = kMissing,
                                   .x = {},
                                   .middle = {},
                                   .lower = {},
                                   .upper = {}});
  }
  draw_legend(page.canvas(), {rates.box().x, rates.box().y - 7}, legend);
  if (has_trials) {
    Panel panel(page, page.below(rates_from + kRates + kGap, tall, scales), time,
                trial_scale(figure.trials.dim(0)));
    if (figure.counts) {
      draw_spikes(page.canvas(), panel.box(), figure.trials);
    } else {
      draw_trials(page.canvas(), panel.box(), figure.trials);
    }
    panel.frame("time (s)", "trial", !figure.counts);
  }
  return page.finish();
}

}  // namespace strffit::plot
