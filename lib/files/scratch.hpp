// Numbers that are too many for memory: in a file without a name, which is gone with the process.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace strffit::files {

class Scratch {
 public:
  Scratch() = default;
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // The place of the first of `values`. The first few megabytes stay in memory, the rest goes into
  // the folder that TMPDIR names, /tmp by default; RunError where that is full.
  std::int64_t append(std::span<const float> values);
  // Fills `values` from `place` on, where they were appended.
  void read(std::int64_t place, std::span<float> values) const;

 private:
  void spill();

  std::vector<float> memory_;
  std::int64_t size_ = 0;
  int file_ = -1;
};

}  // namespace strffit::files
