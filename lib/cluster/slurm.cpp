#include "cluster/slurm.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <regex>

#include "cluster/slurm_jobs.hpp"
#include "cluster/slurm_queue.hpp"
#include "cluster/status.hpp"
#include "files/folder_lock.hpp"
#include "files/json.hpp"
#include "files/paths.hpp"
#include "files/temporary_file.hpp"
#include "study/config.hpp"
#include "study/run_folder.hpp"
#include "study/shards.hpp"
#include "study/study.hpp"
#include "training/batching.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

namespace fs = std::filesystem;

void check_request(const SlurmRequest& request) {
  const auto refuse_below_one = [](std::int64_t value, const char* option) {
    if (value < 1) throw ConfigError(option, fmt::format("expected 1 or more; found {}", value));
  };
  refuse_below_one(request.tasks, "--tasks");
  if (request.tasks > kMostShards) {
    throw ConfigError("--tasks",
                      fmt::format("expected at most {}; found {}", kMostShards, request.tasks));
  }
  if (request.cpus < 1 || request.cpus > kMostThreads) {
    throw ConfigError("--cpus", fmt::format("expected from 1 to {}, as for run.threads; found {}",
                                            kMostThreads, request.cpus));
  }
  refuse_below_one(request.warn, "--warn");
  if (request.at_once) refuse_below_one(*request.at_once, "--at-once");
  static const std::regex memory("[0-9]+([KMGTkmgt][Bb]?)?");
  if (!request.mem.empty() && !std::regex_match(request.mem, memory)) {
    throw ConfigError("--mem", "expected memory in sbatch's format, such as 800M or 8G; found \"" +
                                   request.mem + "\"");
  }
  if (request.array_limit < 2) {
    throw ConfigError("--array-limit",
                      "expected Slurm's MaxArraySize, 2 or more (scontrol show config prints it)");
  }
  if (!request.time.empty() && slurm_seconds(request.time) < 2 * request.warn) {
    throw ConfigError("--time", fmt::format("{} is too short: a task saves {} s before the limit "
                                            "(--warn), and needs at least as long to train",
                                            request.time, request.warn));
  }
  if (request.wrap.find_first_of("\r\n") != std::string::npos) {
    throw ConfigError("--wrap", "expected one line, such as \"apptainer exec strffit.sif\"");
  }
  static const std::regex one_gpu("([^:]+:)?1");
  if (!request.gpus.empty() && !std::regex_match(request.gpus, one_gpu)) {
    throw ConfigError("--gpus", "expected 1, or a type such as a100:1; found " + request.gpus +
                                    ": a shard uses one GPU; use more --tasks for more GPUs");
  }
  for (const auto& line : request.sbatch) {
    if (line.starts_with("--") && line.find('\n') == std::string::npos) continue;
    throw ConfigError("--sbatch",
                      "expected an option of sbatch such as --qos=long; found \"" + line + "\"");
  }
}

// ConfigError if the run folder has started or queued tasks with another configuration than
// `resolved` or another number than `tasks`. `under_way`: whether jobs are queued or running;
// nothing if unknown.
void refuse_other_tasks(const std::string& run, std::int64_t tasks, const std::string& resolved,
                        std::optional<bool> under_way) {
  const std::string cure =
      "Give the same configuration and --tasks again, or another run folder with --out DIR";
  const std::int64_t begun = shards_in(run), before = begun != 0 ? begun : slurm_shards(run);
  const bool replaceable = begun == 0 && under_way == std::optional(false);
  const std::string unknown =
      begun == 0 && !under_way
          ? ". If none of its tasks is queued, you can also start again: remove " + run + "/slurm"
          : "";
  if (before != 0 && before != tasks && !replaceable) {
    throw ConfigError("--tasks", fmt::format("{} has tasks for {} shards, not {}. {}{}", run,
                                             before, tasks, cure, unknown));
  }
  const auto refuse = [&](const std::string& file, const std::vector<std::string>& changes) {
    if (changes.empty()) return;
    std::string list;
    for (const auto& change : changes) list += "\n  " + change;
    throw ConfigError(
        file, "the tasks of this run have another configuration:" + list + "\n" + cure + unknown);
  };
  refuse(RunPaths{run}.config(), differences_from_run(run, resolved));
  const std::string file = run + "/slurm/config.yaml";
  if (replaceable || !is_there(file)) return;
  auto document = config::Document::from_file(file);
  const std::string data = document.root().map("data", "").get("file", "", "");
  auto changes = all_differences(read_stored_config(text_of(file), file),
                                 read_stored_config(resolved, "the configuration"));
  // The data have moved, and the tasks could not find them at the old path.
  if (!is_there(data)) {
    std::erase_if(changes, [](const auto& change) { return change.starts_with("data.file:"); });
  }
  refuse(file, changes);
}

// The run as its jobs see it, wherever they start: absolute paths, every key with its value.
struct SubmittedRun {
  std::string folder, resolved;
};
SubmittedRun read_submitted_run(const SlurmRequest& request) {
  Study study;
  read_study(study, request.config, request.assignments);
  const std::string run = absolute(study.config.output.folder);
  if (run.find_first_of("\n\"") != std::string::npos) {
    throw ConfigError(
        "output.folder",
        "expected a name without quotes and line breaks, which Slurm does not accept");
  }
  const std::string data = data_file_of(study.config, request.config);
  if (!fs::exists(data)) throw DataError(data, "", "no such file");
  auto whole = open_config(request.config, request.assignments);
  whole.set("data.file=" + Json(absolute(data)).dump());
  whole.set("output.folder=" + Json(run).dump());
  Study fitted;
  read_study(fitted, std::move(whole), run);
  return {run, fitted.resolved};
}

// Number of batches of members of a run, of `chunk` members each (0: as in run.chunk).
std::int64_t batches_of(const Study& study, RunOptions run, std::int64_t chunk) {
  run.chunk = chunk > 0 ? chunk : run.chunk;
  std::int64_t batches = 0;
  for (const auto& ensemble : study.ensembles) {
    batches += static_cast<std::int64_t>(cut(ensemble.plan, run).size());
  }
  return batches;
}

// One task fits a batch of members, so with fewer batches than tasks some tasks would have no work.
// Then run.chunk is made smaller, with a warning; results change by rounding only. A run that has
// begun keeps its batches.
void cut_for_tasks(const SlurmRequest& request, SubmittedRun& submitted, Observer& observer) {
  const bool begun = is_there(RunPaths{submitted.folder}.config());
  if (begun && differences_from_run(submitted.folder, submitted.resolved).empty()) return;
  Study study;
  const std::string name = "the configuration to submit";
  auto here = config::Document::from_text(submitted.resolved, name);
  here.set("run.device=cpu");  // where jobs are submitted there may be no GPU
  read_study(study, std::move(here), submitted.folder);
  Observer silent;
  load(study, name, {}, study.config.run, silent);
  std::int64_t members = 0;
  for (const auto& ensemble : study.ensembles) {
    members += static_cast<std::int64_t>(ensemble.plan.members.size());
  }
  constexpr std::int64_t kOnGpu = 512;  // members of a batch there, at most
  RunOptions run = study.config.run;
  run.threads = request.cpus;
  const bool chosen = run.chunk > 0;
  if (!request.gpus.empty() && !chosen) run.chunk = kOnGpu;
  const auto batches = batches_of(study, run, 0);
  if (batches >= request.tasks) return;
  const auto empty = [&](std::int64_t of) {
    return fmt::format("{} of {} tasks would have nothing to do", request.tasks - of,
                       request.tasks);
  };
  if (chosen) {
    observer.warning(fmt::format(
        "run.chunk: {} makes {} of members, so {}: leave run.chunk out, or take --tasks {}",
        run.chunk, counted(batches, "batch", "batches"), empty(batches), batches));
    return;
  }
  auto chunk = std::max<std::int64_t>(1, members / request.tasks);
  auto now = batches_of(study, run, chunk);
  while (chunk > 1 && now < request.tasks) now = batches_of(study, run, --chunk);
  if (now > batches) {
    auto whole = config::Document::from_text(submitted.resolved, name);
    whole.set("run.chunk=" + std::to_string(chunk));
    Study again;
    read_study(again, std::move(whole), submitted.folder);
    submitted.resolved = again.resolved;
    observer.warning(fmt::format(
        "{} make {}, so {}: run.chunk: {} makes {} instead (results differ by rounding only)",
        counted(members, "member"), counted(batches, "batch", "batches"), empty(batches), chunk,
        counted(now, "batch", "batches")));
  }
  if (now >= request.tasks) return;
  observer.warning(fmt::format("the run has {}, so {}: take --tasks {}", counted(members, "member"),
                               empty(now), now));
}

// Jobs in the queue. If squeue does not answer: RunError if jobs are to be submitted, otherwise
// nothing and a warning.
std::optional<std::vector<QueuedJob>> jobs_or_warning(const SlurmRequest& request,
                                                      Observer& observer) {
  auto jobs = queued_jobs();
  if (jobs) return jobs;
  const std::string what = "squeue is missing or does not answer, so the queued jobs are unknown";
  if (request.submit) {
    throw RunError(what + ": run this on a machine with Slurm, or without --submit");
  }
  observer.warning(what);
  return jobs;
}

// True if a job of the run is queued or running; nothing if unknown.
std::optional<bool> under_way(const std::optional<std::vector<QueuedJob>>& jobs,
                              const std::string& name) {
  if (!jobs) return std::nullopt;
  return std::ranges::any_of(*jobs, [&name](const QueuedJob& job) {
    return job.name == name || job.name.starts_with(name + "+");
  });
}

// Queued and running jobs of a run.
struct JobsOfRun {
  std::map<std::int64_t, std::string> shards;  // shard -> id of its job
  std::vector<std::string> merges;             // ids
};
JobsOfRun jobs_of_run(const std::vector<QueuedJob>& jobs, const std::string& name,
                      const SlurmRequest& request) {
  JobsOfRun found;
  for (const auto& job : jobs) {
    if (job.name == name + "-merge") found.merges.push_back(job.id);
    for (std::int64_t first = 0; first < request.tasks; first += request.array_limit - 1) {
      if (job.index >= 0 && job.name == array_name(name, first)) {
        found.shards[first + job.index] = job.id;
      }
    }
  }
  return found;
}

// Counts finished and queued shards, and makes arrays of the others.
SlurmOutcome shards_to_submit(const SlurmRequest& request, const std::string& run,
                              const JobsOfRun& jobs) {
  SlurmOutcome outcome;
  outcome.folder = run;
  outcome.tasks = request.tasks;
  outcome.train_script = run + "/slurm/train.sbatch";
  outcome.merge_script = run + "/slurm/merge.sbatch";
  std::vector<PartStatus> parts(static_cast<std::size_t>(request.tasks));
  if (shards_in(run) != 0) {
    const RunStatus status = run_status(run);
    parts = status.parts;
    outcome.merged = status.merged;
  }
  const std::int64_t step = request.array_limit - 1;
  for (std::int64_t shard = 1; shard <= request.tasks; ++shard) {
    const PartState state = parts[static_cast<std::size_t>(shard - 1)].state;
    if (jobs.shards.contains(shard)) {
      ++outcome.queued;
      continue;
    }
    if (state == PartState::finished) {
      ++outcome.finished;
      continue;
    }
    const auto holder = files::lock_holder(shard_folder(run, {shard, request.tasks}));
    if (state == PartState::running && holder && holder->job.empty()) {
      outcome.elsewhere.push_back(shard);
      continue;
    }
    const std::int64_t first = (shard - 1) / step * step;
    if (outcome.arrays.empty() || outcome.arrays.back().first != first) {
      outcome.arrays.push_back({first, {}, "", ""});
    }
    outcome.arrays.back().shards.push_back(shard);
  }
  return outcome;
}

// Sets the command of each array and, if requested, runs it. Returns the jobs that the merge
// depends on, as ":id:id": the new arrays, and the queued tasks of older ones.
std::string submit_arrays(SlurmOutcome& outcome, const SlurmRequest& request,
                          const std::string& name, const JobsOfRun& jobs, Observer& observer) {
  std::string dependency;
  for (const auto& [shard, job] : jobs.shards) dependency.append(":").append(job);
  for (auto& array : outcome.arrays) {
    std::vector<std::int64_t> indices;
    for (const auto shard : array.shards) indices.push_back(shard - array.first);
    const std::vector<std::string> command = {
        "sbatch",
        "--parsable",
        "--job-name=" + array_name(name, array.first),
        "--array=" + slurm_indices(indices) + at_once(request),
        outcome.train_script,
        std::to_string(array.first)};
    array.command = shell_line(command);
    if (!request.submit) continue;
    array.job = submit_job(command);
    dependency.append(":").append(array.job);
    observer.began("job " + array.job + ": shards " + slurm_indices(array.shards));
  }
  return dependency;
}

// Replaces a queued merge: it depends on the old tasks only and would find the new ones missing.
void submit_merge(SlurmOutcome& outcome, const SlurmRequest& request, const std::string& dependency,
                  const JobsOfRun& jobs, Observer& observer) {
  const bool needed = !outcome.arrays.empty() || (jobs.merges.empty() && !outcome.merged);
  if (!needed || !outcome.elsewhere.empty()) return;
  std::vector<std::string> command = {"sbatch", "--parsable"};
  if (!dependency.empty()) command.push_back("--dependency=afterok" + dependency);
  command.push_back(outcome.merge_script);
  outcome.merge_command = shell_line(command);
  if (!request.submit) return;
  for (const auto& merge : jobs.merges) cancel_job(merge);
  outcome.merge_job = submit_job(command);
  observer.began("job " + outcome.merge_job + ": merge, when all are done");
}

}  // namespace

std::int64_t slurm_seconds(const std::string& time) {
  static const std::regex form(R"((?:(\d{1,6})-(\d{1,6})(?::(\d{1,2}))?(?::(\d{1,2}))?)|)"
                               R"((?:(\d{1,6})(?::(\d{1,2}))?(?::(\d{1,2}))?))");
  std::smatch match;
  if (!std::regex_match(time, match, form)) {
    throw ConfigError(
        "--time",
        "expected a time in sbatch's format, such as 90 (minutes), 12:00:00 or 2-12; found \"" +
            time + "\"");
  }
  const auto part = [&match](std::size_t i) {
    return match[i].matched ? std::stoll(match[i]) : 0LL;
  };
  constexpr std::int64_t kMinute = 60, kHour = 3600, kDay = 24 * kHour;
  if (match[1].matched) return part(1) * kDay + part(2) * kHour + part(3) * kMinute + part(4);
  if (match[7].matched) return part(5) * kHour + part(6) * kMinute + part(7);
  return part(5) * kMinute + part(6);
}

std::string slurm_indices(const std::vector<std::int64_t>& ascending) {
  std::string text;
  for (std::size_t first = 0; first < ascending.size();) {
    std::size_t last = first;
    while (last + 1 < ascending.size() && ascending[last + 1] == ascending[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text += std::to_string(ascending[first]);
    if (last > first) text.append("-").append(std::to_string(ascending[last]));
    first = last + 1;
  }
  return text;
}

SlurmOutcome slurm_run(const SlurmRequest& request, Observer& observer) {
  check_request(request);
  SubmittedRun submitted = read_submitted_run(request);
  refuse_run_in_one_piece(submitted.folder);
  cut_for_tasks(request, submitted, observer);
  const std::string& run = submitted.folder;
  const auto jobs = jobs_or_warning(request, observer);
  const std::string name = job_name(run);
  refuse_other_tasks(run, request.tasks, submitted.resolved, under_way(jobs, name));
  const JobsOfRun under_way_now =
      jobs_of_run(jobs.value_or(std::vector<QueuedJob>{}), name, request);
  SlurmOutcome outcome = shards_to_submit(request, run, under_way_now);

  make_folder(run + "/slurm");
  files::write_text(run + "/slurm/config.yaml", submitted.resolved);
  write_slurm_shards(run, request.tasks);
  files::write_text(outcome.train_script, train_job(request, run, name));
  files::write_text(outcome.merge_script, merge_job(request, run, name));

  const std::string dependency = submit_arrays(outcome, request, name, under_way_now, observer);
  submit_merge(outcome, request, dependency, under_way_now, observer);
  return outcome;
}

Report to_report(const SlurmOutcome& outcome) {
  Report report;
  Table table{outcome.folder, {}, {}};
  const auto add = [&table](const std::string& what, const std::string& text) {
    table.rows.push_back({what, text});
  };
  add("shards", std::to_string(outcome.tasks));
  add("finished", std::to_string(outcome.finished));
  add("queued or running", std::to_string(outcome.queued));
  if (!outcome.elsewhere.empty()) {
    add("run outside of Slurm", slurm_indices(outcome.elsewhere));
  }
  for (const auto& array : outcome.arrays) {
    add(array.job.empty() ? "to submit" : "submitted as " + array.job, slurm_indices(array.shards));
  }
  if (!outcome.merge_job.empty()) add("merge submitted as", outcome.merge_job);
  add("merged", outcome.merged ? "yes" : "no");
  report.tables.push_back(std::move(table));
  report.notes.push_back("job scripts: " + outcome.train_script + ", " + outcome.merge_script);
  if (!outcome.arrays.empty() && outcome.arrays.front().job.empty()) {
    report.notes.push_back("--submit submits them; by hand:");
    for (const auto& array : outcome.arrays) report.notes.push_back("  " + array.command);
    report.notes.push_back("and when all are done:  strffit merge " + shell_word(outcome.folder));
  }
  return report;
}

std::string to_json(const SlurmOutcome& outcome) {
  Json json = {{"folder", outcome.folder},
               {"train_script", outcome.train_script},
               {"merge_script", outcome.merge_script},
               {"tasks", outcome.tasks},
               {"finished", outcome.finished},
               {"queued", outcome.queued},
               {"outside_of_slurm", outcome.elsewhere},
               {"merged", outcome.merged}};
  auto& arrays = json["arrays"] = Json::array();
  for (const auto& array : outcome.arrays) {
    arrays.push_back({{"shards", array.shards},
                      {"command", array.command},
                      {"job", array.job.empty() ? Json() : Json(array.job)}});
  }
  json["merge_command"] = outcome.merge_command.empty() ? Json() : Json(outcome.merge_command);
  json["merge_job"] = outcome.merge_job.empty() ? Json() : Json(outcome.merge_job);
  return json.dump(2);
}

}  // namespace strffit
