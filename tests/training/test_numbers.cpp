// Numbers at the edge: whatever is fed in, a state that can be used comes out, or a message.
#include "study.hpp"
#include "training/trainer.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::small_dataset;
using test::Study;

Dataset scaled(double factor) {
  auto dataset = small_dataset();
  for (auto& stimulus : dataset.stimuli) {
    for (auto& value : stimulus.spectrogram.values) value *= static_cast<float>(factor);
  }
  return dataset;
}

std::vector<std::string> few_epochs(const std::string& kind, const std::string& more) {
  return {"model.kind=" + kind, "fit.mode=independent", "fit.max_epochs=3", more};
}

bool all_finite(const Tensors& tensors) {
  return std::ranges::all_of(tensors, [](const auto& named) {
    return named.second.isfinite().all().template item<bool>();
  });
}

TEST_CASE("numbers: spectrograms a million times as large, or as small, are fitted the same") {
  // Reference: powers of two, by which float32 scales without rounding; so standardised inputs, and
  // everything after them, are the same bit for bit.
  for (const auto& kind : model_kinds()) {
    CAPTURE(kind);
    const auto reference = Study(small_dataset(), few_epochs(kind, "fit.patience=3")).fit();
    for (const double factor : {0x1p20, 0x1p-20, 0x1p-80}) {
      CAPTURE(factor);
      const auto found = Study(scaled(factor), few_epochs(kind, "fit.patience=3")).fit();
      for (const auto& [name, tensor] : reference.best) {
        CAPTURE(name);
        CHECK(found.best.at(name).equal(tensor));
      }
    }
  }
}

TEST_CASE("numbers: a million without standardisation leaves finite states, or says who failed") {
  for (const auto& kind : model_kinds()) {
    CAPTURE(kind);
    Study study(scaled(1e6), few_epochs(kind, "fit.learning_rate=0.01"));
    study.plan.standardisation = {{{0}, {1}}};
    struct Warnings : Sink {
      int failed = 0;
      void warning(const std::string& message) override {
        failed += message.find("is no longer finite") != std::string::npos;
      }
    } sink;
    const auto result = train(study.plan, study.run, sink);
    CHECK(all_finite(result.best));
    CHECK((sink.failed > 0) == (std::ranges::count(result.state.status, MemberStatus::failed) > 0));
  }
}

TEST_CASE("numbers: weights that decay until they underflow are zero, and the rest is fitted") {
  // A band that is always 0 has no gradient: its weights shrink a thousandfold a step.
  auto dataset = small_dataset();
  for (auto& stimulus : dataset.stimuli) {
    std::fill_n(stimulus.spectrogram.data(), stimulus.frames(), 0.0F);
  }
  Study study(dataset, {"model.kind=linear", "fit.mode=independent", "fit.initialise=random",
                        "fit.max_epochs=20", "fit.patience=20", "fit.learning_rate=0.001",
                        "fit.weight_decay=999"});
  study.plan.standardisation = {{{0}, {1}}};
  const auto result = study.fit();
  CHECK(all_finite(result.best));
  for (const auto status : result.state.status) CHECK(status != MemberStatus::failed);
  // (M, K, C, F, L)
  const auto& current = result.state.tensors.at("current/strf/weight");
  CHECK(current.select(3, 0).eq(0).all().item<bool>());
}

}  // namespace
}  // namespace strffit
