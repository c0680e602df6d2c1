// Linear-nonlinear (LN): r = g(z), a linear model with an output nonlinearity.
#pragma once

#include "model/model.hpp"

namespace strffit {

// Reads the mapping `model` of this kind. Throws ConfigError.
ModelSpec ln_kind(config::Node& node);

}  // namespace strffit
