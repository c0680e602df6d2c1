// GCC calls a function at every branch (-fsanitize-coverage=trace-pc), libFuzzer reads counters:
// here the one counts for the other.
#include <cstdint>

extern "C" void __sanitizer_cov_8bit_counters_init(std::uint8_t* begin, std::uint8_t* end);
extern "C" __attribute__((no_sanitize_coverage, no_sanitize_address, no_sanitize_undefined)) void
__sanitizer_cov_trace_pc();

namespace {

constexpr std::uintptr_t kCounters = 1 << 18;
std::uint8_t counters[kCounters];

[[maybe_unused]] const bool registered = [] {
  __sanitizer_cov_8bit_counters_init(counters, counters + kCounters);
  return true;
}();

}  // namespace

extern "C" void __sanitizer_cov_trace_pc() {
  // Relative to our own place, so that a branch has the same counter in every process.
  const auto place = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)) -
                     reinterpret_cast<std::uintptr_t>(&__sanitizer_cov_trace_pc);
  ++counters[(place ^ (place >> 18)) % kCounters];
}
