#include "model/backbone.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <utility>

#include "model/output.hpp"
#include "util/errors.hpp"

namespace strffit {

std::vector<Entry> Backbone::entries() const {
  std::vector<Entry> all;
  for (const auto& part : parts_) {
    for (auto& entry : part->entries()) {
      entry.readout = readout_.contains(part.get());
      all.push_back(std::move(entry));
    }
  }
  return all;
}

void Backbone::start(Tensors& member, Random& random) const {
  for (const auto& part : parts_) part->start(member, random);
}

std::int64_t Backbone::width() const {
  std::int64_t widest = 1;
  for (const auto& entry : entries()) {
    if (entry.role == Role::weight) widest = std::max(widest, entry.shape.front());
  }
  return widest;
}

void Backbone::constrain(Tensors& tensors) const {
  for (const auto& part : parts_) part->constrain(tensors);
}

std::vector<Measure> Backbone::measures(const Tensors& tensors, const Axes& axes) const {
  std::vector<Measure> all;
  for (const auto& part : parts_) {
    auto some = part->measures(tensors, axes);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

at::Tensor Backbone::respond(const Tensors& tensors, const at::Tensor& drive,
                             const ops::LayoutPtr&) const {
  return output_->apply(tensors, drive);
}

void Backbone::set_output(std::unique_ptr<Output> output) {
  output_ = add_readout(std::move(output));
}

}  // namespace strffit
