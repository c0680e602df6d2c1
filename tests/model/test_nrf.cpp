// Network receptive field: the reference implementation's numbers, and what is particular to it.
#include "support/model_text.hpp"
#include "support/tensors.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

#include "vector_case.hpp"

namespace strffit::test {
namespace {

TEST_CASE("reference vectors: nrf_full_adaptrans") { check_case("nrf_full_adaptrans"); }
TEST_CASE("reference vectors: nrf_separable_layer") { check_case("nrf_separable_layer"); }
TEST_CASE("reference vectors: nrf_dcls_no_norm") { check_case("nrf_dcls_no_norm"); }

TEST_CASE("hidden units are not responses") {
  const auto model = spec_of("{kind: nrf, hidden: 5}").build(some_axes(4), 2, true);
  CHECK(model->backbone().response_kernel() == nullptr);
  for (const auto& entry : model->entries()) {
    CAPTURE(entry.name);
    CHECK(entry.response_units == (entry.name == "output/a" || entry.name == "output/b"));
  }
  const auto linear = spec_of("{kind: nrf, output: identity}").build(some_axes(4), 2, true);
  for (const auto& entry : linear->entries())
    CHECK(entry.response_units == entry.name.starts_with("readout/"));
}

}  // namespace
}  // namespace strffit::test
