// The recursions as a GPU works them, run on the CPU, against those of the CPU, which
// test_adaptation and test_pieces hold against plain references.
#include "ops/adaptation.hpp"
#include "ops/cuda/lane_operations.hpp"
#include "ops/leaky.hpp"
#include "ops/recurrent.hpp"
#include "weights_of_gates.hpp"

// Brings doctest: after everything of LibTorch.
#include "agreement.hpp"

namespace strffit::test {
namespace {

constexpr std::int64_t kLaneMembers = 2, kLaneBands = 3;

// Some stimuli, and more than a kernel takes at once.
std::vector<ops::LayoutPtr> lane_layouts() {
  return {some_stimuli(2), ops::join(std::vector<std::int64_t>(67, 3), 1)};
}

at::Tensor lane_parameter(std::uint64_t seed) {
  return noise({kLaneMembers, kLaneBands}, seed).abs() + 0.3;
}

TEST_CASE("lanes: adaptrans") {
  for (const auto& layout : lane_layouts()) {
    for (const std::int64_t frames : {ops::kInfinite, std::int64_t{2}, std::int64_t{6}}) {
      for (const bool rectify : {false, true}) {
        for (const std::int64_t members : {std::int64_t{1}, kLaneMembers}) {
          const auto with = [&](auto adaptrans) {
            return Function([&, adaptrans](const auto& in) {
              return adaptrans(in[0], in[1], in[2], in[3], frames, rectify, layout);
            });
          };
          check_agreement(std::to_string(frames) + " frames", with(ops::lanes::adaptrans),
                          with(ops::adaptrans),
                          {noise({members, layout->total, kLaneBands}, 1) + 0.4, lane_parameter(2),
                           lane_parameter(3), lane_parameter(4)});
        }
      }
    }
  }
}

TEST_CASE("lanes: willmore") {
  const auto a = at::tensor({0.6, 0.9, 0.99}, at::kDouble);
  for (const auto& layout : lane_layouts()) {
    for (const std::int64_t frames : {ops::kInfinite, std::int64_t{2}, std::int64_t{6}}) {
      for (const bool rectify : {false, true}) {
        const auto with = [&](auto willmore) {
          return Function([&, willmore](const auto& in) {
            return willmore(in[0], a, frames, rectify, layout);
          });
        };
        check_agreement(std::to_string(frames) + " frames", with(ops::lanes::willmore),
                        with(ops::willmore),
                        {noise({kLaneMembers, layout->total, kLaneBands}, 1) + 0.4});
      }
    }
  }
}

TEST_CASE("lanes: leaky units") {
  for (const auto& layout : lane_layouts()) {
    for (const bool decay_input : {false, true}) {
      const auto with = [&](auto leaky) {
        return Function(
            [&, leaky](const auto& in) { return leaky(in[0], in[1], decay_input, layout); });
      };
      check_agreement(decay_input ? "decayed" : "as it is", with(ops::lanes::leaky),
                      with(ops::leaky),
                      {noise({kLaneMembers, layout->total, kLaneBands}, 1), lane_parameter(2)});
    }
  }
}

struct Recurrent {
  ops::Cell cell;
  std::int64_t units;
  ops::LayoutPtr layout;

  Function by_teams() const {
    return [*this](const auto& in) {
      return ops::lanes::recurrent(in[0], in[1], in[2], cell, layout);
    };
  }
  Function reference() const {
    return [*this](const auto& in) {
      return ops::recurrent(in[0], weights_of_gates(in[1], in[2]), cell, layout);
    };
  }
  std::vector<at::Tensor> inputs() const {
    const auto n = ops::gates(cell) * units;
    return {noise({kLaneMembers, layout->total, n}, 1),
            noise({kLaneMembers, n, units}, 2) / std::sqrt(static_cast<double>(units)),
            noise({kLaneMembers, n}, 3)};
  }
};

TEST_CASE("teams: GRU and LSTM") {
  for (const auto cell : {ops::Cell::gru, ops::Cell::lstm}) {
    // More than a team takes, more than a launch takes, and neighbours without a gap.
    for (const auto& layout : {some_stimuli(2), ops::join({4, 1, 3, 3, 2}, 0),
                               ops::join(std::vector<std::int64_t>(67, 2), 1)}) {
      const Recurrent recurrent{cell, 3, layout};
      check_agreement(cell == ops::Cell::gru ? "gru" : "lstm", recurrent.by_teams(),
                      recurrent.reference(), recurrent.inputs());
    }
  }
}

TEST_CASE("teams: layers so wide that each stimulus has its own") {
  for (const auto cell : {ops::Cell::gru, ops::Cell::lstm}) {
    const Recurrent wide{cell, 200, ops::join({5, 7}, 1)};
    const auto inputs = wide.inputs();
    REQUIRE(ops::lanes::team_fits(inputs[1], cell));
    const auto weight = noise({kLaneMembers, wide.layout->total, wide.units}, 4);
    const auto found = differentiate(wide.by_teams(), inputs, weight),
               expected = differentiate(wide.reference(), inputs, weight);
    CHECK(relative_difference(found.value, expected.value) < 1e-9);
    for (std::size_t i = 0; i < inputs.size(); ++i)
      CHECK(relative_difference(found.gradients[i], expected.gradients[i]) < 1e-9);
  }
  CHECK_FALSE(ops::lanes::team_fits(at::empty({1, 8000, 2000}), ops::Cell::lstm));
}

}  // namespace
}  // namespace strffit::test
