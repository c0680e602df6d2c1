#include "ops/recorded.hpp"

#include <map>

#include "ops/gpu.hpp"

namespace strffit::ops {
namespace {

std::map<c10::DeviceType, Recorder>& recorders() {
  static std::map<c10::DeviceType, Recorder> all = [] {
    std::map<c10::DeviceType, Recorder> those;
    if (gpu::present()) those[c10::DeviceType::CUDA] = gpu::record;
    return those;
  }();
  return all;
}

}  // namespace

void set_recorder(c10::DeviceType type, Recorder recorder) { recorders()[type] = recorder; }

bool records_on(c10::DeviceType type) { return recorders().contains(type); }

void Recorded::run(c10::DeviceType type, const std::function<void()>& work) {
  const auto recorder = recorders().find(type);
  if (recorder == recorders().end() || !done_once_) {
    work();
    done_once_ = true;
  } else if (!recording_) {
    recording_ = recorder->second(work);
  } else {
    recording_->replay();
  }
}

}  // namespace strffit::ops
