#include "training/predict.hpp"

#include <ATen/Functions.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "ops/autograd.hpp"
#include "ops/gemm.hpp"
#include "training/device.hpp"
#include "training/input.hpp"
#include "util/threads.hpp"

namespace strffit {

namespace {

constexpr double kBlockBytes = 32.0 * 1024 * 1024;  // smallest size of a block of predictions

void predict_blocks(const Model& model, const Tensors& tensors,
                    const std::vector<Standardisation>& standardisation,
                    const Array<float>& spectrogram, const RunOptions& run,
                    const std::vector<std::int64_t>& together, double block_bytes,
                    const std::function<void(std::int64_t, Array<float>)>& use) {
  const ops::WithoutGradients guard;
  const auto device = device_of(run);
  const int threads = device.is_cpu() ? threads_of(run) : 1;
  // One thread inside products for any number of pieces, so that a shard rounds like the whole run.
  // Callers that predict often set this themselves, because LibTorch starts new threads each time.
  const bool sets_threads = ops::inner_threads() != 1;
  if (sets_threads) ops::set_inner_threads(1);
  const auto F = spectrogram.dim(0), T = spectrogram.dim(1);
  const auto layout = ops::join({T}, model.gap());
  const auto input = [&](const Standardisation& standard) {
    const auto x = at::zeros({1, layout->total, F});
    put_input(x, model.gap(), spectrogram, standard);
    return x.to(device);
  };
  const auto M = model.entries().empty() ? 1 : tensors.begin()->second.size(0);
  const auto size = model.outputs() * T;  // numbers per member
  const auto some = [&](std::int64_t first, std::int64_t count) {
    Tensors part;
    for (const auto& [name, tensor] : tensors)
      part[name] = tensor.narrow(0, first, count).to(device);
    return part;
  };
  const bool one_input = standardisation.size() == 1;
  const auto shared = one_input ? input(standardisation.front()) : at::Tensor();
  const auto pieces = predicted_pieces(M, one_input, together);
  for (std::size_t begin = 0, end = 0; begin + 1 < pieces.size(); begin = end) {
    const auto bytes_to = [&](std::size_t piece) {
      return static_cast<double>((pieces[piece] - pieces[begin]) * size) * sizeof(float);
    };
    for (end = begin + 1; end + 1 < pieces.size(); ++end) {
      const bool busy = end - begin >= static_cast<std::size_t>(threads);
      if (busy && bytes_to(end + 1) > block_bytes) break;
    }
    const auto first_member = pieces[begin];
    Array<float> result({pieces[end] - first_member, model.outputs(), T});
    const auto work = [&](std::int64_t i) {
      const ops::WithoutGradients inner;
      if (pieces.size() > 2) ops::stay_on_this_thread();
      const auto piece = begin + static_cast<std::size_t>(i);
      const auto first = pieces[piece], count = pieces[piece + 1] - first;
      const auto x = one_input ? shared : input(standardisation[static_cast<std::size_t>(first)]);
      const auto response = model.respond(some(first, count), x, layout);
      const auto rows =
          response.narrow(1, model.gap(), T).transpose(1, 2).to(at::kCPU).contiguous();
      std::copy_n(rows.data_ptr<float>(), rows.numel(),  // (count, N, T)
                  result.data() + (first - first_member) * size);
    };
    translate_out_of_memory(
        [&] { parallel_for(static_cast<std::int64_t>(end - begin), threads, work); });
    use(first_member, std::move(result));
  }
  if (sets_threads) ops::set_inner_threads(threads);
}

}  // namespace

std::vector<std::int64_t> predicted_pieces(std::int64_t members, bool one_input,
                                           const std::vector<std::int64_t>& together) {
  const std::int64_t most = one_input ? kPredictedAtOnce : 1;
  std::vector<std::int64_t> first;
  for (std::int64_t m = 0; m < members; ++m) {
    const auto i = static_cast<std::size_t>(m);
    const bool apart = !together.empty() && m > 0 && together[i] != together[i - 1];
    if (first.empty() || apart || m - first.back() == most) first.push_back(m);
  }
  first.push_back(members);
  return first;
}

Array<float> predict(const Model& model, const Tensors& tensors,
                     const std::vector<Standardisation>& standardisation,
                     const Array<float>& spectrogram, const RunOptions& run,
                     const std::vector<std::int64_t>& together) {
  Array<float> all;
  predict_blocks(model, tensors, standardisation, spectrogram, run, together,
                 std::numeric_limits<double>::infinity(),
                 [&](std::int64_t, Array<float> block) { all = std::move(block); });
  return all;
}

void predict_in_blocks(const Model& model, const Tensors& tensors,
                       const std::vector<Standardisation>& standardisation,
                       const Array<float>& spectrogram, const RunOptions& run,
                       const std::vector<std::int64_t>& together, const UsePredictions& use) {
  predict_blocks(model, tensors, standardisation, spectrogram, run, together, kBlockBytes, use);
}

}  // namespace strffit
