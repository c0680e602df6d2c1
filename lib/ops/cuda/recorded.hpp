// Work that is recorded once on a GPU and started as one thing from then on (a CUDA graph): where
// the single operations are small, starting them one by one takes longer than working them.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>

#include "ops/cuda/recording.hpp"

namespace strffit::ops {

// How work is recorded on devices of one type.
struct Recorder {
  // Does `work` once, and keeps how.
  std::unique_ptr<Recording> (*record)(const std::function<void()>& work);
  // Does what is no operation of LibTorch's; null: nothing that a recording has to know of.
  void (*perform)(std::function<void()> operation);
};

// CUDA has one where the program was built with it; without one, work is done anew each time. To
// be set for the devices of tests.
void set_recorder(c10::DeviceType type, const Recorder& recorder);
bool records_on(c10::DeviceType type);
// Does an operation of the program's own in the memory of such a device.
void perform(c10::DeviceType type, std::function<void()> operation);

class Recorded {
 public:
  // Does `work`: anew the first time, when libraries set themselves up; from the second time on as
  // recorded. Each call has to mean the same operations on the same tensors, which stay where they
  // are in memory and are alone what goes in and comes out; `work` may wait for nothing on the
  // device.
  void run(c10::DeviceType type, const std::function<void()>& work);

 private:
  bool done_once_ = false;
  std::unique_ptr<Recording> recording_;
};

}  // namespace strffit::ops
