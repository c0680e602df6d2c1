#include "plot/trials.hpp"

#include <algorithm>
#include <cmath>

#include "plot/colour.hpp"
#include "plot/lines.hpp"
#include "util/text.hpp"

namespace strffit::plot {
namespace {

// Longer recordings have adjacent frames averaged, so that the image stays small.
constexpr std::size_t kMostColumns = 2000;

}  // namespace

Scale trial_scale(std::int64_t trials) {
  const auto count = static_cast<double>(trials);
  Scale scale{.low = 0.5, .high = count + 0.5, .ticks = {}, .factor = {}};
  for (const std::int64_t trial : {std::int64_t{1}, trials}) {
    scale.ticks.push_back(
        {1 - (static_cast<double>(trial) - 0.5) / count, fmt::format("{}", trial)});
    if (trials == 1) break;
  }
  return scale;
}

void draw_spikes(Canvas& canvas, const Box& box, const Array<float>& responses) {
  const auto trials = static_cast<std::size_t>(responses.dim(0));
  const auto frames = static_cast<std::size_t>(responses.dim(1));
  const double cell = box.width / static_cast<double>(frames);
  const double tall = box.height / static_cast<double>(trials);
  std::vector<Box> single, more, missing;
  for (std::size_t trial = 0; trial < trials; ++trial) {
    const double y = box.y + tall * static_cast<double>(trial);
    for (std::size_t frame = 0; frame < frames; ++frame) {
      const float value = responses.values[trial * frames + frame];
      if (value == 0) continue;
      const double place = box.x + cell * static_cast<double>(frame);
      if (!std::isfinite(value)) {
        // Missing data usually form long intervals, which are drawn as one box.
        if (!missing.empty() && missing.back().y == y &&
            std::abs(missing.back().right() - place) < 1e-6) {
          missing.back().width += cell;
        } else {
          missing.push_back({place, y, cell, tall});
        }
      } else {  // at least as wide as a line
        (value < 1.5F ? single : more)
            .push_back({place, y + 0.1 * tall, std::max(cell, 0.4), 0.8 * tall});
      }
    }
  }
  canvas.fill(missing, kMissing);
  canvas.fill(single, kBlue);
  canvas.fill(more, kBlack);
}

double draw_trials(Canvas& canvas, const Box& box, const Array<float>& responses) {
  const auto trials = static_cast<std::size_t>(responses.dim(0));
  const auto frames = static_cast<std::size_t>(responses.dim(1));
  const std::size_t joined = (frames + kMostColumns - 1) / kMostColumns;
  const std::size_t columns = (frames + joined - 1) / joined;
  std::vector<double> means, magnitudes;
  for (std::size_t trial = 0; trial < trials; ++trial) {
    for (std::size_t column = 0; column < columns; ++column) {
      double sum = 0;
      const std::size_t first = column * joined, last = std::min(frames, first + joined);
      for (std::size_t t = first; t < last; ++t) {
        sum += static_cast<double>(responses.values[trial * frames + t]);
      }
      means.push_back(sum / static_cast<double>(last - first));
      magnitudes.push_back(std::abs(means.back()));
    }
  }
  // The 99 % quantile keeps a few outliers from making all other values pale.
  const double scale = quantile(magnitudes, 0.99);
  Cells cells{
      .columns = static_cast<int>(columns), .rows = static_cast<int>(trials), .colours = {}};
  for (const double value : means) {
    cells.colours.push_back(diverging_colour(value, scale > 0 ? scale : 1.0));
  }
  canvas.cells(box, cells);
  return scale > 0 ? scale : 0;
}

}  // namespace strffit::plot
