#include "model/kernel.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "ops/lagged_product.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {
namespace {

constexpr const char* kWeight = "strf/weight";
constexpr const char* kBias = "strf/bias";
constexpr const char* kPosition = "strf/position";
constexpr const char* kSigma = "strf/sigma";
constexpr const char* kFrequency = "strf/frequency";
constexpr const char* kTime = "strf/time";

// Weights of the columns of `basis` (D, n) whose sum is nearest to `wanted` (D) in the metric.
// Nearly dependent columns share their weight.
at::Tensor nearest(const at::Tensor& basis, const at::Tensor& wanted, const at::Tensor& metric) {
  constexpr double kIndependent = 1e-6;
  const auto seen = at::matmul(metric, basis);
  return std::get<0>(at::linalg_lstsq(at::matmul(basis.t(), seen),
                                      at::mv(seen.t(), wanted).unsqueeze(1), kIndependent, "gelsd"))
      .flatten();
}

class Full : public Kernel {
 public:
  using Kernel::Kernel;

  std::vector<Entry> entries() const override {
    const auto& s = shape();
    return {{kWeight, {s.outputs, s.channels, s.bands, s.lags}, Role::weight, s.response_units},
            bias()};
  }
  void start(Tensors& member, Random& random) const override {
    fill_uniform(member.at(kWeight), start_bound(), random);
    fill_uniform(member.at(kBias), start_bound(), random);
  }
  at::Tensor kernel(const Tensors& tensors) const override { return tensors.at(kWeight); }
  void imitate(Tensors& member, const at::Tensor& wanted, const at::Tensor&) const override {
    member.at(kWeight).copy_(wanted);
  }
  bool imitates_exactly() const override { return true; }
};

// Dilated convolution with learnable spacings, DCLS (Khalfaoui-Hassani et al. 2023): a sum of G
// bumps, each a product of a profile along frequency and a profile along lag. The kernel is thus a
// matrix product of these profiles.
class Dcls : public Kernel {
 public:
  Dcls(std::int64_t gaussians, bool bilinear, std::string where, const KernelShape& shape)
      : Kernel(shape), gaussians_(gaussians), bilinear_(bilinear), where_(std::move(where)) {}

  void require_possible() const override {
    require_at_most(gaussians_, shape().bands * shape().lags, "points", where_);
  }

  std::vector<Entry> entries() const override {
    const auto& s = shape();
    std::vector<Entry> result = {
        {kWeight, {s.outputs, s.channels, gaussians_}, Role::weight, s.response_units},
        {kPosition, {2, s.outputs, s.channels, gaussians_}, Role::learnt, false, 1}};
    if (!bilinear_)
      result.push_back({kSigma, {2, s.outputs, s.channels, gaussians_}, Role::learnt, false, 1});
    result.push_back(bias());
    return result;
  }
  void start(Tensors& member, Random& random) const override {
    const auto& s = shape();
    fill_uniform(member.at(kWeight), 1 / std::sqrt(static_cast<double>(s.channels * gaussians_)),
                 random);
    auto& position = member.at(kPosition);
    for (const std::int64_t axis : {0, 1}) {
      const auto last = static_cast<double>((axis == 0 ? s.bands : s.lags) - 1);
      auto half = at::empty(position[axis].sizes());
      fill_uniform(half, last / 2, random);
      position[axis].copy_(half + last / 2);
    }
    if (!bilinear_) member.at(kSigma).fill_(1);
    fill_uniform(member.at(kBias), start_bound(), random);
  }
  void constrain(Tensors& tensors) const override {
    auto& position = tensors.at(kPosition);
    position.select(1, 0).clamp_(0, static_cast<double>(shape().bands - 1));
    position.select(1, 1).clamp_(0, static_cast<double>(shape().lags - 1));
  }
  at::Tensor kernel(const Tensors& tensors) const override {
    const auto along_frequency = bumps(tensors, 0, shape().bands);  // (M, K, C, G, F)
    const auto along_lag = bumps(tensors, 1, shape().lags);         // (M, K, C, G, L)
    return at::matmul((along_frequency * tensors.at(kWeight).unsqueeze(-1)).transpose(-1, -2),
                      along_lag);
  }

  std::vector<Measure> measures(const Tensors& tensors, const Axes& axes) const override {
    const auto place = tensors.at(kPosition).detach();  // (M, 2, K, C, G)
    std::vector<Measure> result = {
        {"strf/position_hz", frequency_at(place.select(1, 0), axes)},
        {"strf/position_ms", lag_ms(place.select(1, 1), shape().ahead, axes)},
        {"strf/weight", tensors.at(kWeight)}};
    if (!bilinear_) {
      const auto width = tensors.at(kSigma).abs() + kSigmaFloor;
      result.push_back({"strf/width_bands", width.select(1, 0)});
      result.push_back({"strf/width_ms", width.select(1, 1) * axes.dt_ms});
    }
    return result;
  }

  // Places bumps greedily (orthogonal matching pursuit). Each bump gets the position and width that
  // explain most of the remaining target. Then the weights of all placed bumps are solved for
  // again. At the end they are solved for in the metric.
  void imitate(Tensors& member, const at::Tensor& wanted, const at::Tensor& metric) const override {
    const auto& s = shape();
    const auto targets = wanted.to(at::kDouble).contiguous();
    const auto along_frequency = profiles(s.bands), along_lag = profiles(s.lags);
    for (std::int64_t o = 0; o < targets.size(0); ++o) {
      auto basis = at::zeros({s.channels, s.bands * s.lags, s.channels, gaussians_}, at::kDouble);
      for (std::int64_t c = 0; c < s.channels; ++c) {
        basis[c].select(1, c).copy_(
            place_bumps(member, o, c, targets[o][c], along_frequency, along_lag));
      }
      if (!metric.defined()) continue;
      const auto weights =
          nearest(basis.view({-1, s.channels * gaussians_}), targets[o].flatten(), metric);
      member.at(kWeight)[o].copy_(weights.view({s.channels, gaussians_}));
    }
  }

 private:
  static constexpr double kSigmaFloor = 0.27;
  // In bands or frames. A bilinear bump always has width 1.
  static constexpr std::array<double, 4> kStartSigmas = {0.3, 0.8, 1.8, 3.6};

  // Bumps of every width at every position of n, one per row: (widths * n, n).
  at::Tensor profiles(std::int64_t n) const {
    const auto place = at::arange(n, at::kDouble);
    const auto distance = place - place.unsqueeze(1);
    if (bilinear_) return at::relu(1 - distance.abs());
    std::vector<at::Tensor> rows;
    for (const double sigma : kStartSigmas) {
      const auto bump = at::exp(-(distance / (sigma + kSigmaFloor)).square() / 2);
      rows.push_back(bump / bump.sum(-1, true));
    }
    return at::cat(rows);
  }

  // Returns the bumps (F * L, G).
  at::Tensor place_bumps(Tensors& member, std::int64_t o, std::int64_t c, const at::Tensor& target,
                         const at::Tensor& along_frequency, const at::Tensor& along_lag) const {
    const auto lengths = at::outer(along_frequency.norm(2, 1), along_lag.norm(2, 1));
    auto left = target;              // remaining target (F, L)
    std::vector<at::Tensor> placed;  // (F * L)
    at::Tensor weights;
    for (std::int64_t g = 0; g < gaussians_; ++g) {
      const auto taken = at::matmul(at::matmul(along_frequency, left), along_lag.t()) / lengths;
      const auto best = taken.abs().argmax().item<std::int64_t>();
      const auto row = best / along_lag.size(0), column = best % along_lag.size(0);
      placed.push_back(at::outer(along_frequency[row], along_lag[column]).flatten());
      const std::array<std::int64_t, 2> at = {row, column}, n = {shape().bands, shape().lags};
      for (std::size_t axis = 0; axis < 2; ++axis) {
        const auto i = static_cast<std::int64_t>(axis);
        member.at(kPosition)[i][o][c][g].fill_(static_cast<double>(at[axis] % n[axis]));
        if (!bilinear_) {
          member.at(kSigma)[i][o][c][g].fill_(
              kStartSigmas[static_cast<std::size_t>(at[axis] / n[axis])]);
        }
      }
      const auto bumps = at::stack(placed, 1);  // (F * L, g + 1)
      weights = std::get<0>(at::linalg_lstsq(bumps, target.reshape({-1, 1}), 1e-6, "gelsd"));
      left = target - at::matmul(bumps, weights).view(target.sizes());
    }
    member.at(kWeight)[o][c].copy_(weights.flatten());
    return at::stack(placed, 1);
  }

  // Converts positions between bands to Hz by interpolation in log frequency. Interpolates linearly
  // where a band is at or below 0 Hz.
  static at::Tensor frequency_at(const at::Tensor& place, const Axes& axes) {
    const auto hz = at::tensor(axes.frequencies_hz, at::kDouble);
    const auto last = hz.size(0) - 1;
    const auto below = place.floor()
                           .clamp(0, static_cast<double>(std::max<std::int64_t>(last - 1, 0)))
                           .to(at::kLong);
    const auto above = (below + 1).clamp_max(last);
    const bool positive = axes.frequencies_hz.front() > 0;
    const auto scale = positive ? hz.log() : hz;
    const auto at_index = [&](const at::Tensor& index) {
      return scale.index_select(0, index.flatten()).view(index.sizes());
    };
    const auto value =
        at_index(below) + (at_index(above) - at_index(below)) * (place.to(at::kDouble) - below);
    return positive ? value.exp() : value;
  }

  at::Tensor bumps(const Tensors& tensors, std::int64_t axis, std::int64_t n) const {
    const auto centre = tensors.at(kPosition).select(1, axis).unsqueeze(-1);
    const auto distance = at::arange(n, centre.options().requires_grad(false)) - centre;
    if (bilinear_) return at::relu(1 - distance.abs());
    const auto width = tensors.at(kSigma).select(1, axis).abs().unsqueeze(-1) + kSigmaFloor;
    const auto bump = at::exp(-(distance / width).square() / 2);
    return bump / bump.sum(-1, true);
  }

  std::int64_t gaussians_;
  bool bilinear_;
  std::string where_;  // where the number of bumps stands in the configuration
};

class Separable : public Kernel {
 public:
  Separable(std::int64_t rank, std::string where, const KernelShape& shape)
      : Kernel(shape), rank_(rank), where_(std::move(where)) {}

  void require_possible() const override {
    require_at_most(rank_, std::min(shape().bands, shape().lags), "independent products", where_);
  }

  std::vector<Entry> entries() const override {
    const auto& s = shape();
    return {{kFrequency, {s.outputs, s.channels, rank_, s.bands}, Role::weight, s.response_units},
            {kTime, {s.outputs, s.channels, rank_, s.lags}, Role::weight},
            bias()};
  }
  void start(Tensors& member, Random& random) const override {
    // The product of two such factors has the same spread as the start of a full kernel.
    const double bound = std::sqrt(start_bound() * std::sqrt(3.0 / static_cast<double>(rank_)));
    fill_uniform(member.at(kFrequency), bound, random);
    fill_uniform(member.at(kTime), bound, random);
    fill_uniform(member.at(kBias), start_bound(), random);
  }
  at::Tensor kernel(const Tensors& tensors) const override {
    return at::matmul(tensors.at(kFrequency).transpose(-1, -2), tensors.at(kTime));
  }
  // Takes the first `rank` terms of the singular value decomposition. With a metric, then
  // alternates a few times between solving for the frequency profiles and for the time profiles.
  // Time profiles have unit length; frequency profiles carry the amplitude.
  void imitate(Tensors& member, const at::Tensor& wanted, const at::Tensor& metric) const override {
    const auto [u, s, v] =
        at::linalg_svd(wanted.to(at::kDouble), false);  // (K, C, F, R), (K, C, R), (K, C, R, L)
    const auto terms = std::min(rank_, s.size(-1));
    member.at(kFrequency)
        .zero_()
        .narrow(2, 0, terms)
        .copy_((u * s.unsqueeze(-2)).narrow(-1, 0, terms).transpose(-1, -2));
    member.at(kTime).zero_().narrow(2, 0, terms).copy_(v.narrow(-2, 0, terms));
    if (!metric.defined()) return;
    constexpr int kRounds = 4;
    for (std::int64_t o = 0; o < wanted.size(0); ++o) {
      const auto target = wanted[o].to(at::kDouble).flatten();
      auto frequency = member.at(kFrequency)[o].to(at::kDouble),
           time = member.at(kTime)[o].to(at::kDouble);  // (C, R, F), (C, R, L)
      for (int round = 0; round < kRounds; ++round) {
        frequency = nearest(terms_of(time, true), target, metric).view(frequency.sizes());
        time = nearest(terms_of(frequency, false), target, metric).view(time.sizes());
        const auto length = time.norm(2, {2}, true).clamp_min(1e-12);
        time = time / length;
        frequency = frequency * length;
      }
      member.at(kFrequency)[o].copy_(frequency);
      member.at(kTime)[o].copy_(time);
    }
  }

 private:
  // The basis in which the kernel is linear if one factor is given: (C F L, C R F) for given time
  // profiles, (C F L, C R L) for given frequency profiles.
  at::Tensor terms_of(const at::Tensor& given, bool times) const {
    const auto& s = shape();
    const auto free = times ? s.bands : s.lags;
    auto basis = at::zeros({s.channels, s.bands, s.lags, s.channels, rank_, free}, at::kDouble);
    for (std::int64_t c = 0; c < s.channels; ++c) {
      const auto own = basis[c].select(2, c);  // (F, L, R, free)
      for (std::int64_t i = 0; i < free; ++i)
        own.select(times ? 0 : 1, i).select(2, i).copy_(given[c].t());
    }
    return basis.view({s.channels * s.bands * s.lags, -1});
  }

  std::int64_t rank_;
  std::string where_;  // where the rank stands in the configuration
};

}  // namespace

Tensors Kernel::of_output(const Tensors& member, std::int64_t output) const {
  Tensors own;
  for (const auto& entry : entries()) {
    own[entry.name] = member.at(entry.name).narrow(entry.output_axis, output, 1);
  }
  return own;
}

void Kernel::set_bias(Tensors& of_output, double value) { of_output.at(kBias).fill_(value); }

at::Tensor Kernel::apply(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                         bool fixed_bias) const {
  const auto& bias = tensors.at(kBias);
  return ops::lagged_product(x, kernel(tensors), fixed_bias ? bias.detach() : bias, layout,
                             shape_.ahead, shape_.own_input);
}

void Kernel::require_at_most(std::int64_t pieces, std::int64_t most, const std::string& what,
                             const std::string& where) const {
  if (pieces <= most) return;
  throw ConfigError(where, fmt::format("expected at most {}, the {} that a kernel of {} and {} can "
                                       "hold; found {}",
                                       most, what, counted(shape_.bands, "band"),
                                       counted(shape_.lags, "frame"), pieces));
}

double Kernel::start_bound() const {
  return 1 / std::sqrt(static_cast<double>(shape_.channels * shape_.bands * shape_.lags));
}

void fill_uniform(at::Tensor& tensor, double bound, Random& random) {
  auto values = at::empty(tensor.sizes(), at::kFloat);
  auto* data = values.data_ptr<float>();
  for (std::int64_t i = 0; i < values.numel(); ++i)
    data[i] = static_cast<float>(random.uniform(-bound, bound));
  tensor.copy_(values);
}

KernelSpec read_kernel(config::Node& node) {
  const auto kind = node.choice(
      "kind", "full", {"full", "dcls", "separable"},
      "parameters of the receptive field: every point (full), Gaussians with learnt positions and "
      "widths (dcls), or products of a profile along frequency and one along time (separable)");
  if (kind == "dcls") {
    const auto gaussians =
        node.get("gaussians", std::int64_t{10}, config::between(1, 10000),
                 "Gaussians per output and input channel; at most the kernel's bands x frames");
    const bool bilinear =
        node.choice("interpolation", "gaussian", {"gaussian", "bilinear"},
                    "shape of each Gaussian; bilinear has no width") == "bilinear";
    const auto where = node.where("gaussians");
    return {.any = false, .build = [=](const KernelShape& shape) {
              return std::make_unique<Dcls>(gaussians, bilinear, where, shape);
            }};
  }
  if (kind == "separable") {
    const auto rank =
        node.get("rank", std::int64_t{1}, config::between(1, 1000),
                 "products per output and input channel; at most the kernel's bands and frames");
    const auto where = node.where("rank");
    return {.any = false, .build = [=](const KernelShape& shape) {
              return std::make_unique<Separable>(rank, where, shape);
            }};
  }
  return {.build = [](const KernelShape& shape) { return std::make_unique<Full>(shape); }};
}

}  // namespace strffit
