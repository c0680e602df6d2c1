#include "training/device.hpp"

#include <ATen/Context.h>

#include <string>
#include <utility>

#include "ops/recorded.hpp"
#include "util/errors.hpp"
#include "util/memory.hpp"

namespace strffit {

at::Device device_of(const RunOptions& run) {
  if (run.device != "auto" && run.device != "cuda" && run.device != "cpu")
    return at::Device(run.device);  // of a test
  const bool there = at::hasCUDA();
  if (run.device == "cuda" && !there) {
    throw RunError(
        "run.device: cuda was asked for, but this LibTorch finds no GPU that it can use; take "
        "device: cpu, or build with a LibTorch that has CUDA (docs/gpu.md)");
  }
  const bool cuda = run.device != "cpu" && there;
  for (const auto& [key, asked] :
       {std::pair("run.tf32", run.tf32), {"run.cuda_graphs", run.cuda_graphs}}) {
    if (!asked || cuda) continue;
    throw RunError(key + std::string(": is for a GPU, and this LibTorch finds none that it can "
                                     "use: leave it out"));
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

int threads_of(const RunOptions& run) {
  return run.threads > 0 ? static_cast<int>(run.threads) : available_processors();
}

}  // namespace strffit
