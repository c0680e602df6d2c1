#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "files/checksum.hpp"
#include "files/folder_lock.hpp"
#include "files/temporary_file.hpp"
#include "support/messages.hpp"
#include "support/temporary_folder.hpp"
#include "util/errors.hpp"

namespace strffit::files {
namespace {

std::string refusal(const std::string& folder) {
  try {
    const FolderLock lock(folder);
  } catch (const RunError& error) {
    return error.what();
  }
  return "no error";
}

TEST_CASE("folder lock: one holder, who gives it free") {
  const test::TemporaryFolder folder;
  const std::string file = folder.file(".strffit.lock");
  {
    const FolderLock lock(folder.path());
    const std::string message = refusal(folder.path());
    CHECK(test::contains(message, "the folder " + folder.path() + " is in use by process " +
                                      std::to_string(getpid()) + " on "));
    CHECK(test::contains(message, "wait for it, or write to another folder"));
    CHECK(std::filesystem::exists(file));
  }
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(refusal(folder.path()) == "no error");
}

TEST_CASE("folder lock: moves, and is held once") {
  const test::TemporaryFolder folder, other;
  std::optional<FolderLock> first(folder.path());
  std::optional<FolderLock> second(std::move(*first));
  first.reset();
  CHECK(refusal(folder.path()) != "no error");
  *second = FolderLock(other.path());
  CHECK(refusal(folder.path()) == "no error");
  CHECK(refusal(other.path()) != "no error");
}

TEST_CASE("folder lock: what a killed process left is taken over") {
  const test::TemporaryFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    new FolderLock(folder.path());
    _exit(0);  // as kill -9 would: no destructor runs
  }
  waitpid(child, nullptr, 0);
  REQUIRE(std::filesystem::exists(folder.file(".strffit.lock")));
  CHECK(refusal(folder.path()) == "no error");
}

TEST_CASE("folder lock: a quick exit gives the folder free") {
  const test::TemporaryFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    new FolderLock(folder.path());
    std::quick_exit(0);
  }
  waitpid(child, nullptr, 0);
  CHECK_FALSE(std::filesystem::exists(folder.file(".strffit.lock")));
}

TEST_CASE("folder lock: a number that another process has got since is no holder") {
  const test::TemporaryFolder folder;
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  const std::string ours = std::string(host) + "\n" + std::to_string(getpid()) + "\n";
  write_text(folder.file(".strffit.lock"), ours + "2020-01-01T00:00:00Z\n1\n");
  CHECK(refusal(folder.path()) == "no error");
}

TEST_CASE("folder lock: the file names what it says, and that of 0.1, values alone, is read too") {
  const test::TemporaryFolder folder;
  setenv("SLURM_JOB_ID", "17", 1);
  setenv("SLURM_ARRAY_JOB_ID", "12", 1);
  setenv("SLURM_ARRAY_TASK_ID", "3", 1);
  {
    const FolderLock lock(folder.path());
    std::ifstream file(folder.file(".strffit.lock"));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    CHECK(test::contains(text, "\nprocess " + std::to_string(getpid()) + "\nstarted 20"));
    CHECK(test::contains(text, "\njob 12_3\n"));
    CHECK(lock_holder(folder.path())->job == "12_3");
    CHECK(lock_holder(folder.path())->life == LockHolder::Life::lives);
  }
  for (const char* name : {"SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID"}) {
    unsetenv(name);
  }
  for (const char* text : {"node17\n4711\n2020-01-01T00:00:00Z\n1\n5_6\n",
                           "host node17\nprocess 4711\nstarted 2020-01-01T00:00:00Z\n"
                           "process_age 1\njob 5_6\n"}) {
    write_text(folder.file(".strffit.lock"), text);
    const auto holder = lock_holder(folder.path());
    REQUIRE(holder);
    CHECK(holder->host == "node17");
    CHECK(holder->process == 4711);
    CHECK(holder->started == "2020-01-01T00:00:00Z");
    CHECK(holder->job == "5_6");
    CHECK(holder->life == LockHolder::Life::elsewhere);
  }
}

TEST_CASE("folder lock: of a process on another host it is said what to delete") {
  const test::TemporaryFolder folder;
  const std::string file = folder.file(".strffit.lock");
  write_text(file, "node17.cluster\n4711\n2020-01-01T00:00:00Z\n1\n");
  CHECK(refusal(folder.path()) ==
        "the folder " + folder.path() +
            " is in use by process 4711 on node17.cluster since 2020-01-01T00:00:00Z: if that "
            "process has ended, delete " +
            file + " and start again");
  CHECK(std::filesystem::exists(file));
}

TEST_CASE("folder lock: a folder that is missing") {
  CHECK(test::contains(refusal("/nowhere/at/all"),
                       "cannot write to the folder /nowhere/at/all: No such"));
}

TEST_CASE("sha256: the examples of FIPS 180-4 and one of more than a block") {
  const test::TemporaryFolder folder;
  const std::string file = folder.file("x");
  write_text(file, "abc");
  CHECK(sha256(file) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  write_text(file, "");
  CHECK(sha256(file) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  write_text(file, std::string(3000000, 'a'));  // from coreutils' sha256sum
  CHECK(sha256(file) == "2a152c894398719c0570f83fac34ac03a0f6e8e474b995c2403aa5434f7b9dd4");
  CHECK_THROWS_AS(sha256(folder.path()), DataError);
  CHECK_THROWS_AS(sha256(folder.file("none")), DataError);
}

}  // namespace
}  // namespace strffit::files
