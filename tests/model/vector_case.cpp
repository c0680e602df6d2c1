#include "vector_case.hpp"

#include <set>

#include "config/document.hpp"
#include "model/model.hpp"
#include "support/tensors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

#include "support/vector_file.hpp"

namespace strffit::test {
namespace {

struct Stimulus {
  std::string key;
  at::Tensor x;  // (T, F), standardised
};

struct Case {
  std::unique_ptr<Model> model;
  Tensors tensors;  // double
  std::vector<Stimulus> stimuli;
};

// Names below `group` with the shapes that the model has, each (M, ...).
void read_tensors(const VectorFile& file, const std::string& group, Tensors& tensors) {
  if (!file.exists(group)) return;
  for (const auto& name : file.datasets(group)) {
    tensors[name] = to_tensor(file.doubles(group + "/" + name));
  }
}

void check_names(const Model& model, const Tensors& tensors, const VectorFile& checkpoint) {
  std::set<std::string> expected;
  for (const auto& entry : model.entries()) {
    CAPTURE(entry.name);
    CHECK(expected.insert(entry.name).second);
    REQUIRE(tensors.count(entry.name) == 1);
    auto shape = tensors.at(entry.name).sizes().vec();
    shape.erase(shape.begin());
    CHECK(shape == entry.shape);
    CHECK(
        checkpoint.exists((entry.role == Role::buffer ? "buffers/" : "parameters/") + entry.name));
  }
  for (const auto& [name, tensor] : tensors) {
    CAPTURE(name);
    CHECK(expected.count(name) == 1);
  }
}

Case read_case(const std::string& name) {
  const VectorFile checkpoint(name + "/checkpoint.h5"), dataset(name + "/dataset.h5");
  auto document =
      config::Document::from_text(checkpoint.text_attribute("/", "config"), "checkpoint");
  auto root = document.root();
  auto node = root.map("model", "");
  const auto spec = read_model(node);
  CHECK_NOTHROW(node.finish());

  Case result;
  read_tensors(checkpoint, "parameters", result.tensors);
  read_tensors(checkpoint, "buffers", result.tensors);
  const auto unit = checkpoint.doubles("members/unit").values.front();
  const auto units = dataset.doubles("stimuli/s0/responses").dim(0);
  const Axes axes{.dt_ms = checkpoint.number_attribute("/", "dt_ms"),
                  .frequencies_hz = checkpoint.doubles("frequencies_hz").values};
  result.model = spec.build(axes, unit < 0 ? units : 1, true);
  CHECK(result.model->kind() == checkpoint.text_attribute("/", "model"));
  check_names(*result.model, result.tensors, checkpoint);

  auto mean = at::zeros({}, at::kDouble), std = at::ones({}, at::kDouble);
  if (checkpoint.exists("standardise")) {
    mean = to_tensor(checkpoint.doubles("standardise/mean"));
    std = to_tensor(checkpoint.doubles("standardise/std"));
  }
  for (const auto& key : dataset.children("stimuli")) {
    const auto spectrogram = to_tensor(dataset.doubles("stimuli/" + key + "/spectrogram"));
    result.stimuli.push_back({key, (spectrogram.transpose(0, 1) - mean) / std});
  }
  return result;
}

// Largest error of any output (first two axes), relative to its standard deviation over the rest.
double error_in_std(const at::Tensor& found, const at::Tensor& expected) {
  if (found.sizes() != expected.sizes()) return std::numeric_limits<double>::infinity();
  const auto rows = [&](const at::Tensor& t) {
    return t.detach().to(at::kDouble).reshape({t.size(0) * t.size(1), -1});
  };
  return largest(
      ((rows(found) - rows(expected)).abs() / rows(expected).std(1, false).unsqueeze(1)));
}

// Responses (M, N, frames of all stimuli), the stimuli joined in one layout.
at::Tensor responses(const Case& c, at::ScalarType type) {
  std::vector<std::int64_t> lengths;
  for (const auto& stimulus : c.stimuli) lengths.push_back(stimulus.x.size(0));
  const auto layout = ops::join(lengths, c.model->gap());
  auto x = at::zeros({1, layout->total, c.stimuli.front().x.size(1)}, type);
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    x[0].narrow(0, layout->segments[s].begin, lengths[s]).copy_(c.stimuli[s].x);
  }
  Tensors tensors;
  for (const auto& [name, tensor] : c.tensors) tensors[name] = tensor.to(type);
  const auto r = c.model->respond(tensors, x, layout);
  std::vector<at::Tensor> pieces;
  for (const auto& [begin, frames] : layout->segments) pieces.push_back(r.narrow(1, begin, frames));
  return at::cat(pieces, 1).transpose(1, 2);
}

// The mean of the dynamic STRFs over the stimuli and frames t >= L (M, N, F, L).
at::Tensor gradient_strfs(const Case& c, std::int64_t members, std::int64_t lags) {
  std::vector<at::Tensor> result;
  for (std::int64_t m = 0; m < members; ++m) {
    const auto member = select_members(c.tensors, {m});
    at::Tensor total = at::zeros({}, at::kDouble);
    std::int64_t frames = 0;
    for (const auto& stimulus : c.stimuli) {
      const auto T = stimulus.x.size(0);
      if (T <= lags) continue;
      const auto each = c.model->dynamic_strf(member, stimulus.x.unsqueeze(0), lags);
      total = total + each.narrow(1, lags, T - lags).sum(1);
      frames += T - lags;
    }
    result.push_back(total / frames);
  }
  return at::stack(result);
}

}  // namespace

void check_case(const std::string& name) {
  CAPTURE(name);
  const auto c = read_case(name);
  const VectorFile expected(name + "/expected.h5");
  std::vector<at::Tensor> pieces;
  for (const auto& stimulus : c.stimuli)
    pieces.push_back(to_tensor(expected.doubles("predictions/" + stimulus.key)));
  const auto predictions = at::cat(pieces, 2);
  // Double: the reference's own precision, but for the time constants of prefilters, which come
  // from float32 numbers too.
  CHECK(error_in_std(responses(c, at::kDouble), predictions) < 1e-6);
  CHECK(error_in_std(responses(c, at::kFloat), predictions) < 1e-4);

  const auto kernels = c.model->kernels(c.tensors);
  CHECK(kernels.has_value() == expected.exists("strf/kernel"));
  if (kernels)
    CHECK(relative_difference(*kernels, to_tensor(expected.doubles("strf/kernel"))) < 1e-6);

  if (!expected.exists("strf/gradient")) return;
  const auto gradient = to_tensor(expected.doubles("strf/gradient"));
  CHECK(c.model->context() == gradient.size(3));
  CHECK(error_in_std(gradient_strfs(c, gradient.size(0), gradient.size(3)), gradient) < 1e-6);
}

}  // namespace strffit::test
