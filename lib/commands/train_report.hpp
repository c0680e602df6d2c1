// What `train` found, as tables and as JSON.
#pragma once

#include <string>

#include "commands/train.hpp"
#include "util/report.hpp"

namespace strffit {

Report to_report(const TrainPlan& plan);
Report to_report(const TrainOutcome& outcome);
Report to_report(const StudyOutcome& outcome);
std::string to_json(const TrainPlan& plan);
std::string to_json(const TrainOutcome& outcome);
std::string to_json(const StudyOutcome& outcome);

}  // namespace strffit
