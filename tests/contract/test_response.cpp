// What every model promises of its responses, whatever its kind, kernel, norm or prefilter.
#include <set>

#include "support/gradcheck.hpp"
#include "support/model_text.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

#include "variants.hpp"

namespace strffit::test {
namespace {

constexpr std::int64_t kMembers = 3;

struct Built {
  std::unique_ptr<Model> model;
  Tensors tensors;  // double, parameters a little away from their start
};

Built build(const std::string& text, std::int64_t outputs, std::int64_t members = kMembers) {
  Built built{spec_of(text).build(some_axes(kBands), outputs, true), {}};
  std::vector<Random> random;
  for (std::int64_t m = 0; m < members; ++m) random.emplace_back(10 + m);
  built.tensors = in_type(built.model->start(random), at::kDouble);
  std::uint64_t seed = 0;
  for (auto& [name, tensor] : built.tensors)
    tensor.add_(noise(tensor.sizes().vec(), ++seed).abs() * 0.1);
  built.model->constrain(built.tensors);
  return built;
}

// Stimuli of these lengths as a model takes them, x (members, S, F).
struct Stimuli {
  Stimuli(const Model& model, const std::vector<std::int64_t>& lengths, std::int64_t members = 1)
      : layout(ops::join(lengths, model.gap())),
        x(noise({members, layout->total, kBands}, 5) * real_frames(*layout)) {}

  // The frames of one stimulus.
  at::Tensor of(const at::Tensor& signal, std::size_t stimulus) const {
    return signal.narrow(1, layout->segments[stimulus].begin, layout->segments[stimulus].frames);
  }

  ops::LayoutPtr layout;
  at::Tensor x;
};

TEST_CASE("every option that the variants try is one of some kind, and every kind is tried") {
  CHECK(options_without_kind().empty());
  std::set<std::string> kinds;
  for (const auto& text : model_variants()) kinds.insert(spec_of(text).kind);
  CHECK(kinds.size() == model_kinds().size());
  CHECK(model_variants().size() > 100);
}

TEST_CASE("tensors have unique names and the shapes they say, and start finite") {
  for (const auto& text : model_variants()) {
    CAPTURE(text);
    for (const std::int64_t outputs : {1, 5}) {
      const auto model = spec_of(text).build(some_axes(kBands), outputs, true);
      const auto again = spec_of(text).build(some_axes(kBands), outputs, true);
      const auto tensors = model->start({Random(1), Random(2)});
      std::set<std::string> names;
      for (const auto& entry : model->entries()) {
        CAPTURE(entry.name);
        CHECK(names.insert(entry.name).second);
        // A path of an HDF5 file: part/name.
        CHECK(std::count(entry.name.begin(), entry.name.end(), '/') == 1);
        auto shape = entry.shape;
        shape.insert(shape.begin(), 2);
        CHECK(tensors.at(entry.name).sizes().vec() == shape);
        CHECK(std::isfinite(largest(tensors.at(entry.name))));
        if (entry.response_units) CHECK(entry.shape.front() == outputs);
      }
      CHECK(tensors.size() == names.size());
      REQUIRE(again->entries().size() == model->entries().size());
      for (std::size_t i = 0; i < model->entries().size(); ++i) {
        CHECK(again->entries()[i].name == model->entries()[i].name);
      }
    }
  }
}

// All variants, causal and centered.
std::vector<std::string> all_variants() {
  auto all = model_variants();
  const auto centered = centered_variants();
  all.insert(all.end(), centered.begin(), centered.end());
  return all;
}

TEST_CASE("a frame changes no response before it, or before the lag axis says, nor elsewhere") {
  const std::int64_t changed = 6;
  std::set<std::string> centered_kinds;
  for (const auto& text : all_variants()) {
    CAPTURE(text);
    const auto built = build(text, 2, 2);
    const auto lags = built.model->lags_ms();
    const auto dt_ms = built.model->axes().dt_ms;
    const auto ahead = static_cast<std::int64_t>(-lags.front() / dt_ms);
    const bool centered = text.find("centered") != std::string::npos;
    if (centered) centered_kinds.insert(built.model->kind());
    // Published code pads as much on both sides.
    CHECK(ahead == (centered ? (built.model->context() - 1) / 2 : 0));
    CHECK(lags[static_cast<std::size_t>(ahead)] == 0);
    CHECK(lags.size() == static_cast<std::size_t>(built.model->context()));
    const Stimuli stimuli(*built.model, {13, 9});
    const auto before = built.model->respond(built.tensors, stimuli.x, stimuli.layout);
    auto x = stimuli.x.clone();
    stimuli.of(x, 0).narrow(1, changed, 13 - changed).add_(1.5);
    const auto change = built.model->respond(built.tensors, x, stimuli.layout) - before;
    CHECK(largest(stimuli.of(change, 0).narrow(1, 0, changed - ahead)) < 1e-13);
    CHECK(largest(stimuli.of(change, 0).narrow(1, changed - ahead, 1)) > 1e-9);
    CHECK(largest(stimuli.of(change, 1)) < 1e-13);
  }
  CHECK(centered_kinds == std::set<std::string>{"conv2d", "dnet", "linear", "ln", "nrf"});
}

TEST_CASE("a stimulus gets the same responses joined to others of other lengths as alone") {
  const std::vector<std::int64_t> lengths{11, 1, 2, 7};
  for (const auto& text : model_variants()) {
    CAPTURE(text);
    const auto built = build(text, 2, 2);
    const Stimuli all(*built.model, lengths);
    const auto together = built.model->respond(built.tensors, all.x, all.layout);
    for (std::size_t s = 0; s < lengths.size(); ++s) {
      Stimuli alone(*built.model, {lengths[s]});
      alone.of(alone.x, 0).copy_(all.of(all.x, s));
      const auto expected = built.model->respond(built.tensors, alone.x, alone.layout);
      CHECK(relative_difference(all.of(together, s), alone.of(expected, 0)) < 1e-11);
    }
  }
}

TEST_CASE("members do not mix: alone as among others, in training too") {
  for (const auto& text : model_variants()) {
    CAPTURE(text);
    for (const std::int64_t outputs : {1, 5}) {
      for (const std::int64_t inputs :
           {std::int64_t{1}, kMembers}) {  // one spectrogram for all, or one each
        const auto built = build(text, outputs);
        const Stimuli stimuli(*built.model, {11, 6}, inputs);
        const auto real = real_frames(*stimuli.layout);
        for (const bool training : {false, true}) {
          CAPTURE(training);
          // Training changes running statistics: each from the same.
          auto tensors = in_type(built.tensors, at::kDouble);
          for (auto& [name, tensor] : tensors) tensor = tensor.clone();
          const auto together =
              built.model->respond(tensors, stimuli.x, stimuli.layout,
                                   training ? training_pass(kMembers) : Pass(false)) *
              real;
          CHECK(together.sizes().vec() ==
                std::vector<std::int64_t>{kMembers, stimuli.layout->total, outputs});
          for (std::int64_t m = 0; m < kMembers; ++m) {
            const auto member = select_members(built.tensors, {m});
            const auto x = inputs == 1 ? stimuli.x : stimuli.x.narrow(0, m, 1);
            const auto alone =
                built.model->respond(member, x, stimuli.layout,
                                     training ? training_pass_of(m, kMembers) : Pass(false)) *
                real;
            CHECK(relative_difference(together.narrow(0, m, 1), alone) < 1e-11);
            for (const auto& [name, tensor] : member)
              CHECK(difference(tensor[0], tensors.at(name)[m]) < 1e-12);
          }
        }
      }
    }
  }
}

TEST_CASE("a member's parameters change no other's responses, and its loss asks nothing of them") {
  for (const auto& text : model_variants()) {
    CAPTURE(text);
    const auto built = build(text, 2);
    const Stimuli stimuli(*built.model, {11, 6});
    const auto real = real_frames(*stimuli.layout);
    const auto before = built.model->respond(built.tensors, stimuli.x, stimuli.layout) * real;
    Tensors changed;
    for (const auto& [name, tensor] : built.tensors) {
      changed[name] = tensor.clone();
      changed[name][1].add_(0.3);
    }
    const auto after = built.model->respond(changed, stimuli.x, stimuli.layout) * real;
    CHECK(difference(after[0], before[0]) < 1e-13);
    CHECK(difference(after[1], before[1]) > 1e-6);
    CHECK(difference(after[2], before[2]) < 1e-13);

    std::vector<at::Tensor> learnt;
    Tensors variables;
    for (const auto& [name, tensor] : built.tensors) variables[name] = tensor.clone();
    for (const auto& entry : built.model->entries()) {
      if (entry.is_learnt()) {
        learnt.push_back(variables.at(entry.name).requires_grad_(true));
      }
    }
    const auto r =
        built.model->respond(variables, stimuli.x, stimuli.layout, training_pass(kMembers));
    auto weight = at::zeros_like(r);
    weight[1].copy_((noise(r.sizes().vec(), 8) * real)[1]);
    for (const auto& gradient : ops::gradients(r, weight, learnt)) {
      CHECK(largest(gradient[0]) == 0);
      CHECK(largest(gradient[2]) == 0);
    }
  }
}

TEST_CASE("dropout changes responses in training by step and member, and none in prediction") {
  std::set<std::string> kinds;
  for (const auto& text : model_variants()) {
    if (text.find("dropout: 0.3") == std::string::npos) continue;
    CAPTURE(text);
    auto without_text = text;
    without_text.replace(text.find("dropout: 0.3"), 12, "dropout: 0.0");
    const auto built = build(text, 5), without = build(without_text, 5);
    kinds.insert(built.model->kind());
    const Stimuli stimuli(*built.model, {11, 6});
    const auto real = real_frames(*stimuli.layout);
    const auto respond = [&](const Built& of, const Pass& pass) {
      Tensors own;  // whose running statistics training may change
      for (const auto& [name, tensor] : of.tensors) own[name] = tensor.clone();
      return of.model->respond(own, stimuli.x, stimuli.layout, pass) * real;
    };
    CHECK(difference(respond(built, false), respond(without, false)) == 0);
    CHECK(difference(respond(built, true), respond(without, true)) == 0);  // of no step
    const auto first = training_pass(kMembers);
    CHECK(difference(respond(without, first), respond(without, true)) == 0);
    CHECK(difference(respond(built, first), respond(built, first)) == 0);
    // Of few units some steps drop the same ones: of ten not all.
    double by_step = 0, by_member = 0;
    for (int step = 0; step < 10; ++step) {
      auto pass = first;
      pass.step = at::full({}, step, at::kLong);
      by_step += difference(respond(built, pass), respond(built, first));
      auto others = pass;
      others.keys = pass.keys + 1;
      by_member += difference(respond(built, others), respond(built, pass));
    }
    CHECK(by_step > 1e-3);
    CHECK(by_member > 1e-3);
  }
  CHECK(kinds == std::set<std::string>{"conv2d", "dnet", "nrf", "statenet"});
}

TEST_CASE("the readout is what has a row for each output: in other units the core is the same") {
  for (const auto& text : model_variants()) {
    CAPTURE(text);
    const auto few = spec_of(text).build(some_axes(kBands), 2, true),
               many = spec_of(text).build(some_axes(kBands), 5, true);
    REQUIRE(few->entries().size() == many->entries().size());
    int readouts = 0;
    for (std::size_t i = 0; i < few->entries().size(); ++i) {
      const auto &a = few->entries()[i], &b = many->entries()[i];
      CAPTURE(a.name);
      CHECK(a.name == b.name);
      CHECK(a.readout == b.readout);
      CHECK((a.shape == b.shape) == !a.readout);
      readouts += a.readout;
    }
    CHECK(readouts >= 2);
  }
}

TEST_CASE("single precision agrees with double, and large spectrograms give finite responses") {
  // Tolerance: sums of some hundred float32 roundings of 6e-8.
  for (const auto& text : model_variants()) {
    CAPTURE(text);
    const auto built = build(text, 2);
    const Stimuli stimuli(*built.model, {40, 6});
    const auto single = in_type(built.tensors, at::kFloat);
    const auto real = real_frames(*stimuli.layout);
    const auto expected = built.model->respond(built.tensors, stimuli.x, stimuli.layout) * real;
    const auto found = built.model->respond(single, stimuli.x.to(at::kFloat), stimuli.layout);
    CHECK((found.scalar_type() == at::kFloat));
    CHECK(relative_difference(found * real, expected) < 1e-4);
    const auto large =
        built.model->respond(single, (stimuli.x * 1e6).to(at::kFloat), stimuli.layout);
    CHECK(std::isfinite(largest(large * real.to(at::kFloat))));
  }
}

TEST_CASE("dynamic STRFs are the derivatives of every response at every frame") {
  // Reference: a backward pass for each response and frame.
  const std::int64_t T = 9, N = 2;
  for (const auto& text : all_variants()) {
    CAPTURE(text);
    const auto built = build(text, N, 1);
    const auto ahead = built.model->ahead();
    for (const std::int64_t lags : {ahead + 3, built.model->context()}) {
      Stimuli stimuli(*built.model, {T});
      const auto found =
          built.model->dynamic_strf(built.tensors, stimuli.of(stimuli.x, 0).contiguous(), lags);
      const auto x = stimuli.x.clone().requires_grad_(true);
      const auto r = built.model->respond(built.tensors, x, stimuli.layout);
      auto expected = at::zeros({N, T, kBands, lags}, at::kDouble);
      const auto begin = stimuli.layout->segments[0].begin;
      for (std::int64_t n = 0; n < N; ++n) {
        for (std::int64_t t = 0; t < T; ++t) {
          auto weight = at::zeros_like(r);
          weight[0][begin + t][n] = 1;
          const auto gradient = ops::gradients(r, weight, {x}, true)[0][0];
          for (std::int64_t l = 0; l < lags; ++l) {
            const auto frame = t - (l - ahead);
            if (frame >= 0 && frame < T) expected[n][t].select(1, l).copy_(gradient[begin + frame]);
          }
        }
      }
      CHECK(largest(expected) > 1e-6);
      CHECK(relative_difference(found, expected) < 1e-10);
    }
  }
}

}  // namespace
}  // namespace strffit::test
