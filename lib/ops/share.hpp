// Parametrisation of AdapTrans: a and w in (0, 1] are 1 / (1 + v^2) of a learnt v. Private to this
// room.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace strffit::ops {

inline at::Tensor share_of(const at::Tensor& v) {
  return (1 / (1 + v.detach().square())).contiguous();
}

// Appends to `gradients` the gradients by the v's, given those by their shares in `by` (M, number
// of v's, F): dshare/dv = -2 v share^2.
inline void append_gradients(const at::Tensor& by, const std::vector<at::Tensor>& v,
                             const std::vector<at::Tensor>& shares,
                             std::vector<at::Tensor>& gradients) {
  for (std::size_t i = 0; i < v.size(); ++i) {
    gradients.push_back(by.select(1, static_cast<std::int64_t>(i)) * v[i] *
                        (shares[i] * shares[i]) * -2);
  }
}

}  // namespace strffit::ops
