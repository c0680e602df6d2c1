// Every piece of tests/vectors/pieces.h5 that is an operation: the reference implementation's
// numbers.
#include <map>

#include "ops/adamw.hpp"
#include "ops/adaptation.hpp"
#include "ops/convolution.hpp"
#include "ops/cuda/lane_operations.hpp"
#include "ops/dense.hpp"
#include "ops/lagged_product.hpp"
#include "ops/leaky.hpp"
#include "ops/loss.hpp"
#include "ops/norm.hpp"
#include "ops/output.hpp"
#include "ops/recurrent.hpp"
#include "support/vector_file.hpp"

// Brings doctest: after everything of LibTorch.
#include "agreement.hpp"

namespace strffit::test {
namespace {

// Inputs and parameters of one piece by name, without a member axis, frames last as in the file.
class Piece {
 public:
  Piece(const VectorFile& file, std::string name, at::ScalarType type)
      : file_(file), name_(std::move(name)) {
    for (const std::string group : {"inputs", "parameters"}) {
      if (!file.exists(name_ + "/" + group)) continue;
      for (const auto& key : file.children(name_ + "/" + group)) {
        auto value = to_tensor(file.doubles(name_ + "/" + group + "/" + key)).to(type);
        tensors_[key] = value.requires_grad_(file.exists(name_ + "/gradients/" + key));
      }
    }
  }

  const std::string& name() const { return name_; }
  bool is(const std::string& part) const { return name_.find(part) != std::string::npos; }
  std::int64_t attribute(const std::string& key) const {
    return static_cast<std::int64_t>(file_.number_attribute(name_, key));
  }
  const at::Tensor& raw(const std::string& key) const { return tensors_.at(key); }
  // With a member axis.
  at::Tensor operator[](const std::string& key) const { return tensors_.at(key).unsqueeze(0); }
  at::Tensor expected(const std::string& key) const {
    return to_tensor(file_.doubles(name_ + "/" + key));
  }
  std::vector<std::string> with_gradient() const {
    return file_.exists(name_ + "/gradients") ? file_.children(name_ + "/gradients")
                                              : std::vector<std::string>();
  }

 private:
  const VectorFile& file_;
  std::string name_;
  std::map<std::string, at::Tensor> tensors_;
};

// One stimulus (..., T) -> (1, S, ...) between gap frames, and back.
struct One {
  One(std::int64_t frames, std::int64_t gap) : layout(ops::join({frames}, gap)) {}
  at::Tensor in(const at::Tensor& x) const {
    const auto signal = x.reshape({-1, x.size(-1)}).transpose(0, 1).unsqueeze(0);
    return at::constant_pad_nd(signal, {0, 0, layout->gap, layout->gap});
  }
  at::Tensor out(const at::Tensor& signal) const {  // (channels, T)
    const auto& [begin, frames] = layout->segments.front();
    return signal[0].narrow(0, begin, frames).transpose(0, 1);
  }
  ops::LayoutPtr layout;
};

at::Tensor adaptrans(const Piece& p) {
  const One one(p.raw("x").size(1), 2);
  return one
      .out(ops::adaptrans(one.in(p.raw("x")), p["d_on"], p["d_off"], p["p"],
                          p.attribute("kernel_frames"), p.attribute("rectify") != 0, one.layout))
      .reshape({2, p.raw("x").size(0), -1});
}

at::Tensor willmore(const Piece& p) {
  const One one(p.raw("x").size(1), 2);
  return one
      .out(ops::willmore(one.in(p.raw("x")), p.raw("a"), p.attribute("kernel_frames"),
                         p.attribute("rectify") != 0, one.layout))
      .unsqueeze(0);
}

at::Tensor decay(const Piece& p) {
  const One one(p.raw("s").size(1), 2);
  return one.out(
      ops::leaky(one.in(p.raw("s")), p["d"], p.attribute("decay_input") != 0, one.layout));
}

at::Tensor strf(const Piece& p) {
  const One one(p.raw("x").size(2), p.raw("k").size(3) - 1);
  return one.out(
      ops::lagged_product(one.in(p.raw("x")), p["k"], p["bias"], one.layout, p.attribute("ahead")));
}

at::Tensor conv2d(const Piece& p) {
  const auto& x = p.raw("x");  // (C, F, T)
  const auto& weight = p.raw("weight");
  const auto C = x.size(0), F = x.size(1), T = x.size(2);
  const One one(T, weight.size(3) - 1);
  const auto h = one.in(x).transpose(1, 2).reshape({1, C, F, one.layout->total});
  return ops::convolution(h, p["weight"], p["bias"], one.layout)[0].narrow(
      2, one.layout->segments.front().begin, T);
}

at::Tensor recurrent(const Piece& p, ops::Cell cell) {
  const One one(p.raw("u").size(1), 1);
  return one.out(
      ops::recurrent(one.in(p.raw("u")),
                     {p["input_weight"], p["input_bias"], p["hidden_weight"], p["hidden_bias"]},
                     cell, one.layout));
}

// z (K, T) or (K, F, T): bands are positions, channel fastest.
at::Tensor norm(const Piece& p, ops::Norm kind, bool training) {
  const auto& z = p.raw("z");
  const auto K = z.size(0), T = z.size(-1), positions = z.dim() == 3 ? z.size(1) : 1;
  const One one(T, 2);
  const auto signal = one.in(z.reshape({K, positions, T}).transpose(0, 1));
  ops::NormState state{p["weight"], p["bias"], {}, {}};
  if (kind == ops::Norm::batch) {
    state.running_mean = p["running_mean"].detach().clone();
    state.running_var = p["running_var"].detach().clone();
  }
  const auto h = one.out(
      ops::norm_activation(signal, kind, state, training, ops::Activation::identity, one.layout));
  if (training) {
    CHECK(relative_difference(state.running_mean[0], p.expected("updated/running_mean")) < 1e-6);
    CHECK(relative_difference(state.running_var[0], p.expected("updated/running_var")) < 1e-6);
  }
  return h.reshape({positions, K, T}).transpose(0, 1).reshape(z.sizes());
}

at::Tensor activation(const Piece& p, ops::Activation kind) {
  const One one(p.raw("x").size(1), 1);
  return one.out(
      ops::norm_activation(one.in(p.raw("x")), ops::Norm::none, {}, false, kind, one.layout));
}

at::Tensor parametric(const Piece& p, ops::Parametric kind) {
  const One one(p.raw("x").size(1), 1);
  return one.out(ops::parametric(one.in(p.raw("x")), p["a"], p["b"], p["c"], p["d"], kind));
}

// The same by the plain operation, which devices other than the CPU use.
at::Tensor plain_parametric(const Piece& p, ops::Parametric kind) {
  const One one(p.raw("x").size(1), 1);
  return one.out(ops::plain::parametric(one.in(p.raw("x")), p["a"], p["b"], p["c"], p["d"], kind));
}

at::Tensor loss(const Piece& p, ops::Loss kind) {
  return ops::loss(p.raw("r").transpose(0, 1).unsqueeze(0), p.raw("y").transpose(0, 1).unsqueeze(0),
                   kind)[0];
}

using Output = std::function<at::Tensor(const Piece&)>;

// By the start of a piece's name; the longest that fits counts.
const std::map<std::string, Output>& outputs() {
  static const std::map<std::string, Output> table = [] {
    std::map<std::string, Output> t{
        {"adaptrans_", adaptrans},
        {"willmore_", willmore},
        {"decay", decay},
        {"strf", strf},
        {"conv2d", conv2d},
        {"gru", [](const Piece& p) { return recurrent(p, ops::Cell::gru); }},
        {"lstm", [](const Piece& p) { return recurrent(p, ops::Cell::lstm); }},
        {"batch_norm_", [](const Piece& p) { return norm(p, ops::Norm::batch, false); }},
        {"batch_norm_training_", [](const Piece& p) { return norm(p, ops::Norm::batch, true); }},
        {"layer_norm_", [](const Piece& p) { return norm(p, ops::Norm::layer, false); }},
        {"loss_mse", [](const Piece& p) { return loss(p, ops::Loss::mse); }},
        {"loss_poisson", [](const Piece& p) { return loss(p, ops::Loss::poisson); }},
        {"loss_huber", [](const Piece& p) { return loss(p, ops::Loss::huber); }},
        {"parametric_sigmoid",
         [](const Piece& p) { return parametric(p, ops::Parametric::sigmoid); }},
        {"parametric_softplus",
         [](const Piece& p) { return parametric(p, ops::Parametric::softplus); }},
        {"double_exponential",
         [](const Piece& p) { return parametric(p, ops::Parametric::double_exponential); }},
    };
    const auto& names = ops::activation_names();
    for (std::size_t i = 0; i < names.size(); ++i) {
      t[names[i]] = [i](const Piece& p) { return activation(p, static_cast<ops::Activation>(i)); };
    }
    return t;
  }();
  return table;
}

const Output* output_of(const std::string& name, const std::map<std::string, Output>& table) {
  const Output* best = nullptr;
  std::size_t length = 0;
  for (const auto& [start, output] : table) {
    if (name.starts_with(start) && start.size() >= length) {
      best = &output;
      length = start.size();
    }
  }
  return best;
}

struct Tolerance {
  at::ScalarType type;
  double output, gradient;  // of the output's std, of the gradient's largest magnitude
};

void check(const Piece& p, const Output& output, const Tolerance& tolerance) {
  CAPTURE(p.name());
  const auto found = output(p);
  const auto expected = p.expected("output");
  const double std =
      expected.numel() > 1 ? expected.std().item<double>() : std::max(1e-9, largest(expected));
  CHECK(difference(found, expected) <= tolerance.output * std);
  std::vector<at::Tensor> variables;
  for (const auto& key : p.with_gradient()) {
    // A statistic that is not learnt, and the time constants of a prefilter that learns nothing.
    if (key.starts_with("running_") || key == "a") {
      if (p.is("batch_norm") || p.is("willmore")) continue;
    }
    variables.push_back(p.raw(key));
    const auto gradient = ops::gradients(found, p.expected("output_weight").to(tolerance.type),
                                         {variables.back()}, true)[0];
    CAPTURE(key);
    CHECK(relative_difference(gradient, p.expected("gradients/" + key)) <= tolerance.gradient);
  }
  CHECK(!variables.empty());
}

TEST_CASE("every operation gives the reference's numbers") {
  const VectorFile file("pieces.h5");
  // Pieces of other rooms: kernels, scales, the local layer, smoothing. adamw: below; kept_units:
  // test_dropout.cpp.
  const std::vector<std::string> elsewhere{
      "dcls_", "separable_", "scales", "locally_connected_", "smoothing_", "adamw", "kept_units_"};
  int pieces = 0;
  for (const auto& name : file.children("/")) {
    const bool other = std::any_of(elsewhere.begin(), elsewhere.end(),
                                   [&](const auto& s) { return name.starts_with(s); });
    if (other) continue;
    CAPTURE(name);
    const auto* output = output_of(name, outputs());
    REQUIRE(output != nullptr);
    // Double: the file's own float32 rounding of the inputs is exact, so that only the order of
    // sums differs.
    check(Piece(file, name, at::kDouble), *output, {at::kDouble, 1e-9, 1e-8});
    check(Piece(file, name, at::kFloat), *output, {at::kFloat, 1e-4, 1e-3});
    ++pieces;
  }
  CHECK(pieces >= 50);
}

TEST_CASE("plain output nonlinearities have finite gradients far from their slope") {
  const VectorFile file("pieces.h5");
  const std::map<std::string, Output> table{
      {"parametric_sigmoid",
       [](const Piece& p) { return plain_parametric(p, ops::Parametric::sigmoid); }},
      {"parametric_softplus",
       [](const Piece& p) { return plain_parametric(p, ops::Parametric::softplus); }},
      {"double_exponential",
       [](const Piece& p) { return plain_parametric(p, ops::Parametric::double_exponential); }}};
  for (const auto& [name, output] : table) {
    check(Piece(file, name + "_extremes", at::kFloat), output, {at::kFloat, 1e-4, 1e-3});
  }
}

TEST_CASE("two steps of AdamW, members with different rates") {
  const VectorFile file("pieces.h5");
  const auto gradient = to_tensor(file.doubles("adamw/inputs/gradient"));
  const auto expected = to_tensor(file.doubles("adamw/output"));
  const auto rates = to_tensor(file.doubles("adamw/inputs/learning_rate"));
  const auto decays = to_tensor(file.doubles("adamw/inputs/weight_decay"));
  // On a CPU, as kernels of a GPU, and as LibTorch's operations there.
  for (const auto adamw : {ops::adamw, ops::lanes::adamw, ops::plain::adamw}) {
    for (const auto type : {at::kDouble, at::kFloat}) {
      for (const bool scaled : {false, true}) {  // the gradient, as clipping has it
        auto p = to_tensor(file.doubles("adamw/parameters/p")).to(type);
        auto m = at::zeros_like(p), v = at::zeros_like(p);
        const auto halves = scaled ? at::full_like(rates, 0.5) : at::Tensor();
        for (std::int64_t step = 1; step <= 2; ++step) {
          adamw(p, (gradient[step - 1] * (scaled ? 2 : 1)).to(type), m, v, rates, decays, halves,
                ops::adamw_corrections(at::scalar_tensor(static_cast<double>(step), at::kDouble)));
          // The file's smallest gradients are rounded to float32.
          CHECK(relative_difference(p, expected[step - 1]) < (type == at::kDouble ? 1e-9 : 1e-6));
        }
      }
    }
  }
}

}  // namespace
}  // namespace strffit::test
