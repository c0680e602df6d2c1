// What this machine can do at most, and how near products come to it, on one thread: nrf's STRF
// products, forward and backward, against sgemm of a comfortable size; and for statenet's limit, how
// fast its hidden weights are read over and over, and its own products. scripts/bench.sh --study
// builds and runs it.
#include <ATen/Functions.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <limits>
#include <vector>

#include "ops/autograd.hpp"
#include "ops/gemm.hpp"
#include "ops/lagged_product.hpp"
#include "ops/packed_matrix.hpp"

namespace {

using namespace strffit;

// The best of some calls, which others on the machine disturb least.
double seconds(const std::function<void()>& work) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 15; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    best = std::min(best, took.count());
  }
  return best;
}

double gemm_rate() {
  constexpr std::int64_t n = 1024;
  std::vector<float> a(n * n, 1.0F), b(n * n, 1.0F), c(n * n);
  const auto work = [&] {
    ops::gemm(false, false, n, n, n, a.data(), n, b.data(), n, 0.0F, c.data(), n);
  };
  return 2.0 * n * n * n / seconds(work);
}

// Multiplications and additions that count: those of the stimuli's frames.
double product_rate(std::int64_t members, std::int64_t channels, bool shared) {
  constexpr std::int64_t bands = 34, lags = 9, hidden = 20, sounds = 14, frames = 999;
  const auto layout = ops::join(std::vector<std::int64_t>(sounds, frames), lags - 1);
  const auto x =
      at::randn({shared ? 1 : members, layout->total, channels * bands}).set_requires_grad(!shared);
  const auto kernel = at::randn({members, hidden, channels, bands, lags}).set_requires_grad(true);
  const auto bias = at::randn({members, hidden}).set_requires_grad(true);
  const auto weight = at::randn({layout->total, members, hidden}).transpose(0, 1);
  const auto work = [&] {
    const auto z = ops::lagged_product(x, kernel, bias, layout);
    shared ? ops::gradients(z, weight, {kernel, bias})
           : ops::gradients(z, weight, {x, kernel, bias});
  };
  const double products = shared ? 2 : 3;  // forward, kernel, and input where a prefilter learns
  return products * 2.0 *
         static_cast<double>(members * sounds * frames * channels * bands * lags * hidden) /
         seconds(work);
}

constexpr std::int64_t kUnits = 70, kGates = 3 * kUnits;  // statenet's GRU on 34 bands

// Bytes a second that registers can be filled with from the hidden weights, read again and again.
double reading_rate() {
  constexpr std::int64_t numbers = kGates * kUnits, lanes = 128, repetitions = 1000;
  std::vector<float> weights(numbers, 1.0F);
  std::vector<float> sums(lanes);
  const auto work = [&] {
    for (std::int64_t time = 0; time < repetitions; ++time) {
      float own[lanes];
      std::copy_n(sums.data(), lanes, own);
      for (std::int64_t i = 0; i + lanes <= numbers; i += lanes) {
        for (std::int64_t lane = 0; lane < lanes; ++lane) own[lane] += weights[static_cast<std::size_t>(i + lane)];
      }
      std::copy_n(own, lanes, sums.data());
    }
  };
  return static_cast<double>(repetitions * (numbers / lanes) * lanes) * sizeof(float) /
         seconds(work);
}

// Of the recurrent layer's own products, 64 frames at once.
double packed_rate() {
  constexpr std::int64_t rows = 64, repetitions = 100;
  const std::vector<float> weights(kGates * kUnits, 1e-3F), states(rows * kUnits, 1.0F);
  ops::PackedMatrix<float> packed(kGates);
  packed.pack(kUnits, kUnits, [&](std::int64_t k) { return weights.data() + k; });
  std::vector<const float*> s;
  for (std::int64_t r = 0; r < rows; ++r) s.push_back(states.data() + r * kUnits);
  std::vector<float> y(static_cast<std::size_t>(rows * packed.padded()));
  const auto work = [&] {
    for (std::int64_t time = 0; time < repetitions; ++time)
      packed.multiply(rows, s.data(), 1, y.data(), packed.padded(), y.data());
  };
  return 2.0 * static_cast<double>(repetitions * rows * kGates * kUnits) / seconds(work);
}

}  // namespace

int main() {
  ops::set_inner_threads(1);
  const double gemm = gemm_rate(), plain = product_rate(4, 1, true),
               adaptrans = product_rate(1, 2, false);
  std::printf(
      "{\"gemm\": %.4g, \"plain\": %.4g, \"adaptrans\": %.4g, \"reading\": %.4g, \"packed\": "
      "%.4g}\n",
      gemm, plain, adaptrans, reading_rate(), packed_rate());
  return 0;
}
