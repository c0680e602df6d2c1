// Presentations from a table with one row per event, in any file format.
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
  std::string place;                 // position in the file, may be ""
  std::vector<EventColumn> columns;  // of equal length
  std::vector<std::string> where;    // position of each row, for messages

  std::size_t rows() const { return where.size(); }
  // DataError with the nearest name if there is no such column.
  const EventColumn& column(const std::string& name) const;
  std::string text(const EventColumn& column, std::size_t row) const;
  // NaN if the cell is not a number.
  double number(const EventColumn& column, std::size_t row) const;
};

// A condition on the columns of a table: "note == target and level > 40".
struct Condition {
  struct Part {
    std::string column, operation, value;
  };
  std::vector<Part> parts;  // all must hold
  bool holds(const EventTable& table, std::size_t row) const;
};

// Reads a condition from the key `key`; empty if the key is absent. ConfigError if it is invalid.
Condition read_condition(config::Node& node, const std::string& key, const std::string& doc);

// Reads the key `absent_sounds`: what to do with data of sounds that do not exist.
bool read_skip_absent(config::Node& node);

struct EventOptions {
  std::string sound, onset, offset;  // columns; offset may be ""
  double unit_s = 1;                 // seconds per unit of onset and offset
  Condition exclude;
  bool skip_absent = false;
};

// `fixed_seconds`: the format defines times in seconds. Defaults are column names of the format; ""
// makes a column required.
EventOptions read_event_options(config::Node& node, bool fixed_seconds,
                                const std::string& default_onset = "",
                                const std::string& default_offset = "");

// DataError, with the position of the row, if an onset is not a number or a sound does not exist
// (unless these are skipped, with a note).
std::vector<Presentation> presentations_of(const EventTable& table, const EventOptions& options,
                                           const Sounds& sounds, Reading& reading);

// Index of the sound `name`; -1 if it does not exist and these are skipped, DataError otherwise.
std::int64_t sound_of(const Sounds& sounds, const std::string& name, bool skip_absent,
                      const std::string& file, const std::string& place);

}  // namespace strffit::import
