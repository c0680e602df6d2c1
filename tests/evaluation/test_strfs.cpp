#include <ATen/Functions.h>

#include <cmath>

#include "dataset/dataset.hpp"
#include "evaluation/strfs.hpp"
#include "formats/arrays.hpp"
#include "formats/checkpoint.hpp"
#include "support/near.hpp"
#include "support/vector_path.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::near;

TEST_CASE("strfs: a linear model's gradient is its kernel, at every frame and on average") {
  const auto checkpoint = read_checkpoint(test::vector_path("linear_full/checkpoint.h5"));
  const auto dataset = read_dataset(test::vector_path("linear_full/dataset.h5"));
  const auto strfs = kernel_strfs(checkpoint);
  REQUIRE(strfs.kernel);
  const auto& kernel = strfs.kernel->fields;  // (1, 2, 1, 13, 5)
  CHECK(kernel.shape == Shape{1, 2, 1, 13, 5});
  CHECK(strfs.lags_ms == std::vector<double>{0, 10, 20, 30, 40});

  std::int64_t calls = 0;
  const auto gradient = gradient_strfs(checkpoint, dataset, {0, 1}, 2, [&] { ++calls; });
  CHECK(calls == 1);
  CHECK(gradient.shape == Shape{1, 2, 13, 5});
  for (std::size_t i = 0; i < kernel.values.size(); ++i) {
    CHECK(gradient.values[i] == near(kernel.values[i], 1e-6));
  }
  const auto dynamic = dynamic_strf(checkpoint, 0, dataset.stimuli[0].spectrogram);
  CHECK(dynamic.shape == Shape{2, dataset.stimuli[0].frames(), 13, 5});
}

TEST_CASE("strfs: the gradient of every stimulus counts with its frames") {
  const auto checkpoint = read_checkpoint(test::vector_path("ln_full_adaptrans/checkpoint.h5"));
  const auto dataset = read_dataset(test::vector_path("ln_full_adaptrans/dataset.h5"));
  const auto between = [] {};
  const auto lags = checkpoint.model->context();
  const auto both = gradient_strfs(checkpoint, dataset, {0, 1}, 1, between);
  const auto first = gradient_strfs(checkpoint, dataset, {0}, 1, between);
  const auto second = gradient_strfs(checkpoint, dataset, {1}, 1, between);
  const auto a = static_cast<double>(dataset.stimuli[0].frames() - lags);
  const auto b = static_cast<double>(dataset.stimuli[1].frames() - lags);
  REQUIRE(a != b);
  for (std::size_t i = 0; i < both.values.size(); ++i) {
    // Tolerance: float32 roundings of each mean.
    CHECK(both.values[i] ==
          near((a * first.values[i] + b * second.values[i]) / (a + b), 1e-5, 1e-7));
  }
  CHECK(gradient_strfs(checkpoint, dataset, {0, 1}, 2, between).values == both.values);
}

TEST_CASE("strfs: stimuli shorter than the context have no gradient") {
  const auto checkpoint = read_checkpoint(test::vector_path("linear_full/checkpoint.h5"));
  auto dataset = read_dataset(test::vector_path("linear_full/dataset.h5"));
  auto& spectrogram = dataset.stimuli[0].spectrogram;
  spectrogram = Array<float>({13, 5}, 1.0F);
  const auto gradient = gradient_strfs(checkpoint, dataset, {0}, 1, [] {});
  for (const float value : gradient.values) CHECK(std::isnan(value));
}

TEST_CASE("strfs: what was not fitted is NaN") {
  auto checkpoint = read_checkpoint(test::vector_path("linear_full/checkpoint.h5"));
  const auto dataset = read_dataset(test::vector_path("linear_full/dataset.h5"));
  checkpoint.roster.skipped = {{1, "test"}};
  const auto strfs = kernel_strfs(checkpoint);
  const auto gradient = gradient_strfs(checkpoint, dataset, {0}, 1, [] {});
  const std::size_t size = 13 * 5;
  for (std::size_t i = 0; i < size; ++i) {
    CHECK(std::isfinite(strfs.kernel->fields.values[i]));
    CHECK(std::isnan(strfs.kernel->fields.values[size + i]));
    CHECK(std::isfinite(gradient.values[i]));
    CHECK(std::isnan(gradient.values[size + i]));
  }
  CHECK(std::isnan(strfs.kernel->summary.at("latency_ms").values[1]));
}

TEST_CASE("strfs: measures lie at the field that they belong to") {
  // Each field is one peak; its lag says which field it is.
  const Axes axes{5, {1000, 2000, 4000, 8000}};
  Array<float> fields({3, 2, 4, 7}, 0.0F);
  for (std::size_t i = 0; i < 6; ++i) fields.values[(i * 4 + 1) * 7 + i] = -2;
  const auto result = summarised(fields, axes, 0);
  const auto& latency = result.summary.at("latency_ms");
  CHECK(latency.shape == Shape{3, 2});
  CHECK(result.summary.size() == 8);
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(latency.values[i] == near(5.0 * static_cast<double>(i), 1e-6));
    CHECK(result.summary.at("best_frequency_hz").values[i] == near(2000, 1e-6));
  }
}

TEST_CASE("arrays: tensors of any layout and back") {
  const auto tensor = at::arange(6, at::kDouble).reshape({2, 3}).t();
  const auto array = to_array(tensor);
  CHECK(array.shape == Shape{3, 2});
  CHECK(array.values == std::vector<float>{0, 3, 1, 4, 2, 5});
  CHECK(to_array(to_tensor(array)).values == array.values);
  CHECK(to_array(to_tensor(Array<float>({0, 2}))).shape == Shape{0, 2});
}

}  // namespace
}  // namespace strffit
