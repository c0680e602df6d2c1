// Numbers at the edge: whatever is fed in, a state that can be used comes out, or a message.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "study.hpp"
#include "training/predict.hpp"
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

TEST_CASE("predict: in blocks of members the numbers are the same, bit for bit") {
  // 300 members x 40,000 frames are 48 MB, more than a block.
  const Study study(small_dataset(),
                    {"model.kind=linear", "model.context=2", "fit.mode=independent",
                     "fit.initialise=random", "run.threads=2"});
  const auto start = study.fit();
  constexpr std::int64_t kMembers = 300, kFrames = 40'000;
  Tensors tensors;
  for (const auto& [name, tensor] : start.best) {
    std::vector<at::Tensor> rows;
    for (std::int64_t m = 0; m < kMembers; ++m)
      rows.push_back(tensor.narrow(0, m % tensor.size(0), 1) * (1 + static_cast<double>(m)));
    tensors[name] = at::cat(rows);
  }
  Array<float> spectrogram({7, kFrames});
  for (std::int64_t i = 0; i < spectrogram.size(); ++i)
    spectrogram.data()[i] = static_cast<float>(i % 1009) / 1009;
  std::vector<std::int64_t> together;
  for (std::int64_t m = 0; m < kMembers; ++m) together.push_back(m / 37);
  const auto& one = study.plan.standardisation;
  const std::vector<Standardisation> own(kMembers, one.front());
  for (const auto& standardisation : {one, own}) {
    const auto whole =
        predict(*study.plan.model, tensors, standardisation, spectrogram, study.run, together);
    std::int64_t next = 0, blocks = 0;
    predict_in_blocks(*study.plan.model, tensors, standardisation, spectrogram, study.run, together,
                      [&](std::int64_t first, const Array<float>& block) {
                        CHECK(first == next);
                        CHECK(std::equal(block.values.begin(), block.values.end(),
                                         whole.values.begin() + first * kFrames));
                        next += block.dim(0);
                        ++blocks;
                      });
    CHECK(next == kMembers);
    CHECK(blocks > 1);
  }
}

TEST_CASE("predict: pieces end where members were trained apart, and at 16") {
  using Pieces = std::vector<std::int64_t>;
  CHECK(predicted_pieces(40, true, {}) == Pieces{0, 16, 32, 40});
  CHECK(predicted_pieces(3, false, {}) == Pieces{0, 1, 2, 3});
  CHECK(predicted_pieces(5, true, {7, 7, 8, 8, 8}) == Pieces{0, 2, 5});
  CHECK(predicted_pieces(0, true, {}) == Pieces{0});
}

}  // namespace
}  // namespace strffit
