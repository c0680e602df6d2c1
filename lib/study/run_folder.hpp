// The folder of one run: its files, its lock, its progress.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "files/folder_lock.hpp"

namespace strffit {

enum class Progress { fresh, unfinished, finished };

// Paths of a run folder's files (formats.md, "A run folder").
struct RunPaths {
  std::string folder;

  std::string config() const { return folder + "/config.yaml"; }
  std::string results() const { return folder + "/results.h5"; }
  std::string checkpoint() const { return folder + "/checkpoint.h5"; }
  std::string study() const { return folder + "/study.h5"; }  // of a sweep, or nested folds
  std::string last() const { return folder + "/last.h5"; }
  std::string log() const { return folder + "/train.log"; }

  Progress progress() const;  // by the files that are there
};

// Folder of a study's ensemble e below the study's own, where it has several.
std::string ensemble_name(std::int64_t e);

// Of the ensemble of that name below a run folder; "": the only one, in the folder itself.
RunPaths ensemble_paths(const std::string& run, const std::string& name);

// Holds the folder's lock for as long as it lives. A folder that it made and that is still empty
// then is removed.
class RunFolder {
 public:
  // Makes the folder where it is missing. RunError where that fails and where another run writes
  // it; ConfigError, naming both choices, where a run lies there already and neither `resume` nor
  // `overwrite` says what to do with it, and where the run is fitted in shards.
  RunFolder(const std::string& folder, bool resume, bool overwrite);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const RunPaths& paths() const { return paths_; }
  Progress progress() const { return progress_; }

  // Removes what an earlier run left, its log apart.
  void clear() const;

 private:
  RunPaths paths_;
  bool made_ = false;
  std::optional<files::FolderLock> lock_;
  Progress progress_ = Progress::fresh;
};

// The error that a run's log ends with, "" where it does not.
std::string last_error(const std::string& log);

// RunError where `out` is there and is not of that format, which would be lost (a dataset given
// twice), or is a file that a run is made of.
void refuse_to_replace(const std::string& out, const std::string& format);

// The checkpoint that `path` means: itself, or that of a run folder. DataError where there is none.
std::string checkpoint_of(const std::string& path);

}  // namespace strffit
