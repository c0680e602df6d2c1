// Numbers that wait in a file without a name.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "files/scratch.hpp"
#include "support/messages.hpp"
#include "support/temporary_folder.hpp"
#include "util/errors.hpp"

namespace strffit::files {
namespace {

std::vector<float> counted(std::int64_t from, std::size_t n) {
  std::vector<float> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = static_cast<float>(from) + static_cast<float>(i);
  return values;
}

// For as long as it lives, TMPDIR is another folder.
class TemporaryPlace {
 public:
  explicit TemporaryPlace(const std::string& folder) {
    const char* now = std::getenv("TMPDIR");
    before_ = now == nullptr ? "" : now;
    setenv("TMPDIR", folder.c_str(), 1);
  }
  ~TemporaryPlace() {
    if (before_.empty()) {
      unsetenv("TMPDIR");
    } else {
      setenv("TMPDIR", before_.c_str(), 1);
    }
  }

 private:
  std::string before_;
};

TEST_CASE("scratch: what was appended is read, in memory and beyond it, and leaves no file") {
  const test::TemporaryFolder folder;
  const TemporaryPlace place(folder.path());
  constexpr std::size_t kPiece = 1500000;  // four of them are 24 MB
  {
    Scratch scratch;
    for (std::int64_t i = 0; i < 4; ++i) {
      CHECK(scratch.append(counted(1000 * i, kPiece)) == i * static_cast<std::int64_t>(kPiece));
      for (const std::int64_t k : {std::int64_t{0}, i}) {
        std::vector<float> found(kPiece);
        scratch.read(k * static_cast<std::int64_t>(kPiece), found);
        CHECK(found == counted(1000 * k, kPiece));
      }
    }
    std::vector<float> beyond(2);
    CHECK_THROWS_AS(scratch.read(4 * static_cast<std::int64_t>(kPiece) - 1, beyond), Bug);
    CHECK(std::filesystem::is_empty(folder.path()));  // without a name while it is open, too
  }
}

TEST_CASE("scratch: a folder that takes no file is named") {
  const TemporaryPlace place("/proc");
  Scratch scratch;
  CHECK(scratch.append(counted(0, 10)) == 0);  // in memory
  const std::string error =
      test::error_of<RunError>([&] { scratch.append(counted(0, std::size_t{5} << 20)); });
  CHECK(test::contains(error, "cannot make a temporary file in /proc: "));
  CHECK(test::contains(error, "set TMPDIR to another folder"));
}

}  // namespace
}  // namespace strffit::files
