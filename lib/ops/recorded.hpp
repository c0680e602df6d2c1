// Work that is recorded once on a GPU and started as one thing from then on (a CUDA graph): where
// the single operations are small, starting them one by one takes longer than working them.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>

namespace strffit::ops {

// Work that has been recorded.
class Recording {
 public:
  Recording() = default;
  virtual ~Recording() = default;
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  virtual void replay() = 0;
};

// Does `work` once, and keeps how.
using Recorder = std::unique_ptr<Recording> (*)(const std::function<void()>& work);

// What records on devices of this type, instead of what does so otherwise: for tests. CUDA has one
// where the program was built with it; without one, work is done anew each time.
void set_recorder(c10::DeviceType type, Recorder recorder);
bool records_on(c10::DeviceType type);

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
