// The folder of one run: its files, its lock and its progress.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "files/folder_lock.hpp"

namespace strffit {

enum class Progress { fresh, unfinished, finished };

// Paths of a run folder's files (formats.md, "A run folder").
struct RunPaths {
  std::string folder;

  std::string config() const { return folder + "/config.yaml"; }
  std::string results() const { return folder + "/results.h5"; }
  std::string checkpoint() const { return folder + "/checkpoint.h5"; }
  std::string study() const { return folder + "/study.h5"; }  // for a sweep or nested folds
  std::string last() const { return folder + "/last.h5"; }
  std::string log() const { return folder + "/train.log"; }

  Progress progress() const;  // determined from the existing files
};

// Name of the subfolder of ensemble e in a study with several ensembles.
std::string ensemble_name(std::int64_t e);

// Paths of the ensemble with this folder name. "": the only ensemble, in the run folder itself.
RunPaths ensemble_paths(const std::string& run, const std::string& name);

// Holds the lock of the folder during its lifetime. The destructor removes the folder if this
// object has made it and it is empty.
class RunFolder {
 public:
  // Makes the folder if it is missing. Throws RunError if this fails or if another run is writing
  // to the folder. Throws ConfigError if the folder has a run and neither `resume` nor `overwrite`
  // is set (the message names both options), or if that run is fitted in shards.
  RunFolder(const std::string& folder, bool resume, bool overwrite);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const RunPaths& paths() const { return paths_; }
  Progress progress() const { return progress_; }

  // Removes all files of an earlier run except its log.
  void clear() const;

 private:
  RunPaths paths_;
  bool made_ = false;
  std::optional<files::FolderLock> lock_;
  Progress progress_ = Progress::fresh;
};

// One message in the log of a run. Its text may have several lines.
struct LogEntry {
  std::string level, text;  // "info", "warning" or "error"
};
// Reads the messages of a log, in order. Returns none if there is no such file.
std::vector<LogEntry> read_log(const std::string& log);

// Returns the error at the end of a run's log, or "" if the log does not end with an error.
std::string last_error(const std::string& log);

// Throws RunError if writing to `out` would destroy something: a file that is not of this format
// (for instance a dataset given twice), or a file of a run.
void refuse_to_replace(const std::string& out, const std::string& format);

// Path of the checkpoint: `path` itself, or the checkpoint of the run folder `path`. Throws
// DataError if there is none.
std::string checkpoint_of(const std::string& path);

}  // namespace strffit
