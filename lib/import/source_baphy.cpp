// BAPHY's sorted spikes (.spk.mat): spikes by trial and sample, and events with notes.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <set>

#include "import/events.hpp"
#include "import/paths.hpp"
#include "import/source.hpp"
#include "readers/matlab.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

// Between two trials; longer than any sound, so that no window reaches into the next trial.
constexpr double kGapSeconds = 100;

std::string trimmed_word(const std::string& text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

class BaphyFile {
 public:
  explicit BaphyFile(const std::string& file) : name_(file), mat_(open_matlab(file)) {
    rate_ = numbers("rate").at(0);
    if (!(rate_ > 0)) fail("rate", "expected samples per second");
    // Trials follow each other on an artificial clock.
    double start = 0;
    for (const double samples : numbers("npoint")) {
      if (!(samples >= 0 && samples < 1e12)) fail("npoint", "expected samples of each trial");
      starts_.push_back(start);
      ends_.push_back(start + samples / rate_);
      start = ends_.back() + kGapSeconds;
    }
  }

  double rate() const { return rate_; }
  double start_of(double trial, const std::string& place) const {
    if (!(trial >= 1 && trial <= static_cast<double>(starts_.size()) &&
          trial == std::floor(trial))) {
      fail(place, fmt::format("expected a trial from 1 to {}; found {}", starts_.size(), trial));
    }
    return starts_[static_cast<std::size_t>(trial) - 1];
  }
  std::vector<Interval> observed() const {
    std::vector<Interval> intervals;
    for (std::size_t i = 0; i < starts_.size(); ++i) intervals.emplace_back(starts_[i], ends_[i]);
    return intervals;
  }

  MatlabPointer at(const std::string& path) const { return at_path(*mat_, path, name_); }
  std::vector<double> numbers(const std::string& path) const {
    const MatlabPointer value = at(path);
    if (value->kind() != MatlabValue::Kind::numbers || count(value->shape()) == 0) {
      fail(path, "expected numbers; found " + described(*value));
    }
    return value->numbers();
  }
  [[noreturn]] void fail(const std::string& path, const std::string& what) const {
    throw DataError(name_, path, what);
  }

  // "BRT007c05_a_PTD" -> "BRT007c".
  std::string site() const {
    std::string stem = std::filesystem::path(name_).filename().string();
    std::size_t at = 0;
    const auto skip = [&](auto is) {
      while (at < stem.size() && is(static_cast<unsigned char>(stem[at])) != 0) ++at;
    };
    skip([](unsigned char c) { return std::isalpha(c); });
    skip([](unsigned char c) { return std::isdigit(c); });
    skip([](unsigned char c) { return std::isalpha(c); });
    return stem.substr(0, at);
  }

 private:
  std::string name_;
  std::shared_ptr<const MatlabFile> mat_;
  double rate_ = 0;
  std::vector<double> starts_, ends_;
};

struct BaphyEvent {
  std::vector<std::string> words;  // of the note, "PreStimSilence , TORC_1 , Reference"
  double start = 0, trial = 0;
  std::string where;
};

double number_of(const MatlabValue& structs, const std::string& field, std::int64_t i,
                 const BaphyFile& file, const std::string& where) {
  const MatlabPointer value = structs.field(field, i);
  if (value->kind() != MatlabValue::Kind::numbers || count(value->shape()) != 1) {
    file.fail(where + "." + field, "expected a number; found " + described(*value));
  }
  return value->numbers()[0];
}

std::vector<BaphyEvent> events_of_baphy(const BaphyFile& file) {
  const MatlabPointer events = file.at("exptevents");
  if (events->kind() != MatlabValue::Kind::structs) {
    file.fail("exptevents", "expected a struct array; found " + described(*events));
  }
  const auto fields = events->fields();
  for (const char* name : {"Note", "StartTime", "Trial"}) {
    if (std::count(fields.begin(), fields.end(), name) == 0) {
      file.fail("exptevents",
                std::string("expected a field ") + name + "; found " + described(*events));
    }
  }
  std::vector<BaphyEvent> found;
  for (std::int64_t i = 0; i < count(events->shape()); ++i) {
    BaphyEvent event;
    event.where = fmt::format("exptevents({})", i + 1);
    const MatlabPointer note = events->field("Note", i);
    if (note->kind() != MatlabValue::Kind::text) continue;
    const std::string text = note->text();
    for (std::size_t at = 0; at <= text.size();) {
      const auto end = std::min(text.find(',', at), text.size());
      event.words.push_back(trimmed_word(text.substr(at, end - at)));
      at = end + 1;
    }
    event.start = number_of(*events, "StartTime", i, file, event.where);
    event.trial = number_of(*events, "Trial", i, file, event.where);
    found.push_back(std::move(event));
  }
  return found;
}

ReadPresentations baphy_presentations(config::Node& node) {
  const std::string given = required_text(node, "baphy", "a .spk.mat file");
  const std::string from = node.choice("from", "PreStimSilence", {"PreStimSilence", "Stim"},
                                       "the event at which the spectrogram of a sound begins");
  const std::string role = node.get("role", "Reference", "the last word of the events' notes");
  const bool skip_targets = node.choice("with_targets", "skip", {"skip", "keep"},
                                        "sounds that begin with a target") == "skip";
  const bool skip = read_skip_absent(node);
  return [=](Reading& reading, const Sounds& sounds) {
    const std::string name = reading.source(given);
    const BaphyFile file(name);
    const auto events = events_of_baphy(file);
    std::set<std::pair<double, double>> targets;
    for (const auto& event : events) {
      if (event.words.front() == from && event.words.back().starts_with("Target")) {
        targets.emplace(event.trial, event.start);
      }
    }
    std::vector<Presentation> presentations;
    std::size_t together = 0;
    for (const auto& event : events) {
      if (event.words.size() < 3 || event.words.front() != from || event.words.back() != role)
        continue;
      if (skip_targets && targets.contains({event.trial, event.start})) {
        ++together;
        continue;
      }
      const auto sound = sound_of(sounds, event.words[1], skip, name, event.where);
      if (sound < 0) continue;
      presentations.push_back({static_cast<std::size_t>(sound),
                               file.start_of(event.trial, event.where) + event.start, kNaN,
                               name + ": " + event.where});
    }
    if (together > 0) {
      reading.notes.push_back(
          fmt::format("{} presentations that begin with a target are left out", together));
    }
    if (presentations.empty()) {
      throw DataError(name, "exptevents",
                      "expected events of " + from + " and " + role + "; found none");
    }
    return presentations;
  };
}

// Finds structs with unitSpikes in nested cells.
void collect_units(const MatlabPointer& value, std::vector<MatlabPointer>& found, int depth) {
  if (depth > 8) return;
  for (std::int64_t i = 0; i < count(value->shape()); ++i) {
    if (value->kind() == MatlabValue::Kind::cells) collect_units(value->cell(i), found, depth + 1);
    if (value->kind() != MatlabValue::Kind::structs) continue;
    const auto fields = value->fields();
    if (std::count(fields.begin(), fields.end(), "unitSpikes") > 0) {
      found.push_back(value->field("unitSpikes", i));
    }
  }
}

ReadResponses baphy_responses(config::Node& node) {
  const std::string given = required_text(node, "baphy", "a .spk.mat file");
  return [=](Reading& reading, const Sounds&) {
    const std::string name = reading.source(given);
    const BaphyFile file(name);
    MatlabPointer info = file.at("sortinfo");
    while (info->kind() == MatlabValue::Kind::cells && count(info->shape()) == 1 &&
           info->cell(0)->kind() == MatlabValue::Kind::cells) {
      info = info->cell(0);
    }
    if (info->kind() != MatlabValue::Kind::cells) {
      file.fail("sortinfo", "expected one cell per channel; found " + described(*info));
    }
    Responses responses;
    ClockSpikes spikes;
    std::vector<double> channels;
    for (std::int64_t channel = 0; channel < count(info->shape()); ++channel) {
      std::vector<MatlabPointer> units;
      collect_units(info->cell(channel), units, 0);
      for (std::size_t unit = 0; unit < units.size(); ++unit) {
        const Shape shape = units[unit]->shape();
        if (count(shape) == 0) continue;
        const std::string place =
            fmt::format("sortinfo{{{}}}({}).unitSpikes", channel + 1, unit + 1);
        if (units[unit]->kind() != MatlabValue::Kind::numbers || shape.size() != 2 ||
            shape[0] != 2) {
          file.fail(place, "expected rows of trials and samples; found " + described(*units[unit]));
        }
        const auto pairs = units[unit]->numbers();
        SpikeTrain train;
        train.observed = file.observed();
        for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
          const double sample = pairs[i + 1];
          if (!(sample >= 1)) file.fail(place, "expected samples from 1");
          train.times_s.push_back(file.start_of(pairs[i], place) + (sample - 1) / file.rate());
        }
        std::sort(train.times_s.begin(), train.times_s.end());
        const std::string number = std::to_string(channel + 1);
        responses.ids.push_back(
            fmt::format("{}-{}{}-{}", file.site(), number.size() < 2 ? "0" : "", number, unit + 1));
        channels.push_back(static_cast<double>(channel + 1));
        spikes.units.push_back(std::move(train));
      }
    }
    if (responses.ids.empty()) file.fail("sortinfo", "expected one unit or more; found none");
    responses.facts.emplace("channel",
                            Array<double>({static_cast<std::int64_t>(channels.size())}, channels));
    responses.values = std::move(spikes);
    return responses;
  };
}

void draft_baphy(const Listing& files, Draft& draft) {
  const auto found = files.ending(".spk.mat");
  if (found.empty() || !draft.spikes.empty()) return;
  draft.presentations = {"baphy: " + found.front(), "from: PreStimSilence  # or Stim"};
  draft.spikes = {"baphy: " + found.front()};
  for (const auto& file : files.ending(".mat")) {
    if (file.ends_with(".spk.mat") || !draft.sounds.empty()) continue;
    try {
      const auto mat = open_matlab(files.folder + "/" + file);
      const auto names = mat->names();
      if (std::count(names.begin(), names.end(), "stim") == 0) continue;
      const MatlabPointer stim = mat->variable("stim");
      if (stim->kind() != MatlabValue::Kind::numbers || stim->shape().size() != 3) continue;
      draft.sounds = {
          "spectrograms: \"" + file + "\"",
          "path: \"stim(:,:,{sound})\"",
          "names: \"stimparam.tags({sound})\"",
          "axes: [frequency, time]",
          fmt::format("dt_ms: ?  # width of a frame, of which there are {}", stim->shape()[1]),
          fmt::format("frequencies_hz: ?  # a list, one of each of the {} bands; or first_hz and "
                      "per_octave",
                      stim->shape()[0])};
      draft.sounds_are_spectrograms = true;
    } catch (const DataError& error) {
      draft.comments.push_back(error.what());
    }
  }
}

}  // namespace

Source baphy_source() {
  return {"baphy", nullptr, baphy_presentations, baphy_responses, nullptr, draft_baphy};
}

}  // namespace strffit::import
