#include "ops/bands.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <vector>

#include "ops/autograd.hpp"

namespace strffit::ops {

LayoutPtr stacked(const Layout& layout, std::int64_t bands) {
  auto all = std::make_shared<Layout>(layout);
  for (std::int64_t band = 1; band < bands; ++band) {
    for (const auto& segment : layout.segments) {
      all->segments.push_back({band * layout.total + segment.begin, segment.frames});
    }
  }
  all->total = bands * layout.total;
  all->frames = bands * layout.frames;
  return all;
}

at::Tensor unfold_bands(const at::Tensor& x, std::int64_t bands, std::int64_t width) {
  if (!x.is_cpu()) return plain::unfold_bands(x, bands, width);
  const auto input = x.stride(2) == 1 ? x.detach() : x.detach().contiguous();
  const auto M = x.size(0), S = x.size(1) / bands, C = x.size(2), rows = (bands - width + 1) * S;
  auto y = at::empty({M, rows, width * C}, x.options());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "unfold_bands", [&] {
    for (std::int64_t m = 0; m < M; ++m) {
      const auto* from = input.data_ptr<scalar_t>() + m * input.stride(0);
      auto* to = y.data_ptr<scalar_t>() + m * rows * width * C;
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t i = 0; i < width; ++i)
          std::copy_n(from + (r + i * S) * input.stride(1), C, to + (r * width + i) * C);
      }
    }
  });
  return with_backward(y, {x}, [=](const at::Tensor& gradient) {
    const auto g = gradient.contiguous();
    auto dx = at::zeros({M, bands * S, C}, g.options());
    AT_DISPATCH_FLOATING_TYPES(g.scalar_type(), "unfold_bands_backward", [&] {
      for (std::int64_t m = 0; m < M; ++m) {
        const auto* from = g.data_ptr<scalar_t>() + m * rows * width * C;
        auto* to = dx.data_ptr<scalar_t>() + m * bands * S * C;
        for (std::int64_t r = 0; r < rows; ++r) {
          for (std::int64_t i = 0; i < width; ++i) {
            for (std::int64_t c = 0; c < C; ++c)
              to[(r + i * S) * C + c] += from[(r * width + i) * C + c];
          }
        }
      }
    });
    return std::vector<at::Tensor>{dx};
  });
}

namespace plain {
at::Tensor unfold_bands(const at::Tensor& x, std::int64_t bands, std::int64_t width) {
  const auto S = x.size(1) / bands;
  std::vector<at::Tensor> shifted;
  for (std::int64_t i = 0; i < width; ++i)
    shifted.push_back(x.narrow(1, i * S, (bands - width + 1) * S));
  return at::cat(shifted, 2);
}
}  // namespace plain

}  // namespace strffit::ops
