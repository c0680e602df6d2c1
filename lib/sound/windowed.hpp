// What the kinds share that transform a window a frame: log_frequency, stft, mel. Private to this
// room.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/node.hpp"
#include "sound/spectrogram.hpp"

namespace strffit {

struct WindowOptions {
  double window_frames = 2;  // length of the window, frames; > 0
  int padding = 1;           // the transform is as long as so many windows; >= 1
  int power = 1;             // what the bands are weighted sums of: 1 magnitude, 2 its square
  bool centred = false;      // the window is centred on its frame, else it ends with it
  bool normalise = false;    // divide by the window's sum: a tone of amplitude 1 has magnitude 1/2
  std::string where_window = {}, where_bands = {};  // for errors that rate and frame width bring
};

// Reads the keys `window_frames` and `padding` (both only where `of_frames`), `power`, `align` and
// `normalise`.
WindowOptions read_window(config::Node& node, WindowOptions defaults, bool of_frames);

// What a windowed kind says about itself besides its bands.
void describe_window(const WindowOptions& window, SpectrogramOptions& options);

// `samples` rounded; ConfigError at where_window unless they are 2 or more, and not too many
// padded.
std::int64_t window_samples(double samples, double rate_hz, const WindowOptions& window);

// A band: the weighted sum of bins from `first` on.
struct Band {
  std::int64_t first = 0;
  std::vector<double> weights;
};

// ConfigError naming the first band without a weight.
void refuse_empty_bands(const std::vector<Band>& bands, const std::vector<double>& frequencies_hz,
                        double bin_hz, const std::string& where);

// Bins are bin_hz apart, bin 0 at offset_hz.
std::unique_ptr<FilterBank> windowed_bank(std::vector<double> window_values, double rate_hz,
                                          double offset_hz, double bin_hz, std::vector<Band> bands,
                                          const WindowOptions& window);

}  // namespace strffit
