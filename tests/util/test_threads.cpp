#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "util/threads.hpp"

using namespace strffit;

TEST_CASE("threads: every piece is worked once, whatever the number of threads") {
  for (const int threads : {0, 1, 2, 5}) {
    for (const std::int64_t n : {0, 1, 3, 100}) {
      CAPTURE(threads);
      CAPTURE(n);
      std::vector<std::atomic<int>> times(static_cast<std::size_t>(n));
      parallel_for(n, threads, [&](std::int64_t i) { ++times[static_cast<std::size_t>(i)]; });
      for (const auto& one : times) CHECK(one == 1);
    }
  }
}

TEST_CASE("threads: pieces run side by side, the caller's thread among the workers") {
  // Each piece waits for the other: with one thread this would never end.
  std::atomic<int> begun{0};
  std::set<std::thread::id> workers;
  std::thread::id ids[2];
  parallel_for(2, 2, [&](std::int64_t i) {
    ids[i] = std::this_thread::get_id();
    ++begun;
    while (begun < 2) std::this_thread::yield();
  });
  workers.insert(std::begin(ids), std::end(ids));
  CHECK(workers.size() == 2);
  CHECK(workers.contains(std::this_thread::get_id()));
}

TEST_CASE("threads: an error ends the work and comes to the caller") {
  for (const int threads : {1, 3}) {
    std::atomic<int> worked{0};
    CHECK_THROWS_WITH_AS(parallel_for(1000000, threads,
                                      [&](std::int64_t i) {
                                        ++worked;
                                        if (i == 10) throw std::runtime_error("piece 10");
                                      }),
                         "piece 10", std::runtime_error);
    CHECK(worked > 10);
    CHECK(worked < 1000000);
  }
}
