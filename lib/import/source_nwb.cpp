// Neurodata Without Borders: units with ragged spike times, tables of intervals, sounds.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <set>

#include "files/reader.hpp"
#include "import/events.hpp"
#include "import/paths.hpp"
#include "import/source.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

// 1,000 units at 50 /s for an hour. A small compressed file can claim far more.
constexpr std::int64_t kMostSpikes = 200000000;

std::string absolute_path(const std::string& path) {
  return path.starts_with("/") ? path : "/" + path;
}

[[noreturn]] void fail_nwb(const files::Reader& reader, const std::string& path,
                           const std::string& what) {
  throw DataError(reader.file(), path, what);
}

std::string names_in(const files::Reader& reader, const std::string& group) {
  std::string text;
  if (!reader.is_group(group)) return "nothing";
  for (const auto& name : reader.children(group)) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "nothing" : text;
}

void expect_group(const files::Reader& reader, const std::string& path, const std::string& what) {
  if (reader.is_group(path)) return;
  const auto slash = path.rfind('/');
  const std::string parent = slash == 0 ? "/" : path.substr(0, slash);
  fail_nwb(reader, path,
           "expected " + what + "; found none (there are " + names_in(reader, parent) + ")");
}

double rate_of_series(const files::Reader& reader, const std::string& path) {
  const std::string start = path + "/starting_time";
  if (reader.exists(start)) return reader.number_attribute(start, "rate");
  const std::string stamps = path + "/timestamps";
  if (!reader.exists(stamps))
    fail_nwb(reader, path, "expected starting_time with a rate; found none");
  const auto times = reader.doubles(stamps, {{-1}, "(T)"}).values;
  if (times.size() < 2) fail_nwb(reader, stamps, "expected two timestamps or more");
  const double step = (times.back() - times.front()) / static_cast<double>(times.size() - 1);
  for (std::size_t i = 1; i < times.size(); ++i) {
    if (!(std::abs(times[i] - times[i - 1] - step) < 0.01 * step)) {
      fail_nwb(reader, stamps, "expected equal steps between the samples of a sound");
    }
  }
  return 1 / step;
}

Sound sound_of_series(const files::Reader& reader, const std::string& path, int channel) {
  const std::string data = path + "/data";
  const Shape shape = reader.shape(data);
  if (shape.empty() || shape.size() > 2) {
    fail_nwb(reader, data, "expected samples, (T) or (T, channels); found " + to_string(shape));
  }
  const std::int64_t channels = shape.size() == 2 ? shape[1] : 1;
  if (channels > 1 && channel == 0) {
    fail_nwb(
        reader, data,
        fmt::format("expected one channel; found {}: choose one by channel in sounds", channels));
  }
  if (channel > channels) {
    fail_nwb(reader, data, fmt::format("expected channel {}; found {}", channel, channels));
  }
  const Array<float> all = reader.floats(data);
  Sound sound;
  sound.name = reader.file() + ": " + path;
  sound.rate_hz = rate_of_series(reader, path);
  const double conversion = reader.optional_number_attribute(data, "conversion").value_or(1);
  const double offset = reader.optional_number_attribute(data, "offset").value_or(0);
  // Integers without a conversion are samples as in a WAV file: full scale is 1.
  double scale = conversion;
  if (reader.stored(data) == files::Stored::integer && conversion == 1 && offset == 0) {
    const auto largest =
        std::max_element(all.values.begin(), all.values.end(),
                         [](float a, float b) { return std::abs(a) < std::abs(b); });
    const double peak = all.values.empty() ? 0 : std::abs(*largest);
    scale = peak <= 128 ? 1.0 / 128 : peak <= 32768 ? 1.0 / 32768 : 1.0 / 2147483648.0;
  }
  const auto step = static_cast<std::size_t>(channels);
  for (std::size_t i = channel == 0 ? 0 : static_cast<std::size_t>(channel - 1);
       i < all.values.size(); i += step) {
    sound.samples.push_back(static_cast<float>(all.values[i] * scale + offset));
  }
  return sound;
}

ReadSounds nwb_sounds(config::Node& node) {
  const std::string given = required_text(node, "nwb", "a file of NWB");
  const std::string path =
      absolute_path(node.get("path", "stimulus/templates", "the group of the sounds"));
  const int channel = node.get("channel", 0, config::at_least(0),
                               "channel of sounds with several, from 1; 0: sounds have one");
  return [=](Reading& reading) {
    // Kept open, because opening checks the whole file.
    const auto opened = std::make_shared<const files::Reader>(reading.source(given));
    const files::Reader& reader = *opened;
    expect_group(reader, path, "a group of sounds");
    Sounds sounds;
    auto names = reader.children(path);
    std::sort(names.begin(), names.end(), natural_less);
    for (const auto& name : names) {
      const std::string series = path + "/" + name;
      if (!reader.is_group(series) || !reader.is_dataset(series + "/data")) continue;
      SoundEntry sound;
      sound.key = sound.name = sound.label = name;
      sound.number = static_cast<std::int64_t>(sounds.list.size()) + 1;
      sound.waveform = [=] { return sound_of_series(*opened, series, channel); };
      sounds.list.push_back(std::move(sound));
    }
    if (sounds.list.empty()) {
      fail_nwb(reader, path,
               "expected time series with the samples of sounds; found " + names_in(reader, path) +
                   ": if the sounds are separate files, give them by audio");
    }
    return sounds;
  };
}

// Columns of a DynamicTable with `rows` rows: numbers and text. Ragged columns (with an index) are
// skipped.
std::vector<EventColumn> columns_of(const files::Reader& reader, const std::string& table,
                                    std::int64_t rows) {
  std::vector<EventColumn> columns;
  for (const auto& name : reader.children(table)) {
    const std::string path = table + "/" + name;
    if (!reader.is_dataset(path) || name.ends_with("_index") || reader.exists(path + "_index") ||
        reader.is_references(path)) {
      continue;
    }
    const Shape shape = reader.shape(path);
    if (shape.size() != 1 || shape[0] != rows) continue;
    if (reader.stored(path) == files::Stored::text) {
      columns.push_back({name, reader.strings(path).values});
    } else {
      columns.push_back({name, reader.doubles(path).values});
    }
  }
  return columns;
}

EventTable intervals_of(const std::string& file, const std::string& name) {
  const files::Reader reader(file);
  const std::string path =
      name.find('/') == std::string::npos ? "/intervals/" + name : absolute_path(name);
  expect_group(reader, path, "a table of intervals");
  const std::string onsets = path + "/start_time";
  if (!reader.is_dataset(onsets)) {
    fail_nwb(reader, path, "expected a column start_time; found " + names_in(reader, path));
  }
  EventTable table{file, path, {}, {}};
  const Shape shape = reader.shape(onsets);
  if (shape.size() != 1) fail_nwb(reader, onsets, "expected a list; found " + to_string(shape));
  for (std::int64_t row = 0; row < shape[0]; ++row) {
    table.where.push_back(fmt::format("{}: {}[{}]", file, path, row));
  }
  table.columns = columns_of(reader, path, shape[0]);
  return table;
}

ReadPresentations nwb_presentations(config::Node& node) {
  const std::string given = required_text(node, "nwb", "a file of NWB");
  const std::string table = node.get("table", "trials", "of intervals: trials, epochs or another");
  const EventOptions options = read_event_options(node, true, "start_time", "");
  return [=](Reading& reading, const Sounds& sounds) {
    const EventTable events = intervals_of(reading.source(given), table);
    EventOptions with_end = options;
    const bool has_end = std::any_of(events.columns.begin(), events.columns.end(),
                                     [](const auto& column) { return column.name == "stop_time"; });
    if (with_end.offset.empty() && has_end && options.onset == "start_time") {
      with_end.offset = "stop_time";
    }
    return presentations_of(events, with_end, sounds, reading);
  };
}

// Row i of a ragged column is [ends[i - 1], ends[i]).
std::vector<std::int64_t> ends_of(const files::Reader& reader, const std::string& path,
                                  std::int64_t units, std::int64_t all) {
  auto ends = reader.integers(path, {{units}, "(N), as there are units"}).values;
  std::int64_t last = 0;
  for (const auto end : ends) {
    if (end < last || end > all) {
      fail_nwb(reader, path,
               fmt::format("expected ends that ascend to {}; found {} after {}", all, end, last));
    }
    last = end;
  }
  return ends;
}

ReadResponses nwb_responses(config::Node& node) {
  const std::string given = required_text(node, "nwb", "a file of NWB");
  const std::string id = node.get("id", "id", "the column of units that names them");
  return [=](Reading& reading, const Sounds&) {
    const std::string file = reading.source(given);
    const files::Reader reader(file);
    expect_group(reader, "/units", "a table of units");
    if (!reader.is_dataset("/units/spike_times")) {
      fail_nwb(reader, "/units", "expected spike_times; found " + names_in(reader, "/units"));
    }
    const Shape ids = reader.shape("/units/id");
    if (ids.size() != 1 || ids[0] < 1) fail_nwb(reader, "/units/id", "expected one unit or more");
    const std::int64_t units = ids[0];
    Responses responses;
    for (auto& column : columns_of(reader, "/units", units)) {
      if (column.name == id) {
        const EventTable table{file, "/units", {column}, {}};
        for (std::int64_t i = 0; i < units; ++i) {
          responses.ids.push_back(table.text(table.columns[0], static_cast<std::size_t>(i)));
        }
      }
      if (column.name == "id") continue;
      std::visit(
          [&](auto& cells) {
            using Cell = typename std::decay_t<decltype(cells)>::value_type;
            responses.facts.emplace(column.name, Array<Cell>({units}, std::move(cells)));
          },
          column.cells);
    }
    if (responses.ids.empty()) {
      fail_nwb(reader, "/units",
               "expected a column " + id + "; found " + names_in(reader, "/units"));
    }
    const std::int64_t spikes_in_all = count(reader.shape("/units/spike_times"));
    if (spikes_in_all > kMostSpikes) {
      fail_nwb(reader, "/units/spike_times",
               fmt::format("expected at most {} spikes in a file; found {}", kMostSpikes,
                           spikes_in_all));
    }
    const auto times = reader.doubles("/units/spike_times", {{-1}, "(spikes)"}).values;
    const auto ends =
        ends_of(reader, "/units/spike_times_index", units, static_cast<std::int64_t>(times.size()));
    ClockSpikes spikes;
    std::int64_t begin = 0;
    for (std::size_t unit = 0; unit < ends.size(); ++unit) {
      SpikeTrain train;
      train.times_s.assign(times.begin() + begin, times.begin() + ends[unit]);
      for (std::size_t i = 0; i < train.times_s.size(); ++i) {
        if (!std::isfinite(train.times_s[i]) ||
            (i > 0 && train.times_s[i] < train.times_s[i - 1])) {
          fail_nwb(reader,
                   fmt::format("/units/spike_times[{}]", begin + static_cast<std::int64_t>(i)),
                   fmt::format("expected spike times that ascend within unit {}; found {}",
                               responses.ids[unit], train.times_s[i]));
        }
      }
      begin = ends[unit];
      spikes.units.push_back(std::move(train));
    }
    if (reader.is_dataset("/units/obs_intervals") &&
        reader.is_dataset("/units/obs_intervals_index")) {
      const auto intervals = reader.doubles("/units/obs_intervals", {{-1, 2}, "(intervals, 2)"});
      const auto interval_ends =
          ends_of(reader, "/units/obs_intervals_index", units, intervals.dim(0));
      std::int64_t row = 0;
      for (std::size_t unit = 0; unit < interval_ends.size(); ++unit) {
        // A unit without an interval was never observed.
        if (row == interval_ends[unit]) spikes.units[unit].observed.emplace_back(0.0, 0.0);
        for (; row < interval_ends[unit]; ++row) {
          const double from = intervals.values[static_cast<std::size_t>(2 * row)];
          const double to = intervals.values[static_cast<std::size_t>(2 * row + 1)];
          if (!(from <= to)) {
            fail_nwb(reader, "/units/obs_intervals", "expected intervals from start to end");
          }
          spikes.units[unit].observed.emplace_back(from, to);
        }
        std::sort(spikes.units[unit].observed.begin(), spikes.units[unit].observed.end());
      }
    }
    responses.values = std::move(spikes);
    return responses;
  };
}

void draft_nwb(const Listing& files, Draft& draft) {
  const auto found = files.ending(".nwb");
  if (found.empty()) return;
  // The first file with sounds.
  const auto has_sounds = [&](const std::string& name) {
    try {
      const files::Reader reader(files.folder + "/" + name);
      return reader.is_group("/stimulus/templates") &&
             !reader.children("/stimulus/templates").empty();
    } catch (const DataError&) {
      return false;
    }
  };
  auto chosen =
      found.size() == 1 ? found.begin() : std::find_if(found.begin(), found.end(), has_sounds);
  if (chosen == found.end()) chosen = found.begin();
  const std::string& name = *chosen;
  if (found.size() > 1) {
    std::string others;
    for (const auto& other : found) {
      if (other != name) others += (others.empty() ? "" : ", ") + other;
    }
    draft.comments.push_back("This is of " + name +
                             "; name one of the others to draft it: " + others + ".");
  }
  try {
    const files::Reader reader(files.folder + "/" + name);
    if (reader.is_group("/stimulus/templates") && !reader.children("/stimulus/templates").empty()) {
      draft.sounds = {"nwb: " + name, fmt::format("path: stimulus/templates  # {} series",
                                                  reader.children("/stimulus/templates").size())};
      const std::string first = "/stimulus/templates/" + reader.children("/stimulus/templates")[0];
      const double rate = rate_of_series(reader, first);
      draft.n_sounds = static_cast<std::int64_t>(reader.children("/stimulus/templates").size());
      draft.spectrogram = {
          "kind: log_frequency", "bands: 34", "min_hz: 500",
          fmt::format("max_hz: {}  # sounds have {} samples/s",
                      static_cast<int>(std::min(20000.0, rate / 2)), static_cast<int>(rate)),
          "compression: {kind: decibel, range_db: 80}"};
    } else {
      draft.comments.push_back(name + " holds no sounds in stimulus/templates.");
    }
    if (reader.is_group("/intervals")) {
      for (const auto& table : reader.children("/intervals")) {
        const std::string path = "/intervals/" + table;
        if (!draft.presentations.empty() || !reader.is_dataset(path + "/start_time")) continue;
        std::string texts;
        for (const auto& column : columns_of(reader, path, reader.shape(path + "/start_time")[0])) {
          if (std::holds_alternative<std::vector<std::string>>(column.cells)) {
            texts += (texts.empty() ? "" : ", ") + column.name;
          }
        }
        if (texts.empty()) continue;
        draft.presentations = {
            "nwb: " + name, "table: " + table,
            (texts.find(',') == std::string::npos ? "sound: " + texts
                                                  : "sound: ?  # one of " + texts)};
      }
      if (draft.presentations.empty()) {
        draft.comments.push_back("Its tables of intervals (" + names_in(reader, "/intervals") +
                                 ") name no sounds.");
      }
    }
    if (reader.is_dataset("/units/spike_times")) {
      draft.spikes = {"nwb: " + name};
      draft.spikes_on_clock = true;
    }
  } catch (const DataError& error) {
    draft.comments.push_back(error.what());
  }
}

}  // namespace

Source nwb_source() {
  return {"nwb", nwb_sounds, nwb_presentations, nwb_responses, nullptr, draft_nwb};
}

}  // namespace strffit::import
