// The `fit` mapping of a configuration.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.hpp"
#include "ops/loss.hpp"

namespace strffit {

inline constexpr std::int64_t kAllStimuli = 0;  // FitOptions::batch

enum class FitMode { population, independent };
enum class Solver { gradient, ridge };
enum class Initialise { random, ridge, checkpoint };
enum class RidgePrior { flat, smooth };
enum class Schedule { constant, plateau, cosine };
enum class Monitor { valid_loss, valid_cc, valid_cc_norm };

struct FitOptions {
  FitMode mode = FitMode::population;         // one model for all units, or one per unit
  Solver solver = Solver::gradient;           // ridge: closed form, linear only
  Initialise initialise = Initialise::ridge;  // start of linear and ln; others start at random
  // Initialise::checkpoint: the run or checkpoint whose core is taken over.
  std::string initialise_from = {};
  bool freeze_core = false;                     // nothing but the readout is learnt
  RidgePrior ridge_prior = RidgePrior::smooth;  // of the closed form
  bool refit = false;  // once more on training and validation stimuli, for as long as was best
  ops::Loss loss = ops::Loss::mse;
  double learning_rate = 1e-3;    // > 0
  double prefilter_rate = 1;      // > 0; learning rate of a learnt prefilter relative to that
  double weight_decay = 1e-4;     // >= 0, AdamW's
  double l1 = 0, l2 = 0;          // >= 0, of the kernels
  std::int64_t batch = 1;         // stimuli a step, or kAllStimuli
  std::int64_t max_epochs = 150;  // >= 0
  std::int64_t patience = 25;     // epochs without improvement; >= 1
  Monitor monitor = Monitor::valid_cc_norm;
  Schedule schedule = Schedule::constant;
  std::int64_t schedule_patience = 8;  // plateau: epochs
  double schedule_factor = 0.5;        // plateau: rate times this, in (0, 1)
  double average =
      5;  // epochs that the weights which are judged and kept are averaged over; 0: none
  double gradient_clip = 0;               // largest norm of a member's gradient; 0: none
  std::vector<std::int64_t> seeds = {0};  // a member each, >= 0, unique
};

// The keys of `fit` in which members of one ensemble may differ: all members of a batch have the
// same value. Settings that differ in other keys are different ensembles.
inline constexpr std::array<std::string_view, 13> kKeysOfMembers = {
    "learning_rate",  "prefilter_rate", "weight_decay", "l1",      "l2",       "gradient_clip",
    "loss",           "batch",          "patience",     "monitor", "schedule", "schedule_patience",
    "schedule_factor"};

struct ModelSpec;

// Reads, checks and documents every key of `node`, the mapping `fit`. Keys that have no effect on
// the model, or beside the solver, are noted as such (Node::only_if).
FitOptions read_fit_options(config::Node& node, const ModelSpec& model);

// The key `monitor` alone. Of the closed form it decides between the settings of a sweep, of which
// read_fit_options() knows nothing.
Monitor read_monitor(config::Node& node);

// The mapping for keys that only gradient descent uses.
config::Node only_for_gradient(bool descends, const config::Node& node);

inline constexpr std::int64_t kMostThreads = 4096;

struct RunOptions {
  std::string device = "auto";  // cpu, cuda, auto: cuda where there is one
  std::int64_t threads = 0;     // 0: as many as the machine (or the job) has
  std::int64_t chunk = 0;       // members of a batch; 0: chosen
  bool tf32 = false;            // a GPU's products may round their factors to 10 bits
  bool cuda_graphs = false;     // a GPU's steps are recorded once and started as one
};

// The mapping `run`.
RunOptions read_run_options(config::Node& node);

}  // namespace strffit
