// What depends on the processor and the system that the program runs on.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "support/program.hpp"
#include "util/processor.hpp"

namespace strffit {
namespace {

test::Ended with(const char* name, const std::string& value,
                 const std::vector<std::string>& arguments) {
  return test::Program(arguments, [&] { setenv(name, value.c_str(), 1); }).wait();
}

TEST_CASE("OPENBLAS_CORETYPE is respected where the processor executes it, else refused by name") {
  const auto there = processor_instructions();
  for (const auto* core : {"Prescott", "Nehalem", "Sandybridge", "Bulldozer", "Opteron", "Haswell",
                           "SkylakeX", "Cooperlake"}) {
    CAPTURE(core);
    const auto ended = with("OPENBLAS_CORETYPE", core, {"--version"});
    CHECK(ended.signal == 0);
    if ((known_core(core)->needs & ~there) == 0) {
      CHECK(ended.code == 0);
      const bool of_openblas = ended.out.find("OpenBLAS") != std::string::npos;
      CHECK((!of_openblas || ended.out.find("(" + std::string(core) + ")") != std::string::npos));
    } else {
      CHECK(ended.code == 1);
      CHECK(ended.err.find("OPENBLAS_CORETYPE=" + std::string(core)) != std::string::npos);
    }
  }
}

TEST_CASE("a slow core type that was asked for is warned of, with the cure, and named") {
  if (best_core(processor_instructions()) == nullptr) {
    MESSAGE("this processor has no AVX: no core type is slower than another");
    return;
  }
  const test::SmallStudy study;
  const auto ended = with("OPENBLAS_CORETYPE", "Prescott",
                          {"train", study.config(), "--out", study.file("run"), "--dry-run"});
  CHECK(ended.code == 0);
  if (ended.err.find("OpenBLAS") == std::string::npos) return;  // another BLAS
  CHECK(ended.err.find("(Prescott)") != std::string::npos);
  CHECK(ended.err.find("unset OPENBLAS_CORETYPE") != std::string::npos);
}

}  // namespace
}  // namespace strffit
