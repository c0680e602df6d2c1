// What depends on the processor and the system that the program runs on.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

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

// Reference: the same commands under the C locale. The locales are made here, where localedef is; a
// name of a locale that is absent changes nothing.
TEST_CASE("decimal commas and time zones change no number") {
  const test::SmallStudy study;
  const std::string made = study.file("locales");
  std::filesystem::create_directories(made);
  const int failed = std::system(
      ("localedef -i de_DE -f UTF-8 '" + made + "/de_DE.UTF-8' >/dev/null 2>&1").c_str());
  if (failed != 0) MESSAGE("no localedef or no source of de_DE here: only the name is tried");
  const auto output = [&](const char* locale, const char* zone, const std::string& out) {
    const auto run_with = [&](const std::vector<std::string>& arguments) {
      auto ended = test::Program(arguments, [&] {
                     setenv("LOCPATH", made.c_str(), 1);
                     setenv("LC_ALL", locale, 1);
                     setenv("TZ", zone, 1);
                   }).wait();
      CHECK(ended.code == 0);
      return ended.out;
    };
    run_with({"train", study.config(), "fit.max_epochs=2", "fit.learning_rate=0.0015", "--out",
              study.file(out), "--threads", "1"});
    const std::string inspected = run_with({"inspect", study.data_file(), "--json"});
    return inspected + run_with({"eval", study.file(out), "--csv"});
  };
  const std::string expected = output("C", "UTC", "run_c");
  CHECK(expected.find(',') != std::string::npos);
  CHECK(output("de_DE.UTF-8", "Asia/Kolkata", "run_de") == expected);
}

}  // namespace
}  // namespace strffit
