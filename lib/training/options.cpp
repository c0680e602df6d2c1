#include "training/options.hpp"

#include <algorithm>
#include <set>

#include "config/numbered.hpp"
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

config::Node only_for(bool has_effect, const config::Node& node, const std::string& what) {
  return node.only_if(has_effect, "is only for " + what + "; leave it out");
}

}  // namespace

config::Node only_for_gradient(bool descends, const config::Node& node) {
  return node.only_if(descends,
                      "is for gradient descent and has no effect on the closed form (solver: "
                      "ridge); leave it out");
}

Monitor read_monitor(config::Node& node) {
  return chosen(
      node, "monitor", FitOptions().monitor, {"valid_loss", "valid_cc", "valid_cc_norm"},
      "score on the validation stimuli that chooses the best epoch, early stopping, and the best "
      "setting of a sweep");
}

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
  const std::vector<std::string> none, ridge = {"ridge"};
  const auto start = node.word_or_path(
      "initialise", model.closed_form ? "ridge" : "random",
      model.closed_form ? "random, ridge, or a run or checkpoint"
                        : "random, or a run or checkpoint",
      model.closed_form ? none : ridge,
      "start at random, from the closed form (linear and ln with causal padding), or from all but "
      "the readout of a population model");
  o.initialise = start == "random"  ? Initialise::random
                 : start == "ridge" ? Initialise::ridge
                                    : Initialise::checkpoint;
  if (o.initialise == Initialise::checkpoint) o.initialise_from = start;
  if (o.solver == Solver::ridge && o.initialise != Initialise::ridge) {
    node.fail("initialise", "solver: ridge is the closed form itself; leave this out");
  }
  auto closed_form = only_for(o.initialise == Initialise::ridge, node,
                              "fits that start from the closed form (initialise: ridge)");
  o.ridge_prior =
      chosen(closed_form, "ridge_prior", o.ridge_prior, {"flat", "smooth"},
             "prior of the closed form: flat is ridge; smooth also tries receptive fields that are "
             "smooth along frequency and lag, and keeps what predicts the "
             "validation stimuli better");
  const bool descends = o.solver == Solver::gradient;
  for (const auto& part : node.strings("freeze", {},
                                       "parts of a start from a run or checkpoint that are not "
                                       "learnt: core, which is all but the readout")) {
    if (part != "core") node.fail("freeze", "expected core; found " + part);
    if (o.initialise != Initialise::checkpoint) {
      node.fail("freeze",
                "is only for fits that start from a run or checkpoint (initialise: a path); a core "
                "of random numbers would never be learnt");
    }
    o.freeze_core = true;
  }
  auto descent = only_for_gradient(descends, node);
  o.loss = chosen(descent, "loss", o.loss, {"mse", "poisson", "huber"}, "what is minimised");
  if (o.loss == ops::Loss::poisson && !non_negative_output(model.output)) {
    node.fail("loss", "poisson needs an output that cannot be below 0, not " + model.output +
                          "; choose for instance model.output: softplus");
  }
  o.learning_rate = descent.get(
      "learning_rate", o.learning_rate, above(0),
      "of AdamW; parameters in units of the response have it times the response's standard "
      "deviation");
  auto learnt_prefilter =
      descends ? only_for(model.prefilter.learns, node, "prefilters that learn") : descent;
  o.prefilter_rate = learnt_prefilter.get(
      "prefilter_rate", model.prefilter.learns ? model.recipe.prefilter_rate : o.prefilter_rate,
      above(0), "learning rate of a learnt prefilter, relative to that of the other parameters");
  o.weight_decay = descent.get("weight_decay", o.weight_decay, at_least(0),
                               "of AdamW; acts on weights only, not on biases");
  auto kernels = descends ? only_for(model.has_kernels, node, "models with linear receptive fields")
                          : node.only_if(false,
                                         "is for gradient descent; the closed form (solver: ridge) "
                                         "chooses its penalty itself; leave this out");
  o.l1 =
      kernels.get("l1", o.l1, at_least(0), "penalty on the kernels' magnitudes, added to the loss");
  o.l2 = kernels.get("l2", o.l2, at_least(0), "penalty on the kernels' squares, added to the loss");
  const auto batch =
      descent.integer_or("batch", o.batch, at_least(1), {"all"}, "stimuli per optimiser step");
  o.batch =
      std::holds_alternative<std::string>(batch) ? kAllStimuli : std::get<std::int64_t>(batch);
  o.max_epochs = descent.get("max_epochs", o.max_epochs, config::between(0, 1e9),
                             "most passes over the training stimuli");
  o.patience = descent.get("patience", o.patience, config::between(1, 1e9),
                           "epochs without improvement after which a member stops");
  o.monitor = read_monitor(node);
  o.schedule = chosen(descent, "schedule", o.schedule, {"constant", "plateau", "cosine"},
                      "of the learning rate");
  auto plateau =
      descends ? only_for(o.schedule == Schedule::plateau, node, "schedule: plateau") : descent;
  o.schedule_patience =
      plateau.get("schedule_patience", o.schedule_patience, config::between(1, 1e9),
                  "epochs without improvement after which the learning rate falls");
  o.schedule_factor =
      plateau.get("schedule_factor", o.schedule_factor,
                  config::Range{.low = 0, .high = 1, .low_open = true, .high_open = true},
                  "factor applied to the learning rate when it falls");
  o.average = descent.get("average", o.average, config::between(0, 1e6),
                          "epochs that a running mean of the weights covers; the mean is scored "
                          "and kept; 0 is no mean");
  o.refit =
      node.get("refit", o.refit,
               "after the fit of a member, fit it again from its start on training and validation "
               "stimuli together, with its best number of epochs");
  o.gradient_clip = descent.get("gradient_clip", o.gradient_clip, at_least(0),
                                "largest norm of a member's gradient; 0 is no limit");
  constexpr std::int64_t kMostSeeds = 100000;
  o.seeds = config::read_numbered(descent, "seeds", o.seeds, config::between(0, 9e15), kMostSeeds,
                                  "random seeds, one member for each; 8 is 0 to 7");
  if (o.seeds.empty()) node.fail("seeds", "needs at least one");
  if (std::set<std::int64_t>(o.seeds.begin(), o.seeds.end()).size() != o.seeds.size())
    node.fail("seeds", "the same seed is given twice");
  return o;
}

RunOptions read_run_options(config::Node& node) {
  RunOptions o;
  o.device = node.choice("device", o.device, {"auto", "cpu", "cuda"},
                         "where to compute; auto uses a GPU if there is one that works");
  const auto threads =
      node.integer_or("threads", "auto", config::between(1, kMostThreads), {"auto"},
                      "threads on a CPU; auto uses all processors of the machine or the job");
  o.threads = std::holds_alternative<std::string>(threads) ? 0 : std::get<std::int64_t>(threads);
  const auto chunk = node.integer_or("chunk", "auto", config::between(1, 1e9), {"auto"},
                                     "members that a thread trains together, as one batch");
  o.chunk = std::holds_alternative<std::string>(chunk) ? 0 : std::get<std::int64_t>(chunk);
  o.tf32 = node.get(
      "tf32", o.tf32,
      "matrix products on a GPU round their factors to 10 bits (TensorFloat-32): faster on "
      "some; docs/gpu.md has the loss of accuracy");
  o.cuda_graphs = node.get(
      "cuda_graphs", o.cuda_graphs,
      "training steps on a GPU are recorded once and launched as one CUDA graph: faster if "
      "steps are small");
  for (const auto& [key, asked] : {std::pair("tf32", o.tf32), {"cuda_graphs", o.cuda_graphs}}) {
    if (asked && o.device == "cpu")
      node.fail(key, "is for a GPU, and device is cpu: leave one of them out");
  }
  return o;
}

}  // namespace strffit
