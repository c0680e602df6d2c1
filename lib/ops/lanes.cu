// The lanes of ops/lanes.hpp as CUDA kernels. Free of LibTorch: nvcc and its headers do not always
// go together.
#include <stdexcept>
#include <string>

#include "ops/lanes.hpp"

namespace strffit::ops::lanes {
namespace {

template <class Lane>
__global__ void each(const Lane lane, Index count) {
  const Index i = static_cast<Index>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < count) lane(i);
}

}  // namespace

template <class Lane>
void launch(const Lane& lane, Index count) {
  if (count == 0) return;
  constexpr int kThreads = 128;
  each<<<static_cast<unsigned>((count + kThreads - 1) / kThreads), kThreads>>>(lane, count);
  if (const auto error = cudaGetLastError(); error != cudaSuccess)
    throw std::runtime_error(std::string("CUDA: ") + cudaGetErrorString(error));
}

#define STRFFIT_LAUNCH(Lane)                       \
  template void launch(const Lane<float>&, Index); \
  template void launch(const Lane<double>&, Index)
STRFFIT_LAUNCH(AdaptransForward);
STRFFIT_LAUNCH(AdaptransBackward);
STRFFIT_LAUNCH(AdaptransInput);
STRFFIT_LAUNCH(WillmoreForward);
STRFFIT_LAUNCH(WillmoreBackward);
STRFFIT_LAUNCH(LeakyForward);
STRFFIT_LAUNCH(LeakyBackward);

}  // namespace strffit::ops::lanes
