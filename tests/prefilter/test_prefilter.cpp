// Prefilters as a configuration describes them; their arithmetic is tested in tests/ops.
#include "prefilter/adaptrans.hpp"
#include "support/model_text.hpp"
#include "support/tensors.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

#include "support/vector_file.hpp"

namespace strffit::test {
namespace {

const std::vector<std::string> kScales{"mel", "erb", "log", "greenwood"};

Tensors started(const Prefilter& prefilter) {
  Tensors member;
  for (const auto& entry : prefilter.entries())
    member[entry.name] = at::zeros(entry.shape, at::kFloat);
  Random random(0);
  prefilter.start(member, random);
  return member;
}

Tensors with_members(const Tensors& member, std::int64_t members) {
  Tensors all;
  for (const auto& [name, tensor] : member)
    all[name] = at::stack(std::vector<at::Tensor>(static_cast<std::size_t>(members), tensor));
  return all;
}

std::string refused(const std::string& prefilter) {
  try {
    prefilter_of(prefilter, some_axes(4));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("band centres and time constants of every scale") {
  const VectorFile file("pieces.h5");
  const auto n = static_cast<std::size_t>(file.number_attribute("scales", "n_bands"));
  for (const auto& scale : kScales) {
    CAPTURE(scale);
    const BandCentres centres{scale, file.number_attribute("scales", "min_freq_hz"),
                              file.number_attribute("scales", "max_freq_hz")};
    const auto found = centres.frequencies_hz(std::vector<double>(n, 1.0));
    const auto hz = file.doubles("scales/" + scale + "/frequencies_hz"),
               tau = file.doubles("scales/" + scale + "/tau_ms");
    const auto found_tau = colliculus_time_constants_ms(found);
    REQUIRE(found.size() == n);
    for (std::size_t f = 0; f < n; ++f) {
      CHECK(found[f] == doctest::Approx(hz.values[f]).epsilon(1e-9));
      CHECK(found_tau[f] == doctest::Approx(tau.values[f]).epsilon(1e-9));
    }
  }
  CHECK(file.children("scales").size() == kScales.size());
}

TEST_CASE("adaptrans starts with the colliculus' time constants and w = 0.75, dt in ms") {
  const VectorFile file("pieces.h5");
  for (const auto& scale : kScales) {
    for (const int dt_ms : {1, 5}) {
      CAPTURE(scale);
      CAPTURE(dt_ms);
      const Axes axes{.dt_ms = static_cast<double>(dt_ms),
                      .frequencies_hz = file.doubles("scales/" + scale + "/frequencies_hz").values};
      const auto start = started(*prefilter_of("{kind: adaptrans}", axes));
      const auto share = [&](const std::string& name) {
        return 1 / (1 + start.at("prefilter/" + name).square());
      };
      const auto a = to_tensor(file.doubles("scales/" + scale + "/a_dt" + std::to_string(dt_ms)));
      CHECK(difference(share("d_on"), a) < 1e-6);
      CHECK(difference(share("d_off"), a) < 1e-6);
      CHECK(largest(share("p") - 0.75) < 1e-6);
    }
  }
}

TEST_CASE("prefilters declare what they learn, and their channels") {
  const auto axes = some_axes(5);
  const auto roles = [&](const std::string& text) {
    std::vector<Role> all;
    for (const auto& entry : prefilter_of(text, axes)->entries()) {
      CHECK(entry.shape == std::vector<std::int64_t>{5});
      all.push_back(entry.role);
    }
    return all;
  };
  CHECK(roles("{}").empty());
  CHECK(roles("{kind: willmore}").empty());
  CHECK((roles("{kind: adaptrans}") == std::vector<Role>(3, Role::learnt)));
  CHECK((roles("{kind: adaptrans, learnable: false}") == std::vector<Role>(3, Role::fixed)));
  CHECK(prefilter_of("{kind: adaptrans}", axes)->learns());
  CHECK(!prefilter_of("{kind: adaptrans, learnable: false}", axes)->learns());
  CHECK(!prefilter_of("{kind: willmore}", axes)->learns());
  CHECK(prefilter_of("{kind: adaptrans}", axes)->channels() ==
        std::vector<std::string>{"ON", "OFF"});
  CHECK(prefilter_of("{kind: willmore}", axes)->channels() == std::vector<std::string>{"input"});
  CHECK(prefilter_of("{}", axes)->channels() == std::vector<std::string>{"input"});
}

TEST_CASE("none passes on what it is given, willmore keeps one signal for all members") {
  const auto axes = some_axes(4);
  const auto layout = ops::join({6, 3}, 2);
  const auto x = noise({1, layout->total, 4}, 1) * real_frames(*layout);
  CHECK(difference(prefilter_of("{kind: none}", axes)->apply({}, x, layout), x) == 0);
  CHECK(prefilter_of("{kind: willmore}", axes)->apply({}, x, layout).size(0) == 1);
}

TEST_CASE("a prefilter's settings reach its arithmetic") {
  // References: the operations, which have their own tests.
  const auto axes = some_axes(4);
  const auto layout = ops::join({30, 3}, 2);
  const auto x = noise({1, layout->total, 4}, 1) * real_frames(*layout);
  std::vector<double> a;
  for (const double hz : axes.frequencies_hz)
    a.push_back(std::exp(-axes.dt_ms / (500 - 105 * std::log10(hz))));
  const auto decay = at::tensor(a, at::kDouble);
  const auto willmore = [&](const std::string& rest) {
    return prefilter_of("{kind: willmore" + rest + "}", axes)->apply({}, x, layout);
  };
  CHECK(difference(willmore(""), ops::willmore(x, decay, ops::kInfinite, true, layout)) < 1e-12);
  CHECK(difference(willmore(", rectify: false"),
                   ops::willmore(x, decay, ops::kInfinite, false, layout)) < 1e-12);
  CHECK(difference(willmore(", kernel_frames: 7"), ops::willmore(x, decay, 7, true, layout)) <
        1e-12);
  CHECK(difference(willmore(", scale: log, min_freq_hz: 500, max_freq_hz: 1000"), willmore("")) <
        1e-9);
  CHECK(difference(willmore(", scale: log, min_freq_hz: 900, max_freq_hz: 9000"), willmore("")) >
        1e-3);

  const auto adaptrans = [&](const std::string& rest) {
    const auto prefilter = prefilter_of("{kind: adaptrans" + rest + "}", axes);
    return prefilter->apply(in_type(with_members(started(*prefilter), 2), at::kDouble), x, layout);
  };
  const auto d = (1 / decay - 1).sqrt().unsqueeze(0).expand({2, 4}).contiguous();
  const auto p = at::full({2, 4}, std::sqrt(1 / 0.75 - 1), at::kDouble);
  const auto expected = [&](std::int64_t frames, bool rectify) {
    return ops::adaptrans(x, d, d, p, frames, rectify, layout);
  };
  CHECK(adaptrans("").size(0) == 2);
  CHECK(difference(adaptrans(""), expected(ops::kInfinite, true)) < 1e-5);
  CHECK(difference(adaptrans(", rectify: false"), expected(ops::kInfinite, false)) < 1e-5);
  CHECK(difference(adaptrans(", kernel_frames: 5, learnable: false"), expected(5, true)) < 1e-5);
}

TEST_CASE("impossible settings are refused where they stand") {
  struct Case {
    std::string text, part;
  };
  const std::vector<Case> cases{
      {"{kind: adaptran}", "fit.yaml:1:13: prefilter.kind"},
      {"{kind: adaptrans, kernel_frames: 1}", "prefilter.kernel_frames"},
      {"{kind: adaptrans, kernel_frames: endless}", "or infinite"},
      {"{kind: adaptrans, rectify: 2}", "prefilter.rectify"},
      {"{kind: willmore, learnable: true}", "prefilter.learnable: unknown key"},
      {"{kind: none, rectify: true}", "prefilter.rectify: unknown key"},
      {"{kind: adaptrans, scale: bark}", "prefilter.scale"},
      {"{kind: willmore, min_freq_hz: 300}", "needs a scale"},
      {"{kind: willmore, scale: mel, min_freq_hz: 0}", "prefilter.min_freq_hz"},
      {"{kind: willmore, scale: mel, min_freq_hz: 900, max_freq_hz: 900}", "prefilter.max_freq_hz"},
  };
  for (const auto& [text, part] : cases) {
    CAPTURE(text);
    const auto message = refused(text);
    CAPTURE(message);
    CHECK(message.starts_with("fit.yaml:1:"));
    CHECK(message.find(part) != std::string::npos);
  }
  CHECK(refused("{kind: adaptrans, kernel_frames: 2}") == "accepted");
}

TEST_CASE("a lowest frequency alone above the default highest is refused as such") {
  const auto message = refused("{kind: willmore, scale: log, min_freq_hz: 30000}");
  CHECK(message.starts_with("fit.yaml:1:"));
  CHECK(message.find("prefilter.min_freq_hz: must be below max_freq_hz, 20000 Hz") !=
        std::string::npos);
}

TEST_CASE("a band without a positive time constant is named") {
  const auto message = [](std::vector<double> hz) -> std::string {
    try {
      prefilter_of("{kind: willmore}", {.dt_ms = 5, .frequencies_hz = std::move(hz)});
    } catch (const DataError& error) {
      return error.what();
    }
    return "accepted";
  };
  CHECK(message({1000, 57000}) == "accepted");
  CHECK(message({1000, 58000}).find("band 1") != std::string::npos);
  CHECK(message({1000, 58000}).find("58 kHz") != std::string::npos);
  CHECK(message({0, 1000}).find("band 0") != std::string::npos);  // 0 Hz: infinite
}

}  // namespace
}  // namespace strffit::test
