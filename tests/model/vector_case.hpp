// A whole model of tests/vectors against the reference implementation's numbers.
#pragma once

#include <string>

namespace strffit::test {

// Reads dataset.h5, checkpoint.h5 and expected.h5 of a case and checks: that the checkpoint holds
// exactly the model's tensors, by name and shape; the responses to every stimulus, all joined;
// kernels and gradient STRFs, where expected.
void check_case(const std::string& name);

}  // namespace strffit::test
