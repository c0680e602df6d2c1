// Responses with their own frames: counts, LFP, ECoG, calcium. MATLAB, HDF5 and NumPy.
#include <algorithm>
#include <cmath>

#include "config/written.hpp"
#include "import/arrays.hpp"
#include "import/paths.hpp"
#include "import/source.hpp"
#include "readers/matlab.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

constexpr std::int64_t kMostCountTrials = 100000;

struct CountOptions {
  std::string given, path, id_path;
  double dt_ms = 0;
  std::vector<std::string> ids, axes;
};

void check_counts(const Array<float>& values, const std::string& file, const std::string& path) {
  for (const float value : values.values) {
    if (std::isinf(value)) {
      throw DataError(file, path,
                      "expected finite numbers, or NaN where missing; found an infinity");
    }
  }
}

// Responses (N, R, T) to one sound.
Array<float> counts_of(const ArrayFile& arrays, const CountOptions& options,
                       const std::string& file, const Placeholders& sound, bool strict) {
  if (!has_placeholder(options.path, "trial")) {
    const std::string path = filled(options.path, sound);
    const auto found = arrays.numbers(path, strict);
    if (!found) return {};
    return arranged(*found, options.axes, {"unit", "trial", "time"}, file, path);
  }
  std::vector<Array<float>> trials;
  for (std::int64_t trial = 1; trial <= kMostCountTrials; ++trial) {
    Placeholders values = sound;
    values["trial"] = std::to_string(trial);
    const std::string path = filled(options.path, values);
    const auto found = arrays.numbers(path, strict && trial == 1);
    if (!found) break;
    trials.push_back(arranged(*found, options.axes, {"unit", "time"}, file, path));
    if (trials.back().dim(0) != trials.front().dim(0)) {
      throw DataError(file, path,
                      fmt::format("expected the units of the first trial, {}; found {}",
                                  trials.front().dim(0), trials.back().dim(0)));
    }
  }
  if (trials.empty()) return {};
  std::int64_t longest = 0;
  for (const auto& one : trials) longest = std::max(longest, one.dim(1));
  const auto n = static_cast<std::int64_t>(trials.size()), units = trials.front().dim(0);
  Array<float> all({units, n, longest}, static_cast<float>(kNaN));
  for (std::int64_t trial = 0; trial < n; ++trial) {
    const auto& one = trials[static_cast<std::size_t>(trial)];
    for (std::int64_t unit = 0; unit < units; ++unit) {
      std::copy_n(one.data() + unit * one.dim(1), one.dim(1),
                  all.data() + (unit * n + trial) * longest);
    }
  }
  return all;
}

std::vector<std::string> names_of_units(const ArrayFile& arrays, const CountOptions& options,
                                        std::int64_t units, const std::string& file) {
  if (units == 0) throw DataError(file, options.path, "expected one unit or more; found none");
  std::vector<std::string> ids = options.ids;
  if (!options.id_path.empty()) ids = arrays.texts(options.id_path);
  if (ids.empty()) {
    for (std::int64_t i = 1; i <= units; ++i) ids.push_back(fmt::format("unit_{}", i));
  }
  if (static_cast<std::int64_t>(ids.size()) != units) {
    throw DataError(
        file, options.path,
        fmt::format("expected a name for each of the {} units; found {}", units, ids.size()));
  }
  return ids;
}

ReadResponses count_responses(config::Node& node) {
  CountOptions options;
  options.given = required_text(node, "counts", "a .mat, .h5 or .npy file, or .npy by {sound}");
  options.path = node.get("path", "",
                          "path in the file, with {sound} (and {trial}); without these, one array "
                          "on the recording's clock");
  options.dt_ms = node.get("dt_ms", 0.0, config::at_least(0), "width of a frame; required");
  if (!(options.dt_ms > 0))
    node.fail("dt_ms", "is required: the width of a frame of the responses");
  options.axes =
      node.strings("axes", {"time"}, "axes in the order of the file, from unit, trial and time");
  options.ids = node.strings("id", {}, "the names of the units");
  options.id_path = node.get("id_path", "", "path in the file to the names of the units");
  for (const auto& axis : options.axes) {
    if (axis != "unit" && axis != "trial" && axis != "time") {
      node.fail("axes", "expected unit, trial and time; found " + axis);
    }
    if (std::count(options.axes.begin(), options.axes.end(), axis) > 1) {
      node.fail("axes", "names " + axis + " twice");
    }
  }
  if (std::count(options.axes.begin(), options.axes.end(), "time") == 0) {
    node.fail("axes", "expected time among the axes");
  }
  const bool files = has_placeholder(options.given, "sound");
  const bool by_sound = files || has_placeholder(options.path, "sound");
  if (!by_sound && std::count(options.axes.begin(), options.axes.end(), "trial") > 0) {
    node.fail("axes", "has trials, but the path has no {sound}");
  }
  if (!options.ids.empty() && !options.id_path.empty()) {
    node.fail("id", "and id_path both name the units: give one of the two");
  }
  return [=](Reading& reading, const Sounds& sounds) {
    Responses responses;
    if (!by_sound) {
      const std::string file = reading.source(options.given);
      const auto arrays = open_arrays(file);
      ClockFrames frames;
      frames.dt_ms = options.dt_ms;
      frames.values = arranged(*arrays->numbers(options.path, true), options.axes, {"unit", "time"},
                               file, options.path);
      check_counts(frames.values, file, options.path);
      responses.ids = names_of_units(*arrays, options, frames.values.dim(0), file);
      responses.values = std::move(frames);
      return responses;
    }
    TrialFrames frames;
    frames.dt_ms = options.dt_ms;
    std::shared_ptr<const ArrayFile> arrays;
    std::string file;
    if (!files) arrays = open_arrays(file = reading.source(options.given));
    for (std::size_t i = 0; i < sounds.list.size(); ++i) {
      const SoundEntry& sound = sounds.list[i];
      Placeholders values = {{"sound", sound.name}};
      if (files) {
        const auto found = files_like(filled(options.given, values), reading.folder);
        if (found.empty()) continue;
        reading.sources.insert(found.front().path);
        arrays = open_arrays(file = found.front().path);
      } else if (file.ends_with(".mat")) {
        values["sound"] = std::to_string(sound.number);
      }
      Array<float> counts = counts_of(*arrays, options, file, values, frames.sounds.empty());
      if (counts.size() == 0) continue;
      check_counts(counts, file, options.path);
      if (responses.ids.empty()) {
        responses.ids = names_of_units(*arrays, options, counts.dim(0), file);
      }
      if (counts.dim(0) != static_cast<std::int64_t>(responses.ids.size())) {
        throw DataError(file, options.path,
                        fmt::format("expected the same units for every sound; found {} of {}",
                                    counts.dim(0), sound.label));
      }
      frames.sounds.emplace(i, std::move(counts));
    }
    if (frames.sounds.empty()) {
      throw DataError(reading.path(options.given), options.path,
                      "expected responses to one sound or more; found none");
    }
    responses.values = std::move(frames);
    return responses;
  };
}

// Struct arrays of naplib: a spectrogram and a response per element.
bool draft_struct_array(const std::string& file, const std::string& name, const MatlabValue& value,
                        Draft& draft) {
  const auto fields = value.fields();
  const auto has = [&](const char* field) {
    return std::count(fields.begin(), fields.end(), field) > 0;
  };
  if (value.kind() != MatlabValue::Kind::structs || count(value.shape()) < 1 || !has("aud") ||
      !has("resp")) {
    return false;
  }
  std::string dt = "?  # width of a frame";
  if (has("dataf")) {
    const MatlabPointer rate = value.field("dataf", 0);
    if (rate->kind() == MatlabValue::Kind::numbers && count(rate->shape()) == 1 &&
        rate->numbers()[0] > 0) {
      dt = config::write(1000 / rate->numbers()[0]) + "  # " + name + ".dataf";
    }
  }
  const std::string element = name + "({sound}).";
  draft.sounds = {"spectrograms: " + file,
                  "path: \"" + element + "aud\"",
                  "dt_ms: " + dt,
                  "axes: [frequency, time]  # " + described(*value.field("aud", 0)),
                  "first_hz: ?  # centre of the lowest band",
                  "per_octave: ?  # bands"};
  draft.n_sounds = count(value.shape());
  if (has("name")) draft.sounds.insert(draft.sounds.begin() + 2, "names: \"" + element + "name\"");
  draft.spikes = {"counts: " + file, "path: \"" + element + "resp\"", "dt_ms: " + dt,
                  "axes: [unit, time]  # " + described(*value.field("resp", 0))};
  if (has("chname")) draft.spikes.push_back("id_path: \"" + name + "(1).chname\"");
  draft.spectrogram = {"compression: {kind: none}"};
  draft.sounds_are_spectrograms = true;
  return true;
}

void draft_counts(const Listing& files, Draft& draft) {
  if (!draft.spikes.empty() || !draft.sounds.empty()) return;
  for (const auto& file : files.ending(".mat")) {
    try {
      const auto mat = open_matlab(files.folder + "/" + file);
      std::string there;
      for (const auto& name : mat->names()) {
        const MatlabPointer value = mat->variable(name);
        if (draft_struct_array(file, name, *value, draft)) return;
        there += (there.empty() ? "" : "; ") + name + ", " + described(*value);
      }
      draft.comments.push_back(file + " holds " + there + ".");
    } catch (const DataError& error) {
      draft.comments.push_back(error.what());
    }
  }
}

}  // namespace

Source counts_source() {
  return {"counts", nullptr, nullptr, count_responses, nullptr, draft_counts};
}

}  // namespace strffit::import
