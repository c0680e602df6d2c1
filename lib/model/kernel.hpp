// STRF kernels: what is learnt of k (M, K, C, F, L), and how k comes from it (models.md, Kernels).
#pragma once

#include <functional>
#include <memory>

#include "config/node.hpp"
#include "ops/layout.hpp"
#include "prefilter/part.hpp"

namespace strffit {

struct KernelShape {
  std::int64_t outputs, channels, bands, lags;  // K, C, F, L
  std::int64_t ahead = 0;                       // frames of it that lie in the future
  bool response_units = false;                  // its outputs are the responses (see Entry)
  bool own_input = false;                       // see ops::lagged_product
};

class Kernel : public Part {
 public:
  explicit Kernel(const KernelShape& shape) : shape_(shape) {}

  const KernelShape& shape() const { return shape_; }
  // ConfigError where it is made of more pieces than any kernel of its shape needs: fitting them
  // would only take time. (A checkpoint of another program may have them all the same.)
  virtual void require_possible() const {}
  // (M, K, C, F, L), lag 0 = current frame.
  virtual at::Tensor kernel(const Tensors& tensors) const = 0;
  // Sets one member's k near `wanted` (K, C, F, L): all outputs, or as many as `member` holds views
  // of. `metric` (C F L, C F L), double: what the squared difference counts by, for predictions
  // that are alike the covariance of the inputs; undefined: the identity.
  virtual void imitate(Tensors& member, const at::Tensor& wanted,
                       const at::Tensor& metric) const = 0;
  // Whether it can be any `wanted`, so that the metric is nothing to it.
  virtual bool imitates_exactly() const { return false; }
  // Views of what belongs to one output of a member, whose tensors have no member axis: for
  // imitate().
  Tensors of_output(const Tensors& member, std::int64_t output) const;
  // Sets the bias of what of_output() gave.
  static void set_bias(Tensors& of_output, double value);
  // z (M, S, K) of x (M or 1, S, C F). `fixed_bias`: nothing is learnt of the bias (see
  // NormLayer::removes_means).
  at::Tensor apply(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                   bool fixed_bias = false) const;

 protected:
  Entry bias() const {
    return {"strf/bias", {shape_.outputs}, Role::learnt, shape_.response_units};
  }
  void require_at_most(std::int64_t pieces, std::int64_t most, const std::string& what,
                       const std::string& where) const;
  // Uniform in +-1/sqrt(C F L), as the published models start.
  double start_bound() const;

 private:
  KernelShape shape_;
};

using KernelBuilder = std::function<std::unique_ptr<Kernel>(const KernelShape&)>;

// A kernel as its configuration describes it.
struct KernelSpec {
  bool any = true;  // every point is learnt
  KernelBuilder build = {};
};

// Reads the mapping `model.kernel`.
KernelSpec read_kernel(config::Node& node);

// Fills with uniform numbers of +-bound, in the order of memory.
void fill_uniform(at::Tensor& tensor, double bound, Random& random);

}  // namespace strffit
