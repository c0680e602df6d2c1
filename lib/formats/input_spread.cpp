#include "formats/input_spread.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "util/errors.hpp"

namespace strffit {

namespace {

constexpr const char* kOfChannels = "/inputs/channel_spread";
constexpr const char* kOfSpectrogram = "/inputs/spectrogram_spread";

Array<float> some_rows(const Array<float>& all, const std::vector<std::int64_t>& rows) {
  Array<float> some;
  some.shape = all.shape;
  some.shape.at(0) = static_cast<std::int64_t>(rows.size());
  const auto row = all.size() / std::max<std::int64_t>(1, all.dim(0));
  for (const auto number : rows) {
    const auto from = all.values.begin() + number * row;
    some.values.insert(some.values.end(), from, from + row);
  }
  return some;
}

Array<float> read_spread(const files::Reader& reader, const char* path,
                         const files::Expected& expected) {
  auto spread = reader.floats(path, expected);
  for (const float value : spread.values) {
    if (std::isfinite(value) && value >= 0) continue;
    throw DataError(reader.file(), path,
                    "expected standard deviations, 0 or more; found " + std::to_string(value));
  }
  return spread;
}

}  // namespace

InputSpread InputSpread::select(const std::vector<std::int64_t>& members) const {
  if (!known()) return {};
  return {some_rows(channels, members), some_rows(spectrogram, members)};
}

void put_input_spread(files::Writer& writer, const InputSpread& spread) {
  if (!spread.known()) return;
  writer.put(kOfChannels, spread.channels);
  writer.put(kOfSpectrogram, spread.spectrogram);
}

InputSpread read_input_spread(const files::Reader& reader, std::int64_t members,
                              std::int64_t channels, std::int64_t bands) {
  if (!reader.exists("/inputs")) return {};
  return {read_spread(reader, kOfChannels, {{members, channels, bands}, "(M, C, F)"}),
          read_spread(reader, kOfSpectrogram, {{members, bands}, "(M, F)"})};
}

}  // namespace strffit
