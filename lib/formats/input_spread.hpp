// How much varies what the members hear: formats.md, /inputs.
#pragma once

#include <cstdint>
#include <vector>

#include "files/reader.hpp"
#include "files/writer.hpp"
#include "util/array.hpp"

namespace strffit {

// Standard deviations of the bands over all frames of a member's training stimuli. A weight times
// that of its band is a response per standard deviation of the band: a band that hardly varies may
// have a large weight that does little.
struct InputSpread {
  Array<float> channels;     // (M, C, F) of what the kernels see: standardised and prefiltered
  Array<float> spectrogram;  // (M, F) of the standardised spectrogram

  bool known() const { return channels.size() > 0; }
  // That of some members, in this order.
  InputSpread select(const std::vector<std::int64_t>& members) const;
};

// Below /inputs; nothing where it is not known.
void put_input_spread(files::Writer& writer, const InputSpread& spread);

// Not known where the file has no /inputs. DataError where it has other members, channels or bands,
// or numbers that are no standard deviations.
InputSpread read_input_spread(const files::Reader& reader, std::int64_t members,
                              std::int64_t channels, std::int64_t bands);

}  // namespace strffit
