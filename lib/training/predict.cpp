#include <ATen/Functions.h>

#include <algorithm>
#include <utility>

#include "ops/autograd.hpp"
#include "ops/gemm.hpp"
#include "training/device.hpp"
#include "training/trainer.hpp"
#include "util/threads.hpp"

namespace strffit {

Array<float> predict(const Model& model, const Tensors& tensors,
                     const std::vector<Standardisation>& standardisation,
                     const Array<float>& spectrogram, const RunOptions& run,
                     const std::vector<std::int64_t>& together) {
  const ops::WithoutGradients guard;
  const auto device = device_of(run);
  const int threads = device.is_cpu() ? threads_of(run) : 1;
  const auto F = spectrogram.dim(0), T = spectrogram.dim(1);
  const auto layout = ops::join({T}, model.gap());
  const auto input = [&](const Standardisation& standard) {
    auto values = spectrogram;
    standard.apply(values);
    auto x = at::zeros({1, layout->total, F});
    x[0].narrow(0, model.gap(), T).copy_(at::from_blob(values.data(), {F, T}, at::kFloat).t());
    return x.to(device);
  };
  const auto M = model.entries().empty() ? 1 : tensors.begin()->second.size(0);
  Array<float> result({M, model.outputs(), T});
  const auto store = [&](const at::Tensor& response, std::int64_t first) {
    const auto rows =
        response.narrow(1, model.gap(), T).transpose(1, 2).to(at::kCPU).contiguous();  // (m, N, T)
    std::copy_n(rows.data_ptr<float>(), rows.numel(), result.data() + first * model.outputs() * T);
  };
  const auto some = [&](std::int64_t first, std::int64_t count) {
    Tensors part;
    for (const auto& [name, tensor] : tensors)
      part[name] = tensor.narrow(0, first, count).to(device);
    return part;
  };
  constexpr std::int64_t kAtOnce = 16;  // members
  const bool one_input = standardisation.size() == 1;
  const std::int64_t step = one_input ? kAtOnce : 1;
  const auto shared = one_input ? input(standardisation.front()) : at::Tensor();
  std::vector<std::pair<std::int64_t, std::int64_t>> pieces;  // first member, number
  for (std::int64_t m = 0; m < M; ++m) {
    const auto i = static_cast<std::size_t>(m);
    const bool apart = !together.empty() && m > 0 && together[i] != together[i - 1];
    if (pieces.empty() || apart || pieces.back().second == step) pieces.emplace_back(m, 0);
    ++pieces.back().second;
  }
  ops::set_inner_threads(1);  // however many pieces: a shard rounds as the whole run does
  const auto work = [&](std::int64_t piece) {
    const ops::WithoutGradients inner;
    if (pieces.size() > 1) ops::stay_on_this_thread();
    const auto [first, count] = pieces[static_cast<std::size_t>(piece)];
    const auto x = one_input ? shared : input(standardisation[static_cast<std::size_t>(first)]);
    store(model.respond(some(first, count), x, layout), first);
  };
  with_full_memory_told(
      [&] { parallel_for(static_cast<std::int64_t>(pieces.size()), threads, work); });
  ops::set_inner_threads(threads);
  return result;
}

}  // namespace strffit
