// Numbers that do not fit into memory, in an unnamed file that ends with the process.
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

  // Returns the position of the first of `values`. The first 16 MiB stay in memory; the rest goes
  // to the folder TMPDIR, by default /tmp. RunError if it is full.
  std::int64_t append(std::span<const float> values);
  // Fills `values` from position `place`.
  void read(std::int64_t place, std::span<float> values) const;

 private:
  void spill();

  std::vector<float> memory_;
  std::int64_t size_ = 0;
  int file_ = -1;
};

}  // namespace strffit::files
