// Linear (L): r = z; linear-nonlinear (LN): r = g(z) (models.md, Backbones).
#pragma once

#include "model/model.hpp"
#include "model/strf_backbone.hpp"

namespace strffit {

class Linear : public StrfBackbone {
 public:
  Linear(const StrfOptions& options, const BackboneShape& shape);
  at::Tensor drive(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                   const Pass& pass) const override;
  const Kernel* response_kernel() const override { return &kernel(); }
};

// Reads a kind of this family. The kinds differ in the default output and in the recipe. Throws
// ConfigError.
ModelSpec linear_family(config::Node& node, const std::string& output, const Recipe& recipe);
ModelSpec linear_kind(config::Node& node);

}  // namespace strffit
