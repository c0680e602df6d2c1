// CUDA kernels for ops/cuda/lanes.hpp and ops/cuda/teams.hpp. Without LibTorch, because nvcc does
// not compile its headers in all versions.
#include <algorithm>
#include <stdexcept>
#include <string>

#include "ops/cuda/lanes.hpp"
#include "ops/cuda/teams.hpp"

namespace strffit::ops::lanes {
namespace {

void check(cudaError_t error) {
  if (error != cudaSuccess)
    throw std::runtime_error(std::string("CUDA: ") + cudaGetErrorString(error));
}

template <class Lane>
__global__ void each(const Lane lane, Index count) {
  const Index i = static_cast<Index>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < count) lane(i);
}

constexpr int kTeam = 512;  // maximum number of threads

// One block per team; its threads share the units.
template <class Team>
__global__ void __launch_bounds__(kTeam) together(const Team team) {
  extern __shared__ __align__(16) unsigned char memory[];
  auto* shared = reinterpret_cast<typename Team::Number*>(memory);
  const Index number = blockIdx.x, steps = team.steps(number);
  for (Index unit = threadIdx.x; unit < team.H; unit += blockDim.x) team.start(unit, shared);
  __syncthreads();
  for (Index step = 0; step < steps; ++step) {
    for (Index unit = threadIdx.x; unit < team.H; unit += blockDim.x)
      team.step(number, unit, step, shared);
    __syncthreads();
  }
}

}  // namespace

template <class Lane>
void launch(const Lane& lane, Index count, void* stream) {
  if (count == 0) return;
  constexpr int kThreads = 128;
  each<<<static_cast<unsigned>((count + kThreads - 1) / kThreads), kThreads, 0,
         static_cast<cudaStream_t>(stream)>>>(lane, count);
  check(cudaGetLastError());
}

template <class Team>
void launch_teams(const Team& team, Index count, void* stream) {
  if (count == 0) return;
  const auto threads = std::min<Index>((team.H + 31) / 32 * 32, kTeam);
  together<<<static_cast<unsigned>(count), static_cast<unsigned>(threads),
             static_cast<std::size_t>(team.shared_numbers()) * sizeof(typename Team::Number),
             static_cast<cudaStream_t>(stream)>>>(team);
  check(cudaGetLastError());
}

#define STRFFIT_LAUNCH(Lane)                              \
  template void launch(const Lane<float>&, Index, void*); \
  template void launch(const Lane<double>&, Index, void*)
STRFFIT_LAUNCH(AdaptransForward);
STRFFIT_LAUNCH(AdaptransBackward);
STRFFIT_LAUNCH(AdaptransInput);
STRFFIT_LAUNCH(WillmoreForward);
STRFFIT_LAUNCH(WillmoreBackward);
STRFFIT_LAUNCH(LeakyForward);
STRFFIT_LAUNCH(LeakyBackward);
STRFFIT_LAUNCH(Adamw);

#define STRFFIT_LAUNCH_TEAMS(Team, stimuli)                              \
  template void launch_teams(const Team<float, stimuli>&, Index, void*); \
  template void launch_teams(const Team<double, stimuli>&, Index, void*)
STRFFIT_LAUNCH_TEAMS(RecurrentForward, 1);
STRFFIT_LAUNCH_TEAMS(RecurrentForward, 4);
STRFFIT_LAUNCH_TEAMS(RecurrentBackward, 1);
STRFFIT_LAUNCH_TEAMS(RecurrentBackward, 4);

}  // namespace strffit::ops::lanes
