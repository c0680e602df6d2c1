#include "util/cpu_limit.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>
#include <string_view>

namespace strffit {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

// A word that is no positive number ("max", -1 of version 1, a missing file) limits nothing.
double limit_of(std::istream&& quota, std::istream&& period) {
  double allowed = 0, of = 0;
  return quota >> allowed && period >> of && allowed > 0 && of > 0 ? allowed / of : kNoLimit;
}

double limit_in(const std::string& folder) {
  std::string quota, period;
  std::ifstream(folder + "/cpu.max") >> quota >> period;
  return std::min(limit_of(std::istringstream(quota), std::istringstream(period)),
                  limit_of(std::ifstream(folder + "/cpu.cfs_quota_us"),
                           std::ifstream(folder + "/cpu.cfs_period_us")));
}

// Of a group and all around it, up to where the controller is mounted: in a container, /proc names
// groups that are not to be seen there, and the mount is its own.
double limit_up_from(const std::string& mount, std::string group) {
  double limit = limit_in(mount);
  for (; group.size() > 1; group.resize(group.rfind('/'))) {
    limit = std::min(limit, limit_in(mount + group));
    if (group.rfind('/') == std::string::npos) break;
  }
  return limit;
}

bool lists_cpu(const std::string& controllers) {
  std::istringstream names(controllers);
  for (std::string name; std::getline(names, name, ',');) {
    if (name == "cpu") return true;
  }
  return false;
}

}  // namespace

double cpu_limit(const std::string& root) {
  double limit = kNoLimit;
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "0::/path", "4:cpu,cpuacct:/path"
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    const auto group = line.substr(second + 1);
    const std::string mount = root + "/sys/fs/cgroup";
    if (controllers.empty()) {
      limit =
          std::min({limit, limit_up_from(mount, group), limit_up_from(mount + "/unified", group)});
    } else if (lists_cpu(controllers)) {
      limit = std::min({limit, limit_up_from(mount + "/cpu", group),
                        limit_up_from(mount + "/" + controllers, group)});
    }
  }
  return limit;
}

}  // namespace strffit
