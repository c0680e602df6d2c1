#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "prefilter/prefilter.hpp"

namespace strffit {
namespace {

class None : public Prefilter {
 public:
  std::vector<Entry> entries() const override { return {}; }
  void start(Tensors&, Random&) const override {}
  std::vector<std::string> channels() const override { return {"input"}; }
  at::Tensor apply(const Tensors&, const at::Tensor& x, const ops::LayoutPtr&) const override {
    return x;
  }
};

}  // namespace

PrefilterSpec none_prefilter(config::Node&);
PrefilterSpec none_prefilter(config::Node&) {
  return {.build = [](const Axes&) { return std::make_unique<None>(); }};
}

}  // namespace strffit
