// The members that a path means, of runs with a sweep or nested folds those that were chosen.
#pragma once

#include <optional>
#include <string>

#include "formats/checkpoint.hpp"
#include "formats/study_file.hpp"

namespace strffit {

// The study of a run: `path` is its folder or its study.h5. Nothing where it has neither sweep nor
// nested folds, or is no such path.
struct RunStudy {
  std::string folder, file;
  StudyFile study;
};
std::optional<RunStudy> study_of(const std::string& path);

struct ChosenMembers {
  Checkpoint checkpoint;
  std::string note;  // "setting 3 (fit.weight_decay: 0.01) of 6, ..."; "" where all were taken
};

// Of a checkpoint or a run without settings all members. Of a sweep those of the best setting; of
// nested folds those of the setting that each outer fold has chosen for each unit. DataError where
// there is no checkpoint, where no setting is marked as best, and where folds or units have chosen
// settings whose tensors have different shapes.
ChosenMembers chosen_members(const std::string& path);

}  // namespace strffit
