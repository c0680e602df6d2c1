#include "commands/protocol.hpp"

#include <algorithm>
#include <iterator>

#include "util/errors.hpp"
#include "util/report.hpp"

namespace strffit {

std::string difference_of(std::vector<std::string> a, std::vector<std::string> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  const auto only = [](const auto& these, const auto& those) {
    std::vector<std::string> found;
    std::set_difference(these.begin(), these.end(), those.begin(), those.end(),
                        std::back_inserter(found));
    constexpr std::size_t kMostNamed = 3;
    std::string text = std::to_string(found.size());
    for (std::size_t i = 0; i < std::min(found.size(), kMostNamed); ++i) {
      text += (i == 0 ? " (" : ", ") + found[i];
    }
    if (found.size() > kMostNamed) text += ", ...";
    return text + (found.empty() ? "" : ")");
  };
  return only(a, b) + " only in the first, " + only(b, a) + " only in the other";
}

void require_same_protocol(const NamedProtocol& first, const NamedProtocol& other,
                           const std::string& done, const std::string& split, bool same_data,
                           bool same_units) {
  const Protocol &a = first.protocol, &b = other.protocol;
  const auto refuse = [&](const std::string& what, const std::string& cure) {
    throw ConfigError(other.run, "cannot be " + done + " with " + first.run + ": they differ in " +
                                     what + ". " + cure);
  };
  if (a.dt_ms != b.dt_ms) {
    refuse("frame width, " + number(a.dt_ms) + " and " + number(b.dt_ms) + " ms",
           "Fit both to one dataset");
  }
  if (!same_data && a.dataset_sha256 != b.dataset_sha256) {
    refuse("the dataset's content, sha256 " + a.dataset_sha256.substr(0, 12) + "... (" +
               first.data + ") and " + b.dataset_sha256.substr(0, 12) + "... (" + other.data + ")",
           "Fit both to one file, or name one that neither was trained on with --data FILE");
  }
  if (a.smooth_ms != b.smooth_ms) {
    refuse("smoothing, data.smooth_ms " + number(a.smooth_ms) + " and " + number(b.smooth_ms),
           "Fit one again with the other's data.smooth_ms");
  }
  if (a.outer != b.outer && split != "all") {
    refuse("nested cross-validation, data.nested.outer " + std::to_string(a.outer) + " and " +
               std::to_string(b.outer) + " (0: none)",
           "Fit one again with the other's data.nested.outer");
  }
  if (a.stimuli != b.stimuli) {
    refuse("the " + split + " stimuli: " + difference_of(a.stimuli, b.stimuli),
           "Fit one again with the other's data.split and data.folds");
  }
  if (same_units && a.units != b.units) {
    refuse("units: " + difference_of(a.units, b.units),
           "Fit one again with the other's data.units");
  }
}

void require_same_data(const std::string& file, const std::string& sha256, const std::string& then,
                       const std::string& what, const std::string& cure) {
  if (sha256 == then) return;
  throw DataError(file, "",
                  "is not " + what + " (sha256 " + sha256.substr(0, 12) + "..., then " +
                      then.substr(0, 12) + "...)" + cure);
}

}  // namespace strffit
