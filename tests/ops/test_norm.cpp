// Norm and activation of hidden layers, output nonlinearities and losses against their plain
// references.
#include "ops/loss.hpp"
#include "ops/norm.hpp"
#include "ops/output.hpp"
#include "ops/planar_norm.hpp"

// Brings doctest: after everything of LibTorch.
#include "agreement.hpp"

namespace strffit::test {
namespace {

std::string name_of(ops::Activation activation) {
  return ops::activation_names()[static_cast<std::size_t>(activation)];
}

std::vector<ops::Activation> all_activations() {
  std::vector<ops::Activation> all;
  for (std::size_t i = 0; i < ops::activation_names().size(); ++i)
    all.push_back(static_cast<ops::Activation>(i));
  return all;
}

struct Running {
  at::Tensor mean, var;
};
Running running(std::int64_t members, std::int64_t channels) {
  return {noise({members, channels}, 11), noise({members, channels}, 12).abs() + 0.5};
}

template <class Operation>
Function normed(Operation operation, ops::Norm norm, bool training, ops::Activation activation,
                const ops::LayoutPtr& layout, const Running& statistics) {
  return [=](const std::vector<at::Tensor>& in) {
    ops::NormState state;
    if (norm != ops::Norm::none) {
      state = {in[1], in[2], statistics.mean.to(in[0].scalar_type()).clone(),
               statistics.var.to(in[0].scalar_type()).clone()};
    }
    return operation(in[0], norm, state, training, activation, layout);
  };
}

TEST_CASE("norm and activation of planar signals: values and gradients") {
  // Stimuli shorter and longer than what is worked at once would need 256 frames; 40 covers the
  // lanes of its sums.
  const auto layout = ops::join({9, 1, 40}, 2);
  const std::int64_t M = 2, K = 3, F = 2;
  const auto statistics = running(M, K);
  const auto z = noise({M, K, F, layout->total}, 1) + 0.3;
  const auto weight = noise({M, K}, 2), bias = noise({M, K}, 3);
  for (const auto activation : {ops::Activation::leaky_relu, ops::Activation::sigmoid}) {
    for (const auto norm : {ops::Norm::none, ops::Norm::batch, ops::Norm::layer}) {
      for (const bool training : {false, true}) {
        if (training && norm != ops::Norm::batch) continue;
        const auto inputs = norm == ops::Norm::none ? std::vector<at::Tensor>{z}
                                                    : std::vector<at::Tensor>{z, weight, bias};
        check_agreement(
            name_of(activation) + " after planar norm " + std::to_string(static_cast<int>(norm)),
            normed(ops::planar_norm_activation, norm, training, activation, layout, statistics),
            normed(ops::plain::planar_norm_activation, norm, training, activation, layout,
                   statistics),
            inputs);
      }
    }
  }
}

TEST_CASE("layer norm of planar signals: stimuli longer than what is worked at once") {
  const auto layout = ops::join({300, 257}, 1);
  const auto z = noise({1, 3, 1, layout->total}, 1);
  const ops::NormState state{noise({1, 3}, 2), noise({1, 3}, 3), {}, {}};
  CHECK(difference(ops::planar_norm_activation(z, ops::Norm::layer, state, false,
                                               ops::Activation::tanh, layout),
                   ops::plain::planar_norm_activation(z, ops::Norm::layer, state, false,
                                                      ops::Activation::tanh, layout)) < 1e-12);
}

// Reference: its plain definition. Registers are filled by 8 and by 4 channels; here are numbers of
// channels below, between and above, and more than what is worked at once.
TEST_CASE("layer norm: any number of channels, members side by side or one after the other") {
  const auto layout = ops::join({9, 1, 5}, 2);
  for (const std::int64_t K : {1, 2, 3, 4, 5, 7, 8, 11, 15, 16, 17, 20, 23, 24, 200, 600}) {
    for (const std::int64_t positions : {1, 3}) {
      CAPTURE(K);
      CAPTURE(positions);
      const auto z = noise({2, layout->total, positions * K}, 1) * 3 + 5;
      const auto operation = [&](auto norm) {
        return normed(norm, ops::Norm::layer, false, ops::Activation::sigmoid, layout,
                      running(2, K));
      };
      const std::vector<at::Tensor> inputs{z, noise({2, K}, 2), noise({2, K}, 3)};
      const auto weight = noise(z.sizes().vec(), 4);
      const auto expected = differentiate(operation(ops::plain::norm_activation), inputs, weight);
      for (const auto& signal : {z, side_by_side(z)}) {
        const auto found =
            differentiate(operation(ops::norm_activation), {signal, inputs[1], inputs[2]}, weight);
        CHECK(relative_difference(found.value, expected.value) < 1e-9);
        for (std::size_t i = 0; i < inputs.size(); ++i)
          CHECK(difference(found.gradients[i], expected.gradients[i]) < 1e-9);
      }
    }
  }
}

TEST_CASE("norm and activation: values and gradients") {
  const auto layout = some_stimuli(2);
  struct NormSize {
    std::int64_t members, positions, channels;
  };
  // Layer norm of two channels is a sign: nothing that single precision could be held to.
  for (const auto& [members, positions, channels] :
       {NormSize{1, 1, 4}, NormSize{3, 1, 3}, NormSize{2, 2, 3}}) {
    const auto statistics = running(members, channels);
    const auto z = noise({members, layout->total, positions * channels}, 1) + 0.3;
    const auto weight = noise({members, channels}, 2), bias = noise({members, channels}, 3);
    for (const auto activation : all_activations()) {
      for (const auto norm : {ops::Norm::none, ops::Norm::batch, ops::Norm::layer}) {
        for (const bool training : {false, true}) {
          if (training && norm != ops::Norm::batch) continue;
          const auto name = name_of(activation) + " after norm " +
                            std::to_string(static_cast<int>(norm)) +
                            (training ? " in training" : "");
          std::vector<at::Tensor> inputs{z};
          if (norm != ops::Norm::none) inputs.insert(inputs.end(), {weight, bias});
          for (const auto& signal : {z, side_by_side(z)}) {
            inputs[0] = signal;
            check_agreement(
                name, normed(ops::norm_activation, norm, training, activation, layout, statistics),
                normed(ops::plain::norm_activation, norm, training, activation, layout, statistics),
                inputs);
          }
        }
      }
    }
  }
}

TEST_CASE("batch norm in training moves the running statistics, and in evaluation leaves them") {
  const auto layout = ops::join({5, 8}, 2);
  const auto z = noise({2, layout->total, 6}, 1) + 100 * (1 - real_frames(*layout));
  const auto update = [&](auto operation, bool training) {
    auto [mean, var] = running(2, 3);
    const ops::NormState state{at::ones({2, 3}, at::kDouble), at::zeros({2, 3}, at::kDouble), mean,
                               var};
    operation(z, ops::Norm::batch, state, training, ops::Activation::identity, layout);
    return Running{mean, var};
  };
  const auto before = running(2, 3);
  const auto same = update(ops::norm_activation, false);
  CHECK(difference(same.mean, before.mean) == 0);
  CHECK(difference(same.var, before.var) == 0);

  // Reference: mean and variance (divisor n - 1) of the real frames of both positions, by LibTorch.
  const auto frames = at::cat({z.narrow(1, 2, 5), z.narrow(1, 9, 8)}, 1).reshape({2, 26, 3});
  for (const auto& after :
       {update(ops::norm_activation, true), update(ops::plain::norm_activation, true)}) {
    CHECK(difference(after.mean, before.mean * 0.9 + frames.mean(1) * 0.1) < 1e-12);
    CHECK(difference(after.var, before.var * 0.9 + frames.var(1, true) * 0.1) < 1e-12);
  }
}

TEST_CASE("batch norm of a single frame in training is its bias") {
  const auto layout = ops::join({1}, 1);
  const auto bias = noise({1, 3}, 2);
  const ops::NormState state{noise({1, 3}, 1), bias, at::zeros({1, 3}, at::kDouble),
                             at::ones({1, 3}, at::kDouble)};
  const auto h = ops::norm_activation(noise({1, 3, 3}, 3), ops::Norm::batch, state, true,
                                      ops::Activation::identity, layout);
  CHECK(difference(h.select(1, 1), bias) < 1e-9);
  CHECK(largest(state.running_var - 0.9) < 1e-12);
}

TEST_CASE("norm: zero values and zero gradients at gap frames, whatever stands there") {
  const auto layout = some_stimuli(3);
  const auto gaps = 1 - real_frames(*layout);
  const auto statistics = running(2, 3);
  const auto z = noise({2, layout->total, 3}, 1) + gaps * 50;
  for (const auto norm : {ops::Norm::none, ops::Norm::batch, ops::Norm::layer}) {
    for (const bool training : {false, true}) {
      for (const auto activation :
           {ops::Activation::sigmoid, ops::Activation::exp}) {  // not 0 at 0
        std::vector<at::Tensor> inputs{z};
        if (norm != ops::Norm::none)
          inputs.insert(inputs.end(), {noise({2, 3}, 2), noise({2, 3}, 3)});
        const auto function =
            normed(ops::norm_activation, norm, training, activation, layout, statistics);
        const auto result = differentiate(function, inputs, noise({2, layout->total, 3}, 4));
        CHECK(largest(result.value * gaps) == 0);
        CHECK(largest(result.gradients[0] * gaps) == 0);
        CHECK(largest(result.gradients[0]) > 0);
        inputs[0] = z * (1 - gaps);
        const auto silent = differentiate(function, inputs, noise({2, layout->total, 3}, 4));
        for (std::size_t i = 0; i < inputs.size(); ++i) {
          CHECK(difference(result.gradients[i], silent.gradients[i]) == 0);
        }
      }
    }
  }
}

TEST_CASE("output nonlinearities: values and gradients") {
  for (const auto kind :
       {ops::Parametric::sigmoid, ops::Parametric::softplus, ops::Parametric::double_exponential}) {
    for (const std::int64_t members : {1, 3}) {
      const auto x = noise({members, 170, 2}, 1);
      const auto with = [&](auto parametric) {
        return Function([&, parametric](const auto& in) {
          return parametric(in[0], in[1], in[2], in[3], in[4], kind);
        });
      };
      const auto positive = [&](std::uint64_t seed) {
        return noise({members, 2}, seed).abs() + 0.4;
      };
      for (const auto& signal : {x, side_by_side(x)}) {
        check_agreement(std::to_string(static_cast<int>(kind)), with(ops::parametric),
                        with(ops::plain::parametric),
                        {signal, noise({members, 2}, 2), positive(3), positive(4), positive(5)});
      }
    }
  }
}

TEST_CASE("losses: values and gradients, frames without target apart") {
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  for (const auto kind : {ops::Loss::mse, ops::Loss::poisson, ops::Loss::huber}) {
    for (const std::int64_t members : {1, 3}) {
      const auto r = noise({members, 9, 2}, 1).abs() * 2 + 0.1;
      auto target = (noise({members, 9, 2}, 2) * 2).abs();
      target.select(1, 4).fill_(nothing);                     // a frame of all units
      target[0].select(1, 1).narrow(0, 0, 6).fill_(nothing);  // some of one unit
      if (members > 1) target[1].fill_(nothing);              // a member for which nothing counts
      for (const auto& order : {target, side_by_side(target)}) {
        const auto with = [&](auto loss) {
          return Function([&, loss](const auto& in) {
            return loss(in[0], order.to(in[0].scalar_type()), kind);
          });
        };
        for (const auto& signal : {r, side_by_side(r)}) {
          check_agreement(std::to_string(static_cast<int>(kind)), with(ops::loss),
                          with(ops::plain::loss), {signal});
        }
      }
      if (members == 1) continue;
      const auto variables = leaves({r}, at::kDouble);
      const auto value = ops::loss(variables[0], target, kind);
      CHECK(value[1].item<double>() == 0);
      const auto gradient = ops::gradients(value, at::ones_like(value), variables)[0];
      CHECK(largest(gradient[1]) == 0);
      CHECK(largest(gradient.select(1, 4)) == 0);
      CHECK(largest(gradient[2]) > 0);
    }
  }
}

TEST_CASE("exp without a call: accurate over its range, saturated beyond, NaN stays NaN") {
  // Tolerance: 2 units in the last place.
  double worst = 0;
  for (double x = -86.9; x < 87.9; x += 0.00037) {
    const auto single = static_cast<float>(x);
    const double exact = std::exp(static_cast<double>(single));
    worst = std::max(worst, std::abs(static_cast<double>(ops::fast_exp(single)) / exact - 1));
  }
  CHECK(worst < 2.4e-7);
  CHECK(ops::fast_exp(0.0F) == 1.0F);
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float x : {-infinity, -1e30F, -500.0F}) {
    CHECK(ops::fast_exp(x) >= 0);
    CHECK(ops::fast_exp(x) < 2e-38F);
  }
  for (const float x : {infinity, 1e30F, 500.0F}) {
    CHECK(std::isfinite(ops::fast_exp(x)));
    CHECK(ops::fast_exp(x) > 1e38F);
  }
  // What a NaN carries in its low bits reaches the exponent.
  for (std::uint32_t payload = 0; payload < 0x200; ++payload) {
    CHECK(std::isnan(ops::fast_exp(std::bit_cast<float>(0x7FC00000U | payload))));
    CHECK(std::isnan(ops::fast_exp(std::bit_cast<float>(0xFFC00000U | payload))));
  }
}

TEST_CASE("log(1 + y) without a call: accurate from 0 to 1, NaN stays NaN") {
  // Tolerance: 2 units in the last place.
  double worst = 0;
  for (double y = 1e-38; y <= 1; y = y < 1e-4 ? y * 1.7 : y + 1.3e-5) {
    const auto single = static_cast<float>(y);
    const double exact = std::log1p(static_cast<double>(single));
    worst = std::max(worst, std::abs(static_cast<double>(ops::fast_log1p(single)) / exact - 1));
  }
  CHECK(worst < 2.4e-7);
  CHECK(ops::fast_log1p(0.0F) == 0.0F);
  CHECK(std::isnan(ops::fast_log1p(std::numeric_limits<float>::quiet_NaN())));
}

TEST_CASE("activations in single precision are accurate near 0 and far from it") {
  // Tolerance: 8 roundings of 6e-8, relative to the value or, for tanh, to what its sigmoid loses
  // about 0.1.
  double worst_tanh = 0, worst_sigmoid = 0, worst_softplus = 0;
  for (double x = -30; x < 30; x += 0.0073) {
    const double exact = static_cast<double>(static_cast<float>(x));
    const auto single = static_cast<float>(x);
    const auto relative = [](float found, double expected) {
      return expected == 0 ? std::abs(static_cast<double>(found))
                           : std::abs(static_cast<double>(found) / expected - 1);
    };
    worst_tanh = std::max(worst_tanh, relative(ops::tanh_of(single), std::tanh(exact)));
    worst_sigmoid =
        std::max(worst_sigmoid, relative(ops::sigmoid(single), 1 / (1 + std::exp(-exact))));
    worst_softplus = std::max(
        worst_softplus, relative(ops::softplus(single),
                                 std::max(exact, 0.0) + std::log1p(std::exp(-std::abs(exact)))));
  }
  CHECK(worst_tanh < 2e-6);
  CHECK(worst_sigmoid < 5e-7);
  CHECK(worst_softplus < 5e-7);
  for (const float x : {1e-3F, 1e-10F})
    CHECK(ops::tanh_of(x) == doctest::Approx(static_cast<double>(x)).epsilon(1e-6));
}

}  // namespace
}  // namespace strffit::test
