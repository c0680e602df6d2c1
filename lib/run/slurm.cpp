#include "run/slurm.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

#include "files/folder_lock.hpp"
#include "files/writer.hpp"
#include "run/config.hpp"
#include "run/figures.hpp"
#include "run/json.hpp"
#include "run/run_folder.hpp"
#include "run/share.hpp"
#include "run/status.hpp"
#include "run/study.hpp"
#include "util/errors.hpp"
#include "util/version.hpp"

extern char** environ;

namespace strffit {

namespace {

namespace fs = std::filesystem;

struct Ran {
  int code = 127;   // 127: not found
  std::string out;  // stdout and stderr
};

// Runs a program of the PATH to its end.
Ran ran(const std::vector<std::string>& command, bool with_errors) {
  std::vector<char*> argv;
  for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) throw RunError("cannot make a pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  if (with_errors) {
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDERR_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  pid_t process = 0;
  const int failed = posix_spawnp(&process, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  Ran result;
  std::array<char, 4096> part{};
  for (ssize_t n = 0; !failed && (n = read(pipe_ends[0], part.data(), part.size())) > 0;) {
    result.out.append(part.data(), static_cast<std::size_t>(n));
  }
  close(pipe_ends[0]);
  int status = 0;
  if (!failed && waitpid(process, &status, 0) == process && WIFEXITED(status)) {
    result.code = WEXITSTATUS(status);
  }
  return result;
}

// As one word of a shell.
std::string quoted(const std::string& text) {
  const std::string plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
  if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) return text;
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? "'\\''" : std::string(1, c);
  return result + "'";
}

// As the value of an #SBATCH line that knows %-patterns.
std::string sbatch_path(const std::string& path) {
  std::string result;
  for (const char c : path) result += c == '%' ? "%%" : std::string(1, c);
  return path.find(' ') == std::string::npos ? result : "\"" + result + "\"";
}

// Of a run folder, the same from every shell: FNV-1a.
std::string job_name(const std::string& folder) {
  std::uint32_t hash = 2166136261U;
  for (const char c : folder) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  std::array<char, 16> digits{};
  std::snprintf(digits.data(), digits.size(), "%08x", hash);
  return "strffit-" + file_name(fs::path(folder).filename()) + "-" + digits.data();
}

void check_request(const SlurmRequest& request) {
  const auto refuse_below_one = [](std::int64_t value, const char* option) {
    if (value < 1) throw ConfigError(option, "expected 1 or more; found " + std::to_string(value));
  };
  refuse_below_one(request.tasks, "--tasks");
  if (request.tasks > kMostShards) {
    throw ConfigError("--tasks", "expected at most " + std::to_string(kMostShards) + "; found " +
                                     std::to_string(request.tasks));
  }
  refuse_below_one(request.cpus, "--cpus");
  refuse_below_one(request.warn, "--warn");
  if (request.at_once) refuse_below_one(*request.at_once, "--at-once");
  static const std::regex memory("[0-9]+([KMGTkmgt][Bb]?)?");
  if (!request.mem.empty() && !std::regex_match(request.mem, memory)) {
    throw ConfigError("--mem", "expected memory as sbatch has it, such as 800M or 8G; found \"" +
                                   request.mem + "\"");
  }
  if (request.array_limit < 2) {
    throw ConfigError("--array-limit",
                      "expected Slurm's MaxArraySize, 2 or more (scontrol show "
                      "config names it)");
  }
  if (!request.time.empty() && slurm_seconds(request.time) < 2 * request.warn) {
    throw ConfigError("--time", request.time + " is too short: a task saves " +
                                    std::to_string(request.warn) +
                                    " s before the limit (--warn), and needs as long to get "
                                    "anywhere");
  }
  static const std::regex one_gpu("([^:]+:)?1");
  if (!request.gpus.empty() && !std::regex_match(request.gpus, one_gpu)) {
    throw ConfigError("--gpus", "expected 1, or a type such as a100:1; found " + request.gpus +
                                    ": a shard uses one GPU, so take more --tasks for more");
  }
  for (const auto& line : request.sbatch) {
    if (line.starts_with("--") && line.find('\n') == std::string::npos) continue;
    throw ConfigError("--sbatch",
                      "expected an option of sbatch such as --qos=long; found \"" + line + "\"");
  }
}

std::string common_lines(const SlurmRequest& request, const std::string& name,
                         const std::string& log) {
  std::string text = "#SBATCH --job-name=" + name + "\n";
  text += "#SBATCH --output=" + log + "\n#SBATCH --open-mode=append\n";
  text += "#SBATCH --chdir=" + sbatch_path(fs::current_path().string()) + "\n";
  const auto add = [&text](const char* option, const std::string& value) {
    if (!value.empty()) text += std::string("#SBATCH --") + option + "=" + value + "\n";
  };
  add("time", request.time);
  add("mem", request.mem);
  add("partition", request.partition);
  add("account", request.account);
  return text;
}

std::string further_lines(const SlurmRequest& request) {
  std::string text;
  for (const auto& line : request.sbatch) text += "#SBATCH " + line + "\n";
  return text;
}

std::string train_script(const SlurmRequest& request, const std::string& run,
                         const std::string& name) {
  const std::int64_t first_array = std::min(request.tasks, request.array_limit - 1);
  std::string text = "#!/bin/bash\n# Fits " + quoted(run) + " in " + std::to_string(request.tasks) +
                     " shards, one an array task; a task that meets its time limit saves,\n"
                     "# queues itself again and goes on. Written by strffit " +
                     version() + ":\n#   " + request.command_line +
                     "\n# The same with --submit submits what is not done yet.\n";
  text += common_lines(request, name, sbatch_path(run + "/slurm") + "/%A_%a.log");
  text += "#SBATCH --array=1-" + std::to_string(first_array) +
          (request.at_once ? "%" + std::to_string(*request.at_once) : "") + "\n";
  text += "#SBATCH --cpus-per-task=" + std::to_string(request.cpus) + "\n";
  if (!request.gpus.empty()) text += "#SBATCH --gpus=" + request.gpus + "\n";
  text += "#SBATCH --requeue\n#SBATCH --signal=B:USR1@" + std::to_string(request.warn) + "\n";
  text += further_lines(request);
  text += "\nrun=" + quoted(run) + "\ntasks=" + std::to_string(request.tasks) +
          "\nshard=$((${1:-0} + SLURM_ARRAY_TASK_ID))  # the argument: shards of earlier arrays\n"
          "task=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID  # SLURM_JOB_ID may be the whole array\n"
          "export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK\n\n";
  text +=
      "# A lock that a job left which is no more (a dead node): Slurm knows, the file does not.\n"
      "lock=$run/shards/$shard-of-$tasks/.strffit.lock\n"
      "if holder=$(sed -n 5p \"$lock\" 2>/dev/null) && [[ $holder ]]; then\n"
      "  jobs=$(squeue --me -h -r -o %F_%K)\n"
      "  if [[ $holder == \"$task\" ]] ||\n"
      "    { grep -qx \"$task\" <<<\"$jobs\" && ! grep -qx \"$holder\" <<<\"$jobs\"; }; "
      "then\n"
      "    rm -f \"$lock\"\n"
      "  fi\n"
      "fi\n\n";
  text += quoted(request.program) +
          " train \"$run/slurm/config.yaml\" --shard \"$shard/$tasks\" --resume \\\n"
          "  --threads \"$SLURM_CPUS_PER_TASK\"" +
          (request.gpus.empty() ? "" : " --device cuda") + " &\n";
  text +=
      "child=$!\n\n"
      "# Slurm signals this shell alone (B:), and the shell sees signals only while it waits.\n"
      "signals=0 limit=0\n"
      "trap 'signals=1 limit=1; kill -USR1 \"$child\" 2>/dev/null' USR1\n"
      "trap 'signals=1; kill -TERM \"$child\" 2>/dev/null' TERM\n"
      "while :; do\n"
      "  wait \"$child\"\n"
      "  code=$?\n"
      "  ((signals)) || break\n"
      "  signals=0\n"
      "done\n\n"
      "# 75: saved on request. Only the time limit asks for more; scancel means it.\n"
      "if ((code == 75 && limit)); then\n"
      "  scontrol requeue \"$task\" && sleep 60  # Slurm ends this shell\n"
      "fi\n"
      "exit \"$code\"\n";
  return text;
}

std::string merge_script(const SlurmRequest& request, const std::string& run,
                         const std::string& name) {
  return "#!/bin/bash\n# Joins the shards of " + quoted(run) +
         " once all are done.\n# Written by strffit " + version() + ".\n" +
         common_lines(request, name + "-merge", sbatch_path(run + "/slurm") + "/merge-%j.log") +
         "#SBATCH --kill-on-invalid-dep=yes\n" + further_lines(request) + "\nexec " +
         quoted(request.program) + " merge " + quoted(run) + "\n";
}

// Jobs of this user by name: index (or -1) and id of those that wait or run. Nothing where squeue
// is not here or does not answer.
struct Queued {
  std::string name, id;  // "123_4"
  std::int64_t index = -1;
};
std::optional<std::vector<Queued>> queue() {
  const Ran found = ran({"squeue", "--me", "-h", "-r", "-o", "%F|%K|%j"}, false);
  if (found.code != 0) return std::nullopt;
  std::vector<Queued> jobs;
  std::istringstream lines(found.out);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    Queued job;
    std::string index;
    std::getline(fields, job.id, '|');
    std::getline(fields, index, '|');
    std::getline(fields, job.name);
    if (!index.empty() && index.find_first_not_of("0123456789") == std::string::npos) {
      job.index = std::stoll(index);
      job.id += "_" + index;
    }
    jobs.push_back(job);
  }
  return jobs;
}

// Of an array whose index 1 is shard first + 1.
std::string array_name(const std::string& name, std::int64_t first) {
  return first == 0 ? name : name + "+" + std::to_string(first);
}

// Throws ConfigError where the run folder has tasks, begun or waiting, for which `resolved` is
// another configuration or `tasks` another number. `under_way`: the jobs that wait or run; nothing
// where that is not known.
void refuse_other_tasks(const std::string& run, std::int64_t tasks, const std::string& resolved,
                        std::optional<bool> under_way) {
  refuse_run_in_one_piece(run);
  const std::string cure =
      "Give the same configuration and --tasks again, or another run folder with --out DIR";
  const std::int64_t begun = shards_in(run), before = begun != 0 ? begun : slurm_shards(run);
  const bool replaceable = begun == 0 && under_way == std::optional(false);
  const std::string unknown =
      begun == 0 && !under_way
          ? ". If none of its tasks is queued, it may also be begun anew: remove " + run + "/slurm"
          : "";
  if (before != 0 && before != tasks && !replaceable) {
    throw ConfigError("--tasks", run + " holds shards of " + std::to_string(before) + ", not of " +
                                     std::to_string(tasks) + ". " + cure + unknown);
  }
  const auto refuse = [&](const std::string& file, const std::vector<std::string>& changes) {
    if (changes.empty()) return;
    std::string list;
    for (const auto& change : changes) list += "\n  " + change;
    throw ConfigError(file, "the tasks of this run are fitted with another configuration:" + list +
                                "\n" + cure + unknown);
  };
  refuse(RunPaths{run}.config(), differences_from_run(run, resolved));
  const std::string file = run + "/slurm/config.yaml";
  if (replaceable || !is_there(file)) return;
  auto document = config::Document::from_file(file);
  const std::string data = document.root().map("data", "").get("file", "", "");
  auto changes = all_differences(text_of(file), resolved);
  // Data that have moved: the tasks would not find them where they were.
  if (!is_there(data)) {
    std::erase_if(changes, [](const auto& change) { return change.starts_with("data.file:"); });
  }
  refuse(file, changes);
}

std::string in_shell(const std::vector<std::string>& command) {
  std::string text;
  for (const auto& word : command) {
    if (!text.empty()) text += ' ';
    text += quoted(word);
  }
  return text;
}

std::string submitted(const std::vector<std::string>& command) {
  const Ran result = ran(command, true);
  if (result.code == 127) {
    throw RunError("sbatch is not here: run this where Slurm is, or without --submit");
  }
  static const std::regex job_id("(^|\n)([0-9]+)(;[^\n]*)?\n");
  std::smatch match;
  if (result.code == 0 && std::regex_search(result.out, match, job_id)) return match[2];
  throw RunError(in_shell(command) + " failed: " + result.out);
}

}  // namespace

std::int64_t slurm_seconds(const std::string& time) {
  static const std::regex form(R"((?:(\d{1,6})-(\d{1,6})(?::(\d{1,2}))?(?::(\d{1,2}))?)|)"
                               R"((?:(\d{1,6})(?::(\d{1,2}))?(?::(\d{1,2}))?))");
  std::smatch match;
  if (!std::regex_match(time, match, form)) {
    throw ConfigError("--time",
                      "expected a time as sbatch has it, such as 90 (minutes), 12:00:00 "
                      "or 2-12; found \"" +
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
  Study study;
  read_study(study, request.config, request.assignments);
  const Config& config = study.config;
  const std::string run = absolute(config.output.folder);
  if (run.find_first_of("\n\"") != std::string::npos) {
    throw ConfigError("output.folder",
                      "expected a name without quotes and line breaks, which "
                      "Slurm cannot take");
  }
  const std::string data = data_file_of(config, request.config);
  if (!fs::exists(data)) throw DataError(data, "", "no such file");
  // What was submitted is what runs, whatever becomes of CONFIG and from wherever it is found.
  auto whole = open_config(request.config, request.assignments);
  whole.set("data.file=" + Json(absolute(data)).dump());
  whole.set("output.folder=" + Json(run).dump());
  Study fitted;
  read_study(fitted, std::move(whole), run);

  SlurmOutcome outcome;
  outcome.folder = run;
  outcome.tasks = request.tasks;
  outcome.train_script = run + "/slurm/train.sbatch";
  outcome.merge_script = run + "/slurm/merge.sbatch";
  const std::string name = job_name(run);
  const auto jobs = queue();
  if (!jobs) {
    const std::string what =
        "squeue is not here or does not answer, so it is not known what is queued";
    if (request.submit) {
      throw RunError(what + ": run this where Slurm is, or without --submit");
    }
    observer.warning(what);
  }
  std::optional<bool> under_way;
  if (jobs) {
    under_way = std::ranges::any_of(*jobs, [&name](const Queued& job) {
      return job.name == name || job.name.starts_with(name + "+");
    });
  }
  refuse_other_tasks(run, request.tasks, fitted.resolved, under_way);
  std::map<std::int64_t, std::string> queued;  // job of each shard that waits or runs
  std::vector<std::string> merges;
  for (const auto& job : jobs.value_or(std::vector<Queued>{})) {
    if (job.name == name + "-merge") merges.push_back(job.id);
    for (std::int64_t first = 0; first < request.tasks; first += request.array_limit - 1) {
      if (job.index >= 0 && job.name == array_name(name, first)) {
        queued[first + job.index] = job.id;
      }
    }
  }

  std::vector<PartStatus> parts(static_cast<std::size_t>(request.tasks));
  if (shards_in(run) != 0) {
    const RunStatus status = run_status(run);
    parts = status.parts;
    outcome.merged = status.merged;
  }
  const std::int64_t step = request.array_limit - 1;
  for (std::int64_t shard = 1; shard <= request.tasks; ++shard) {
    const PartState state = parts[static_cast<std::size_t>(shard - 1)].state;
    if (queued.contains(shard)) {
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

  make_folder(run + "/slurm");
  files::write_text(run + "/slurm/config.yaml", fitted.resolved);
  write_slurm_shards(run, request.tasks);
  files::write_text(outcome.train_script, train_script(request, run, name));
  files::write_text(outcome.merge_script, merge_script(request, run, name));

  // Of the whole new arrays, and of the single tasks of older ones that still have to come.
  std::string dependency;
  for (const auto& [shard, job] : queued) dependency += ":" + job;
  for (auto& array : outcome.arrays) {
    std::vector<std::int64_t> indices;
    for (const auto shard : array.shards) indices.push_back(shard - array.first);
    const std::string limit = request.at_once ? "%" + std::to_string(*request.at_once) : "";
    const std::vector<std::string> command = {"sbatch",
                                              "--parsable",
                                              "--job-name=" + array_name(name, array.first),
                                              "--array=" + slurm_indices(indices) + limit,
                                              outcome.train_script,
                                              std::to_string(array.first)};
    array.command = in_shell(command);
    if (!request.submit) continue;
    array.job = submitted(command);
    dependency += ":" + array.job;
    observer.began("job " + array.job + ": shards " + slurm_indices(array.shards));
  }
  // A merge that waits for the old tasks alone would find the new ones missing.
  const bool needed = !outcome.arrays.empty() || (merges.empty() && !outcome.merged);
  if (!needed || !outcome.elsewhere.empty()) return outcome;
  std::vector<std::string> command = {"sbatch", "--parsable"};
  if (!dependency.empty()) command.push_back("--dependency=afterok" + dependency);
  command.push_back(outcome.merge_script);
  outcome.merge_command = in_shell(command);
  if (request.submit) {
    for (const auto& merge : merges) ran({"scancel", merge}, true);
    outcome.merge_job = submitted(command);
    observer.began("job " + outcome.merge_job + ": merge, when all are done");
  }
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
    report.notes.push_back("and when all are done:  strffit merge " + quoted(outcome.folder));
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
