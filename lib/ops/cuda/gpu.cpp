#include "ops/cuda/gpu.hpp"

#ifdef STRFFIT_TORCH_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

#include <string>

#include "util/errors.hpp"

namespace strffit::ops::gpu {

#ifdef STRFFIT_TORCH_CUDA

namespace {

// Memory pool of recorded work. A pool without graphs cannot be reused; the next graph then creates
// another.
struct Pool {
  at::cuda::MempoolId_t id = at::cuda::graph_pool_handle();

  static std::shared_ptr<Pool> of_all_graphs() {
    static std::weak_ptr<Pool> last;
    auto pool = last.lock();
    if (pool) return pool;
    // Recording cannot use cached memory of a former pool or of unrecorded steps, so it is freed
    // first.
    c10::cuda::CUDACachingAllocator::emptyCache();
    last = pool = std::make_shared<Pool>();
    return pool;
  }
};

class Graph : public Recording {
 public:
  explicit Graph(const std::function<void()>& work) : pool_(Pool::of_all_graphs()) {
    // The default stream cannot be recorded, and work started there must finish first.
    static const auto stream = c10::cuda::getStreamFromPool();
    c10::cuda::device_synchronize();
    const c10::cuda::CUDAStreamGuard guard(stream);
    graph_.capture_begin(pool_->id);
    try {
      work();
    } catch (...) {
      try {
        graph_.capture_end();
      } catch (const std::exception&) {  // the error that broke the recording is reported
      }
      throw;
    }
    graph_.capture_end();
  }
  void replay() override { graph_.replay(); }

 private:
  std::shared_ptr<Pool> pool_;  // outlives the graph
  at::cuda::CUDAGraph graph_;
};

}  // namespace

bool present() { return true; }

void* current_stream() { return c10::cuda::getCurrentCUDAStream().stream(); }

std::unique_ptr<Recording> record(const std::function<void()>& work) {
  try {
    std::unique_ptr<Graph> graph;
    try {
      graph = std::make_unique<Graph>(work);
    } catch (const c10::OutOfMemoryError&) {  // no work was done
      c10::cuda::CUDACachingAllocator::emptyCache();
      graph = std::make_unique<Graph>(work);
    }
    graph->replay();
    return graph;
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const std::exception& error) {
    throw RunError("a step could not be recorded as a CUDA graph: " + first_line(error) +
                   "; leave run.cuda_graphs out");
  }
}

#else

bool present() { return false; }

void* current_stream() { throw Bug("a stream of a GPU in a program without CUDA"); }

std::unique_ptr<Recording> record(const std::function<void()>&) {
  throw Bug("a CUDA graph in a program without CUDA");
}

#endif

}  // namespace strffit::ops::gpu
