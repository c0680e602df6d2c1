// NEMS recordings: a .tgz with numbers and a JSON file for each signal, and a table of epochs.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "import/events.hpp"
#include "import/paths.hpp"
#include "import/source.hpp"
#include "readers/archive.hpp"
#include "readers/table.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

using NemsJson = nlohmann::json;

struct NemsSignal {
  double rate_hz = 0;
  std::vector<std::string> channels;
  Array<float> values;  // (channels, T)
};

struct NemsEpoch {
  std::string name;
  double begin = 0, end = 0;
  std::string where;
};

class NemsRecording {
 public:
  explicit NemsRecording(const std::string& file) : file_(file), texts_(read_archive(file)) {}

  const std::string& file() const { return file_; }

  // Names of the signals, "resp", "stim", "pupil", from files such as "eno052d-a1.resp.json".
  std::vector<std::string> signals() const {
    std::set<std::string> names;
    for (const auto& [name, text] : texts_) {
      if (!name.ends_with(".json")) continue;
      const std::string stem = name.substr(0, name.size() - 5);
      names.insert(stem.substr(stem.rfind('.') + 1));
    }
    return {names.begin(), names.end()};
  }

  NemsSignal signal(const std::string& name) const {
    const NemsJson json = json_of(name);
    NemsSignal signal;
    signal.rate_hz = rate_in(json, name);
    if (json.contains("chans") && json["chans"].is_array()) {
      for (const auto& one : json["chans"]) {
        if (one.is_string()) signal.channels.push_back(one.get<std::string>());
      }
    }
    read_values(name, signal);
    if (signal.channels.empty()) {
      for (std::int64_t i = 1; i <= signal.values.dim(0); ++i) {
        signal.channels.push_back(fmt::format("{}_{}", name, i));
      }
    }
    if (static_cast<std::int64_t>(signal.channels.size()) != signal.values.dim(0)) {
      throw DataError(file_, name + ".json",
                      fmt::format("expected a name for each of the {} channels; found {}",
                                  signal.values.dim(0), signal.channels.size()));
    }
    return signal;
  }

  double rate_of(const std::string& name) const { return rate_in(json_of(name), name); }

  // Epochs of a signal, or of the whole recording, in the order of the file.
  std::vector<NemsEpoch> epochs(const std::string& signal) const {
    std::string name = ending_in("." + signal + ".epoch.csv");
    if (name.empty()) name = ending_in("epoch.csv");
    if (name.empty()) name = ending_in("epochs.csv");
    if (name.empty()) throw DataError(file_, "", "expected a table of epochs; found none");
    Table table(file_ + ":" + name, texts_.at(name), false);
    const auto begin = table.column("start"), end = table.column("end"),
               label = table.column("name");
    std::vector<NemsEpoch> epochs;
    while (table.next()) {
      if (is_missing(table.cell(begin)) || is_missing(table.cell(end))) continue;
      epochs.push_back({table.cell(label), table.number(begin), table.number(end), table.where()});
    }
    return epochs;
  }

 private:
  double rate_in(const NemsJson& json, const std::string& name) const {
    const double rate =
        json.contains("fs") && json["fs"].is_number() ? json["fs"].get<double>() : 0;
    if (!(rate > 0 && std::isfinite(rate))) {
      throw DataError(file_, name + ".json",
                      "expected fs, samples per second, above 0; found none");
    }
    return rate;
  }

  std::string ending_in(const std::string& ending) const {
    for (const auto& [name, text] : texts_) {
      if (name.ends_with(ending)) return name;
    }
    return "";
  }

  NemsJson json_of(const std::string& name) const {
    const std::string found = ending_in("." + name + ".json");
    if (found.empty()) {
      std::string there;
      for (const auto& one : signals()) there += (there.empty() ? "" : ", ") + one;
      throw DataError(file_, "", "expected a signal " + name + "; found " + there);
    }
    try {
      NemsJson json = NemsJson::parse(texts_.at(found));
      if (!json.is_object()) throw DataError(file_, found, "expected a JSON object");
      return json;
    } catch (const NemsJson::exception& error) {
      throw DataError(file_, found, std::string("expected JSON (") + error.what() + ")");
    }
  }

  // One line per frame, one cell per channel, no header.
  void read_values(const std::string& name, NemsSignal& signal) const {
    const std::string found = ending_in("." + name + ".csv");
    if (found.empty()) {
      throw DataError(file_, "",
                      "expected a table " + name +
                          ".csv; found none: signals of other "
                          "kinds are not read");
    }
    const std::string& text = texts_.at(found);
    std::vector<float> values;
    std::size_t channels = 0, frames = 0;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      std::size_t cells = 0;
      for (std::size_t begin = at; begin <= end && at < end; ++cells) {
        const auto stop = std::min(text.find(',', begin), end);
        std::string cell = text.substr(begin, stop - begin);
        if (!cell.empty() && cell.back() == '\r') cell.pop_back();
        const double number = as_number(cell, false);
        if (std::isnan(number) && !is_missing(cell)) {
          throw DataError(file_, fmt::format("{}:{}", found, frames + 1),
                          "expected numbers; found " + cell.substr(0, 60));
        }
        values.push_back(static_cast<float>(number));
        begin = stop + 1;
      }
      at = end + 1;
      if (cells == 0) continue;
      if (channels == 0) channels = cells;
      if (cells != channels) {
        throw DataError(file_, fmt::format("{}:{}", found, frames + 1),
                        fmt::format("expected {} numbers; found {}", channels, cells));
      }
      ++frames;
    }
    if (frames == 0) throw DataError(file_, found, "expected one frame or more; found none");
    signal.values =
        Array<float>({static_cast<std::int64_t>(channels), static_cast<std::int64_t>(frames)});
    for (std::size_t frame = 0; frame < frames; ++frame) {
      for (std::size_t channel = 0; channel < channels; ++channel) {
        signal.values.values[channel * frames + frame] = values[frame * channels + channel];
      }
    }
  }

  std::string file_;
  std::map<std::string, std::string> texts_;
};

std::string nems_pattern(config::Node& node) {
  std::string pattern =
      node.get("epochs", "STIM_{sound}", "epochs of the sounds, as a pattern with {sound}");
  if (!has_placeholder(pattern, "sound")) {
    node.fail("epochs", "expected a pattern with {sound}, such as STIM_{sound}; found " + pattern);
  }
  return pattern;
}

// Epochs by name of the sound.
std::map<std::string, std::vector<NemsEpoch>> sounds_of_epochs(const std::vector<NemsEpoch>& epochs,
                                                               const std::string& pattern) {
  std::map<std::string, std::vector<NemsEpoch>> sounds;
  for (const auto& epoch : epochs) {
    Placeholders matched;
    if (fits(pattern, epoch.name, matched)) sounds[matched.at("sound")].push_back(epoch);
  }
  return sounds;
}

std::int64_t frames_of_epochs(const std::vector<NemsEpoch>& epochs, double rate_hz) {
  double shortest = epochs.front().end - epochs.front().begin;
  for (const auto& epoch : epochs) shortest = std::min(shortest, epoch.end - epoch.begin);
  return static_cast<std::int64_t>(std::llround(std::clamp(shortest * rate_hz, 0.0, 1e9)));
}

// One band: 1 while the sound is on, 0 in the silence before and after it.
Array<float> on_and_off(const NemsEpoch& sound, const std::vector<NemsEpoch>& all,
                        std::int64_t frames, double rate_hz) {
  double begin = sound.begin, end = sound.end;
  for (const auto& epoch : all) {
    constexpr double kSame = 1e-3;
    if (epoch.name == "PreStimSilence" && std::abs(epoch.begin - sound.begin) < kSame)
      begin = epoch.end;
    if (epoch.name == "PostStimSilence" && std::abs(epoch.end - sound.end) < kSame)
      end = epoch.begin;
  }
  Array<float> values({1, frames});
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    const double middle = sound.begin + (static_cast<double>(frame) + 0.5) / rate_hz;
    values.values[static_cast<std::size_t>(frame)] = middle > begin && middle < end ? 1.0F : 0.0F;
  }
  return values;
}

ReadSounds nems_sounds(config::Node& node) {
  const std::string given = required_text(node, "nems", "a NEMS recording, .tgz");
  const std::string pattern = nems_pattern(node);
  const std::string signal_name = node.get(
      "signal", "stim", "signal with the spectrogram; on_off: one band, 1 while a sound is on");
  const auto frequencies = node.numbers("frequencies_hz", {}, config::above(0), "band centres");
  if (frequencies.empty()) node.fail("frequencies_hz", "is required: the bands' centres");
  if (!std::is_sorted(frequencies.begin(), frequencies.end(),
                      [](double a, double b) { return a <= b; })) {
    node.fail("frequencies_hz", "expected ascending frequencies");
  }
  return [=](Reading& reading) {
    const NemsRecording recording(reading.source(given));
    const bool on_off = signal_name == "on_off";
    const auto epochs = recording.epochs(on_off ? "resp" : signal_name);
    NemsSignal signal;
    if (on_off) {
      signal.rate_hz = recording.rate_of("resp");
    } else {
      signal = recording.signal(signal_name);
    }
    const auto bands = on_off ? 1 : signal.values.dim(0);
    if (bands != static_cast<std::int64_t>(frequencies.size())) {
      throw DataError(recording.file(), signal_name,
                      fmt::format("expected as many bands as frequencies_hz, {}; found {}",
                                  frequencies.size(), bands));
    }
    Sounds sounds;
    sounds.dt_ms = 1000 / signal.rate_hz;
    sounds.frequencies_hz = frequencies;
    for (const auto& [name, played] : sounds_of_epochs(epochs, pattern)) {
      const std::int64_t frames = frames_of_epochs(played, signal.rate_hz);
      constexpr std::int64_t kLongestEpoch = 10000000;
      if (frames < 1 || frames > kLongestEpoch) {
        throw DataError(
            played.front().where, "",
            fmt::format("expected an epoch of 1 to ten million frames; found {} at {} frames/s",
                        frames, signal.rate_hz));
      }
      Array<float> values;
      if (on_off) {
        values = on_and_off(played.front(), epochs, frames, signal.rate_hz);
      } else {
        const auto begin =
            static_cast<std::int64_t>(std::llround(played.front().begin * signal.rate_hz));
        if (begin < 0 || begin + frames > signal.values.dim(1)) {
          throw DataError(played.front().where, "", "expected an epoch inside the signal");
        }
        values = Array<float>({bands, frames});
        for (std::int64_t band = 0; band < bands; ++band) {
          const float* from = signal.values.data() + band * signal.values.dim(1) + begin;
          std::copy(from, from + frames, values.data() + band * frames);
        }
      }
      SoundEntry sound;
      sound.key = sound.name = sound.label = name;
      sound.number = static_cast<std::int64_t>(sounds.list.size()) + 1;
      sound.distinct = on_off;  // all on_off spectrograms may be equal
      sound.spectrogram = [values] { return values; };
      sounds.list.push_back(std::move(sound));
    }
    if (sounds.list.empty()) {
      throw DataError(recording.file(), "", "expected epochs like " + pattern + "; found none");
    }
    return sounds;
  };
}

ReadPresentations nems_presentations(config::Node& node) {
  const std::string given = required_text(node, "nems", "a NEMS recording, .tgz");
  const std::string pattern = nems_pattern(node);
  const bool skip = read_skip_absent(node);
  return [=](Reading& reading, const Sounds& sounds) {
    const NemsRecording recording(reading.source(given));
    std::vector<Presentation> presentations;
    for (const auto& [name, played] : sounds_of_epochs(recording.epochs("resp"), pattern)) {
      for (const auto& epoch : played) {
        const auto sound = sound_of(sounds, name, skip, epoch.where, "name");
        if (sound < 0) continue;
        presentations.push_back(
            {static_cast<std::size_t>(sound), epoch.begin, epoch.end, epoch.where});
      }
    }
    if (presentations.empty()) {
      throw DataError(recording.file(), "", "expected epochs like " + pattern + "; found none");
    }
    return presentations;
  };
}

ReadResponses nems_responses(config::Node& node) {
  const std::string given = required_text(node, "nems", "a NEMS recording, .tgz");
  const std::string name = node.get("signal", "resp", "signal with the responses");
  return [=](Reading& reading, const Sounds&) {
    const NemsRecording recording(reading.source(given));
    NemsSignal signal = recording.signal(name);
    Responses responses;
    responses.ids = std::move(signal.channels);
    responses.values = ClockFrames{1000 / signal.rate_hz, std::move(signal.values)};
    return responses;
  };
}

void draft_nems(const Listing& files, Draft& draft) {
  for (const char* ending : {".tgz", ".tar.gz"}) {
    for (const auto& file : files.ending(ending)) {
      if (!draft.spikes.empty()) return;
      try {
        const NemsRecording recording(files.folder + "/" + file);
        const auto signals = recording.signals();
        const bool has_stim = std::count(signals.begin(), signals.end(), "stim") > 0;
        if (std::count(signals.begin(), signals.end(), "resp") == 0) continue;
        draft.sounds = {"nems: " + file};
        if (has_stim) {
          draft.sounds.push_back("signal: stim");
          draft.sounds.push_back(
              fmt::format("frequencies_hz: ?  # a list, one of each of its {} bands",
                          recording.signal("stim").values.dim(0)));
        } else {
          draft.sounds.push_back(
              "signal: on_off  # it holds no stim: one band, 1 while a sound is on");
          draft.sounds.push_back("frequencies_hz: [1000]  # of that band");
        }
        draft.presentations = {"nems: " + file, "epochs: \"STIM_{sound}\""};
        draft.n_sounds = static_cast<std::int64_t>(
            sounds_of_epochs(recording.epochs("resp"), "STIM_{sound}").size());
        draft.spikes = {"nems: " + file, "signal: resp"};
        draft.sounds_are_spectrograms = true;
      } catch (const DataError& error) {
        draft.comments.push_back(error.what());
      }
    }
  }
}

}  // namespace

Source nems_source() {
  return {"nems", nems_sounds, nems_presentations, nems_responses, nullptr, draft_nems, true};
}

}  // namespace strffit::import
