#include "ops/cuda/recorded.hpp"

#include <map>
#include <utility>

#include "ops/cuda/gpu.hpp"

namespace strffit::ops {
namespace {

std::map<c10::DeviceType, Recorder>& recorders() {
  static std::map<c10::DeviceType, Recorder> all = [] {
    std::map<c10::DeviceType, Recorder> those;
    if (gpu::present()) those[c10::DeviceType::CUDA] = {gpu::record, nullptr};
    return those;
  }();
  return all;
}

}  // namespace

void set_recorder(c10::DeviceType type, const Recorder& recorder) { recorders()[type] = recorder; }

bool records_on(c10::DeviceType type) { return recorders().contains(type); }

void perform(c10::DeviceType type, std::function<void()> operation) {
  const auto recorder = recorders().find(type);
  if (recorder == recorders().end() || !recorder->second.perform) {
    operation();
  } else {
    recorder->second.perform(std::move(operation));
  }
}

void Recorded::run(c10::DeviceType type, const std::function<void()>& work) {
  const auto recorder = recorders().find(type);
  if (recorder == recorders().end() || !done_once_) {
    work();
    done_once_ = true;
  } else if (!recording_) {
    recording_ = recorder->second.record(work);
  } else {
    recording_->replay();
  }
}

}  // namespace strffit::ops
