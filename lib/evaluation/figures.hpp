// Figures of exported receptive fields, and what all commands that draw share.
#pragma once

#include <string>
#include <vector>

#include "formats/fitted_model.hpp"
#include "formats/strfs.hpp"

namespace strffit {

// ConfigError, in the name of --format, for anything but png, svg and pdf.
void check_figure_format(const std::string& format);

// What figures show of units with several fits: each fit, their mean, or the mean over its standard
// error (unit_mean.hpp).
enum class Show { member, mean, z };
// "member", "mean", "z"; ConfigError, in the name of --show, for another word.
Show show_named(const std::string& word);

// "per_sd", "raw"; ConfigError, in the name of --weights, for another word.
Weights weights_shown(const std::string& word);

// A picture per unit, or per member where kernels belong to hidden units, and a contact sheet of
// all; gradient STRFs likewise. `cc_norm` (M, N) on the test stimuli, or empty. Returns the files.
// `folder` is made where it is missing; RunError where that fails. ConfigError where means are to
// be shown and there are none.
std::vector<std::string> draw_figures(const std::string& folder, const std::string& format,
                                      const FittedModel& fitted, const Strfs& strfs,
                                      const Array<double>& cc_norm, Show show = Show::member);

}  // namespace strffit
