// One thread inside an operation, for callers that predict many times.
#pragma once

#include "ops/gemm.hpp"

namespace strffit {

// While it lives, operations use one thread: set once for many calls of predict(), since LibTorch
// starts new threads each time. `after`: what is set again at the end.
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
