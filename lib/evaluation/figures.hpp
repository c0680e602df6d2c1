// Figures of exported receptive fields, and what all commands that draw share.
#pragma once

#include <string>
#include <vector>

#include "formats/fitted_model.hpp"
#include "formats/strfs.hpp"

namespace strffit {

// ConfigError, in the name of --format, for anything but png, svg and pdf.
void check_figure_format(const std::string& format);

// A picture per unit, or per member where kernels belong to hidden units, and a contact sheet of
// all; gradient STRFs likewise. `cc_norm` (M, N) on the test stimuli, or empty. Returns the files.
// `folder` is made where it is missing; RunError where that fails.
std::vector<std::string> draw_figures(const std::string& folder, const std::string& format,
                                      const FittedModel& fitted, const Strfs& strfs,
                                      const Array<double>& cc_norm);

}  // namespace strffit
