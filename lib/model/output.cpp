#include "model/output.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <array>
#include <utility>

#include "ops/activation.hpp"
#include "ops/norm.hpp"
#include "ops/output.hpp"

namespace strffit {
namespace {

constexpr std::array<const char*, 4> kNames = {"output/a", "output/b", "output/c", "output/d"};
const std::vector<std::string> kParametric = {"parametric_sigmoid", "parametric_softplus",
                                              "double_exponential"};
// Smallest slope (d of a sigmoid, c of the others). It keeps gains from dividing by 0.
constexpr double kSmallestGain = 1e-6;

std::int64_t position(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) - names.begin();
}

ops::Parametric kind_of(const std::string& name) {
  return static_cast<ops::Parametric>(position(kParametric, name));
}

}  // namespace

const std::vector<std::string>& output_names() {
  static const std::vector<std::string> names = [] {
    auto all = ops::activation_names();
    all.insert(all.end(), kParametric.begin(), kParametric.end());
    return all;
  }();
  return names;
}

bool non_negative_output(const std::string& name) {
  return name != "identity" && name != "leaky_relu" && name != "tanh";
}

Output::Output(std::string kind, std::int64_t outputs, bool non_negative)
    : kind_(std::move(kind)),
      outputs_(outputs),
      non_negative_(non_negative),
      parametric_(std::find(kParametric.begin(), kParametric.end(), kind_) != kParametric.end()) {}

bool Output::keeps_positive_drive() const {
  return kind_ == "identity" || kind_ == "relu" || kind_ == "leaky_relu";
}

std::vector<Entry> Output::entries() const {
  std::vector<Entry> result;
  if (parametric_) {
    for (const auto* name : kNames) {
      // a and b have the unit of the response, c and d that of the drive.
      result.push_back({name, {outputs_}, Role::learnt, result.size() < 2});
    }
  }
  return result;
}

void Output::start(Tensors& member, Random&) const {
  if (!parametric_) return;
  member.at(kNames[0]).fill_(0);
  for (const auto* name : {kNames[1], kNames[2], kNames[3]}) member.at(name).fill_(1);
}

void Output::constrain(Tensors& tensors) const {
  if (!parametric_) return;
  if (non_negative_) {
    for (const auto* name : {kNames[0], kNames[1]}) tensors.at(name).clamp_min_(0);
  }
  tensors.at(kind_ == "parametric_sigmoid" ? kNames[3] : kNames[2]).clamp_min_(kSmallestGain);
}

void Output::fit_range(Tensors& tensors, std::int64_t m, std::int64_t n,
                       const ResponseRange& range) const {
  if (!parametric_) return;
  const double spread = std::max(range.drive_std, 1e-6),
               height = std::max(range.high - range.low, 1e-6);
  double a = range.low, b = height, c, d;
  // Responses are sparse, so the middle of their range lies above the mean drive.
  if (kind_ == "parametric_sigmoid") {
    c = range.drive_mean + spread;
    d = spread;
  } else if (kind_ == "parametric_softplus") {
    b = height / (2 * spread);
    c = 1 / spread;
    d = range.drive_mean;
  } else {
    c = 1 / spread;
    d = range.drive_mean + spread;
  }
  if (non_negative_) a = std::max(a, 0.0);
  const std::array<double, 4> values = {a, b, c, d};
  for (std::size_t i = 0; i < 4; ++i) tensors.at(kNames[i])[m][n].fill_(values[i]);
}

bool Output::fit(Tensors& tensors, std::int64_t m, std::int64_t n, const at::Tensor& drive,
                 const at::Tensor& target) const {
  if (!parametric_) return false;
  const auto y = target.to(at::kDouble), x = drive.to(at::kDouble).view({1, -1, 1});
  const double y_mean = y.mean().item<double>();
  const auto centred = y - y_mean;
  std::array<double, 4> best{};
  double best_gain = 0;  // explained sum of squares
  const auto one = at::ones({1, 1}, at::kDouble);
  for (int halves = -2; halves <= 6; ++halves) {
    const double place = 0.5 * halves;
    for (const double slope : {0.15, 0.3, 0.5, 0.8, 1.2, 2.0}) {
      const bool is_sigmoid = kind_ == "parametric_sigmoid";
      const double c = is_sigmoid ? place : 1 / slope, d = is_sigmoid ? slope : place;
      const auto g =
          ops::plain::parametric(x, one * 0, one, one * c, one * d, kind_of(kind_)).flatten();
      const double g_mean = g.mean().item<double>();
      const double power = (g - g_mean).square().sum().item<double>(),
                   shared = ((g - g_mean) * centred).sum().item<double>();
      if (!(power > 0) || !(shared > 0)) continue;
      double b = shared / power, a = y_mean - b * g_mean;
      if (non_negative_ && a < 0) {
        a = 0;
        b = (g * y).sum().item<double>() / g.square().sum().item<double>();
      }
      const double gain =
          centred.square().sum().item<double>() - (y - a - b * g).square().sum().item<double>();
      if (b > 0 && gain > best_gain) {
        best_gain = gain;
        best = {a, b, c, d};
      }
    }
  }
  if (!(best_gain > 0)) return false;
  for (std::size_t i = 0; i < 4; ++i) tensors.at(kNames[i])[m][n].fill_(best[i]);
  return true;
}

at::Tensor Output::apply(const Tensors& tensors, const at::Tensor& drive) const {
  if (kind_ == "identity") return drive;
  if (!parametric_) {
    return ops::plain::activate(
        drive, static_cast<ops::Activation>(position(ops::activation_names(), kind_)));
  }
  return ops::parametric(drive, tensors.at(kNames[0]), tensors.at(kNames[1]), tensors.at(kNames[2]),
                         tensors.at(kNames[3]), kind_of(kind_));
}

}  // namespace strffit
