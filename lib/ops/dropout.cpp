#include "ops/dropout.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <cmath>
#include <cstdint>

#include "util/random.hpp"

namespace strffit::ops {
namespace {

// Random's arithmetic on int64 tensors, whose products wrap as those of uint64 do.
constexpr std::uint64_t kStride = 0x9e3779b97f4a7c15ULL;

at::Scalar as_signed(std::uint64_t bits) { return static_cast<std::int64_t>(bits); }

// z >> bits, zeros from the left.
at::Tensor shifted(const at::Tensor& z, int bits) {
  const auto low = (std::uint64_t{1} << (64 - bits)) - 1;
  return at::bitwise_and(at::bitwise_right_shift(z, at::Scalar(bits)), as_signed(low));
}

at::Tensor mixed(at::Tensor z) {
  z = at::bitwise_xor(z, shifted(z, 30)) * as_signed(0xbf58476d1ce4e5b9ULL);
  z = at::bitwise_xor(z, shifted(z, 27)) * as_signed(0x94d049bb133111ebULL);
  return at::bitwise_xor(z, shifted(z, 31));
}

at::Tensor with_number(const at::Tensor& state, const at::Tensor& number) {
  return mixed(at::bitwise_xor(state, mixed(number + as_signed(kStride))));
}

}  // namespace

namespace plain {

at::Tensor kept_units(const at::Tensor& keys, const at::Tensor& step, std::int64_t layer,
                      std::int64_t units, double fraction, at::ScalarType type) {
  auto state = mixed(keys + as_signed(kStride)).unsqueeze(1);  // (M, 1)
  state = with_number(state, step);
  state = with_number(state, at::full_like(step, layer));
  state = with_number(state, at::arange(units, keys.options()));
  const auto number = shifted(mixed(state + as_signed(kStride)), 11);  // of 53 bits
  const auto limit = static_cast<std::int64_t>(std::ceil(fraction * 0x1.0p53));
  return (number >= limit).to(type) * (1 / (1 - fraction));
}

}  // namespace plain

at::Tensor kept_units(const at::Tensor& keys, const at::Tensor& step, std::int64_t layer,
                      std::int64_t units, double fraction, at::ScalarType type) {
  if (!keys.device().is_cpu()) return plain::kept_units(keys, step, layer, units, fraction, type);
  const auto members = keys.size(0);
  const auto* key = keys.data_ptr<std::int64_t>();
  const auto number = static_cast<std::uint64_t>(*step.data_ptr<std::int64_t>());
  auto kept = at::empty({members, units}, at::kDouble);
  auto* values = kept.data_ptr<double>();
  for (std::int64_t m = 0; m < members; ++m) {
    for (std::int64_t unit = 0; unit < units; ++unit) {
      Random random(static_cast<std::uint64_t>(key[m]),
                    {number, static_cast<std::uint64_t>(layer), static_cast<std::uint64_t>(unit)});
      values[m * units + unit] = random.uniform() < fraction ? 0 : 1 / (1 - fraction);
    }
  }
  return kept.to(type);
}

}  // namespace strffit::ops
