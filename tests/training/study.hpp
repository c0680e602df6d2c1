// A small study for the trainer's tests.
#pragma once

#include <string>
#include <vector>

#include "config/document.hpp"
#include "dataset/simulate.hpp"
#include "training/batching.hpp"
#include "training/trainer.hpp"

namespace strffit::test {

// Five units, ten short sounds, of different lengths.
inline Dataset small_dataset() {
  auto dataset =
      simulate({.units = 5, .stimuli = 10, .seconds = 0.6, .bands = 7, .trials = 3, .seed = 3})
          .dataset;
  for (std::size_t s = 0; s < dataset.stimuli.size(); ++s) {
    auto& stimulus = dataset.stimuli[s];
    const auto frames = stimulus.frames() - static_cast<std::int64_t>(3 * s);
    const auto cut = [frames](Array<float>& array) {
      auto shape = array.shape;
      const auto before = shape.back();
      shape.back() = frames;
      Array<float> shorter(shape);
      for (std::int64_t row = 0; row < shorter.size() / frames; ++row) {
        std::copy_n(array.data() + row * before, frames, shorter.data() + row * frames);
      }
      array = shorter;
    };
    cut(stimulus.spectrogram);
    cut(stimulus.responses);
  }
  return dataset;
}

struct Study {
  Dataset dataset;
  Plan plan;
  RunOptions run;

  // `settings`: key=value of a config.
  Study(Dataset data, const std::vector<std::string>& settings) : dataset(std::move(data)) {
    auto document = config::Document::from_text("", "test");
    document.set("run.threads=1");
    for (const auto& setting : settings) document.set(setting);
    auto root = document.root();
    auto data_node = root.map("data", ""), model_node = root.map("model", ""),
         fit_node = root.map("fit", ""), run_node = root.map("run", "");
    SplitOptions split;
    split.folds = data_node.get("folds", std::int64_t{0}, config::any(), "");
    const auto model = read_model(model_node);
    const auto fit = read_fit_options(fit_node, model);
    run = read_run_options(run_node);
    root.finish();
    plan = make_plan(dataset, split, Standardise::overall, model, fit);
  }
  Study(const Study&) = delete;
  Study& operator=(const Study&) = delete;

  FitResult fit() const {
    Sink sink;
    return train(plan, run, sink);
  }
};

}  // namespace strffit::test
