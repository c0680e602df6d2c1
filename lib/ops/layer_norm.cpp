#include "ops/layer_norm.hpp"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "ops/autograd.hpp"
#include "ops/grid.hpp"
#include "ops/registers.hpp"

namespace strffit::ops {
namespace {

using Index = std::int64_t;

// A group is the K channels of a frame and position, side by side. Operations on single numbers run
// over many groups at once; sums over a group, and numbers shared by a group, use registers of
// `lanes` numbers.
constexpr Index kMostLanes = 8;

// Calls f(lanes) with a compile-time constant: as many as fit a register and a group fills, or 1.
template <class T, class F>
void with_lanes(Index K, F&& f) {
  constexpr Index most = std::min(kMostLanes, static_cast<Index>(kRegisterBytes / sizeof(T)));
  if (K >= most) return f(std::integral_constant<Index, most>());
  if (K >= 4) return f(std::integral_constant<Index, std::min<Index>(most, 4)>());
  f(std::integral_constant<Index, 1>());
}

template <class T, Index lanes>
class Groups {
  using Whole = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  using Numbers __attribute__((vector_size(lanes * sizeof(T)))) = T;
  using Mask __attribute__((vector_size(lanes * sizeof(T)))) = Whole;

 public:
  explicit Groups(Index channels) : K_(channels), share_(1 / static_cast<T>(channels)) {
    // The last register of a group starts earlier and masks channels that are already summed.
    for (Index j = 0; j < lanes; ++j) last_[j] = j >= lanes - K_ % lanes ? -1 : 0;
  }

  // Mean and inverse standard deviation of every group in z (count).
  void moments(const T* z, Index count, T* mean, T* inverse) const {
    const auto groups = count / K_;
    sums(
        groups, [&](Index group, Index k) { return load(z + group * K_ + k); }, mean);
    sums(
        groups,
        [&](Index group, Index k) {
          const auto d = load(z + group * K_ + k) - mean[group];
          return d * d;
        },
        inverse);
    for (Index group = 0; group < groups; ++group)
      inverse[group] = 1 / std::sqrt(inverse[group] + T(kNormEpsilon));
  }

  // Means of e and of e n over every group.
  void means(const T* e, const T* n, Index count, T* mean_e, T* mean_en) const {
    sums(
        count / K_, [&](Index group, Index k) { return load(e + group * K_ + k); }, mean_e);
    sums(
        count / K_,
        [&](Index group, Index k) { return load(e + group * K_ + k) * load(n + group * K_ + k); },
        mean_en);
  }

  // Copies each group's number to all its positions: to `count` and up to kMostLanes - 1 beyond.
  void spread(const T* of_group, Index count, T* to) const {
    for (Index group = 0; group < count / K_; ++group, to += K_) {
      const Numbers all = of_group[group] - Numbers{};
      for (Index k = 0; k < K_; k += lanes) std::memcpy(to + k, &all, sizeof(all));
    }
  }

 private:
  static Numbers load(const T* from) {
    Numbers numbers;
    std::memcpy(&numbers, from, sizeof(numbers));
    return numbers;
  }

  // Means over groups, a register of groups at a time. value(group, k): register with the terms of
  // channels k, k + 1, ...
  template <class Value>
  void sums(Index groups, Value&& value, T* to) const {
    Numbers parts[lanes] = {};
    for (Index first = 0; first < groups; first += lanes) {
      const auto count = std::min(lanes, groups - first);
      if (count == lanes) {
#pragma GCC unroll 8
        for (Index j = 0; j < lanes; ++j) parts[j] = part(first + j, value);
      } else {
        for (Index j = 0; j < count; ++j) parts[j] = part(first + j, value);
      }
      add_pairs(parts);
      const Numbers found = share_ * parts[0];
      if (count == lanes) {
        std::memcpy(to + first, &found, sizeof(found));
      } else {
        for (Index j = 0; j < count; ++j) to[first + j] = found[j];
      }
    }
  }

  // Sums a group to one register.
  template <class Value>
  Numbers part(Index group, Value&& value) const {
    Numbers sum = value(group, 0);
    Index k = lanes;
    for (; k + lanes <= K_; k += lanes) sum += value(group, k);
    if (k < K_) {
      const Numbers more = value(group, K_ - lanes);
      sum += last_ ? more : Numbers{};
    }
    return sum;
  }

  // Sets parts[0] to the sums over each of parts[0 .. lanes - 1].
  template <Index apart = lanes / 2>
  static void add_pairs(Numbers (&parts)[lanes]) {
    if constexpr (apart > 0) {
      for (Index j = 0; j < apart; ++j) {
        parts[j] = pair<apart>(parts[j], parts[j + apart],
                               std::make_integer_sequence<int, static_cast<int>(lanes)>());
      }
      add_pairs<apart / 2>(parts);
    }
  }
  // Sums of numbers `apart` lanes apart: of `a` in the lanes of the first, of `b` in those of the
  // second.
  template <Index apart, int... lane>
  static Numbers pair(const Numbers& a, const Numbers& b, std::integer_sequence<int, lane...>) {
    constexpr int d = static_cast<int>(apart), n = static_cast<int>(lanes);
    return __builtin_shufflevector(a, b, (lane & d ? lane + n : lane)...) +
           __builtin_shufflevector(a, b, (lane & d ? lane - d + n : lane + d)...);
  }

  Index K_;
  T share_;
  Mask last_;
};

// Weight and bias of every column of a block, repeated for the rows of one step. Loops over them
// are long enough to fill registers for any number of channels.
template <class T>
struct LayerColumns {
  Index K, columns, rows;
  std::vector<T> weight, bias;  // (rows columns)

  LayerColumns(const T* w, const T* b, Index M, Index positions, Index channels, Index n,
               Index first_member)
      : K(channels), columns(n), rows(std::max<Index>(1, kAtOnce / n)) {
    for (Index row = 0; row < rows; ++row) {
      for (Index group = 0; group < columns / K; ++group) {
        const Index m = M == 1 ? 0 : first_member + group / positions;
        weight.insert(weight.end(), w + m * K, w + (m + 1) * K);
        bias.insert(bias.end(), b + m * K, b + (m + 1) * K);
      }
    }
  }
  std::size_t size() const { return weight.size(); }
  // A buffer for numbers spread over groups.
  std::vector<T> room() const { return std::vector<T>(size() + kMostLanes); }

 private:
  static constexpr Index kAtOnce = 512;
};

// Calls work(begin, count) for the numbers of some rows of the stimuli at a time, and gap(from, to)
// for the gaps.
template <class T, class Work, class Gap>
void for_stretches(const Layout& layout, const LayerColumns<T>& c, Work&& work, Gap&& gap) {
  Index done = 0;
  for (const auto& [begin, frames] : layout.segments) {
    gap(done * c.columns, begin * c.columns);
    for (Index t = begin; t < begin + frames; t += c.rows)
      work(t * c.columns, std::min(c.rows, begin + frames - t) * c.columns);
    done = begin + frames;
  }
  gap(done * c.columns, layout.total * c.columns);
}

// mean, inverse: of every group, stored for the backward pass.
template <Activation kind, Index lanes, class T>
void layer_forward(const T* z, const LayerColumns<T>& c, T* h, T* mean, T* inverse,
                   const Layout& layout) {
  const Groups<T, lanes> groups(c.K);
  auto means = c.room(), inverses = c.room();
  for_stretches(
      layout, c,
      [&](Index begin, Index count) {
        const auto first = begin / c.K;
        groups.moments(z + begin, count, mean + first, inverse + first);
        groups.spread(mean + first, count, means.data());
        groups.spread(inverse + first, count, inverses.data());
        const T *in = z + begin, *m = means.data(), *f = inverses.data(), *w = c.weight.data(),
                *b = c.bias.data();
        T* out = h + begin;
#pragma GCC ivdep
        for (Index i = 0; i < count; ++i)
          out[i] = activate<kind>((in[i] - m[i]) * f[i] * w[i] + b[i]);
      },
      [&](Index from, Index to) { std::fill(h + from, h + to, T(0)); });
}

// by_weight, by_bias (columns): sums over frames.
template <Activation kind, Index lanes, class T>
void layer_backward(const T* z, const T* h, const T* g, const T* mean, const T* inverse,
                    const LayerColumns<T>& c, T* dz, double* by_weight, double* by_bias,
                    const Layout& layout) {
  const Groups<T, lanes> groups(c.K);
  auto normalised = c.room(), errors = c.room(), inverses = c.room(), first_means = c.room(),
       second_means = c.room(), mean_e = c.room(), mean_en = c.room();
  // Single precision over some stretches, then double.
  constexpr Index kBetweenFlushes = 32;
  std::vector<T> weight_sums(c.size(), T(0)), bias_sums(c.size(), T(0));
  const auto flush = [&] {
    for (std::size_t i = 0; i < c.size(); ++i) {
      const auto column = static_cast<Index>(i) % c.columns;
      by_weight[column] += static_cast<double>(weight_sums[i]);
      by_bias[column] += static_cast<double>(bias_sums[i]);
      weight_sums[i] = bias_sums[i] = T(0);
    }
  };
  Index done = 0;
  for_stretches(
      layout, c,
      [&](Index begin, Index count) {
        groups.spread(mean + begin / c.K, count, first_means.data());
        groups.spread(inverse + begin / c.K, count, inverses.data());
        const T *in = z + begin, *out = h + begin, *gradient = g + begin, *w = c.weight.data(),
                *b = c.bias.data(), *f = inverses.data();
        T *n = normalised.data(), *e = errors.data(), *to_weight = weight_sums.data(),
          *to_bias = bias_sums.data(), *result = dz + begin, *first = first_means.data(),
          *second = second_means.data();
#pragma GCC ivdep
        for (Index i = 0; i < count; ++i) {
          const T own = (in[i] - first[i]) * f[i];
          const T error = gradient[i] * derivative<kind>(own * w[i] + b[i], out[i]);
          n[i] = own;
          to_weight[i] += error * own;
          to_bias[i] += error;
          e[i] = error * w[i];
        }
        groups.means(e, n, count, mean_e.data(), mean_en.data());
        groups.spread(mean_e.data(), count, first);
        groups.spread(mean_en.data(), count, second);
#pragma GCC ivdep
        for (Index i = 0; i < count; ++i) result[i] = f[i] * (e[i] - (first[i] + n[i] * second[i]));
        if (++done % kBetweenFlushes == 0) flush();
      },
      [&](Index from, Index to) { std::fill(dz + from, dz + to, T(0)); });
  flush();
}

}  // namespace

at::Tensor layer_norm(const at::Tensor& z, const NormState& state, Activation activation,
                      const LayoutPtr& layout) {
  const auto input = ordered(z.detach());
  const Grid grid(input);
  const auto M = z.size(0), K = state.weight.size(1), positions = z.size(2) / K, n = grid.columns,
             size = grid.rows * n;
  const auto weight = state.weight.detach().contiguous(), bias = state.bias.detach().contiguous();
  auto h = empty_like_signal(input, input.size(2));
  auto means = empty_signal({grid.blocks, grid.rows, n / K}, input.options()),
       inverses = at::empty_like(means);
  const auto block = [=]<class T>(const at::Tensor& signal, Index b) {
    return signal.template data_ptr<T>() + b * size;
  };
  const auto of_group = [=]<class T>(const at::Tensor& signal, Index b) {
    return signal.template data_ptr<T>() + b * (size / K);
  };
  // Calls work(b, its columns, kind, lanes) for every block.
  const auto for_blocks = [=]<class T>(T, auto&& work) {
    with_activation(activation, [&]<Activation kind>() {
      with_lanes<T>(K, [&](auto lanes) {
        for (Index b = 0; b < grid.blocks; ++b) {
          const LayerColumns<T> columns(weight.template data_ptr<T>(), bias.template data_ptr<T>(),
                                        M, positions, K, n, b);
          work(b, columns, std::integral_constant<Activation, kind>(), lanes);
        }
      });
    });
  };
  AT_DISPATCH_FLOATING_TYPES(z.scalar_type(), "layer_norm", [&] {
    for_blocks(scalar_t(), [&](Index b, const auto& columns, auto kind, auto lanes) {
      layer_forward<kind.value, lanes.value>(block.template operator()<scalar_t>(input, b), columns,
                                             block.template operator()<scalar_t>(h, b),
                                             of_group.template operator()<scalar_t>(means, b),
                                             of_group.template operator()<scalar_t>(inverses, b),
                                             *layout);
    });
  });
  return with_backward(
      h, {z, state.weight, state.bias}, [=, own = h.detach()](const at::Tensor& gradient) {
        const auto g = ordered_like(gradient, input);
        auto dz = empty_like_signal(input, input.size(2));
        auto by_weight = at::zeros({grid.blocks, n}, input.options().dtype(at::kDouble)),
             by_bias = at::zeros_like(by_weight);
        AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "layer_norm_backward", [&] {
          for_blocks(scalar_t(), [&](Index b, const auto& columns, auto kind, auto lanes) {
            layer_backward<kind.value, lanes.value>(
                block.template operator()<scalar_t>(input, b),
                block.template operator()<scalar_t>(own, b),
                block.template operator()<scalar_t>(g, b),
                of_group.template operator()<scalar_t>(means, b),
                of_group.template operator()<scalar_t>(inverses, b), columns,
                block.template operator()<scalar_t>(dz, b), by_weight.data_ptr<double>() + b * n,
                by_bias.data_ptr<double>() + b * n, *layout);
          });
        });
        const auto to_members = [&](const at::Tensor& by_column) {
          return by_column.view({M, positions, K}).sum(1).to(input.scalar_type());
        };
        return std::vector<at::Tensor>{dz, to_members(by_weight), to_members(by_bias)};
      });
}

}  // namespace strffit::ops
