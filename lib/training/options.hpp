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
  // For Initialise::checkpoint: the run or checkpoint whose core is used.
  std::string initialise_from = {};
  bool freeze_core = false;                     // learn the readout only
  RidgePrior ridge_prior = RidgePrior::smooth;  // prior of the closed form
  // Train again on training and validation stimuli, for the best number of epochs.
  bool refit = false;
  ops::Loss loss = ops::Loss::mse;
  double learning_rate = 1e-3;    // > 0
  double prefilter_rate = 1;      // > 0; of a learnt prefilter, relative to learning_rate
  double weight_decay = 1e-4;     // >= 0, of AdamW
  double l1 = 0, l2 = 0;          // >= 0, penalties on the STRF kernels
  std::int64_t batch = 1;         // stimuli per step, or kAllStimuli
  std::int64_t max_epochs = 150;  // >= 0
  std::int64_t patience = 25;     // epochs without improvement; >= 1
  Monitor monitor = Monitor::valid_cc_norm;
  Schedule schedule = Schedule::constant;
  std::int64_t schedule_patience = 8;  // for plateau, in epochs
  double schedule_factor = 0.5;        // for plateau: factor of the learning rate, in (0, 1)
  // Number of epochs over which the weights are averaged for validation and storage; 0: no average.
  double average = 5;
  double gradient_clip = 0;               // largest norm of a member's gradient; 0: no clipping
  std::vector<std::int64_t> seeds = {0};  // one member per seed; each >= 0, unique
};

// Keys of `fit` in which the members of one ensemble may differ. All members of one chunk have the
// same values. Settings that differ in other keys form separate ensembles.
inline constexpr std::array<std::string_view, 13> kKeysOfMembers = {
    "learning_rate",  "prefilter_rate", "weight_decay", "l1",      "l2",       "gradient_clip",
    "loss",           "batch",          "patience",     "monitor", "schedule", "schedule_patience",
    "schedule_factor"};

struct ModelSpec;

// Reads, checks and documents every key of the mapping `fit`. Keys without effect, because of the
// model or the solver, are noted as unused (Node::only_if). Throws ConfigError for invalid values.
FitOptions read_fit_options(config::Node& node, const ModelSpec& model);

// Reads the key `monitor` only. With the closed form it only chooses between the settings of a
// sweep, and read_fit_options() does not know whether there is a sweep.
Monitor read_monitor(config::Node& node);

// Returns the mapping for keys that only gradient descent uses. If `descends` is false, these keys
// are noted as unused.
config::Node only_for_gradient(bool descends, const config::Node& node);

inline constexpr std::int64_t kMostThreads = 4096;

struct RunOptions {
  std::string device = "auto";  // cpu, cuda, or auto (cuda if there is a usable GPU)
  std::int64_t threads = 0;     // 0: as many as the machine (or the cluster job) has
  std::int64_t chunk = 0;       // members per chunk; 0: chosen automatically
  bool tf32 = false;            // GPU matrix products may use TensorFloat-32 (10-bit mantissa)
  bool cuda_graphs = false;     // record the steps on a GPU once as CUDA graphs
};

// Reads the mapping `run`. Throws ConfigError for invalid values.
RunOptions read_run_options(config::Node& node);

}  // namespace strffit
