// Draws exported receptive fields. Also holds checks that all drawing commands share.
#pragma once

#include <string>
#include <vector>

#include "formats/fitted_model.hpp"
#include "formats/strfs.hpp"

namespace strffit {

// ConfigError (key --format) unless `format` is png, svg or pdf.
void check_figure_format(const std::string& format);

// For units with several fits, a figure can show three things: each fit (member), the mean over
// fits (mean), or the mean divided by its standard error (z); see unit_mean.hpp.
enum class Show { member, mean, z };
// The value for "member", "mean" or "z". ConfigError (key --show) for any other word.
Show show_named(const std::string& word);

// "per_sd" or "raw". ConfigError (key --weights) for any other word.
Weights weights_shown(const std::string& word);

// Draws the kernels: one figure per unit, or one figure per member if kernels belong to hidden
// units. Also draws a contact sheet with all of them. Draws the gradient STRFs in the same way if
// there are any. `cc_norm`: (M, N) scores on the test stimuli, or empty. Creates `folder` if it is
// missing. Returns the paths of the files. RunError if the folder cannot be created. ConfigError if
// `show` needs means and there are none.
std::vector<std::string> draw_figures(const std::string& folder, const std::string& format,
                                      const FittedModel& fitted, const Strfs& strfs,
                                      const Array<double>& cc_norm, Show show = Show::member);

}  // namespace strffit
