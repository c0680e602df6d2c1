#include "ops/grid.hpp"

#include <ATen/Dispatch.h>

#include "util/memory.hpp"

namespace strffit::ops {

at::Tensor empty_signal(at::IntArrayRef sizes, const at::TensorOptions& options) {
  auto signal = at::empty(sizes, options);
  if (signal.is_cpu()) prefer_large_pages(signal.data_ptr(), signal.nbytes());
  return signal;
}

at::Tensor sum_over_frames(const at::Tensor& signal) {
  if (!signal.is_cpu()) return signal.sum(1);
  const auto values = ordered(signal);
  const Grid grid(values);
  auto sums = at::empty({grid.blocks, grid.columns}, signal.options().dtype(at::kDouble));
  Layout whole;
  whole.segments.push_back({0, grid.rows});
  AT_DISPATCH_FLOATING_TYPES(signal.scalar_type(), "sum_over_frames", [&] {
    for (std::int64_t b = 0; b < grid.blocks; ++b) {
      const auto* rows = values.data_ptr<scalar_t>() + b * grid.rows * grid.columns;
      column_sums<scalar_t>(whole, grid.columns, sums.data_ptr<double>() + b * grid.columns,
                            [&](std::int64_t t, scalar_t* part) {
                              const auto* row = rows + t * grid.columns;
                              for (std::int64_t i = 0; i < grid.columns; ++i) part[i] += row[i];
                            });
    }
  });
  return sums.view({signal.size(0), signal.size(2)}).to(signal.scalar_type());
}

}  // namespace strffit::ops
