// How near the STRF products come to the machine's own matrix product: nrf's, forward and backward,
// against sgemm of a comfortable size, on one thread. scripts/bench.sh --study builds and runs it.
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

}  // namespace

int main() {
  ops::set_inner_threads(1);
  const double gemm = gemm_rate(), plain = product_rate(4, 1, true),
               adaptrans = product_rate(1, 2, false);
  std::printf("{\"gemm\": %.4g, \"plain\": %.4g, \"adaptrans\": %.4g}\n", gemm, plain, adaptrans);
  return 0;
}
