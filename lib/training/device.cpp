#include "training/device.hpp"

#include <ATen/Context.h>

#include "util/errors.hpp"
#include "util/memory.hpp"

namespace strffit {

at::Device device_of(const RunOptions& run) {
  const bool there = at::hasCUDA();
  if (run.device == "cuda" && !there) {
    throw RunError(
        "run.device: cuda was asked for, but this LibTorch finds no GPU that it can use; take "
        "device: cpu, or build with a LibTorch that has CUDA (docs/gpu.md)");
  }
  const bool cuda = run.device != "cpu" && there;
  if (run.tf32 && !cuda) {
    throw RunError(
        "run.tf32: is for a GPU, and this LibTorch finds none that it can use: leave it out");
  }
  at::globalContext().setAllowTF32CuBLAS(run.tf32);
  at::globalContext().setAllowTF32CuDNN(run.tf32);
  return cuda ? at::Device(at::kCUDA) : at::Device(at::kCPU);
}

int threads_of(const RunOptions& run) {
  return run.threads > 0 ? static_cast<int>(run.threads) : available_processors();
}

}  // namespace strffit
