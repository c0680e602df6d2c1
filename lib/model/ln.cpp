#include "model/ln.hpp"

#include "model/linear.hpp"

namespace strffit {

ModelSpec ln_kind(config::Node& node) {
  return linear_family(node, "parametric_sigmoid", {.learning_rate = 1e-3, .prefilter_rate = 10});
}

}  // namespace strffit
