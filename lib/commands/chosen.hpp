// Finds the members that a path stands for. For a sweep or nested folds these are the chosen ones.
#pragma once

#include <optional>
#include <string>

#include "formats/checkpoint.hpp"
#include "formats/study_file.hpp"

namespace strffit {

// The study of a run. `path`: its folder or its study.h5. Returns nothing if the run has neither a
// sweep nor nested folds, or if `path` is something else.
struct RunStudy {
  std::string folder, file;
  StudyFile study;
};
std::optional<RunStudy> study_of(const std::string& path);

struct ChosenMembers {
  Checkpoint checkpoint;
  std::string note;  // "setting 3 (fit.weight_decay: 0.01) of 6, ..."; "" where all were taken
};

// Reads a checkpoint, or a run without settings: all members. For a sweep: the members of the best
// setting. For nested folds: the members with the setting that each outer fold has chosen for each
// unit. DataError if there is no checkpoint, if no setting is marked as best, or if folds or units
// have chosen settings whose tensors have different shapes.
ChosenMembers chosen_members(const std::string& path);

}  // namespace strffit
