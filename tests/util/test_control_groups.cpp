#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "support/temporary_folder.hpp"
#include "util/control_groups.hpp"
#include "util/memory.hpp"

using namespace strffit;

namespace {

struct System {
  test::TemporaryFolder folder;
  void put(const std::string& name, const std::string& text) {
    const auto path = std::filesystem::path(folder.path()) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  double limit() const { return cpu_limit(folder.path()); }
  double memory() const { return memory_group_limit(folder.path()); }
};

}  // namespace

TEST_CASE("processor time: the least quota of a group and those around it, of version 2") {
  System system;
  CHECK(std::isinf(system.limit()));
  system.put("proc/self/cgroup", "0::/slurm/job_7/step_0\n");
  CHECK(std::isinf(system.limit()));
  system.put("sys/fs/cgroup/slurm/job_7/step_0/cpu.max", "max 100000\n");
  CHECK(std::isinf(system.limit()));
  system.put("sys/fs/cgroup/slurm/job_7/cpu.max", "250000 100000\n");
  CHECK(system.limit() == 2.5);
  system.put("sys/fs/cgroup/slurm/cpu.max", "400000 100000\n");
  CHECK(system.limit() == 2.5);
  system.put("sys/fs/cgroup/cpu.max", "50000 100000\n");
  CHECK(system.limit() == 0.5);
}

TEST_CASE("processor time: version 1, and a container that sees only its own group") {
  System system;
  system.put("proc/self/cgroup",
             "9:cpuset:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/\n");
  system.put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  system.put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  CHECK(std::isinf(system.limit()));
  system.put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "300000\n");
  CHECK(system.limit() == 3);
  system.put("sys/fs/cgroup/cpuset/docker/abc/cpu.cfs_quota_us", "1\n");
  CHECK(system.limit() == 3);
}

TEST_CASE("memory: the least limit of a group and those around it, of both versions") {
  System system;
  CHECK(std::isinf(system.memory()));
  system.put("proc/self/cgroup", "7:memory:/slurm/job_7\n0::/slurm/job_7\n");
  system.put("sys/fs/cgroup/slurm/job_7/memory.max", "max\n");
  CHECK(std::isinf(system.memory()));
  system.put("sys/fs/cgroup/slurm/memory.max", "3000000000\n");
  CHECK(system.memory() == 3e9);
  system.put("sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes", "2000000000\n");
  CHECK(system.memory() == 2e9);
  // A container sees its own limit where the controller is mounted.
  system.put("sys/fs/cgroup/memory.max", "1000000000\n");
  CHECK(system.memory() == 1e9);
  CHECK(std::isinf(system.limit()));
}

TEST_CASE("damaged or strange control groups limit nothing") {
  for (const std::string text : {"", ":", "0::", "0:", "x\n\n", "0::relative", "0::/../.."}) {
    System system;
    system.put("proc/self/cgroup", text);
    system.put("sys/fs/cgroup/cpu.max", "0 0\n");
    system.put("sys/fs/cgroup/memory.max", "0\n");
    CHECK(std::isinf(system.limit()));
    CHECK(std::isinf(system.memory()));
  }
}

TEST_CASE("at least one processor is there") { CHECK(available_processors() >= 1); }
