// Work recorded on a device.
#pragma once

namespace strffit::ops {

class Recording {
 public:
  Recording() = default;
  virtual ~Recording() = default;
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  virtual void replay() = 0;
};

}  // namespace strffit::ops
