// Every model kind in every form that its configuration allows, small enough to try them all.
#pragma once

#include <string>
#include <vector>

#include "model/pass.hpp"

namespace strffit::test {

inline constexpr std::int64_t kBands = 7;  // that the small forms are made for

// The values of the key `model`: for each kind every option of a list that it accepts, with every
// prefilter; and every option of every prefilter. A new kind or prefilter appears by itself, a new
// option by a line in variants.cpp.
const std::vector<std::string>& model_variants();

// A step of training of these members, in which dropout drops.
Pass training_pass(std::int64_t members);
// The same of one of them alone.
Pass training_pass_of(std::int64_t member, std::int64_t members);

// Every kind that accepts `padding: centered` with it, with every prefilter and kernel.
std::vector<std::string> centered_variants();

// Options of the lists that no kind accepts: misspelt, or gone.
std::vector<std::string> options_without_kind();

}  // namespace strffit::test
