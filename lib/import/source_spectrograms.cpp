// Sounds as spectrograms computed elsewhere: HDF5, NumPy and MATLAB.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>

#include "import/arrays.hpp"
#include "import/paths.hpp"
#include "import/source.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

constexpr std::int64_t kMostSounds = 100000;

struct SpectrogramFiles {
  std::string given, path, names, where_frequencies;
  double dt_ms = 0, first_hz = 0, per_octave = 0;
  std::vector<double> frequencies_hz;
  std::vector<std::string> axes;
};

// Spectrogram (F, T). Without `axes`, the frequency axis is the one of length `bands`.
Array<float> bands_by_frames(const FoundArray& found, const SpectrogramFiles& options,
                             std::int64_t bands, const std::string& file,
                             const std::string& place) {
  std::vector<std::string> axes = options.axes;
  Shape shape = found.shape;
  shape.erase(std::remove(shape.begin(), shape.end(), 1), shape.end());
  if (axes.empty() && bands == 1 && shape.size() <= 1) {
    axes = {"time"};
  } else if (axes.empty()) {
    if (shape.size() == 2 && shape[0] == bands && shape[1] == bands) {
      throw DataError(file, place,
                      "expected different numbers of bands and frames; found as many of both: set "
                      "axes: [frequency, time] or [time, frequency]");
    }
    const bool first = !found.shape.empty() && found.shape[0] == bands;
    axes = first ? std::vector<std::string>{"frequency", "time"}
                 : std::vector<std::string>{"time", "frequency"};
  }
  Array<float> values = arranged(found, axes, {"frequency", "time"}, file, place);
  if (values.dim(0) != bands) {
    throw DataError(
        file, place,
        fmt::format("expected an axis of {} bands, as there are frequencies_hz; found shape {}",
                    bands, to_string(found.shape)));
  }
  for (const float value : values.values) {
    if (!std::isfinite(value))
      throw DataError(file, place, "expected finite numbers; found others");
  }
  return values;
}

std::vector<double> frequencies_of(const SpectrogramFiles& options, std::int64_t bands) {
  if (!options.frequencies_hz.empty()) return options.frequencies_hz;
  std::vector<double> frequencies;
  for (std::int64_t i = 0; i < bands; ++i) {
    frequencies.push_back(options.first_hz *
                          std::exp2(static_cast<double>(i) / options.per_octave));
  }
  return frequencies;
}

// Number of bands: that of the frequencies, else the named axis, else the shorter one.
std::int64_t bands_of(const FoundArray& found, const SpectrogramFiles& options) {
  if (!options.frequencies_hz.empty())
    return static_cast<std::int64_t>(options.frequencies_hz.size());
  for (std::size_t i = 0; i < std::min(options.axes.size(), found.shape.size()); ++i) {
    if (options.axes[i] == "frequency") return found.shape[i];
  }
  return *std::min_element(found.shape.begin(), found.shape.end());
}

void add_spectrogram(Sounds& sounds, const std::string& name, const std::string& label,
                     std::function<Array<float>()> read) {
  SoundEntry sound;
  sound.key = name;
  std::replace(sound.key.begin(), sound.key.end(), '/', '_');
  sound.name = sound.key;
  sound.label = label;
  sound.number = static_cast<std::int64_t>(sounds.list.size()) + 1;
  sound.spectrogram = std::move(read);
  sounds.list.push_back(std::move(sound));
}

void from_one_file(Sounds& sounds, const SpectrogramFiles& options, const std::string& file) {
  const auto arrays = open_arrays(file);
  std::int64_t bands = 0;
  const auto add = [&](const std::string& filler, const std::string& name) {
    const std::string path = filled(options.path, {{"sound", filler}});
    const auto found = arrays->numbers(path, sounds.list.empty());
    if (!found) return false;
    if (bands == 0) bands = bands_of(*found, options);
    add_spectrogram(sounds, name, name, [=] {
      return bands_by_frames(*arrays->numbers(path, true), options, bands, file, path);
    });
    return true;
  };
  const auto names = arrays->sounds_in(options.path);
  for (const auto& name : names) add(name, name);
  for (std::int64_t i = 1; names.empty() && i <= kMostSounds; ++i) {
    const std::string number = std::to_string(i);
    std::string name = "sound_" + std::string(i < 10 ? "00" : i < 100 ? "0" : "") + number;
    if (!options.names.empty()) {
      const std::string path = filled(options.names, {{"sound", number}});
      const auto text = arrays->text(path, sounds.list.empty());
      if (!text) break;
      name = *text;
    }
    if (!add(number, name)) break;
  }
  sounds.frequencies_hz = frequencies_of(options, bands);
}

ReadSounds given_spectrograms(config::Node& node) {
  SpectrogramFiles options;
  options.given = required_text(node, "spectrograms",
                                "a .h5 or .mat file, or .npy files by a pattern with {sound}");
  options.path = node.get("path", "{sound}", "path in the file, with {sound}");
  options.names =
      node.get("names", "", "names of the sounds, as a path with {sound} in a .mat file");
  options.dt_ms = node.get("dt_ms", 0.0, config::at_least(0), "width of a frame; required");
  options.frequencies_hz = node.numbers("frequencies_hz", {}, config::above(0),
                                        "band centres; or first_hz and per_octave");
  options.first_hz = node.get("first_hz", 0.0, config::at_least(0), "centre of the lowest band");
  options.per_octave = node.get("per_octave", 0.0, config::at_least(0), "bands in an octave");
  options.axes = node.strings("axes", {},
                              "axes in the order of the file, such as [frequency, time]; default: "
                              "found by the number of bands");
  if (!(options.dt_ms > 0))
    node.fail("dt_ms", "is required: the width of a frame of these spectrograms");
  const bool rule = options.first_hz > 0 && options.per_octave > 0;
  if (options.frequencies_hz.empty() && !rule) {
    node.fail("frequencies_hz", "is required: the bands' centres, or first_hz and per_octave");
  }
  if (!options.frequencies_hz.empty() && (options.first_hz > 0 || options.per_octave > 0)) {
    node.fail("first_hz", "is for bands without frequencies_hz: give one of the two");
  }
  if (!std::is_sorted(options.frequencies_hz.begin(), options.frequencies_hz.end(),
                      [](double a, double b) { return a <= b; })) {
    node.fail("frequencies_hz", "expected ascending frequencies");
  }
  for (const auto& axis : options.axes) {
    if (axis != "frequency" && axis != "time") {
      node.fail("axes", "expected frequency and time; found " + axis);
    }
  }
  if (!options.path.empty() && !has_placeholder(options.path, "sound")) {
    node.fail("path",
              "expected a path with {sound}, such as stim(:,:,{sound}); found " + options.path);
  }
  const bool several =
      has_placeholder(options.given, "sound") || options.given.find('*') != std::string::npos;
  return [=](Reading& reading) {
    Sounds sounds;
    sounds.dt_ms = options.dt_ms;
    if (!several) {
      from_one_file(sounds, options, reading.source(options.given));
    } else {
      std::int64_t bands = 0;
      for (const auto& file : files_like(options.given, reading.folder)) {
        reading.sources.insert(file.path);
        const std::string stem = std::filesystem::path(file.path).stem().string();
        if (bands == 0) bands = bands_of(*open_arrays(file.path)->numbers("", true), options);
        const auto matched = file.matched.find("sound");
        add_spectrogram(sounds, stem, std::filesystem::path(file.path).filename().string(), [=] {
          return bands_by_frames(*open_arrays(file.path)->numbers("", true), options, bands,
                                 file.path, "");
        });
        if (matched != file.matched.end()) sounds.list.back().name = matched->second;
      }
      sounds.frequencies_hz = frequencies_of(options, bands);
    }
    if (sounds.list.empty()) {
      throw DataError(reading.path(options.given), options.path,
                      "expected spectrograms of sounds; found none");
    }
    return sounds;
  };
}

}  // namespace

Source spectrograms_source() {
  return {"spectrograms", given_spectrograms, nullptr, nullptr, nullptr, nullptr, true};
}

}  // namespace strffit::import
