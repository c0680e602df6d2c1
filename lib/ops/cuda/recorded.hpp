// Records work on a GPU once and then starts it as a whole (a CUDA graph). Small operations take
// longer to start one by one than to run.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>

#include "ops/cuda/recording.hpp"

namespace strffit::ops {

// Recording on devices of one type.
struct Recorder {
  // Runs `work` once and records it.
  std::unique_ptr<Recording> (*record)(const std::function<void()>& work);
  // Runs an operation that is not LibTorch's; null if recordings need not know of it.
  void (*perform)(std::function<void()> operation);
};

// Sets the recorder of a device type, for the devices of tests. CUDA has one if the program was
// built with it. Without a recorder, work runs normally each time.
void set_recorder(c10::DeviceType type, const Recorder& recorder);
bool records_on(c10::DeviceType type);
// Runs an operation of this program in the memory of such a device.
void perform(c10::DeviceType type, std::function<void()> operation);

class Recorded {
 public:
  // Runs `work`: normally the first time, when libraries initialise, and recorded from the
  // second time on. Each call must mean the same operations on the same tensors at the same
  // addresses, and these must be the only inputs and outputs. `work` must not wait for the
  // device.
  void run(c10::DeviceType type, const std::function<void()>& work);

 private:
  bool done_once_ = false;
  std::unique_ptr<Recording> recording_;
};

}  // namespace strffit::ops
