#include "run/study.hpp"

#include <filesystem>
#include <set>
#include <system_error>

#include "dataset/inspect.hpp"
#include "training/device.hpp"

namespace strffit {

namespace {

namespace fs = std::filesystem;

void tell_versions(const RunOptions& run, Observer& observer) {
  std::string line;
  for (const auto& [name, version] : library_versions()) {
    line += (line.empty() ? "" : ", ") + name + " " + version;
    if (name == "BLAS" && version == "reference BLAS") {
      observer.warning(
          "LibTorch runs on the reference BLAS, up to forty times slower than OpenBLAS: install "
          "OpenBLAS (Debian: libopenblas0-pthread)");
    }
  }
  observer.began(line);
  observer.began("device " + device_of(run).str() + ", threads " + std::to_string(threads_of(run)));
}

void tell_data(const Dataset& dataset, Observer& observer) {
  observer.began("dataset " + dataset.file + ": " + std::to_string(dataset.units()) + " of " +
                 std::to_string(dataset.all_unit_ids.size()) + " units, " +
                 std::to_string(dataset.stimuli.size()) + " stimuli, sha256 " + dataset.sha256);
}

void warn_of_leaks(const Study& study, Observer& observer) {
  // Folds differ in train and valid alone, and share a leak to the test stimuli.
  std::set<std::string> told;
  for (const auto& partition : study.plan.partitions) {
    for (const auto& leak : find_leaks(study.dataset, partition)) {
      const std::string& first = study.dataset.stimuli[leak.first].key;
      const std::string& second = study.dataset.stimuli[leak.second].key;
      if (!told.insert(first + "/" + second).second) continue;
      observer.warning("stimuli " + first + " and " + second +
                       " have the same spectrogram but lie in different splits: scores of one "
                       "are no test of what was learnt from the other");
    }
  }
}

}  // namespace

void load(Study& study, const std::string& config_path, Observer& observer) {
  const Config& config = study.config;
  tell_versions(config.run, observer);
  const std::string file =
      found_file(config.data.file, {fs::path(config_path).parent_path().string()});
  study.dataset = read_dataset(file, config.data.units);
  tell_data(study.dataset, observer);
  if (config.data.smooth_ms > 0) smooth(study.dataset, config.data.smooth_ms);
  study.plan = make_plan(study.dataset, config.data.split, config.data.standardise, config.model,
                         config.fit);
  warn_of_leaks(study, observer);
  for (const auto& unusable : study.plan.unusable) {
    observer.warning("unit " + study.dataset.unit_ids[unusable.unit] +
                     " is left out: " + unusable.reason);
  }
}

Checkpoint empty_checkpoint(const Study& study) {
  const Plan& plan = study.plan;
  Checkpoint checkpoint;
  checkpoint.config = study.resolved;
  checkpoint.dataset = absolute(study.dataset.file);
  checkpoint.dataset_sha256 = study.dataset.sha256;
  checkpoint.how = study.config.data.standardise;
  checkpoint.model = plan.model;
  Roster& roster = checkpoint.roster;
  roster.axes = study.dataset.axes;
  roster.unit_ids = study.dataset.unit_ids;
  roster.unit_facts = study.dataset.unit_facts;
  roster.members = plan.members;
  for (const auto& unusable : plan.unusable) {
    roster.skipped.push_back({static_cast<std::int64_t>(unusable.unit), unusable.reason});
  }
  if (plan.standardisation.size() == 1) {
    checkpoint.standardisation = plan.standardisation;
  } else {
    for (const auto& member : plan.members) {
      checkpoint.standardisation.push_back(
          plan.standardisation.at(static_cast<std::size_t>(member.fold)));
    }
  }
  return checkpoint;
}

std::string found_file(const std::string& path, const std::vector<std::string>& folders) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) return path;
  for (const auto& folder : folders) {
    const std::string candidate = (fs::path(folder) / path).string();
    if (fs::exists(candidate, ignored)) return candidate;
  }
  return path;
}

std::string absolute(const std::string& path) {
  std::error_code ignored;
  const fs::path found = fs::absolute(path, ignored).lexically_normal();
  return found.empty() ? path : found.string();
}

}  // namespace strffit
