// Result of reading a bad file, seen from outside: crash, endless loop, too much memory.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <string>

#include "util/errors.hpp"

namespace strffit::test {

constexpr std::int64_t kMostKilobytes = std::int64_t{1} << 20;  // 1 GiB

// Peak memory of this process and its finished children, in kilobytes.
inline std::int64_t peak_kilobytes() {
  struct rusage own {
  }, children{};
  getrusage(RUSAGE_SELF, &own);
  getrusage(RUSAGE_CHILDREN, &children);
  return std::max<std::int64_t>(own.ru_maxrss, children.ru_maxrss);
}

// Message of the DataError, "" if the file is read, "other: ..." for any other error.
inline std::string message_of(const std::function<void()>& read) {
  try {
    read();
  } catch (const DataError& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("other: ") + error.what();
  }
  return "";
}

// How a child process that reads ends: "read", "refused", or an error. Limits: 5 s of processor
// time, 1 GiB.
inline std::string fate_of(const std::function<void()>& read) {
  const pid_t child = fork();
  if (child == 0) {
    const struct rlimit seconds { 5, 5 };
    setrlimit(RLIMIT_CPU, &seconds);
    const std::string message = message_of(read);
    _exit(message.empty() ? 0 : message.rfind("other: ", 0) == 0 ? 9 : 3);
  }
  int status = 0;
  struct rusage used {};
  wait4(child, &status, 0, &used);
  if (WIFSIGNALED(status)) return "ended by signal " + std::to_string(WTERMSIG(status));
  if (used.ru_maxrss > kMostKilobytes) return "took more than 1 GiB";
  return WEXITSTATUS(status) == 0   ? "read"
         : WEXITSTATUS(status) == 3 ? "refused"
                                    : "failed with another error";
}

}  // namespace strffit::test
