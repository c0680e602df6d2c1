// Linear-nonlinear (LN): r = g(z), a linear model with an output nonlinearity.
#pragma once

#include "model/model.hpp"

namespace strffit {

ModelSpec ln_kind(config::Node& node);

}  // namespace strffit
