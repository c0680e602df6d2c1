#include "cluster/status.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <optional>

#include "files/folder_lock.hpp"
#include "files/json.hpp"
#include "files/paths.hpp"
#include "formats/last.hpp"
#include "study/config.hpp"
#include "study/run_folder.hpp"
#include "study/shards.hpp"
#include "util/errors.hpp"
#include "util/listed.hpp"
#include "util/nan.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

namespace fs = std::filesystem;

// Seconds since a file of the run was last written; NaN if there is none.
double seconds_since_write(const RunPaths& paths) {
  double youngest = kNaN;
  for (const auto& path : {paths.log(), paths.last(), paths.config()}) {
    std::error_code error;
    const auto written = fs::last_write_time(path, error);
    if (error) continue;
    const std::chrono::duration<double> age = fs::file_time_type::clock::now() - written;
    youngest = std::fmin(youngest, age.count());
  }
  return youngest;
}

// Seconds per epoch over the last epochs; earlier ones may have trained more members.
double seconds_an_epoch(const std::vector<double>& seconds) {
  constexpr std::size_t kLast = 10;
  const std::size_t n = std::min(seconds.size(), kLast);
  if (n == 0) return kNaN;
  return std::accumulate(seconds.end() - static_cast<std::ptrdiff_t>(n), seconds.end(), 0.0) /
         static_cast<double>(n);
}

// Adds one ensemble to `part`. Each ensemble has a folder; a part trains its ensembles one after
// the other. Returns true if this one is finished.
bool add_ensemble(const std::string& folder, std::int64_t members, PartStatus& part) {
  const RunPaths paths{folder};
  const bool finished = is_there(paths.results());
  if (!is_there(paths.last())) {
    if (members > 0) part.members = std::max<std::int64_t>(part.members, 0) + members;
    part.seconds_left = kNaN;
    return finished;
  }
  const LastProgress last = read_last_progress(paths.last());
  const auto with = [&last](MemberStatus status) {
    return std::count(last.status.begin(), last.status.end(), status);
  };
  part.members =
      std::max<std::int64_t>(part.members, 0) + static_cast<std::int64_t>(last.status.size());
  part.ended += static_cast<std::int64_t>(last.status.size()) - with(MemberStatus::running);
  part.failed += with(MemberStatus::failed);
  part.epoch = last.epoch;
  auto document = config::Document::from_text(last.config, paths.last() + ": / attribute config");
  part.max_epochs = document.root().map("fit", "").get("max_epochs", FitOptions{}.max_epochs,
                                                       config::between(0, 1e9), "");
  if (last.refit_left) part.max_epochs = last.epoch + *last.refit_left;
  part.seconds_spent += std::accumulate(last.seconds.begin(), last.seconds.end(), 0.0);
  if (!finished && with(MemberStatus::running) > 0) {
    part.seconds_left +=
        seconds_an_epoch(last.seconds) *
        static_cast<double>(std::max<std::int64_t>(0, part.max_epochs - last.epoch));
  }
  return finished;
}

void describe_holder(const files::LockHolder& holder, const std::string& folder, PartStatus& part) {
  part.why = fmt::format("on {}, process {}", holder.host, holder.process);
  if (!holder.job.empty()) part.why += ", job " + holder.job;
  const double idle = seconds_since_write(RunPaths{folder});
  if (!std::isnan(idle)) part.why += "; last sign of life " + duration(idle) + " ago";
}

// Adds the ensembles of a part. True if all are finished; nothing if the part has not started.
std::optional<bool> add_ensembles(const std::string& folder, PartStatus& part) {
  const RunPaths paths{folder};
  part.seconds_left = 0;
  if (!is_there(folder + "/share.json")) {
    const bool finished = add_ensemble(folder, 0, part);
    if (!is_there(paths.log()) && !is_there(paths.config())) return std::nullopt;
    return finished;
  }
  bool finished = true;
  part.members = 0;
  for (const auto& one : read_share(folder).parts) {
    if (one.members == 0) continue;
    finished =
        add_ensemble(ensemble_paths(folder, one.folder).folder, one.members, part) && finished;
  }
  return finished;
}

// As a shard that has begun says it; -1 where none does.
std::int64_t members_of_the_run(const std::string& shard) {
  if (!is_there(shard + "/share.json")) return -1;
  try {
    std::int64_t members = 0;
    for (const auto& part : read_share(shard).parts) members += part.members_all;
    return members;
  } catch (const DataError&) {  // its own row says so
    return -1;
  }
}

PartStatus part_status(const std::string& folder, const std::string& name) {
  PartStatus part;
  part.name = name;
  if (!is_there(folder)) return part;
  std::optional<bool> finished;
  std::string error = last_error(RunPaths{folder}.log());
  try {
    finished = add_ensembles(folder, part);
  } catch (const DataError& damage) {
    if (error.empty()) error = damage.what();
    finished = false;
    part.seconds_left = kNaN;
  } catch (const ConfigError& damage) {
    if (error.empty()) error = damage.what();
    finished = false;
    part.seconds_left = kNaN;
  }
  const auto holder = files::lock_holder(folder);
  if (holder && holder->life != files::LockHolder::Life::dead) {
    part.state = PartState::running;
    describe_holder(*holder, folder, part);
  } else if (!finished) {
    part.seconds_left = kNaN;
  } else if (*finished) {
    part.state = PartState::finished;
    part.seconds_left = 0;
  } else if (!error.empty()) {
    part.state = PartState::failed;
    part.why = error;
  } else {
    part.state = PartState::stopped;
    part.why = holder ? fmt::format("killed: process {} on {} does not exist any more",
                                    holder->process, holder->host)
                      : "stopped on request";
  }
  return part;
}

// Parts that have not started are assumed to take the mean time of the others, because shards are
// made alike.
void add_times(RunStatus& status) {
  double known = 0, sum = 0;
  for (const auto& part : status.parts) {
    // A shard without members took no time, which says nothing of the others.
    if (part.state == PartState::left || std::isnan(part.seconds_left) || part.members == 0) {
      continue;
    }
    ++known;
    sum += part.seconds_spent + part.seconds_left;
  }
  const double typical = known > 0 ? sum / known : kNaN;
  double longest = 0;
  for (auto& part : status.parts) {
    if (part.state == PartState::left) part.seconds_left = typical;
    status.seconds_of_work += part.seconds_left;
    if (part.state == PartState::running) longest = std::max(longest, part.seconds_left);
  }
  const auto running = static_cast<double>(status.with(PartState::running));
  const bool done =
      status.with(PartState::finished) == static_cast<std::int64_t>(status.parts.size());
  status.seconds_left = done          ? 0
                        : running > 0 ? std::fmax(longest, status.seconds_of_work / running)
                                      : kNaN;
  if (std::isnan(status.seconds_of_work)) status.seconds_left = kNaN;
}

}  // namespace

std::string to_string(PartState state) {
  switch (state) {
    case PartState::left:
      return "left";
    case PartState::running:
      return "running";
    case PartState::stopped:
      return "stopped";
    case PartState::failed:
      return "failed";
    case PartState::finished:
      return "finished";
  }
  throw Bug("a part of a run has no state");
}

std::int64_t RunStatus::with(PartState state) const {
  return std::count_if(parts.begin(), parts.end(),
                       [state](const PartStatus& part) { return part.state == state; });
}

RunStatus run_status(const std::string& folder) {
  const RunPaths paths{folder};
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    throw DataError(folder, "", "expected a run folder; there is none");
  }
  RunStatus status;
  status.folder = folder;
  std::int64_t of = shards_in(folder);
  if (of == 0 && (paths.progress() == Progress::fresh || is_there(shards_folder(folder)))) {
    of = slurm_shards(folder);  // all are queued
  }
  status.sharded = of > 0;
  status.merged = is_there(paths.results()) || is_there(paths.study());
  if (!status.sharded) {
    status.parts.push_back(part_status(folder, "1/1"));
    if (status.parts.front().state == PartState::left) {
      throw DataError(folder, "", "expected a run folder; it holds no run");
    }
  }
  for (std::int64_t number = 1; number <= of; ++number) {
    status.parts.push_back(
        part_status(shard_folder(folder, {number, of}), fmt::format("{}/{}", number, of)));
  }
  for (std::int64_t number = 1; number <= of && status.members < 0; ++number) {
    status.members = members_of_the_run(shard_folder(folder, {number, of}));
  }
  add_times(status);
  return status;
}

Report to_report(const RunStatus& status) {
  Table table{status.folder,
              {status.sharded ? "shard" : "run", "state", "members", "ended", "failed", "epoch",
               "spent", "at most left", ""},
              {}};
  std::int64_t members = 0, ended = 0, unknown = 0;
  for (const auto& part : status.parts) {
    const bool begun = part.members >= 0;
    table.rows.push_back(
        {part.name, to_string(part.state), begun ? std::to_string(part.members) : "-",
         std::to_string(part.ended), std::to_string(part.failed),
         fmt::format("{}/{}", part.epoch,
                     part.max_epochs > 0 ? std::to_string(part.max_epochs) : std::string("-")),
         duration(part.seconds_spent), duration(part.seconds_left), part.why});
    members += std::max<std::int64_t>(0, part.members);
    ended += part.ended;
    unknown += !begun;
  }
  Report report{{std::move(table)}, {}};
  std::string line =
      fmt::format("{} of {}{} have ended", ended, members,
                  unknown > 0 ? " members of the shards that have started" : " members");
  if (status.sharded) {
    line += fmt::format("; shards: {} finished, {} running, {} failed, {} stopped, {} left",
                        status.with(PartState::finished), status.with(PartState::running),
                        status.with(PartState::failed), status.with(PartState::stopped),
                        status.with(PartState::left));
  }
  report.notes.push_back(line);
  std::vector<std::string> not_begun;
  for (const auto& part : status.parts) {
    if (part.state == PartState::left) not_begun.push_back(part.name);
  }
  if (status.sharded && !not_begun.empty() && status.members >= 0) {
    report.notes.push_back(subject("shard", not_begun, "has", "have") +
                           " not begun, with the other " +
                           std::to_string(status.members - members) + " of the run's " +
                           std::to_string(status.members) + " members");
  }
  const bool done =
      status.with(PartState::finished) == static_cast<std::int64_t>(status.parts.size());
  if (!done && !std::isnan(status.seconds_left)) {
    report.notes.push_back("time left: at most " + duration(status.seconds_left) +
                           " at the current rate");
  } else if (!done && !std::isnan(status.seconds_of_work)) {
    report.notes.push_back("nothing is running; at most " + duration(status.seconds_of_work) +
                           " of work is left, one part at a time");
  } else if (!done) {
    report.notes.push_back("time left: not yet known");
  }
  if (done && status.sharded) {
    report.notes.push_back(status.merged ? "all is fitted and merged"
                                         : "all is fitted; strffit merge " + status.folder +
                                               " joins the shards");
  }
  return report;
}

std::string to_json(const RunStatus& status) {
  Json json = {{"folder", status.folder},
               {"sharded", status.sharded},
               {"merged", status.merged},
               {"members", status.members < 0 ? Json() : Json(status.members)},
               {"seconds_of_work_left", json_number(status.seconds_of_work)},
               {"seconds_left", json_number(status.seconds_left)}};
  for (const auto state : {PartState::finished, PartState::running, PartState::failed,
                           PartState::stopped, PartState::left}) {
    json[to_string(state)] = status.with(state);
  }
  auto& parts = json["parts"] = Json::array();
  for (const auto& part : status.parts) {
    parts.push_back({{"part", part.name},
                     {"state", to_string(part.state)},
                     {"why", part.why},
                     {"members", part.members < 0 ? Json() : Json(part.members)},
                     {"members_ended", part.ended},
                     {"members_failed", part.failed},
                     {"epoch", part.epoch},
                     {"max_epochs", part.max_epochs},
                     {"seconds_spent", part.seconds_spent},
                     {"seconds_left", json_number(part.seconds_left)}});
  }
  return json.dump(2);
}

}  // namespace strffit
