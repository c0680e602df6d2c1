// The three errors a user can cause or meet, and Bug for what only we can cause.
//
// Every message names what is wrong, where, and how to mend it.
#pragma once

#include <stdexcept>
#include <string>

namespace strffit {

// What an error says, without the trace of calls that LibTorch's go on with.
inline std::string first_line(const std::exception& error) {
  const std::string what = error.what();
  return what.substr(0, what.find('\n'));
}

// A wrong command line or configuration (exit code 2). `where` is "fit.yaml:14:3" or a key path.
class ConfigError : public std::runtime_error {
 public:
  ConfigError(const std::string& where, const std::string& what)
      : std::runtime_error(where.empty() ? what : where + ": " + what) {}
};

// A file whose content cannot be used (exit code 3). `path` is the place inside the file, may be
// "".
class DataError : public std::runtime_error {
 public:
  DataError(const std::string& file, const std::string& path, const std::string& what)
      : std::runtime_error(file + (path.empty() ? "" : ": " + path) + ": " + what) {}
};

// Something went wrong while running: a full disk, a folder in use (exit code 1).
class RunError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The user or the scheduler asked to stop, and everything needed to go on is saved (exit code 75).
class Stopped : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A broken promise between two parts of this program.
class Bug : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

}  // namespace strffit
