// Base of all parts of a model with named tensors: prefilters, kernels, norms, backbones.
// The tensors are stored outside, so that one object serves all batches of members and
// threads.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "util/axes.hpp"
#include "util/random.hpp"

namespace strffit {

// Tensors by their names in formats.md ("strf/weight"), each (M, ...), contiguous.
using Tensors = std::map<std::string, at::Tensor>;

enum class Role {
  weight,  // learnt, with weight decay
  learnt,  // learnt, without weight decay
  fixed,   // a parameter that is not learnt here
  buffer,  // a statistic collected during training
};

// The learning rate of the configuration that applies to an entry.
enum class RateGroup { model, prefilter };

struct Entry {
  std::string name;
  std::vector<std::int64_t> shape;  // without M
  Role role;
  bool response_units =
      false;  // first axis: the N outputs, in units of the response; see training/chunk.hpp
  std::int64_t output_axis = 0;  // of `shape`, for entries of a kernel
  RateGroup rate_group = RateGroup::model;
  // Has a row for each of the N outputs: of other units it would be another. The rest is the core.
  bool readout = false;

  bool is_learnt() const { return role == Role::weight || role == Role::learnt; }
};

// Fitted numbers in physical units, for people: time constants in ms, frequencies in Hz.
struct Measure {
  std::string name;   // "prefilter/time_constant_on_ms"
  at::Tensor values;  // (M, ...) with two axes or more; one axis without M if all members agree
};

class Part {
 public:
  Part() = default;
  virtual ~Part() = default;
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  virtual std::vector<Entry> entries() const = 0;

  // Sets the starting values of one member; `member`: its tensors, float32, shaped as entries().
  virtual void start(Tensors& member, Random& random) const = 0;

  virtual std::vector<Measure> measures(const Tensors& tensors, const Axes& axes) const {
    (void)tensors;
    (void)axes;
    return {};
  }

  // After an optimiser step, moves parameters back into their range, in place.
  virtual void constrain(Tensors& tensors) const { (void)tensors; }
};

}  // namespace strffit
