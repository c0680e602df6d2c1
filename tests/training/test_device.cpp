// The trainer as it works a GPU, on a machine without one: on a device that is not the CPU.
#include <ATen/Context.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>

#include "support/far_device.hpp"
#include "training/device.hpp"
#include "training/study.hpp"
#include "training/trainer.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit::test {
namespace {

// Few numbers, and everything that a step may do.
const std::vector<std::string> kUsual = {
    "fit.max_epochs=5",    "fit.learning_rate=0.01", "fit.patience=3",     "fit.average=2",
    "fit.gradient_clip=5", "fit.mode=independent",   "fit.schedule=cosine"};

std::vector<std::string> with(std::vector<std::string> settings,
                              const std::vector<std::string>& more) {
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

const std::vector<std::vector<std::string>> kModels = {
    {"model.kind=linear", "model.context=4", "fit.l1=0.001"},
    {"model.kind=ln", "model.context=4", "model.kernel.kind=dcls", "model.kernel.gaussians=2"},
    {"model.kind=nrf", "model.context=4", "model.hidden=3", "fit.l2=0.001"},
    {"model.kind=nrf", "model.context=4", "model.hidden=3", "model.prefilter.kind=adaptrans"},
    {"model.kind=dnet", "model.context=4", "model.hidden=3", "model.prefilter.kind=willmore"},
    {"model.kind=conv2d", "model.kernel_size=[2, 3]", "model.channels=3", "model.hidden=4"},
    {"model.kind=statenet", "model.kernel_frequency=3", "model.stride=2", "model.channels=2"},
    {"model.kind=statenet", "model.cell=lstm", "model.kernel_frequency=3", "model.stride=2",
     "model.channels=2", "model.prefilter.kind=adaptrans"}};

// `chunk`: members worked at once; 0: all five.
FitResult fit_on(const std::string& device, const std::vector<std::string>& settings,
                 bool recorded = false, std::int64_t chunk = 0) {
  Study study(small_dataset(), settings);
  study.run.device = device;
  study.run.cuda_graphs = recorded;
  study.run.chunk = chunk;
  return study.fit();
}

double largest_of(const FitResult& found, const FitResult& expected, const std::string& name) {
  double largest = 0;
  const auto &rows = found.state.history.at(name), &others = expected.state.history.at(name);
  REQUIRE(rows.size() == others.size());
  for (std::size_t e = 0; e < rows.size(); ++e) {
    for (std::size_t m = 0; m < rows[e].size(); ++m) {
      CHECK(std::isnan(rows[e][m]) == std::isnan(others[e][m]));
      if (std::isfinite(others[e][m]))
        largest = std::max(largest, std::abs(rows[e][m] - others[e][m]));
    }
  }
  return largest;
}

TEST_CASE("training on another device gives what it gives on the CPU" *
          doctest::skip(kUnseenThreads)) {
  for (const auto& model : kModels) {
    for (const std::string batch : {"1", "3", "all"}) {
      const auto settings = with(with(kUsual, model), {"fit.batch=" + batch});
      CAPTURE(model.front());
      CAPTURE(batch);
      const auto here = fit_on("cpu", settings),
                 there = fit_on(kFarName, settings, false, batch == "1" ? 2 : 0);
      // Rounding, which a few epochs of single precision let grow; the contract's tests of one step
      // are exact.
      const auto& losses = here.state.history.at("train_loss").front();
      const double scale = *std::max_element(losses.begin(), losses.end());
      CHECK(largest_of(there, here, "train_loss") < 1e-3 * scale);
      CHECK(largest_of(there, here, "valid_cc") < 1e-2);
      CHECK(largest_of(there, here, "learning_rate") == 0);
      CHECK(scale > 0);
      CHECK((there.state.status == here.state.status));
      for (const auto& [name, tensor] : there.best) CHECK(tensor.is_cpu());
    }
  }
}

TEST_CASE("the device is waited for as often in an epoch of many steps as in one of a single step" *
          doctest::skip(kUnseenThreads)) {
  const auto waits = [](const std::string& batch, int epochs) {
    const auto settings =
        with(with(kUsual, kModels[2]), {fmt::format("fit.batch={}", batch), "fit.patience=99",
                                        fmt::format("fit.max_epochs={}", epochs)});
    const auto before = far_transfers();
    fit_on(kFarName, settings);
    const auto after = far_transfers();
    return std::pair(after.to_far - before.to_far, after.from_far - before.from_far);
  };
  for (const std::string batch : {"1", "all"}) {
    CAPTURE(batch);
    const auto [to_four, from_four] = waits(batch, 4);
    const auto [to_two, from_two] = waits(batch, 2);
    CHECK((to_four - to_two) == 2 * 2);      // rates, and whose states are kept
    CHECK((from_four - from_two) == 2 * 3);  // losses, and the responses to validation stimuli
  }
}

TEST_CASE("recorded steps do what steps do, members leaving on the way" *
          doctest::skip(kUnseenThreads)) {
  std::int64_t left_early = 0;
  for (const auto& model : kModels) {
    for (const std::string batch : {"1", "3", "all"}) {
      // Long enough for what is recorded anew to be replayed.
      const auto settings = with(with(kUsual, model), {"fit.batch=" + batch, "fit.max_epochs=8"});
      CAPTURE(model.front());
      CAPTURE(batch);
      const std::int64_t chunk = batch == "1" ? 2 : 0;
      const auto plain = fit_on(kFarName, settings, false, chunk),
                 recorded = fit_on(kFarName, settings, true, chunk);
      for (const auto* name : {"train_loss", "valid_loss", "valid_cc"})
        CHECK(largest_of(recorded, plain, name) == 0);
      for (const auto& [name, tensor] : plain.best)
        CHECK(at::equal(tensor, recorded.best.at(name)));
      CHECK((plain.state.status == recorded.state.status));
      left_early += std::count(plain.state.status.begin(), plain.state.status.end(),
                               MemberStatus::stopped_early);
    }
  }
  CHECK(left_early > 0);
}

TEST_CASE("a device is tried before it is used") {
  CHECK(problem_of(at::kCPU).empty());
  if (!at::hasCUDA()) CHECK_FALSE(problem_of(at::kCUDA).empty());
}

TEST_CASE("full memory of a GPU is told in the program's words, whoever found it") {
  const auto told = [](const std::function<void()>& work) -> std::string {
    try {
      translate_out_of_memory(work);
    } catch (const RunError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(told([] {}).empty());
  const std::string message = "the GPU's memory is full: set run.chunk";
  CHECK(told([] {
          throw c10::OutOfMemoryError(c10::SourceLocation{},
                                      "CUDA out of memory. Tried to allocate");
        }).starts_with(message));
  CHECK(told([] {
          throw c10::Error(c10::SourceLocation{},
                           "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`");
        }).starts_with(message));
  CHECK(told([] { throw std::runtime_error("CUDA: out of memory"); }).starts_with(message));
  CHECK(told([] { throw RunError("the disk's own: CUDA: out of memory"); }) ==
        "the disk's own: CUDA: out of memory");
  CHECK_THROWS_AS(translate_out_of_memory([] { throw std::runtime_error("another"); }),
                  std::runtime_error);
}

}  // namespace
}  // namespace strffit::test
