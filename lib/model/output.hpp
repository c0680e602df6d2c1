// The output nonlinearity g, by the name of an activation.
#pragma once

#include <string>
#include <vector>

#include "prefilter/part.hpp"

namespace strffit {

// Where a unit's nonlinearity starts: the range of its responses, and of the drive that it is
// given.
struct ResponseRange {
  double low, high;  // 2 % and 98 % quantiles of the target
  double drive_mean, drive_std;
};

class Output : public Part {
 public:
  // `non_negative`: responses are, so a and b of the parametric ones stay so.
  Output(std::string kind, std::int64_t outputs, bool non_negative);

  const std::string& kind() const { return kind_; }
  bool parametric() const { return parametric_; }
  // True if g(x) = x for every x above 0: the drive is then in units of the response.
  bool keeps_positive_drive() const;

  std::vector<Entry> entries() const override;
  // a = 0, b = c = d = 1 where parametric; fit_range() does better with data.
  void start(Tensors& member, Random& random) const override;
  void constrain(Tensors& tensors) const override;

  // Puts the typical drive of unit n of member m on the slope; nothing to do where there are no
  // parameters.
  void fit_range(Tensors& tensors, std::int64_t m, std::int64_t n,
                 const ResponseRange& range) const;

  // Sets a .. d of unit n of member m to the best of a grid of places and slopes, by least squares
  // of g(drive) on `target` (both (T), finite, drive of about unit spread). False, and nothing
  // changed, where no rising function helps or there are no parameters.
  bool fit(Tensors& tensors, std::int64_t m, std::int64_t n, const at::Tensor& drive,
           const at::Tensor& target) const;

  // (M, S, N) -> (M, S, N).
  at::Tensor apply(const Tensors& tensors, const at::Tensor& drive) const;

 private:
  std::string kind_;
  std::int64_t outputs_;
  bool non_negative_, parametric_;
};

// Every name: the activations, then the parametric ones.
const std::vector<std::string>& output_names();
// Whether its values cannot be below 0 (the parametric ones: for non-negative responses).
bool non_negative_output(const std::string& name);

}  // namespace strffit
