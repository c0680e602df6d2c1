#include "model/linear.hpp"

#include <algorithm>

namespace strffit {

Linear::Linear(const StrfOptions& options, const BackboneShape& shape)
    : StrfBackbone(options, shape, shape.outputs, options.output == "identity", true) {
  set_output(std::make_unique<Output>(options.output, shape.outputs, shape.non_negative));
}

at::Tensor Linear::drive(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                         const Pass&) const {
  return kernel().apply(tensors, x, layout);
}

ModelSpec linear_family(config::Node& node, const std::string& output, const Recipe& recipe) {
  const auto o = read_strf_options(node, output);
  Recipe own = recipe;
  // A kernel with few parameters follows a fast-moving prefilter less reliably.
  if (!o.kernel.any) own.prefilter_rate = std::min(own.prefilter_rate, 3.0);
  return {
      .has_kernels = true,
      .closed_form = o.ahead == 0,
      .output = o.output,
      .recipe = own,
      .backbone = [o](const BackboneShape& shape) { return std::make_unique<Linear>(o, shape); }};
}

ModelSpec linear_kind(config::Node& node) {
  // The closed form at the start is near the final kernel, but a learnt prefilter starts far from
  // its final values.
  return linear_family(node, "identity", {.learning_rate = 1e-3, .prefilter_rate = 30});
}

}  // namespace strffit
