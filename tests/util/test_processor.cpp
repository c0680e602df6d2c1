#include <doctest/doctest.h>

#include <string>

#include "util/processor.hpp"

using namespace strffit;

namespace {

// The instructions of some processors, as their makers document them.
constexpr std::uint32_t kOfNehalem = kSse3 | kSsse3 | kSse41 | kSse42 | kPopcnt,
                        kOfSandybridge = kOfNehalem | kAvx,
                        kOfHaswell = kOfSandybridge | kF16c | kFma | kAvx2 | kBmi | kBmi2 | kLzcnt,
                        kOfSkylakeX = kOfHaswell | kAvx512;

std::string lack(std::uint32_t needed, std::uint32_t there, const char* core,
                 std::size_t size = 1000) {
  std::string message(size, 'x');
  if (!lacks_instructions(needed, there, core, message.data(), size)) return "";
  return message.substr(0, message.find('\0'));
}

}  // namespace

TEST_CASE("a program for a newer processor says which instructions are missing, and the cure") {
  CHECK(lack(0, 0, nullptr).empty());
  CHECK(lack(kOfHaswell, kOfSkylakeX, nullptr).empty());
  const auto text = lack(kOfHaswell, kOfNehalem, nullptr);
  CHECK(text.find("has no avx, f16c, fma, avx2, bmi, bmi2, lzcnt;") != std::string::npos);
  CHECK(text.find("STRFFIT_NATIVE=OFF") != std::string::npos);
  CHECK(text.back() == '\n');
  CHECK(lack(kOfHaswell, kOfNehalem, nullptr, 8) == "error: ");  // cut, not beyond its room
}

TEST_CASE("a core type that the processor cannot execute is refused by name") {
  CHECK(lack(0, kOfHaswell, "Haswell").empty());
  CHECK(lack(0, kOfHaswell, "hASWELL").empty());
  CHECK(lack(0, kOfHaswell, "").empty());
  CHECK(lack(0, kOfHaswell, "NoSuchCore").empty());  // OpenBLAS looks for itself then
  CHECK(lack(0, kOfHaswell, "SkylakeX").find("OPENBLAS_CORETYPE=SkylakeX") != std::string::npos);
  CHECK(lack(0, kOfHaswell, "SkylakeX").find("set it to Haswell") != std::string::npos);
  CHECK(lack(0, kOfSkylakeX, "Bulldozer").find("no fma4;") != std::string::npos);
  CHECK(lack(0, kOfSkylakeX, "Opteron").find("no 3dnow;") != std::string::npos);
  CHECK(lack(0, kOfNehalem, "Sandybridge").find("set it to") == std::string::npos);
}

TEST_CASE("the best core type is the newest that the processor executes") {
  CHECK(best_core(kOfNehalem) == nullptr);
  CHECK(best_core(kOfSandybridge)->name == std::string("Sandybridge"));
  CHECK(best_core(kOfHaswell)->name == std::string("Haswell"));
  CHECK(best_core(kOfSkylakeX)->name == std::string("SkylakeX"));
  // A system that does not save the registers of AVX-512: no half of it is taken.
  CHECK(best_core(kOfSkylakeX & ~std::uint32_t{kAvx512vl})->name == std::string("Haswell"));
  CHECK(known_core("PRESCOTT")->kernels == Kernels::sse);
  CHECK(known_core("Zen")->kernels == Kernels::avx2);
  CHECK(known_core("Zen5") == nullptr);
}

TEST_CASE("this program runs on this processor, so it lacks nothing") {
  CHECK((compiled_instructions & ~processor_instructions()) == 0);
}
