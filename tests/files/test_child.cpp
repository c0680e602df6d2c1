// What a child process may do, and how its end is told.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <stdexcept>
#include <vector>

#include "files/child.hpp"
#include "support/messages.hpp"
#include "util/errors.hpp"

namespace strffit::files {
namespace {

constexpr std::int64_t kMegabyte = 1 << 20;

std::string told(const std::function<void(ChildPlace&)>& body) {
  return test::error_of<DataError>([&] {
    try_in_child("x.mat", "MATLAB", {64 * kMegabyte, 1}, body);
  });
}

const std::string kDamaged =
    "expected a whole MATLAB file; found one so damaged that the MATLAB library fails on it: get a "
    "fresh copy";

// Written to, so that no compiler leaves it out.
void take(std::int64_t bytes) {
  std::vector<char> memory(static_cast<std::size_t>(bytes), 1);
  if (memory.back() != 1) throw std::logic_error("memory that does not hold");
}

// RLIMIT_AS counts the shadow memory of sanitizers.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kLimited = false;
#else
constexpr bool kLimited = true;
#endif

TEST_CASE("child: one that ends by itself, with an error of its own too") {
  CHECK(told([](ChildPlace&) {}) == "no error");
  CHECK(told([](ChildPlace&) { throw std::runtime_error("survived"); }) == "no error");
  const double seconds = try_in_child("x", "y", {0, 1}, [](ChildPlace&) {
    volatile double sum = 0;
    for (int i = 0; i < 30000000; ++i) sum = sum + i;
  });
  CHECK(seconds > 0.005);
  CHECK(seconds < 1);
}

TEST_CASE("child: what it does changes nothing here") {
  int here = 1;
  CHECK(told([&](ChildPlace&) { here = 2; }) == "no error");
  CHECK(here == 1);
}

TEST_CASE("child: one that crashes is told with the place where it was") {
  CHECK(told([](ChildPlace& place) {
          place.enter("/first");
          place.enter("/trial/3");
          raise(SIGSEGV);
        }) == "x.mat: /trial/3: " + kDamaged);
  CHECK(told([](ChildPlace&) { raise(SIGABRT); }) == "x.mat: " + kDamaged);
  CHECK(told([](ChildPlace&) { _exit(3); }) == "x.mat: " + kDamaged);
}

TEST_CASE("child: one without end is ended") {
  CHECK(told([](ChildPlace& place) {
          place.enter("/loop");
          for (volatile bool on = true; on;) {
          }
        }) == "x.mat: /loop: " + kDamaged);
}

TEST_CASE("child: one that asks for more memory than it may have") {
  if (!kLimited) {
    CHECK(told([](ChildPlace&) {}) == "no error");
    return;
  }
  CHECK(told([](ChildPlace&) { take(16 * kMegabyte); }) == "no error");
  CHECK(told([](ChildPlace& place) {
          place.enter("/hog");
          take(256 * kMegabyte);
        }) == "x.mat: /hog: " + kDamaged);
}

TEST_CASE("child: a limit of this process holds while it lives") {
  if (!kLimited) {
    CHECK(told([](ChildPlace&) {}) == "no error");
    return;
  }
  {
    const MemoryLimit limit(64 * kMegabyte);
    CHECK_THROWS_AS(take(1024 * kMegabyte), std::bad_alloc);
    CHECK_NOTHROW(take(16 * kMegabyte));
  }
  CHECK_NOTHROW(take(256 * kMegabyte));
}

}  // namespace
}  // namespace strffit::files
