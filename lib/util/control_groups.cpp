#include "util/control_groups.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>

namespace strffit {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

// Text that is not a positive number ("max", -1 in version 1, a missing file) means no limit.
double positive(std::istream&& text) {
  double number = 0;
  return text >> number && number > 0 ? number : kNoLimit;
}

double cpu_limit_in(const std::string& folder) {
  std::string quota, period;
  std::ifstream(folder + "/cpu.max") >> quota >> period;
  const auto ratio = [](double allowed, double of) { return of < kNoLimit ? allowed / of : of; };
  return std::min(ratio(positive(std::istringstream(quota)), positive(std::istringstream(period))),
                  ratio(positive(std::ifstream(folder + "/cpu.cfs_quota_us")),
                        positive(std::ifstream(folder + "/cpu.cfs_period_us"))));
}

double memory_limit_in(const std::string& folder) {
  return std::min(positive(std::ifstream(folder + "/memory.max")),
                  positive(std::ifstream(folder + "/memory.limit_in_bytes")));
}

using LimitIn = double (*)(const std::string& folder);

// Lowest limit of a group and its parents, up to the mount point of the controller. In a container,
// /proc may name groups that are not visible; the mount point is then the container's own group.
double limit_up_from(const std::string& mount, std::string group, LimitIn limit_in) {
  double limit = limit_in(mount);
  for (; group.size() > 1; group.resize(group.rfind('/'))) {
    limit = std::min(limit, limit_in(mount + group));
    if (group.rfind('/') == std::string::npos) break;
  }
  return limit;
}

bool lists(const std::string& controllers, const std::string& controller) {
  std::istringstream names(controllers);
  for (std::string name; std::getline(names, name, ',');) {
    if (name == controller) return true;
  }
  return false;
}

double least_limit(const std::string& root, const std::string& controller, LimitIn limit_in) {
  double limit = kNoLimit;
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "0::/path", "4:cpu,cpuacct:/path"
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    const auto group = line.substr(second + 1);
    const std::string mount = root + "/sys/fs/cgroup/";
    const auto take = [&](const std::string& below) {
      limit = std::min(limit, limit_up_from(mount + below, group, limit_in));
    };
    if (controllers.empty()) {
      take(".");
      take("unified");
    } else if (lists(controllers, controller)) {
      take(controller);
      take(controllers);
    }
  }
  return limit;
}

}  // namespace

double cpu_limit(const std::string& root) { return least_limit(root, "cpu", cpu_limit_in); }

double memory_group_limit(const std::string& root) {
  return least_limit(root, "memory", memory_limit_in);
}

}  // namespace strffit
