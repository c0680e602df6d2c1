// What `train` found, as tables and as JSON.
#pragma once

#include <string>

#include "commands/train.hpp"
#include "util/report.hpp"

namespace strffit {

Report to_report(const DryRun& run);
Report to_report(const TrainOutcome& outcome);
Report to_report(const StudyOutcome& outcome);
std::string to_json(const DryRun& run);
std::string to_json(const TrainOutcome& outcome);
std::string to_json(const StudyOutcome& outcome);

}  // namespace strffit
