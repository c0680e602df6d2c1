// A piece of a model with named tensors of its own: what prefilters, kernels, norms and backbones
// have in common. The tensors live outside, so that one object serves every chunk of members and
// every thread.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "util/axes.hpp"
#include "util/random.hpp"

namespace strffit {

// By the names of formats.md ("strf/weight"), each (M, ...) contiguous.
using Tensors = std::map<std::string, at::Tensor>;

enum class Role {
  weight,  // learnt, subject to weight decay
  learnt,  // learnt, never decayed
  fixed,   // a parameter that this model does not learn
  buffer,  // a statistic gathered in training
};

// Which of the configuration's learning rates an entry has.
enum class RateGroup { model, prefilter };

struct Entry {
  std::string name;
  std::vector<std::int64_t> shape;  // without M
  Role role;
  bool response_units =
      false;  // first axis: the N outputs, in units of the response; see training/chunk.hpp
  std::int64_t output_axis = 0;  // of `shape`, for entries of a kernel
  RateGroup rate_group = RateGroup::model;

  bool is_learnt() const { return role == Role::weight || role == Role::learnt; }
};

// What fitted numbers mean in physical units, for people: time constants in ms, places in Hz.
struct Measure {
  std::string name;   // "prefilter/time_constant_on_ms"
  at::Tensor values;  // (M, ...) of two axes or more, or one axis without M where all are the same
};

class Part {
 public:
  Part() = default;
  virtual ~Part() = default;
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  virtual std::vector<Entry> entries() const = 0;

  // Fills one member's starting values; `member` holds its tensors, shaped as the entries, float32.
  virtual void start(Tensors& member, Random& random) const = 0;

  virtual std::vector<Measure> measures(const Tensors& tensors, const Axes& axes) const {
    (void)tensors;
    (void)axes;
    return {};
  }

  // Brings parameters back into their range after an optimiser step, in place.
  virtual void constrain(Tensors& tensors) const { (void)tensors; }
};

}  // namespace strffit
