#include "formats/roster.hpp"

#include <cmath>
#include <set>

#include "files/dimensions.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

template <class Get>
Array<std::int64_t> of_members(const Roster& roster, Get get) {
  Array<std::int64_t> values({static_cast<std::int64_t>(roster.members.size())});
  for (std::size_t m = 0; m < roster.members.size(); ++m) values.values[m] = get(roster.members[m]);
  return values;
}

Axes read_axes(const files::Reader& reader) {
  Axes axes;
  axes.dt_ms = reader.number_attribute("/", "dt_ms");
  if (!(axes.dt_ms > 0) || std::isinf(axes.dt_ms)) {
    throw DataError(reader.file(), "/ attribute dt_ms",
                    fmt::format("expected a frame width above 0 ms; found {}", axes.dt_ms));
  }
  axes.frequencies_hz = reader.doubles("/frequencies_hz", {{-1}, "(F)"}).values;
  const auto& bands = axes.frequencies_hz;
  if (bands.empty())
    throw DataError(reader.file(), "/frequencies_hz", "expected bands; found none");
  for (std::size_t f = 0; f < bands.size(); ++f) {
    if (!std::isfinite(bands[f]) || (f > 0 && !(bands[f] > bands[f - 1]))) {
      throw DataError(reader.file(), "/frequencies_hz",
                      fmt::format("expected finite, ascending band centres; band {} is not", f));
    }
  }
  return axes;
}

std::vector<Member> read_members(const files::Reader& reader, std::int64_t units) {
  const auto unit = reader.integers("/members/unit", {{-1}, "(M)"});
  const Shape shape = unit.shape;
  if (unit.values.empty()) {
    throw DataError(reader.file(), "/members/unit", "expected members; found none");
  }
  const auto seed = reader.integers("/members/seed", {shape, "(M)"});
  const auto fold = reader.integers("/members/fold", {shape, "(M)"});
  std::vector<Member> members;
  for (std::size_t m = 0; m < unit.values.size(); ++m) {
    const Member member{unit.values[m], seed.values[m], fold.values[m]};
    if (member.unit < -1 || member.unit >= units) {
      throw DataError(reader.file(), "/members/unit",
                      fmt::format("expected -1 or an index into the {} units; member {} has {}",
                                  units, m, member.unit));
    }
    if ((member.unit < 0) != (unit.values[0] < 0)) {
      throw DataError(reader.file(), "/members/unit",
                      "expected -1 for all members or for none; found both");
    }
    if (member.fold < 0) {
      throw DataError(reader.file(), "/members/fold",
                      fmt::format("expected folds from 0 on; member {} has {}", m, member.fold));
    }
    members.push_back(member);
  }
  return members;
}

void read_settings(const files::Reader& reader, Roster& roster) {
  const auto members = static_cast<std::int64_t>(roster.members.size());
  const auto setting = reader.integers("/members/setting", {{members}, "(M)"}).values;
  std::int64_t number = -1;
  for (const auto& key : files::names_but_scales(reader, "/settings")) {
    const auto values = reader.strings("/settings/" + key, {{number}, "(settings)"});
    number = values.size();
    roster.settings[key] = values.values;
  }
  for (std::size_t m = 0; m < setting.size(); ++m) {
    if (setting[m] < 0 || setting[m] >= number) {
      throw DataError(reader.file(), "/members/setting",
                      fmt::format("expected one of {} settings; found {}", number, setting[m]));
    }
    roster.members[m].setting = setting[m];
  }
}

}  // namespace

void put_roster(files::Writer& writer, const Roster& roster) {
  writer.attribute("/", "dt_ms", roster.axes.dt_ms);
  const auto& bands = roster.axes.frequencies_hz;
  writer.put("/frequencies_hz", Array<double>({static_cast<std::int64_t>(bands.size())}, bands));
  writer.put("/units/id", Array<std::string>({roster.units()}, roster.unit_ids));
  for (const auto& [name, column] : roster.unit_facts) {
    std::visit([&writer, path = "/units/" + name](const auto& values) { writer.put(path, values); },
               column);
  }
  writer.put("/members/unit", of_members(roster, [](const Member& m) { return m.unit; }));
  writer.put("/members/seed", of_members(roster, [](const Member& m) { return m.seed; }));
  writer.put("/members/fold", of_members(roster, [](const Member& m) { return m.fold; }));
  if (!roster.settings.empty()) {
    writer.put("/members/setting", of_members(roster, [](const Member& m) { return m.setting; }));
    for (const auto& [key, values] : roster.settings) {
      writer.put("/settings/" + key,
                 Array<std::string>({static_cast<std::int64_t>(values.size())}, values));
    }
  }
  if (roster.skipped.empty()) return;
  const Shape shape = {static_cast<std::int64_t>(roster.skipped.size())};
  Array<std::int64_t> units(shape);
  Array<std::string> reasons(shape);
  for (std::size_t i = 0; i < roster.skipped.size(); ++i) {
    units.values[i] = roster.skipped[i].unit;
    reasons.values[i] = roster.skipped[i].reason;
  }
  writer.put("/skipped/unit", units);
  writer.put("/skipped/reason", reasons);
}

Roster read_roster(const files::Reader& reader) {
  Roster roster;
  roster.axes = read_axes(reader);
  roster.unit_ids = reader.names("/units/id", {{-1}, "(N)"}).values;
  if (roster.unit_ids.empty()) {
    throw DataError(reader.file(), "/units/id", "expected units; found none");
  }
  const std::set<std::string> unique(roster.unit_ids.begin(), roster.unit_ids.end());
  if (unique.size() != roster.unit_ids.size()) {
    throw DataError(reader.file(), "/units/id", "expected ids that differ; one comes twice");
  }
  roster.members = read_members(reader, roster.units());
  if (reader.exists("/settings")) read_settings(reader, roster);
  if (!reader.exists("/skipped")) return roster;
  const auto units = reader.integers("/skipped/unit", {{-1}, "(skipped)"});
  const auto reasons = reader.strings("/skipped/reason", {units.shape, "(skipped)"});
  for (std::size_t i = 0; i < units.values.size(); ++i) {
    if (units.values[i] < 0 || units.values[i] >= roster.units()) {
      throw DataError(reader.file(), "/skipped/unit",
                      fmt::format("expected indices into /units/id; found {}", units.values[i]));
    }
    roster.skipped.push_back({units.values[i], reasons.values[i]});
  }
  return roster;
}

}  // namespace strffit
