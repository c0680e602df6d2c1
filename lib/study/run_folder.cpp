#include "study/run_folder.hpp"

#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "files/paths.hpp"
#include "files/reader.hpp"
#include "files/temporary_file.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

namespace fs = std::filesystem;

std::vector<RunPaths> ensembles_in(const std::string& folder) {
  std::vector<RunPaths> found;
  for (std::int64_t e = 0;; ++e) {
    const RunPaths one = ensemble_paths(folder, ensemble_name(e));
    if (!is_there(one.folder)) return found;
    found.push_back(one);
  }
}

}  // namespace

Progress RunPaths::progress() const {
  if (is_there(results()) || is_there(study())) return Progress::finished;
  return is_there(last()) || is_there(config()) ? Progress::unfinished : Progress::fresh;
}

RunFolder::RunFolder(const std::string& folder, bool resume, bool overwrite) : paths_{folder} {
  made_ = make_folder(folder);
  lock_.emplace(folder);
  constexpr auto remove_temporaries = [](const std::string& of) {
    files::remove_stale_temporaries(
        of, {"config.yaml", "results.h5", "checkpoint.h5", "last.h5", "study.h5", "share.json"});
  };
  remove_temporaries(folder);
  for (const RunPaths& ensemble : ensembles_in(folder)) remove_temporaries(ensemble.folder);
  if (is_there(folder + "/shards")) {
    throw ConfigError(folder,
                      "is fitted in shards: strffit merge joins them, --shard I/N fits "
                      "one, --out DIR writes elsewhere");
  }
  progress_ = paths_.progress();
  if (progress_ == Progress::finished && !resume && !overwrite) {
    throw ConfigError(folder,
                      "holds a finished run: --overwrite starts it anew, --out DIR writes "
                      "elsewhere (--resume with a larger fit.max_epochs goes on)");
  }
  if (progress_ == Progress::unfinished && !resume && !overwrite) {
    throw ConfigError(folder,
                      "holds an unfinished run: --resume goes on with it, --overwrite starts it "
                      "anew");
  }
}

RunFolder::~RunFolder() {
  lock_.reset();
  std::error_code ignored;
  if (made_) fs::remove(paths_.folder, ignored);  // does nothing unless empty
}

void RunFolder::clear() const {
  // Removes the results first. If the program is killed in between, an unfinished run remains.
  const auto remove_run = [](const RunPaths& run) {
    for (const auto& path : {run.study(), run.results(), run.checkpoint(), run.last(), run.config(),
                             run.folder + "/share.json"}) {
      std::error_code error;
      fs::remove(path, error);
      if (error) throw RunError("cannot remove " + path + ": " + error.message());
    }
  };
  remove_run(paths_);
  for (const RunPaths& ensemble : ensembles_in(paths_.folder)) {
    remove_run(ensemble);
    std::error_code ignored;
    fs::remove(ensemble.folder, ignored);  // fails if other files are in the folder
  }
}

std::string ensemble_name(std::int64_t e) { return fmt::format("ensemble-{}", e); }

RunPaths ensemble_paths(const std::string& run, const std::string& name) {
  return {name.empty() ? run : run + "/" + name};
}

std::string checkpoint_of(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return path;
  const RunPaths paths{path};
  if (is_there(paths.checkpoint())) return paths.checkpoint();
  if (is_there(path + "/average.h5")) {
    throw DataError(path, "",
                    "is an average of runs, which eval, compare, predict and average take: name "
                    "one of the runs averaged, such as " +
                        path + "/part-0.h5");
  }
  if (is_there(ensemble_paths(path, ensemble_name(0)).folder)) {
    throw DataError(path, "",
                    "holds several ensembles: name one of them, such as " + path +
                        "/ensemble-0, or take the best setting with strffit best");
  }
  if (is_there(path + "/shards")) {
    throw DataError(
        path, "",
        "is fitted in shards that are not merged yet: strffit status says what is left, "
        "strffit merge joins them");
  }
  throw DataError(path, "",
                  paths.progress() == Progress::unfinished
                      ? "the run has not finished: there is no checkpoint.h5 yet; go on with "
                        "strffit train CONFIG --resume"
                      : "expected a run folder or a checkpoint; found no checkpoint.h5 in it");
}

std::vector<LogEntry> read_log(const std::string& log) {
  constexpr std::size_t kTime = 19;  // length of "2026-01-31T12:00:00"
  const std::string mark = ": ";
  std::vector<LogEntry> entries;
  std::ifstream file(log);
  for (std::string line; std::getline(file, line);) {
    const bool begins = line.size() > kTime && line[4] == '-' && line[10] == 'T';
    if (begins) {
      const auto end = std::min(line.find(mark, kTime), line.size());
      const auto level = line.substr(kTime + 1, end - std::min(end, kTime + 1));
      entries.push_back({level, line.substr(std::min(end + mark.size(), line.size()))});
    } else if (!entries.empty()) {
      entries.back().text += "\n" + line;
    }
  }
  return entries;
}

std::string last_error(const std::string& log) {
  const auto entries = read_log(log);
  return !entries.empty() && entries.back().level == "error" ? entries.back().text : "";
}

void refuse_to_replace(const std::string& out, const std::string& format) {
  if (!is_there(out)) return;
  const fs::path path(out);
  const RunPaths run{path.has_parent_path() ? path.parent_path().string() : "."};
  std::error_code ignored;
  for (const auto& own : {run.config(), run.results(), run.checkpoint(), run.study(), run.last()}) {
    if (run.progress() != Progress::fresh && fs::equivalent(out, own, ignored)) {
      throw RunError(out + " belongs to a run, which would be lost: write elsewhere");
    }
  }
  try {
    const files::Reader there(out, {format});
  } catch (const DataError&) {
    throw RunError(out + " is there already and is no " + format +
                   " file, so it is not replaced: write elsewhere, or remove it");
  }
}

}  // namespace strffit
