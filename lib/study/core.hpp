// Starting from the core of a model that was fitted to other units (fit.initialise: a path).
#pragma once

#include <string>

#include "dataset/dataset.hpp"
#include "study/config.hpp"
#include "training/plan.hpp"
#include "util/observer.hpp"

namespace strffit {

// Sets the core of a plan to that of the checkpoint named in `config`, and uses the standardisation
// of that checkpoint. A relative path is searched in the working directory and in the folder of
// `config_path`. Each member takes the core of its own seed and fold, or the only core that there
// is. `resolved`: the text of `config`. Throws DataError if axes, shapes, standardisation, seeds or
// folds do not match. Warns if test stimuli of this study may have trained the core.
void take_core(Plan& plan, const Config& config, const std::string& resolved,
               const Dataset& dataset, const std::string& config_path, Observer& observer);

}  // namespace strffit
