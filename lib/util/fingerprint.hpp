// A hash of numbers and text: 64-bit FNV-1a (Fowler, Noll & Vo), one step per 32-bit number. Not
// cryptographic.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string_view>

namespace strffit {

class Fingerprint {
 public:
  void add(std::uint32_t word) { hash_ = (hash_ ^ word) * 0x100000001b3U; }
  void add(std::uint64_t word) {
    add(static_cast<std::uint32_t>(word));
    add(static_cast<std::uint32_t>(word >> 32));
  }
  // -0 counts as 0.
  void add(std::span<const float> values) {
    for (const float value : values) add(std::bit_cast<std::uint32_t>(value + 0.0F));
  }
  void add(std::string_view text) {
    for (const char c : text) add(std::uint32_t{static_cast<unsigned char>(c)});
  }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325U;
};

}  // namespace strffit
