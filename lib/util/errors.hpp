// Errors that a user can cause or meet, and Bug for errors of this program.
//
// Every message says what is wrong, where, and how to mend it.
#pragma once

#include <stdexcept>
#include <string>

namespace strffit {

// The message without the stack trace that LibTorch appends.
inline std::string first_line(const std::exception& error) {
  const std::string what = error.what();
  return what.substr(0, what.find('\n'));
}

// Invalid command line or configuration (exit code 2). `where`: "fit.yaml:14:3" or a key path.
class ConfigError : public std::runtime_error {
 public:
  ConfigError(const std::string& where, const std::string& what)
      : std::runtime_error(where.empty() ? what : where + ": " + what) {}
};

// A file whose content cannot be used (exit code 3). `path`: position inside the file, may be
// "".
class DataError : public std::runtime_error {
 public:
  DataError(const std::string& file, const std::string& path, const std::string& what)
      : std::runtime_error(file + (path.empty() ? "" : ": " + path) + ": " + what) {}
};

// A failure at run time: a full disk, a folder in use (exit code 1).
class RunError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The user or the scheduler requested a stop; the state is saved for resuming (exit code 75).
class Stopped : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A broken invariant of this program.
class Bug : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

}  // namespace strffit
