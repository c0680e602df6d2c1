// STRF kernels k (M, K, C, F, L): how they are computed from learnt parameters (models.md,
// Kernels).
#pragma once

#include <functional>
#include <memory>

#include "config/node.hpp"
#include "ops/layout.hpp"
#include "prefilter/part.hpp"

namespace strffit {

struct KernelShape {
  std::int64_t outputs, channels, bands, lags;  // K, C, F, L
  std::int64_t ahead = 0;                       // number of lags in the future
  bool response_units = false;  // the outputs have the unit of the responses, see Entry
  bool own_input = false;       // see ops::lagged_product
};

class Kernel : public Part {
 public:
  explicit Kernel(const KernelShape& shape) : shape_(shape) {}

  const KernelShape& shape() const { return shape_; }
  // Throws ConfigError if the kernel has more pieces than any kernel of this shape needs, because
  // fitting them would waste time. (A checkpoint of another program may still have more.)
  virtual void require_possible() const {}
  // Computes the kernels (M, K, C, F, L); lag 0 is the current frame.
  virtual at::Tensor kernel(const Tensors& tensors) const = 0;
  // Sets the kernel of one member as near as possible to `wanted` (K, C, F, L). `member` may hold
  // views of fewer outputs. `metric` (C F L, C F L), double: weights the squared difference. Use
  // the covariance of the inputs for similar predictions; undefined means the identity.
  virtual void imitate(Tensors& member, const at::Tensor& wanted,
                       const at::Tensor& metric) const = 0;
  // True if the kernel can take any value of `wanted`. The metric has then no effect.
  virtual bool imitates_exactly() const { return false; }
  // Views of the tensors of one output, for imitate(). The tensors of `member` have no member axis.
  Tensors of_output(const Tensors& member, std::int64_t output) const;
  // Sets the bias in the result of of_output().
  static void set_bias(Tensors& of_output, double value);
  // Filters the input: x (M or 1, S, C F) -> z (M, S, K). `fixed_bias`: do not learn the bias (see
  // NormLayer::removes_means).
  at::Tensor apply(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                   bool fixed_bias = false) const;

 protected:
  Entry bias() const {
    return {"strf/bias", {shape_.outputs}, Role::learnt, shape_.response_units};
  }
  void require_at_most(std::int64_t pieces, std::int64_t most, const std::string& what,
                       const std::string& where) const;
  // Starting values are uniform in +-1/sqrt(C F L), as in the published models.
  double start_bound() const;

 private:
  KernelShape shape_;
};

using KernelBuilder = std::function<std::unique_ptr<Kernel>(const KernelShape&)>;

// A kernel as the configuration describes it.
struct KernelSpec {
  bool any = true;  // every point of the kernel is learnt separately
  KernelBuilder build = {};
};

// Reads the mapping `model.kernel`. Throws ConfigError.
KernelSpec read_kernel(config::Node& node);

// Fills with uniform numbers in +-bound, in memory order.
void fill_uniform(at::Tensor& tensor, double bound, Random& random);

}  // namespace strffit
