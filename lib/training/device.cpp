#include "training/device.hpp"

#include <ATen/Context.h>
#include <ATen/Functions.h>
#include <c10/util/Exception.h>

#include <string>
#include <typeinfo>
#include <utility>

#include "ops/adamw.hpp"
#include "ops/cuda/recorded.hpp"
#include "util/errors.hpp"
#include "util/memory.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

// True if the error reports that the memory of a GPU is full. LibTorch's allocator, its libraries
// and our own kernels all use different messages.
bool tells_of_full_memory(const std::exception& error) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
  const bool of_libraries = dynamic_cast<const c10::Error*>(&error) != nullptr ||
                            typeid(error) == typeid(std::runtime_error);
  const std::string what = error.what();
  return of_libraries && (what.find("CUDA: out of memory") != std::string::npos ||
                          what.find("CUDA error: out of memory") != std::string::npos ||
                          what.find("_STATUS_ALLOC_FAILED") != std::string::npos);
}

}  // namespace

std::string problem_of(at::Device device) {
  try {
    const auto numbers = at::TensorOptions(at::kDouble).device(device);
    auto parameter = at::ones({1}, numbers), first = at::zeros({1}, numbers),
         second = at::zeros({1}, numbers);
    // In its first step, AdamW moves a parameter by the learning rate, for any gradient.
    ops::adamw(parameter, at::full({1}, 2.0, numbers), first, second, at::full({1}, 0.5, numbers),
               at::zeros({1}, numbers), {}, ops::adamw_corrections(at::ones({}, numbers)));
    const double found = parameter.to(at::kCPU).item<double>();
    if (found > 0.49 && found < 0.51) return "";
    return fmt::format("1 - 0.5 gives {} there", found);
  } catch (const std::exception& error) {
    return first_line(error);
  }
}

namespace {

// The problem of the GPU. LibTorch also counts GPUs for which it has no code. This only shows when
// the first kernel runs.
const std::string& problem_of_gpu() {
  static const std::string problem =
      at::hasCUDA() ? problem_of(at::kCUDA) : "this LibTorch finds none";
  return problem;
}

}  // namespace

at::Device device_of(const RunOptions& run) {
  if (run.device != "auto" && run.device != "cuda" && run.device != "cpu")
    return at::Device(run.device);  // used by tests
  const bool cuda = run.device != "cpu" && problem_of_gpu().empty();
  if (run.device == "cuda" && !cuda) {
    throw RunError("run.device: cuda was asked for, but there is no GPU that can be used (" +
                   problem_of_gpu() +
                   "); take device: cpu, or build with a LibTorch and a CUDA for it (docs/gpu.md)");
  }
  for (const auto& [key, asked] :
       {std::pair("run.tf32", run.tf32), {"run.cuda_graphs", run.cuda_graphs}}) {
    if (!asked || cuda) continue;
    throw RunError(key + std::string(": is for a GPU, and ") +
                   (run.device == "cpu"
                        ? std::string("this run is on the CPU")
                        : "there is none that can be used (" + problem_of_gpu() + ")") +
                   ": leave it out");
  }
  if (run.cuda_graphs && !ops::records_on(at::kCUDA)) {
    throw RunError(
        "run.cuda_graphs: this program was built without CUDA's compiler (docs/gpu.md): leave it "
        "out");
  }
  at::globalContext().setAllowTF32CuBLAS(run.tf32);
  at::globalContext().setAllowTF32CuDNN(run.tf32);
  return cuda ? at::Device(at::kCUDA) : at::Device(at::kCPU);
}

std::string problem_of_counted_gpu(const RunOptions& run) {
  return run.device == "auto" && at::hasCUDA() ? problem_of_gpu() : "";
}

void translate_out_of_memory(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& error) {
    if (!tells_of_full_memory(error)) throw;
    throw RunError(
        "the GPU's memory is full: set run.chunk, the members that are worked at once, lower, or "
        "fit fewer units, seeds or folds");
  }
}

int threads_of(const RunOptions& run) {
  return run.threads > 0 ? static_cast<int>(run.threads) : available_processors();
}

}  // namespace strffit
