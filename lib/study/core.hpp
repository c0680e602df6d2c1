// Starting from the core of a model that was fitted to other units (fit.initialise: a path).
#pragma once

#include <string>

#include "dataset/dataset.hpp"
#include "study/config.hpp"
#include "training/plan.hpp"
#include "util/observer.hpp"

namespace strffit {

// Gives a plan the core of the checkpoint that `config` names, seen from here or from the folder of
// its file `config_path`, and the standardisation that this core was fitted with. Each member takes
// that of its own seed and fold, or of the only one there. `resolved`: the text of `config`.
// DataError where axes, shapes, standardisation, seeds or folds do not fit; warns where sounds that
// test here may have trained the core.
void take_core(Plan& plan, const Config& config, const std::string& resolved,
               const Dataset& dataset, const std::string& config_path, Observer& observer);

}  // namespace strffit
