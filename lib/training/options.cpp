#include "training/options.hpp"

#include <algorithm>
#include <set>

#include "model/model.hpp"
#include "model/output.hpp"

namespace strffit {
namespace {

template <class E>
E chosen(config::Node& node, const std::string& key, E fallback,
         const std::vector<std::string>& names, const std::string& doc) {
  const auto name = node.choice(key, names[static_cast<std::size_t>(fallback)], names, doc);
  return static_cast<E>(std::find(names.begin(), names.end(), name) - names.begin());
}

// Refuses keys that others leave without effect.
void only_with(const config::Node& node, const std::vector<std::string>& keys,
               const std::string& what) {
  for (const auto& key : keys) {
    if (node.has(key)) node.fail(key, "is only for " + what + "; leave it out");
  }
}

}  // namespace

FitOptions read_fit_options(config::Node& node, const ModelSpec& model) {
  using config::above;
  using config::at_least;
  FitOptions o;
  o.learning_rate = model.recipe.learning_rate;
  o.average = model.recipe.average_epochs;
  o.mode = chosen(node, "mode", o.mode, {"population", "independent"},
                  "one model for all units, or one model per unit");
  o.solver = chosen(node, "solver", o.solver, {"gradient", "ridge"},
                    "gradient descent, or the closed form with a penalty per unit chosen on the "
                    "validation stimuli");
  if (o.solver == Solver::ridge && (!model.closed_form || model.output != "identity")) {
    node.fail("solver",
              "ridge is for linear models with identity output and causal padding; the others "
              "start from it (initialise: ridge)");
  }
  if (model.closed_form) {
    o.initialise = chosen(node, "initialise", o.initialise, {"random", "ridge"},
                          "start at random, or from the closed form");
    if (o.solver == Solver::ridge && o.initialise != Initialise::ridge) {
      node.fail("initialise", "solver: ridge is the closed form itself; leave this out");
    }
  } else {
    only_with(node, {"initialise"}, "linear and ln models with causal padding");
    o.initialise = Initialise::random;
  }
  if (o.initialise == Initialise::ridge) {
    o.ridge_prior = chosen(node, "ridge_prior", o.ridge_prior, {"flat", "smooth"},
                           "what the closed form expects of a receptive field: weights on their "
                           "own, or also alike in neighbouring bands and frames where that "
                           "predicts the validation stimuli better");
  } else {
    only_with(node, {"ridge_prior"}, "fits that start from the closed form (initialise: ridge)");
  }
  o.loss = chosen(node, "loss", o.loss, {"mse", "poisson", "huber"}, "what is minimised");
  if (o.loss == ops::Loss::poisson && !non_negative_output(model.output)) {
    node.fail("loss", "poisson needs an output that cannot be below 0, not " + model.output +
                          "; choose for instance model.output: softplus");
  }
  o.learning_rate =
      node.get("learning_rate", o.learning_rate, above(0),
               "of AdamW; for parameters in units of the response relative to its spread");
  if (model.prefilter.learns) {
    o.prefilter_rate =
        node.get("prefilter_rate", model.recipe.prefilter_rate, above(0),
                 "learning rate of the prefilter's numbers, relative to that of the others");
  } else {
    only_with(node, {"prefilter_rate"}, "prefilters that learn");
  }
  o.weight_decay =
      node.get("weight_decay", o.weight_decay, at_least(0), "of AdamW, on weights alone");
  if (model.has_kernels) {
    o.l1 =
        node.get("l1", o.l1, at_least(0), "penalty on the kernels' magnitudes, added to the loss");
    o.l2 = node.get("l2", o.l2, at_least(0), "penalty on the kernels' squares, added to the loss");
    for (const auto& [key, penalty] : {std::pair("l1", o.l1), {"l2", o.l2}}) {
      if (penalty == 0 || o.solver != Solver::ridge) continue;
      node.fail(key,
                "is for gradient descent; the closed form (solver: ridge) chooses its penalty "
                "itself; leave this out");
    }
  } else {
    only_with(node, {"l1", "l2"}, "models with linear receptive fields");
  }
  const auto batch = node.integer_or("batch", o.batch, at_least(1), {"all"}, "stimuli a step");
  o.batch =
      std::holds_alternative<std::string>(batch) ? kAllStimuli : std::get<std::int64_t>(batch);
  o.max_epochs = node.get("max_epochs", o.max_epochs, config::between(0, 1e9),
                          "passes over the training stimuli at most");
  o.patience = node.get("patience", o.patience, config::between(1, 1e9),
                        "epochs without improvement after which a member ends");
  o.monitor =
      chosen(node, "monitor", o.monitor, {"valid_loss", "valid_cc", "valid_cc_norm"},
             "score on the validation stimuli that decides on the best epoch and on stopping");
  o.schedule = chosen(node, "schedule", o.schedule, {"constant", "plateau", "cosine"},
                      "of the learning rate");
  if (o.schedule == Schedule::plateau) {
    o.schedule_patience =
        node.get("schedule_patience", o.schedule_patience, config::between(1, 1e9),
                 "epochs without improvement after which the rate falls");
    o.schedule_factor =
        node.get("schedule_factor", o.schedule_factor,
                 config::Range{.low = 0, .high = 1, .low_open = true, .high_open = true},
                 "the rate is multiplied with this then");
  } else {
    only_with(node, {"schedule_patience", "schedule_factor"}, "schedule: plateau");
  }
  o.average = node.get(
      "average", o.average, config::between(0, 1e6),
      "epochs that the weights are averaged over before they are judged and kept; 0 is none");
  o.refit = node.get("refit", o.refit,
                     "after a member has ended, fit it once more from its start on training and "
                     "validation stimuli together, for as many epochs as were best");
  o.gradient_clip = node.get("gradient_clip", o.gradient_clip, at_least(0),
                             "largest norm of a member's gradient; 0 is no limit");
  o.seeds = node.integers("seeds", o.seeds, config::between(0, 9e15),
                          "of the random numbers; a member each");
  if (o.seeds.empty()) node.fail("seeds", "needs at least one");
  if (std::set<std::int64_t>(o.seeds.begin(), o.seeds.end()).size() != o.seeds.size())
    node.fail("seeds", "the same seed is given twice");
  return o;
}

RunOptions read_run_options(config::Node& node) {
  RunOptions o;
  o.device = node.choice("device", o.device, {"auto", "cpu", "cuda"},
                         "where to compute; auto takes a GPU where LibTorch has one");
  const auto threads =
      node.integer_or("threads", "auto", config::between(1, kMostThreads), {"auto"},
                      "threads on a CPU; auto takes what the machine or the job has");
  o.threads = std::holds_alternative<std::string>(threads) ? 0 : std::get<std::int64_t>(threads);
  const auto chunk = node.integer_or("chunk", "auto", config::between(1, 1e9), {"auto"},
                                     "members worked at once by a thread");
  o.chunk = std::holds_alternative<std::string>(chunk) ? 0 : std::get<std::int64_t>(chunk);
  o.tf32 = node.get("tf32", o.tf32,
                    "a GPU's products may round their factors to 10 bits (TensorFloat-32): faster "
                    "on some; docs/gpu.md says what it costs");
  o.cuda_graphs = node.get("cuda_graphs", o.cuda_graphs,
                           "a GPU's training steps are recorded once and then started as one "
                           "(CUDA graphs): faster where steps are small");
  for (const auto& [key, asked] : {std::pair("tf32", o.tf32), {"cuda_graphs", o.cuda_graphs}}) {
    if (asked && o.device == "cpu")
      node.fail(key, "is for a GPU, and device is cpu: leave one of them out");
  }
  return o;
}

}  // namespace strffit
