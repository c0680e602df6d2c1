// Code shared by the kinds that transform one window per frame: log_frequency, stft, mel. Private
// to this room.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/node.hpp"
#include "sound/spectrogram.hpp"

namespace strffit {

struct WindowOptions {
  double window_frames = 2;  // length of the window in frames; > 0
  int padding = 1;           // length of the transform in windows; >= 1
  int power = 1;             // bands are weighted sums of: 1 magnitudes, 2 squared magnitudes
  bool centred = false;      // window centred on its frame, otherwise ending with it
  bool normalise = false;    // divide by the sum of the window: amplitude 1 gives magnitude 1/2
  std::string where_window = {}, where_bands = {};  // for errors with a rate
};

// Reads the keys `window_frames` and `padding` (both only if `of_frames`), `power`, `align` and
// `normalise`.
WindowOptions read_window(config::Node& node, WindowOptions defaults, bool of_frames);

// Sets the options of a windowed kind except its bands.
void describe_window(const WindowOptions& window, SpectrogramOptions& options);

// Rounds `samples`. ConfigError at where_window if fewer than 2, or too many with
// padding.
std::int64_t window_samples(double samples, double rate_hz, const WindowOptions& window);

// A band: weighted sum of consecutive bins, starting at `first`.
struct Band {
  std::int64_t first = 0;
  std::vector<double> weights;
};

// ConfigError naming the first band without a weight.
void refuse_empty_bands(const std::vector<Band>& bands, const std::vector<double>& frequencies_hz,
                        double bin_hz, const std::string& where);

// Bins are bin_hz apart; bin 0 is at offset_hz.
std::unique_ptr<FilterBank> windowed_bank(std::vector<double> window_values, double rate_hz,
                                          double offset_hz, double bin_hz, std::vector<Band> bands,
                                          const WindowOptions& window);

}  // namespace strffit
