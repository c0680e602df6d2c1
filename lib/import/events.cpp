#include "import/events.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "config/scalar.hpp"
#include "config/suggest.hpp"
#include "config/written.hpp"
#include "import/source.hpp"
#include "readers/table.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::import {

namespace {

const std::vector<std::string> kOperations = {"==", "!=", "<=", ">=", "<", ">", "contains"};

Condition::Part part_of(const config::Node& node, const std::string& key, const std::string& text) {
  for (const auto& operation : kOperations) {
    const auto at = text.find(" " + operation + " ");
    if (at == std::string::npos) continue;
    return {text.substr(0, at), operation, text.substr(at + operation.size() + 2)};
  }
  node.fail(key,
            "expected a condition on a column, such as note == target, with one of == != < <= "
            "> >= contains; found " +
                text);
}

bool compare(const std::string& operation, int order) {
  if (operation == "==") return order == 0;
  if (operation == "!=") return order != 0;
  if (operation == "<") return order < 0;
  if (operation == "<=") return order <= 0;
  if (operation == ">") return order > 0;
  return order >= 0;
}

}  // namespace

const EventColumn& EventTable::column(const std::string& name) const {
  std::vector<std::string> names;
  std::string listed;
  for (const auto& column : columns) {
    if (column.name == name) return column;
    names.push_back(column.name);
    listed += (listed.empty() ? "" : ", ") + column.name;
  }
  const std::string nearest = config::nearest(name, names);
  throw DataError(file, place,
                  "expected a column " + name + "; found " + listed +
                      (nearest.empty() ? "" : ": did you mean " + nearest + "?"));
}

std::string EventTable::text(const EventColumn& column, std::size_t row) const {
  if (const auto* texts = std::get_if<std::vector<std::string>>(&column.cells))
    return (*texts)[row];
  const double value = std::get<std::vector<double>>(column.cells)[row];
  if (std::isnan(value)) return "";
  if (value == std::floor(value) && std::abs(value) < 1e15)
    return std::to_string(std::llround(value));
  return config::write(value);
}

double EventTable::number(const EventColumn& column, std::size_t row) const {
  if (const auto* numbers = std::get_if<std::vector<double>>(&column.cells)) return (*numbers)[row];
  return as_number(std::get<std::vector<std::string>>(column.cells)[row], true);
}

bool Condition::holds(const EventTable& table, std::size_t row) const {
  return std::all_of(parts.begin(), parts.end(), [&](const Part& part) {
    const EventColumn& column = table.column(part.column);
    const std::string text = table.text(column, row);
    if (part.operation == "contains") return text.find(part.value) != std::string::npos;
    const double wanted = as_number(part.value, false), found = table.number(column, row);
    if (!std::isnan(wanted) && !std::isnan(found)) {
      return compare(part.operation, found < wanted ? -1 : found > wanted ? 1 : 0);
    }
    return compare(part.operation, text.compare(part.value));
  });
}

Condition read_condition(config::Node& node, const std::string& key, const std::string& doc) {
  const std::string text = node.get(key, "", doc);
  Condition condition;
  if (text.empty()) return condition;
  for (std::size_t at = 0;;) {
    const auto end = text.find(" and ", at);
    condition.parts.push_back(part_of(node, key, text.substr(at, end - at)));
    if (end == std::string::npos) return condition;
    at = end + 5;
  }
}

bool read_skip_absent(config::Node& node) {
  return node.choice("absent_sounds", "refuse", {"refuse", "skip"},
                     "what to do with data of sounds that do not exist") == "skip";
}

EventOptions read_event_options(config::Node& node, bool fixed_seconds,
                                const std::string& default_onset,
                                const std::string& default_offset) {
  EventOptions options;
  options.sound = required_text(node, "sound", "the column that names the sound");
  if (default_onset.empty()) {
    options.onset = required_text(node, "onset", "the column of onsets");
  } else {
    options.onset = node.get("onset", default_onset, "the column of onsets");
  }
  options.offset = node.get("offset", default_offset, "the column of offsets, if any");
  options.unit_s = fixed_seconds && !node.has("unit") ? 1 : read_time_unit(node).seconds;
  options.exclude =
      read_condition(node, "exclude", "condition of rows to leave out, such as note == target");
  options.skip_absent = read_skip_absent(node);
  return options;
}

std::int64_t sound_of(const Sounds& sounds, const std::string& name, bool skip_absent,
                      const std::string& file, const std::string& place) {
  const std::int64_t found = sounds.find(name);
  if (found >= 0) return found;
  if (found == -2) {
    throw DataError(file, place,
                    "expected one sound called " + name +
                        "; found several: name it with its folder and ending");
  }
  if (skip_absent) return -1;
  throw DataError(
      file, place,
      "expected an existing sound; found " + (name.empty() ? "no name" : name) +
          ", which is not one of " + sounds.described() +
          " (exclude leaves out rows, absent_sounds: skip leaves out all data without a sound)");
}

std::vector<Presentation> presentations_of(const EventTable& table, const EventOptions& options,
                                           const Sounds& sounds, Reading& reading) {
  const EventColumn& sound = table.column(options.sound);
  const EventColumn& onset = table.column(options.onset);
  const EventColumn* offset = options.offset.empty() ? nullptr : &table.column(options.offset);
  std::vector<Presentation> presentations;
  std::vector<double> onsets;
  std::size_t excluded = 0;
  std::map<std::string, std::size_t> absent;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (!options.exclude.parts.empty() && options.exclude.holds(table, row)) {
      ++excluded;
      continue;
    }
    const std::string name = table.text(sound, row);
    const std::int64_t index =
        sound_of(sounds, name, options.skip_absent, table.where[row], "column " + options.sound);
    if (index < 0) {
      ++absent[name];
      continue;
    }
    const double time = table.number(onset, row);
    if (!std::isfinite(time)) {
      throw DataError(
          table.where[row], "column " + options.onset,
          "expected an onset; found " + table.text(onset, row) + " (exclude leaves out rows)");
    }
    const double end = offset == nullptr ? kNaN : table.number(*offset, row);
    onsets.push_back(time);
    presentations.push_back({static_cast<std::size_t>(index), time * options.unit_s,
                             end * options.unit_s, table.where[row]});
  }
  if (excluded > 0) {
    reading.notes.push_back(
        fmt::format("{} of {} rows of {} excluded", excluded, table.rows(), table.file));
  }
  for (const auto& [name, rows] : absent) {
    reading.notes.push_back(
        fmt::format("{} presentations of {} skipped: there is no such sound", rows, name));
  }
  if (presentations.empty()) {
    throw DataError(table.file, table.place, "expected one presentation or more; found none");
  }
  refuse_whole_seconds({options.unit_s == 1 ? "s" : "", options.unit_s}, onsets, table.file,
                       "column " + options.onset);
  return presentations;
}

}  // namespace strffit::import
