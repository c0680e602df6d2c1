// Products with a matrix that is laid out once, and recurrent layers of many sizes.
#include "ops/packed_matrix.hpp"
#include "ops/recurrent.hpp"

// Brings doctest: after everything of LibTorch.
#include "agreement.hpp"

namespace strffit::test {
namespace {

// Rows (r, inner) times a stored matrix (outputs, inner), added to start (r, outputs).
template <class T>
std::vector<T> products(const std::vector<T>& matrix, const std::vector<T>& rows,
                        const std::vector<T>& start, std::int64_t inner, std::int64_t outputs) {
  ops::PackedMatrix<T> packed(outputs);
  packed.pack(inner, inner, [&](std::int64_t k) { return matrix.data() + k; });
  const auto count = static_cast<std::int64_t>(rows.size()) / inner, padded = packed.padded();
  std::vector<const T*> at;
  std::vector<T> y(static_cast<std::size_t>(count * padded)), result;
  for (std::int64_t r = 0; r < count; ++r) {
    at.push_back(rows.data() + r * inner);
    std::copy_n(start.data() + r * outputs, outputs, y.data() + r * padded);
  }
  packed.multiply(count, at.data(), 1, y.data(), padded, y.data());
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
TEST_CASE("products with a packed matrix: any size, and a row does not depend on the others") {
  check_products<float>(1e-6);
  check_products<double>(1e-15);
}

TEST_CASE("products with a packed matrix: its rows as they lie, the other's columns as rows") {
  // Reference: the product of the transpose, by LibTorch.
  for (const std::int64_t outputs : {3, 16, 70, 129, 500}) {
    const std::int64_t inner = 9, rows = 13;
    const auto a = noise({inner, rows}, 1), b = noise({inner, outputs}, 2);
    ops::PackedMatrix<double> packed(outputs);
    for (int time = 0; time < 2; ++time) {  // packed again, with the same room
      packed.pack(inner, 1, [&](std::int64_t k) { return b.data_ptr<double>() + k * outputs; });
    }
    std::vector<const double*> columns;
    for (std::int64_t r = 0; r < rows; ++r) columns.push_back(a.data_ptr<double>() + r);
    const auto y = at::ones({rows, packed.padded()}, at::kDouble);
    packed.multiply(rows, columns.data(), rows, y.data_ptr<double>(), packed.padded(),
                    y.data_ptr<double>());
    CHECK(difference(y.narrow(1, 0, outputs), at::matmul(a.t(), b) + 1) < 1e-13);
    // From its other end: the same to the last bit.
    const auto again = at::ones_like(y);
    packed.multiply(rows, columns.data(), rows, again.data_ptr<double>(), packed.padded(),
                    again.data_ptr<double>(), true);
    CHECK(at::equal(y, again));
  }
}

std::vector<std::int64_t> lengths(std::int64_t stimuli) {
  std::vector<std::int64_t> result;
  for (std::int64_t i = 0; i < stimuli; ++i) result.push_back(1 + i * 5 % 9);
  return result;
}

// u (M, S, inputs), then the weights of M layers.
std::vector<at::Tensor> layer(std::int64_t M, std::int64_t S, std::int64_t inputs, std::int64_t H,
                              ops::Cell cell) {
  const auto n = ops::gates(cell) * H;
  return {noise({M, S, inputs}, 1),
          noise({M, n, inputs}, 2) / std::sqrt(static_cast<double>(inputs)), noise({M, n}, 3) / 2,
          noise({M, n, H}, 4) / std::sqrt(static_cast<double>(H)), noise({M, n}, 5) / 2};
}

Function layer_by(decltype(&ops::recurrent) recurrent, ops::Cell cell,
                  const ops::LayoutPtr& layout) {
  return [=](const std::vector<at::Tensor>& in) {
    return recurrent(in[0], {in[1], in[2], in[3], in[4]}, cell, layout);
  };
}

// Reference: the definition, frame by frame, and its automatic derivatives, in double.
void check_layer(std::int64_t members, std::int64_t inputs, std::int64_t H, ops::Cell cell,
                 const ops::LayoutPtr& layout) {
  CAPTURE(inputs);
  CAPTURE(H);
  CAPTURE(layout->segments.size());
  const auto values = layer(members, layout->total, inputs, H, cell);
  const auto weight = noise({members, layout->total, H}, 6);
  const auto expected =
      differentiate(layer_by(ops::plain::recurrent, cell, layout), values, weight);
  for (const auto& signal : {values[0], side_by_side(values[0])}) {
    auto own = values;
    own[0] = signal;
    const auto operation = layer_by(ops::recurrent, cell, layout);
    const auto found = differentiate(operation, own, weight),
               single = differentiate(operation, own, weight, at::kFloat);
    CHECK(relative_difference(found.value, expected.value) < 1e-9);
    CHECK(relative_difference(single.value, expected.value) < 2e-5);
    for (std::size_t i = 0; i < values.size(); ++i) {
      CHECK(relative_difference(found.gradients[i], expected.gradients[i]) < 1e-9);
      CHECK(relative_difference(single.gradients[i], expected.gradients[i]) < 2e-5);
    }
  }
}

TEST_CASE("recurrent layers: units, inputs and stimuli of any number") {
  for (const auto cell : {ops::Cell::gru, ops::Cell::lstm}) {
    for (const std::int64_t H : {1, 3, 15, 16, 17, 70, 129}) {
      for (const std::int64_t stimuli : {1, 2, 5, 14}) {
        if (H <= 20 || stimuli % 2 == 1)
          check_layer(1, H == 17 ? 34 : H, H, cell, ops::join(lengths(stimuli), 1));
      }
    }
    check_layer(2, 5, 17, cell, ops::join({70, 3, 150, 64}, 2));  // more than is worked at once
    check_layer(1, 5, 3, cell, ops::join({140}, 0));
  }
}

TEST_CASE("recurrent layers: numerical derivatives of stimuli longer than is worked at once") {
  for (const auto cell : {ops::Cell::gru, ops::Cell::lstm}) {
    const auto layout = ops::join({70, 66}, 1);
    CHECK(gradient_error(layer_by(ops::recurrent, cell, layout),
                         layer(1, layout->total, 2, 3, cell),
                         noise({1, layout->total, 3}, 7)) < 1e-6);
  }
}

TEST_CASE("recurrent layers: a stimulus does not depend on those beside it, nor on members") {
  // Reference: the stimulus alone, of one member alone, to the last bit.
  const std::int64_t H = 70, frames = 71;
  for (const auto cell : {ops::Cell::gru, ops::Cell::lstm}) {
    const auto together = ops::join({4, frames, 90, 7, 20}, 0), alone = ops::join({frames}, 0);
    auto all = layer(2, together->total, H, H, cell);
    for (auto& value : all) value = value.to(at::kFloat);
    auto one = all;
    for (auto& value : one) value = value.narrow(0, 1, 1);
    one[0] = one[0].narrow(1, 4, frames);
    CHECK(at::equal(
        layer_by(ops::recurrent, cell, together)(all).narrow(1, 4, frames).narrow(0, 1, 1),
        layer_by(ops::recurrent, cell, alone)(one)));
  }
}

}  // namespace
}  // namespace strffit::test
