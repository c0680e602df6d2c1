#include "ops/autograd.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>

namespace strffit::ops {
namespace {

class HandWritten : public torch::autograd::Node {
 public:
  HandWritten(torch::autograd::edge_list edges, Backward backward)
      : Node(std::move(edges)), backward_(std::move(backward)) {}

  torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) override {
    const WithoutGradients guard;
    if (!gradients[0].defined()) return torch::autograd::variable_list(num_outputs());
    return backward_(gradients[0]);
  }
  void release_variables() override { backward_ = nullptr; }

 private:
  Backward backward_;
};

// LibTorch 1.13 shares nodes by std::shared_ptr and deletes them by deleteNode, 2.15 by its own
// pointer. The dependent call also compiles with headers that lack deleteNode.
using NodePointer = decltype(torch::autograd::Edge::function);
template <class Pointer, class... Arguments>
Pointer make_node(Arguments&&... arguments) {
  if constexpr (std::is_same_v<Pointer, std::shared_ptr<torch::autograd::Node>>) {
    return Pointer(new HandWritten(std::forward<Arguments>(arguments)...),
                   [](auto* node) { deleteNode(node); });
  } else {
    return c10::make_intrusive<HandWritten>(std::forward<Arguments>(arguments)...);
  }
}

}  // namespace

WithoutGradients::WithoutGradients() : before_(c10::GradMode::is_enabled()) {
  c10::GradMode::set_enabled(false);
}
WithoutGradients::~WithoutGradients() { c10::GradMode::set_enabled(before_); }

bool wants_derivatives(const std::vector<at::Tensor>& inputs) {
  return c10::GradMode::is_enabled() &&
         std::any_of(inputs.begin(), inputs.end(),
                     [](const auto& input) { return input.defined() && input.requires_grad(); });
}

at::Tensor with_backward(at::Tensor output, const std::vector<at::Tensor>& inputs,
                         Backward backward) {
  if (!wants_derivatives(inputs)) return output;
  torch::autograd::edge_list edges;
  for (const auto& input : inputs) {
    edges.push_back(input.defined() ? torch::autograd::impl::gradient_edge(input)
                                    : torch::autograd::Edge());
  }
  torch::autograd::set_history(output,
                               make_node<NodePointer>(std::move(edges), std::move(backward)));
  return output;
}

std::vector<at::Tensor> gradients(const at::Tensor& output, const at::Tensor& weight,
                                  const std::vector<at::Tensor>& inputs, bool keep_graph) {
  auto result = torch::autograd::grad({output}, inputs, {weight}, keep_graph, false, true);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!result[i].defined()) result[i] = at::zeros_like(inputs[i]);
  }
  return result;
}

}  // namespace strffit::ops
