// A recording with known truth, written as the files of a lab.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "import/assemble.hpp"
#include "import/findings.hpp"
#include "import/manifest.hpp"
#include "support/temporary_folder.hpp"
#include "util/errors.hpp"
#include "util/observer.hpp"
#include "util/random.hpp"

namespace strffit::test {

inline void write_file(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

// WAV, one channel or more of 16 bits, all the same.
inline void write_wave(const std::string& path, const std::vector<double>& samples, int rate_hz,
                       int channels = 1) {
  std::string bytes;
  const auto put = [&](std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i) & 255U);
  };
  const auto data =
      static_cast<std::uint64_t>(samples.size()) * 2 * static_cast<unsigned>(channels);
  bytes += "RIFF";
  put(36 + data, 4);
  bytes += "WAVEfmt ";
  put(16, 4);
  put(1, 2);
  put(static_cast<unsigned>(channels), 2);
  put(static_cast<unsigned>(rate_hz), 4);
  put(static_cast<std::uint64_t>(rate_hz) * 2 * static_cast<unsigned>(channels), 4);
  put(static_cast<unsigned>(2 * channels), 2);
  put(16, 2);
  bytes += "data";
  put(data, 4);
  for (const double sample : samples) {
    const auto value = static_cast<std::int16_t>(std::lround(32000 * sample));
    for (int c = 0; c < channels; ++c) put(static_cast<std::uint16_t>(value), 2);
  }
  write_file(path, bytes);
}

// One-dimensional .npy, version 1.
template <class T>
void write_npy(const std::string& path, const std::string& type, const std::vector<T>& values) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" +
                       std::to_string(values.size()) + ",), }";
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += '\x01';
  bytes += '\0';
  bytes += static_cast<char>(header.size() & 255U);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  write_file(path, bytes);
}

// Noise of `seconds` that gets louder and softer.
inline std::vector<double> noise(double seconds, int rate_hz, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> samples(static_cast<std::size_t>(std::lround(seconds * rate_hz)));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double time = static_cast<double>(i) / rate_hz;
    samples[i] =
        0.3 * random.uniform(-1, 1) * (1.2 + std::sin(20 * time + static_cast<double>(seed)));
  }
  return samples;
}

struct Quiet : Observer {};

// The dataset that a manifest makes of the files in `folder`; `notes`: what is told.
inline Dataset imported(const std::string& text, const std::string& folder,
                        std::vector<std::string>* notes = nullptr) {
  Quiet quiet;
  const import::Manifest manifest = import::read_manifest_text(text, "recording.yaml", folder);
  Dataset dataset;
  import::Findings findings;
  import::Assembled assembled = import::assemble(
      manifest, quiet, [&](const Dataset& head, const Extent& extent, Stimulus&& stimulus) {
        findings.see(stimulus, head, extent);
  dataset.stimuli.push_back(std::move(stimulus));
});
if (notes != nullptr) {
  const import::Findings::Result result = std::move(findings).result(assembled);
  *notes = result.notes;
  notes->insert(notes->end(), result.doubts.warnings.begin(), result.doubts.warnings.end());
}
std::vector<Stimulus> stimuli = std::move(dataset.stimuli);
dataset = std::move(assembled.head);
dataset.stimuli = std::move(stimuli);
return dataset;
}  // namespace strffit::test

// The message of the error that it ends with, "no error" if with none.
inline std::string refusal(const std::string& text, const std::string& folder) {
  try {
    imported(text, folder);
  } catch (const ConfigError& error) {
    return error.what();
  } catch (const DataError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace strffit::test
