// Presentations out of a table with a row an event, whatever file it comes from.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "config/node.hpp"
#include "import/recording.hpp"
#include "import/time_unit.hpp"

namespace strffit::import {

struct EventColumn {
  std::string name;
  std::variant<std::vector<double>, std::vector<std::string>> cells;
};

struct EventTable {
  std::string file;
  std::string place;                 // inside the file, may be ""
  std::vector<EventColumn> columns;  // of as many rows each
  std::vector<std::string> where;    // of each row, for messages

  std::size_t rows() const { return where.size(); }
  // DataError with the nearest name where there is none.
  const EventColumn& column(const std::string& name) const;
  std::string text(const EventColumn& column, std::size_t row) const;
  // NaN where it is none.
  double number(const EventColumn& column, std::size_t row) const;
};

// "note == target and level > 40": on the columns of a table.
struct Condition {
  struct Part {
    std::string column, operation, value;
  };
  std::vector<Part> parts;  // all of them
  bool holds(const EventTable& table, std::size_t row) const;
};

// The key `key` of a node, empty where it is absent. ConfigError where it is no condition.
Condition read_condition(config::Node& node, const std::string& key, const std::string& doc);

// What to do about what belongs to a sound that is not there: the key `absent_sounds`.
bool read_skip_absent(config::Node& node);

struct EventOptions {
  std::string sound, onset, offset;  // columns; offset may be ""
  double unit_s = 1;                 // of onset and offset
  Condition exclude;
  bool skip_absent = false;
};

// `fixed_seconds`: the format says that times are seconds. The defaults are the names of columns
// that the format fixes; "" are required.
EventOptions read_event_options(config::Node& node, bool fixed_seconds,
                                const std::string& default_onset = "",
                                const std::string& default_offset = "");

// DataError, with the row's place, for an onset that is no number and for a sound that is not
// there (unless those are skipped, which is noted).
std::vector<Presentation> presentations_of(const EventTable& table, const EventOptions& options,
                                           const Sounds& sounds, Reading& reading);

// The index of the sound `name`, -1 where it is absent and these are skipped. DataError otherwise.
std::int64_t sound_of(const Sounds& sounds, const std::string& name, bool skip_absent,
                      const std::string& file, const std::string& place);

}  // namespace strffit::import
