// Products with a matrix that is laid out once, and recurrent layers of many sizes.
#include "ops/recurrent.hpp"
#include "ops/repeated_product.hpp"

// Brings doctest: after everything of LibTorch.
#include "agreement.hpp"

namespace strffit::test {
namespace {

// Rows (r, inner) times a stored matrix (outputs, inner), added to start (r, outputs).
template <class T>
std::vector<T> products(const std::vector<T>& matrix, const std::vector<T>& rows,
                        const std::vector<T>& start, std::int64_t inner, std::int64_t outputs) {
  const ops::RepeatedProduct<T> product(matrix.data(), inner, outputs, 1, inner);
  const auto count = static_cast<std::int64_t>(rows.size()) / inner, padded = product.padded();
  std::vector<const T*> at;
  std::vector<T> y(static_cast<std::size_t>(count * padded)), result;
  for (std::int64_t r = 0; r < count; ++r) {
    at.push_back(rows.data() + r * inner);
    std::copy_n(start.data() + r * outputs, outputs, y.data() + r * padded);
  }
  product(count, at.data(), y.data(), padded, y.data());
  for (std::int64_t r = 0; r < count; ++r)
    result.insert(result.end(), y.begin() + r * padded, y.begin() + r * padded + outputs);
  return result;
}

template <class T>
std::vector<T> numbers(std::int64_t count, std::int64_t seed) {
  const auto values = noise({count}, static_cast<std::uint64_t>(seed));
  std::vector<T> result;
  for (std::int64_t i = 0; i < count; ++i)
    result.push_back(static_cast<T>(values.data_ptr<double>()[i]));
  return result;
}

template <class T>
void check_products(double tolerance) {
  for (const std::int64_t inner : {1, 3, 17, 70, 210}) {
    for (const std::int64_t outputs : {1, 9, 51, 70, 210, 387}) {
      for (const std::int64_t rows : {1, 2, 3, 5, 14}) {
        CAPTURE(inner);
        CAPTURE(outputs);
        CAPTURE(rows);
        const auto matrix = numbers<T>(outputs * inner, 1), s = numbers<T>(rows * inner, 2),
                   start = numbers<T>(rows * outputs, 3);
        const auto y = products(matrix, s, start, inner, outputs);
        double worst = 0;
        for (std::int64_t r = 0; r < rows; ++r) {
          for (std::int64_t i = 0; i < outputs; ++i) {
            auto sum = static_cast<double>(start[static_cast<std::size_t>(r * outputs + i)]);
            for (std::int64_t k = 0; k < inner; ++k) {
              sum += static_cast<double>(matrix[static_cast<std::size_t>(i * inner + k)]) *
                     static_cast<double>(s[static_cast<std::size_t>(r * inner + k)]);
            }
            const auto found = static_cast<double>(y[static_cast<std::size_t>(r * outputs + i)]);
            worst = std::max(worst, std::abs(found - sum));
          }
        }
        CHECK(worst < tolerance * static_cast<double>(inner + 1));
        // The first and the last row, each alone, come out the same to the last bit.
        for (const auto r : {std::int64_t{0}, rows - 1}) {
          const std::vector<T> one(s.begin() + r * inner, s.begin() + (r + 1) * inner),
              its(start.begin() + r * outputs, start.begin() + (r + 1) * outputs);
          const auto alone = products(matrix, one, its, inner, outputs);
          CHECK(std::equal(alone.begin(), alone.end(), y.begin() + r * outputs));
        }
      }
    }
  }
}

// Reference: sums in double. Tolerance: a rounding of numbers about as large as 10 a summand.
TEST_CASE("repeated products: any size, and a row does not depend on the others") {
  check_products<float>(1e-6);
  check_products<double>(1e-15);
}

std::vector<std::int64_t> lengths(std::int64_t stimuli) {
  std::vector<std::int64_t> result;
  for (std::int64_t i = 0; i < stimuli; ++i) result.push_back(1 + i * 5 % 9);
  return result;
}

// Reference: the definition, frame by frame, and its automatic derivatives, in double.
TEST_CASE("recurrent layers: units and stimuli of any number") {
  for (const auto cell : {ops::Cell::gru, ops::Cell::lstm}) {
    for (const std::int64_t H : {1, 3, 15, 16, 17, 70, 129}) {
      for (const std::int64_t stimuli : {1, 2, 5, 14}) {
        if (H > 20 && stimuli == 2) continue;
        CAPTURE(H);
        CAPTURE(stimuli);
        const auto n = ops::gates(cell) * H;
        const auto layout = ops::join(lengths(stimuli), 1);
        const std::vector<at::Tensor> inputs{
            noise({1, layout->total, n}, 1),
            noise({1, n, H}, 2) / std::sqrt(static_cast<double>(H)), noise({1, n}, 3)};
        const auto with = [&](auto recurrent) {
          return Function([&, recurrent](const auto& in) {
            return recurrent(in[0], in[1], in[2], cell, layout);
          });
        };
        const auto weight = noise({1, layout->total, H}, 4);
        const auto expected = differentiate(with(ops::plain::recurrent), inputs, weight),
                   found = differentiate(with(ops::recurrent), inputs, weight),
                   single = differentiate(with(ops::recurrent), inputs, weight, at::kFloat);
        CHECK(relative_difference(found.value, expected.value) < 1e-9);
        CHECK(relative_difference(single.value, expected.value) < 2e-5);
        for (std::size_t i = 0; i < inputs.size(); ++i) {
          CHECK(relative_difference(found.gradients[i], expected.gradients[i]) < 1e-9);
          CHECK(relative_difference(single.gradients[i], expected.gradients[i]) < 2e-5);
        }
      }
    }
  }
}

TEST_CASE("recurrent layers: a stimulus does not depend on those beside it, nor on members") {
  // Reference: the stimulus alone, of one member alone, to the last bit.
  const std::int64_t H = 70, frames = 11;
  for (const auto cell : {ops::Cell::gru, ops::Cell::lstm}) {
    const auto n = ops::gates(cell) * H;
    const auto together = ops::join({4, frames, 20, 7, 20}, 0), alone = ops::join({frames}, 0);
    const auto x = noise({2, together->total, n}, 1).to(at::kFloat),
               weight = noise({2, n, H}, 2).to(at::kFloat) / 8,
               bias = noise({2, n}, 3).to(at::kFloat);
    const auto all = ops::recurrent(x, weight, bias, cell, together).narrow(1, 4, frames);
    const auto one = ops::recurrent(x.narrow(0, 1, 1).narrow(1, 4, frames), weight.narrow(0, 1, 1),
                                    bias.narrow(0, 1, 1), cell, alone);
    CHECK(at::equal(all.narrow(0, 1, 1), one));
  }
}

}  // namespace
}  // namespace strffit::test
