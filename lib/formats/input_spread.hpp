// Standard deviations of the inputs in training: formats.md, /inputs.
#pragma once

#include <cstdint>
#include <vector>

#include "files/reader.hpp"
#include "files/writer.hpp"
#include "util/array.hpp"

namespace strffit {

// Standard deviation of each band over all frames of the member's training stimuli. A weight times
// this value is the response per standard deviation of the band. This makes bands comparable: in a
// band with small variance, even a large weight has little effect.
struct InputSpread {
  Array<float> channels;     // (M, C, F) of the input to the kernels: standardised and prefiltered
  Array<float> spectrogram;  // (M, F) of the standardised spectrogram

  bool known() const { return channels.size() > 0; }
  // The rows of some members, in this order.
  InputSpread select(const std::vector<std::int64_t>& members) const;
};

// Writes the values below /inputs. Writes nothing if they are unknown.
void put_input_spread(files::Writer& writer, const InputSpread& spread);

// Reads /inputs; unknown if the file does not have it. DataError if the number of members, channels
// or bands differs, or if a value is not a valid standard deviation.
InputSpread read_input_spread(const files::Reader& reader, std::int64_t members,
                              std::int64_t channels, std::int64_t bands);

}  // namespace strffit
