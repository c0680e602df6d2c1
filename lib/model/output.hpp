// The output nonlinearity g. Its name is that of an activation, or of a parametric function.
#pragma once

#include <string>
#include <vector>

#include "prefilter/part.hpp"

namespace strffit {

// Ranges of the responses and of the drive, from which the nonlinearity of a unit starts.
struct ResponseRange {
  double low, high;  // 2 % and 98 % quantiles of the target
  double drive_mean, drive_std;
};

class Output : public Part {
 public:
  // `non_negative`: responses are never negative. The parameters a and b then stay non-negative
  // too.
  Output(std::string kind, std::int64_t outputs, bool non_negative);

  const std::string& kind() const { return kind_; }
  bool parametric() const { return parametric_; }
  // True if g(x) = x for every x > 0. The drive then has the unit of the responses.
  bool keeps_positive_drive() const;

  std::vector<Entry> entries() const override;
  // Sets a = 0 and b = c = d = 1 if parametric. fit_range() gives better values from data.
  void start(Tensors& member, Random& random) const override;
  void constrain(Tensors& tensors) const override;

  // Starts the nonlinearity of unit n of member m so that its typical drive lies on the slope. Does
  // nothing if there are no parameters.
  void fit_range(Tensors& tensors, std::int64_t m, std::int64_t n,
                 const ResponseRange& range) const;

  // Fits a to d of unit n of member m: least squares of g(drive) to `target`, over a grid of
  // positions and slopes. Both are (T), finite, and the drive has about unit spread. Returns false
  // and changes nothing if no rising function improves the fit or if there are no parameters.
  bool fit(Tensors& tensors, std::int64_t m, std::int64_t n, const at::Tensor& drive,
           const at::Tensor& target) const;

  // Applies g: (M, S, N) -> (M, S, N).
  at::Tensor apply(const Tensors& tensors, const at::Tensor& drive) const;

 private:
  std::string kind_;
  std::int64_t outputs_;
  bool non_negative_, parametric_;
};

// All names: first the activations, then the parametric functions.
const std::vector<std::string>& output_names();
// True if values are never below 0 (for parametric functions: if the responses are non-negative).
bool non_negative_output(const std::string& name);

}  // namespace strffit
