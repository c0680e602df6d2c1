#include "cluster/slurm_queue.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <regex>
#include <sstream>

#include "cluster/slurm_jobs.hpp"
#include "util/errors.hpp"

extern char** environ;

namespace strffit {

namespace {

struct ProgramOutcome {
  int code = 127;   // 127: not found
  std::string out;  // stdout, with stderr if requested
};

// Runs a program from the PATH and waits for it.
ProgramOutcome run_program(const std::vector<std::string>& command, bool with_errors) {
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
  ProgramOutcome result;
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

}  // namespace

std::optional<std::vector<QueuedJob>> queued_jobs() {
  const ProgramOutcome found = run_program({"squeue", "--me", "-h", "-r", "-o", "%F|%K|%j"}, false);
  if (found.code != 0) return std::nullopt;
  std::vector<QueuedJob> jobs;
  std::istringstream lines(found.out);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    QueuedJob job;
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

std::string shell_line(const std::vector<std::string>& command) {
  std::string text;
  for (const auto& word : command) {
    if (!text.empty()) text += ' ';
    text += shell_word(word);
  }
  return text;
}

std::string submit_job(const std::vector<std::string>& command) {
  const ProgramOutcome result = run_program(command, true);
  if (result.code == 127) {
    throw RunError("sbatch is missing: run this on a machine with Slurm, or without --submit");
  }
  static const std::regex job_id("(^|\n)([0-9]+)(;[^\n]*)?\n");
  std::smatch match;
  if (result.code == 0 && std::regex_search(result.out, match, job_id)) return match[2];
  throw RunError(shell_line(command) + " failed: " + result.out);
}

void cancel_job(const std::string& id) { run_program({"scancel", id}, true); }

}  // namespace strffit
