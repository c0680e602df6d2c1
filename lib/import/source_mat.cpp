// Spike times in MATLAB files, at a path with {sound}, {trial} and {unit}.
#include <algorithm>
#include <cmath>

#include "import/paths.hpp"
#include "import/source.hpp"
#include "import/time_unit.hpp"
#include "readers/matlab.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

constexpr std::int64_t kMostIndices = 1000000;

std::string with_numbers(const std::string& path, std::int64_t unit, std::int64_t sound,
                         std::int64_t trial) {
  return filled(path, {{"unit", std::to_string(unit)},
                       {"sound", std::to_string(sound)},
                       {"trial", std::to_string(trial)}});
}

class MatSpikes {
 public:
  MatSpikes(std::string file, std::string path, const TimeUnit& unit)
      : file_(std::move(file)), path_(std::move(path)), unit_(unit), mat_(open_matlab(file_)) {}

  // If `strict` is false, returns null for a path that does not exist.
  MatlabPointer at(std::int64_t unit, std::int64_t sound, std::int64_t trial, bool strict) const {
    const std::string path = with_numbers(path_, unit, sound, trial);
    return strict ? at_path(*mat_, path, file_) : find_path(*mat_, path, file_);
  }

  // Adds the trials of a unit and a sound.
  void add(std::size_t place, const SoundEntry& sound, std::size_t index, std::int64_t unit,
           TrialSpikes& spikes) {
    const bool numbered = has_placeholder(path_, "trial");
    for (std::int64_t trial = 1; trial <= (numbered ? kMostIndices : 1); ++trial) {
      const MatlabPointer value = at(unit, sound.number, trial, false);
      if (!value) break;
      if (value->kind() == MatlabValue::Kind::cells) {  // one cell per trial
        for (std::int64_t i = 0; i < count(value->shape()); ++i) {
          put(place, index, i, *value->cell(i), with_numbers(path_, unit, sound.number, trial),
              spikes);
        }
      } else {
        put(place, index, trial - 1, *value, with_numbers(path_, unit, sound.number, trial),
            spikes);
      }
    }
  }

  std::vector<double> all;  // all times, not converted

 private:
  void put(std::size_t unit, std::size_t sound, std::int64_t trial, const MatlabValue& value,
           const std::string& path, TrialSpikes& spikes) {
    const bool empty = count(value.shape()) == 0;
    if (!empty && value.kind() != MatlabValue::Kind::numbers) {
      throw DataError(file_, path, "expected spike times; found " + described(value));
    }
    TrialSpikes::Trial one{unit, sound, trial, empty ? std::vector<double>() : value.numbers()};
    // A matrix of trials is padded with NaN if its rows differ in length.
    std::erase_if(one.times_s, [](double time) { return std::isnan(time); });
    for (double& time : one.times_s) {
      if (!std::isfinite(time)) throw DataError(file_, path, "expected finite times; found others");
      all.push_back(time);
      time *= unit_.seconds;
    }
    std::sort(one.times_s.begin(), one.times_s.end());
    spikes.trials.push_back(std::move(one));
  }

  std::string file_, path_;
  TimeUnit unit_;
  std::shared_ptr<const MatlabFile> mat_;
};

ReadResponses mat_responses(config::Node& node) {
  const std::string given = required_text(node, "mat", "a MATLAB file");
  const std::string path = required_text(
      node, "path",
      "to spike times, with {sound}, {trial} and {unit}, data.repeats({sound}).t({trial})");
  if (!has_placeholder(path, "sound")) {
    node.fail(
        "path",
        "expected a path with {sound}, such as data.repeats({sound}).t({trial}); found " + path);
  }
  const bool several = has_placeholder(path, "unit");
  const auto ids = node.strings("id", {}, "the names of the units");
  if (!several && ids.size() > 1) {
    node.fail("id", "names several units, and the path has no {unit}");
  }
  const TimeUnit unit = read_time_unit(node);
  return [=](Reading& reading, const Sounds& sounds) {
    const std::string file = reading.source(given);
    MatSpikes reader(file, path, unit);
    reader.at(1, sounds.list.front().number, 1, true);  // throws for a wrong path
    Responses responses;
    TrialSpikes spikes;
    for (std::int64_t number = 1; number <= (several ? kMostIndices : 1); ++number) {
      const auto place = static_cast<std::size_t>(number - 1);
      const std::size_t before = spikes.trials.size();
      for (std::size_t i = 0; i < sounds.list.size(); ++i) {
        reader.add(place, sounds.list[i], i, number, spikes);
      }
      if (spikes.trials.size() == before) break;
      responses.ids.push_back(place < ids.size() ? ids[place] : fmt::format("unit_{}", number));
    }
    if (responses.ids.empty()) {
      throw DataError(file, path, "expected one trial or more of a sound; found none");
    }
    if (!ids.empty() && ids.size() != responses.ids.size()) {
      throw DataError(file, path,
                      fmt::format("expected as many units as id names, {}; found {}", ids.size(),
                                  responses.ids.size()));
    }
    refuse_whole_seconds(unit, reader.all, file, path);
    responses.values = std::move(spikes);
    return responses;
  };
}

}  // namespace

Source mat_source() { return {"mat", nullptr, nullptr, mat_responses, nullptr, nullptr}; }

}  // namespace strffit::import
