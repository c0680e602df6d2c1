#include "model/kernel.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>

#include "ops/lagged_product.hpp"

namespace strffit {
namespace {

constexpr const char* kWeight = "strf/weight";
constexpr const char* kBias = "strf/bias";
constexpr const char* kPosition = "strf/position";
constexpr const char* kSigma = "strf/sigma";
constexpr const char* kFrequency = "strf/frequency";
constexpr const char* kTime = "strf/time";

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
  void imitate(Tensors& member, const at::Tensor& wanted) const override {
    member.at(kWeight).copy_(wanted);
  }
};

// Dilated convolution with learnable spacings (Khalfaoui-Hassani et al. 2023): a sum of G bumps,
// each a product of one along frequency and one along lag, so that k is a matrix product and never
// built point by point.
class Dcls : public Kernel {
 public:
  Dcls(std::int64_t gaussians, bool bilinear, const KernelShape& shape)
      : Kernel(shape), gaussians_(gaussians), bilinear_(bilinear) {}

  std::vector<Entry> entries() const override {
    const auto& s = shape();
    std::vector<Entry> result = {
        {kWeight, {s.outputs, s.channels, gaussians_}, Role::weight, s.response_units},
        {kPosition, {2, s.outputs, s.channels, gaussians_}, Role::learnt}};
    if (!bilinear_)
      result.push_back({kSigma, {2, s.outputs, s.channels, gaussians_}, Role::learnt});
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
    std::vector<Measure> result = {{"strf/position_hz", frequency_at(place.select(1, 0), axes)},
                                   {"strf/position_ms", place.select(1, 1) * axes.dt_ms},
                                   {"strf/weight", tensors.at(kWeight)}};
    if (!bilinear_) {
      const auto width = tensors.at(kSigma).abs() + kSigmaFloor;
      result.push_back({"strf/width_bands", width.select(1, 0)});
      result.push_back({"strf/width_ms", width.select(1, 1) * axes.dt_ms});
    }
    return result;
  }

  // Greedily, each bump of unit width at the largest residual that is left, with the weight that
  // takes it away.
  void imitate(Tensors& member, const at::Tensor& wanted) const override {
    const auto& s = shape();
    auto residual = wanted.to(at::kDouble).contiguous().clone();
    auto weight = member.at(kWeight), position = member.at(kPosition);
    if (!bilinear_) member.at(kSigma).fill_(kStartSigma);
    const auto profile = [&](std::int64_t centre, std::int64_t n) {
      const auto distance = at::arange(n, at::kDouble) - static_cast<double>(centre);
      if (bilinear_) return at::relu(1 - distance.abs());
      const auto bump = at::exp(-(distance / (kStartSigma + kSigmaFloor)).square() / 2);
      return bump / bump.sum();
    };
    for (std::int64_t o = 0; o < residual.size(0); ++o) {
      for (std::int64_t c = 0; c < s.channels; ++c) {
        auto left = residual[o][c];  // (F, L)
        for (std::int64_t g = 0; g < gaussians_; ++g) {
          const auto at = left.abs().argmax().item<std::int64_t>();
          const auto f = at / s.lags, l = at % s.lags;
          const auto bump = at::outer(profile(f, s.bands), profile(l, s.lags));
          const auto amount = (left * bump).sum() / bump.square().sum();
          left.sub_(bump * amount);
          weight[o][c][g].copy_(amount);
          position[0][o][c][g].fill_(static_cast<double>(f));
          position[1][o][c][g].fill_(static_cast<double>(l));
        }
      }
    }
  }

 private:
  static constexpr double kSigmaFloor = 0.27, kStartSigma = 0.5;

  // Hz at places between bands, on the logarithm of frequency; linear where a band is not above 0
  // Hz.
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
};

class Separable : public Kernel {
 public:
  Separable(std::int64_t rank, const KernelShape& shape) : Kernel(shape), rank_(rank) {}

  std::vector<Entry> entries() const override {
    const auto& s = shape();
    return {{kFrequency, {s.outputs, s.channels, rank_, s.bands}, Role::weight, s.response_units},
            {kTime, {s.outputs, s.channels, rank_, s.lags}, Role::weight},
            bias()};
  }
  void start(Tensors& member, Random& random) const override {
    // The product of two such factors has the spread of a full kernel's start.
    const double bound = std::sqrt(start_bound() * std::sqrt(3.0 / static_cast<double>(rank_)));
    fill_uniform(member.at(kFrequency), bound, random);
    fill_uniform(member.at(kTime), bound, random);
    fill_uniform(member.at(kBias), start_bound(), random);
  }
  at::Tensor kernel(const Tensors& tensors) const override {
    return at::matmul(tensors.at(kFrequency).transpose(-1, -2), tensors.at(kTime));
  }
  // The first `rank` terms of the singular value decomposition; times of unit length, amounts with
  // the frequencies.
  void imitate(Tensors& member, const at::Tensor& wanted) const override {
    const auto [u, s, v] =
        at::linalg_svd(wanted.to(at::kDouble), false);  // (K, C, F, R), (K, C, R), (K, C, R, L)
    const auto terms = std::min(rank_, s.size(-1));
    member.at(kFrequency)
        .zero_()
        .narrow(2, 0, terms)
        .copy_((u * s.unsqueeze(-2)).narrow(-1, 0, terms).transpose(-1, -2));
    member.at(kTime).zero_().narrow(2, 0, terms).copy_(v.narrow(-2, 0, terms));
  }

 private:
  std::int64_t rank_;
};

}  // namespace

at::Tensor Kernel::apply(const Tensors& tensors, const at::Tensor& x, const ops::LayoutPtr& layout,
                         bool fixed_bias) const {
  const auto& bias = tensors.at(kBias);
  return ops::lagged_product(x, kernel(tensors), fixed_bias ? bias.detach() : bias, layout,
                             shape_.ahead);
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

KernelBuilder read_kernel(config::Node& node) {
  const auto kind = node.choice(
      "kind", "full", {"full", "dcls", "separable"},
      "what is learnt of the receptive field: every point, Gaussians or bumps with learnt "
      "positions, or products of a profile along frequency and one along time");
  if (kind == "dcls") {
    const auto gaussians = node.get("gaussians", std::int64_t{10}, config::between(1, 10000),
                                    "Gaussians per output and input channel");
    const bool bilinear = node.choice("interpolation", "gaussian", {"gaussian", "bilinear"},
                                      "shape of each; bilinear has no width") == "bilinear";
    return [=](const KernelShape& shape) {
      return std::make_unique<Dcls>(gaussians, bilinear, shape);
    };
  }
  if (kind == "separable") {
    const auto rank = node.get("rank", std::int64_t{1}, config::between(1, 1000),
                               "products per output and input channel");
    return [=](const KernelShape& shape) { return std::make_unique<Separable>(rank, shape); };
  }
  return [](const KernelShape& shape) { return std::make_unique<Full>(shape); };
}

}  // namespace strffit
