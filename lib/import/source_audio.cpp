// Sounds in audio files.
#include <filesystem>
#include <map>
#include <set>

#include "import/paths.hpp"
#include "import/source.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

namespace fs = std::filesystem;

bool is_whole(const std::string& text) {
  return !text.empty() && text.size() < 10 &&
         text.find_first_not_of("0123456789") == std::string::npos && text != "0";
}

ReadSounds audio_sounds(config::Node& node) {
  const std::string pattern =
      required_text(node, "audio", "audio files by a pattern, \"stimuli/*.wav\"");
  const int channel = node.get("channel", 0, config::at_least(0),
                               "channel of files with several, from 1; 0: files have one");
  return [=](Reading& reading) {
    Sounds sounds;
    std::map<std::string, std::string> keys;
    bool numbered = true;
    for (const auto& file : files_like(pattern, reading.folder)) {
      const fs::path path(file.path);
      SoundEntry sound;
      sound.key = path.stem().string();
      sound.label = path.filename().string();
      const auto matched = file.matched.find("sound");
      sound.name = matched == file.matched.end() ? sound.key : matched->second;
      // The folder distinguishes files of the same name.
      if (const auto [other, first] = keys.try_emplace(sound.key, file.path); !first) {
        sound.key = path.parent_path().filename().string() + "_" + sound.key;
        sound.label = path.parent_path().filename().string() + "/" + sound.label;
        if (!keys.try_emplace(sound.key, file.path).second) {
          throw DataError(
              file.path, "",
              "expected sounds of different names; " + other->second + " is called the same");
        }
      }
      numbered = numbered && is_whole(sound.name);
      reading.sources.insert(file.path);
      sound.waveform = [path = file.path, channel] { return read_audio(path, channel); };
      sounds.list.push_back(std::move(sound));
    }
    if (sounds.list.empty()) {
      throw DataError(reading.path(pattern), "",
                      "expected audio files of this pattern; found none");
    }
    for (std::size_t i = 0; i < sounds.list.size(); ++i) {
      sounds.list[i].number =
          numbered ? std::stoll(sounds.list[i].name) : static_cast<std::int64_t>(i) + 1;
    }
    return sounds;
  };
}

// Pattern of file names: the common beginning and end, stim{sound}.wav.
std::string common_pattern(const std::vector<std::string>& names) {
  std::string before = names.front(), after = names.front();
  for (const auto& name : names) {
    std::size_t same = 0;
    while (same < std::min(before.size(), name.size()) && before[same] == name[same]) ++same;
    before.resize(same);
    same = 0;
    while (same < std::min(after.size(), name.size()) &&
           after[after.size() - 1 - same] == name[name.size() - 1 - same]) {
      ++same;
    }
    after = after.substr(after.size() - same);
  }
  // Common digits belong to the number: stim1 and stim12 differ in 1 and 12.
  while (!before.empty() && std::isdigit(static_cast<unsigned char>(before.back())) != 0)
    before.pop_back();
  while (!after.empty() && std::isdigit(static_cast<unsigned char>(after.front())) != 0)
    after.erase(0, 1);
  for (const auto& name : names) {
    if (name.size() <= before.size() + after.size()) return "";
  }
  return before + "{sound}" + after;
}

void draft_audio(const Listing& files, Draft& draft) {
  if (!draft.sounds.empty()) return;
  for (const char* ending : {".wav", ".flac", ".aiff", ".aif", ".ogg"}) {
    auto found = files.ending(ending);
    if (found.empty()) continue;
    const std::string folder = fs::path(found.front()).parent_path().string();
    std::vector<std::string> names;
    for (const auto& file : found) {
      if (fs::path(file).parent_path().string() == folder)
        names.push_back(fs::path(file).filename());
    }
    draft.n_sounds = static_cast<std::int64_t>(names.size());
    const std::string start = folder.empty() ? "" : folder + "/";
    const std::string common = names.size() > 1 ? common_pattern(names) : "";
    const bool numbers = !common.empty() && common.find("{sound}") > 0;
    draft.sound_pattern =
        start + (numbers ? common : "*" + fs::path(names.front()).extension().string());
    for (const auto& name : names) {
      Placeholders matched;
      if (numbers && fits(common, name, matched)) {
        draft.sound_names.push_back(matched["sound"]);
      } else {
        draft.sound_names.push_back(fs::path(name).stem());
      }
    }
    draft.sounds = {fmt::format("audio: \"{}\"  # {}{}", draft.sound_pattern, names.size(),
                                names.size() == 1 ? " file" : " files")};
    try {
      const AudioInfo info = audio_info((fs::path(files.folder) / found.front()).string());
      if (info.channels > 1) {
        draft.sounds.push_back(fmt::format("channel: ?  # of {}, from 1", info.channels));
      }
      const double most = std::min(20000.0, info.rate_hz / 2);
      draft.spectrogram = {"kind: log_frequency", "bands: 34", "min_hz: 500",
                           fmt::format("max_hz: {}  # sounds have {} samples/s",
                                       static_cast<int>(most), static_cast<int>(info.rate_hz)),
                           "compression: {kind: decibel, range_db: 80}"};
    } catch (const std::exception& error) {
      draft.comments.push_back(std::string("Cannot read a sound: ") + error.what());
    }
    return;
  }
}

}  // namespace

Source audio_source() { return {"audio", audio_sounds, nullptr, nullptr, nullptr, draft_audio}; }

}  // namespace strffit::import
