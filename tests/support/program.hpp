// Runs the built program like a user: takes arguments; returns exit code, stdout and stderr.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/small_study.hpp"
#include "support/temporary_folder.hpp"

namespace strffit::test {

struct Ended {
  int code = -1;          // exit code, or -1
  int signal = 0;         // signal that ended it, or 0
  std::string out;        // stdout
  std::string err;        // stderr
  double peak_bytes = 0;  // peak memory
};

class Program {
 public:
  // Starts the program. `before`: runs in the child, for limits.
  explicit Program(const std::vector<std::string>& arguments,
                   const std::function<void()>& before = {}) {
    process_ = fork();
    if (process_ < 0) throw std::runtime_error("cannot fork");
    if (process_ > 0) return;
    redirect(folder_.file("out"), STDOUT_FILENO);
    redirect(folder_.file("err"), STDERR_FILENO);
    if (before) before();
    std::vector<char*> argv = {const_cast<char*>(STRFFIT_BINARY)};
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execv(STRFFIT_BINARY, argv.data());
    _exit(127);
  }
  ~Program() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void kill(int signal) const { ::kill(process_, signal); }
  pid_t process() const { return process_; }

  // Its stderr so far.
  std::string err() const {
    const std::string file = folder_.file("err");
    return std::filesystem::exists(file) ? read_text(file) : "";
  }

  bool running() {
    if (process_ > 0 && wait4(process_, &status_, WNOHANG, &usage_) == process_) process_ = 0;
    return process_ > 0;
  }

  Ended wait() {
    if (process_ > 0) wait4(process_, &status_, 0, &usage_);
    process_ = 0;
    Ended ended;
    if (WIFEXITED(status_)) ended.code = WEXITSTATUS(status_);
    if (WIFSIGNALED(status_)) ended.signal = WTERMSIG(status_);
    ended.peak_bytes = static_cast<double>(usage_.ru_maxrss) * 1024;
    ended.out = read_text(folder_.file("out"));
    ended.err = err();
    return ended;
  }

 private:
  static void redirect(const std::string& path, int descriptor) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || dup2(file, descriptor) < 0) _exit(126);
    close(file);
  }

  TemporaryFolder folder_;
  pid_t process_ = -1;
  int status_ = 0;
  rusage usage_ = {};
};

inline Ended run(const std::vector<std::string>& arguments,
                 const std::function<void()>& before = {}) {
  return Program(arguments, before).wait();
}

// Waits until done() is true; false after `seconds`.
inline bool wait_for(const std::function<bool()>& done, double seconds = 60) {
  const auto begun = std::chrono::steady_clock::now();
  while (!done()) {
    const std::chrono::duration<double> gone = std::chrono::steady_clock::now() - begun;
    if (gone.count() > seconds) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace strffit::test
