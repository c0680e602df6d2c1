// Limits LibTorch to one thread per operation, for callers that predict many times.
#pragma once

#include "ops/gemm.hpp"

namespace strffit {

// While this object exists, each LibTorch operation uses one thread. Setting this once for many
// calls of predict() is faster, because LibTorch starts new threads each time the number changes.
// `after`: the number of threads that the destructor restores.
class OneInnerThread {
 public:
  explicit OneInnerThread(int after) : after_(after) { ops::set_inner_threads(1); }
  ~OneInnerThread() { ops::set_inner_threads(after_); }
  OneInnerThread(const OneInnerThread&) = delete;
  OneInnerThread& operator=(const OneInnerThread&) = delete;

 private:
  int after_;
};

}  // namespace strffit
