#include "training/trainer.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "ops/autograd.hpp"
#include "ops/gemm.hpp"
#include "training/batching.hpp"
#include "training/chunk.hpp"
#include "training/device.hpp"
#include "training/initialisation.hpp"
#include "training/judged_by.hpp"
#include "training/predict.hpp"
#include "training/progress.hpp"
#include "util/errors.hpp"
#include "util/listed.hpp"
#include "util/memory.hpp"
#include "util/nan.hpp"
#include "util/text.hpp"
#include "util/threads.hpp"

namespace strffit {
namespace {

using Index = std::int64_t;
using Clock = std::chrono::steady_clock;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Number of multiplications in the largest product of a step from which threads inside the product
// are faster.
constexpr double kLargeStep = 2e9;
// Number of unknowns of the closed form from which threads inside products are faster.
constexpr Index kLargeSystem = 1500;

// Bytes of validation responses after which the GPU is waited for before more work is given to it.
constexpr double kAnswerBytes = 1e9;

// Histories with one row per epoch.
constexpr const char* kHistory[] = {"train_loss",    "valid_loss",    "valid_cc",
                                    "valid_cc_norm", "learning_rate", "seconds"};

class Trainer {
 public:
  // `tried`: set for an estimate. Only so many chunks are started, and the cost of the closed form
  // is estimated instead of computing it.
  Trainer(const Plan& plan, const RunOptions& run, Sink& sink, TrainerState* resume,
          std::optional<Index> tried = {})
      : plan_(plan),
        run_(run),
        device_(device_of(run)),
        recorded_(run.cuda_graphs),
        threads_(device_.is_cpu() ? threads_of(run) : 1),
        score_threads_(device_.is_cpu() ? 1 : threads_of(run)),
        cut_(plan.chunks.empty() ? cut(plan, run) : plan.chunks),
        sink_(sink) {
    refuse_what_cannot_fit();
    keep_freed_memory();
    if (resume) restore(*resume);
    join_stimuli();
    if (!state_.refitting()) choose_what_judges();
    if (resume) return;
    const auto M = plan.members.size();
    if (tried && plan.closed_form()) {
      foretell_closed_form();
    } else {
      const auto all = static_cast<Index>(cut_.size());
      begin_at_start({cut_.begin(), cut_.begin() + std::min(tried.value_or(all), all)});
    }
    for (const auto& [name, tensor] : memory_.current) best_[name] = tensor.clone();
    state_.status.assign(
        M, plan.fit.solver == Solver::ridge ? MemberStatus::finished : MemberStatus::running);
    state_.best_score.assign(M, -kInfinity);
    state_.best_epoch.assign(M, 0);
    state_.learning_rate.assign(M, 0);
    for (std::size_t m = 0; m < M; ++m) {
      state_.learning_rate[m] = plan.fit_of(static_cast<Index>(m)).learning_rate;
    }
    state_.plateau_since.assign(M, 0);
    for (const auto* name : kHistory) state_.history[name];
  }

  FitResult run() {
    make_chunks();
    const auto begun = Clock::now();
    if (state_.epoch == 0 && plan_.fit.solver == Solver::gradient) score_start();
    pass(begun);
    for (auto& status : state_.status) {
      if (status == MemberStatus::running) status = MemberStatus::finished;
    }
    if (plan_.fit.refit && !state_.refitting()) {
      begin_refit();
      pass(begun);
    }
    for (auto& chunk : chunks_) chunk.put_back();
    Tensors best;
    for (const auto& [name, tensor] : best_) best[name] = tensor.to(at::kCPU);
    return {state(), std::move(best)};
  }

  Estimate estimate(double scoring_bytes) {
    make_chunks();
    Estimate e;
    e.members = static_cast<Index>(plan_.members.size());
    e.parameters_per_member = plan_.model->parameter_count();
    e.parameters = e.parameters_per_member * e.members;
    // a refit trains at most as many epochs again
    e.max_epochs = (plan_.fit.refit ? 2 : 1) * plan_.fit.max_epochs;
    const auto chunks = static_cast<Index>(chunks_.size());
    e.members_per_chunk =
        chunks_.empty() ? 0 : static_cast<Index>(chunks_.front().members().size());
    e.threads = threads_;
    // Trains a few chunks for one epoch. All chunks are assumed to need the same time and memory.
    const auto tried = std::min<Index>(chunks, threads_);
    const auto& rates = state_.learning_rate;
    const auto epoch = [&] {
      if (plan_.fit.solver != Solver::gradient || plan_.fit.max_epochs == 0) return;
      for_chunks(tried, [&](std::size_t c) { chunks_[c].train(1, rates); });
    };
    // The first epoch initialises the libraries of the GPU. The second records the steps.
    if (!device_.is_cpu()) epoch();
    if (recorded_) epoch();
    const auto begun = Clock::now();
    epoch();
    e.seconds_per_epoch =
        tried > 0 ? seconds_since(begun) * static_cast<double>(chunks) / static_cast<double>(tried)
                  : 0;
    // While a state is saved, at most its largest tensor exists twice. The margin is for threads,
    // whose memory peaks overlap differently in every run.
    double largest = 0;
    for (const auto& [name, tensor] : memory_.current)
      largest = std::max(largest, static_cast<double>(tensor.nbytes()));
    try_scoring(scoring_bytes);
    constexpr double kMargin = 1.05;
    e.bytes =
        kMargin * std::max(static_cast<double>(peak_memory_bytes()) + largest, closed_form_.bytes);
    e.seconds_closed_form = closed_form_.seconds;
    return e;
  }

 private:
  // Refuses a run if the memory cannot even hold the parameters, the best parameters and the two
  // moments of the optimiser of all members.
  void refuse_what_cannot_fit() const {
    if (!device_.is_cpu()) return;
    const auto parameters = static_cast<double>(plan_.model->parameter_count());
    const double bytes =
        4.0 * sizeof(float) * parameters * static_cast<double>(plan_.members.size());
    const double limit = memory_limit_bytes();
    if (bytes <= limit) return;
    const auto text = [](double value) {
      return std::to_string(static_cast<Index>(std::ceil(value)));
    };
    throw RunError(text(static_cast<double>(plan_.members.size())) + " members of " +
                   text(parameters) + " parameters take " + text(bytes / 1e9) +
                   " GB at least; this process may have " + text(limit / 1e9) +
                   " GB: fit fewer units, seeds or folds at once, or take a smaller model");
  }

  // Measures the peak memory of scoring. Tensors that only training needs are released first. Then
  // each thread predicts the longest stimulus with one piece of members, while `held` bytes are in
  // use.
  void try_scoring(double held) {
    const auto& stimuli = plan_.dataset->stimuli;
    const auto longest = std::max_element(
        stimuli.begin(), stimuli.end(),
        [](const Stimulus& a, const Stimulus& b) { return a.frames() < b.frames(); });
    if (plan_.members.empty() || longest == stimuli.end()) return;
    chunks_.clear();
    folds_.clear();
    const auto some = std::min<Index>(static_cast<Index>(plan_.members.size()),
                                      kPredictedAtOnce * std::max(1, threads_));
    Tensors tensors;
    for (const auto& [name, tensor] : memory_.current)
      tensors[name] = tensor.narrow(0, 0, some).detach().clone();
    memory_ = {};
    auto standardisation = plan_.standardisation;
    if (standardisation.size() > 1) {
      standardisation.clear();
      for (Index m = 0; m < some; ++m) {
        const auto fold = plan_.members[static_cast<std::size_t>(m)].fold;
        standardisation.push_back(plan_.standardisation[static_cast<std::size_t>(fold)]);
      }
    }
    // Writes to the `held` bytes, because untouched memory does not count. It is divided into parts
    // like the predictions of single stimuli.
    constexpr double kPartBytes = 2e6;
    std::vector<std::vector<char>> parts;
    for (double left = held; left > 0; left -= kPartBytes)
      parts.emplace_back(static_cast<std::size_t>(std::min(left, kPartBytes)), char{1});
    predict(*plan_.model, tensors, standardisation, longest->spectrogram, run_);
  }

  void join_stimuli() {
    folds_.clear();
    const auto partitions = state_.refitting() ? plan_.seen() : plan_.partitions;
    std::vector<char> wanted(partitions.size(), 0);
    for (const auto& member : plan_.members) wanted[static_cast<std::size_t>(member.fold)] = 1;
    for (std::size_t fold = 0; fold < partitions.size(); ++fold) {
      if (!wanted[fold]) {
        folds_.emplace_back();
        continue;
      }
      folds_.emplace_back(*plan_.dataset, partitions[fold], plan_.standardisation[fold],
                          plan_.model->gap(), device_);
    }
  }

  // Moves the members of these chunks to their starting values. Uses the earlier choices of the
  // closed form if there are any.
  void begin_at_start(const std::vector<std::vector<Index>>& chunks) {
    memory_ = {};
    set_threads_of_closed_form();
    auto start = starting_point(plan_, folds_, chunks, state_.ridge, threads_, sink_);
    state_.ridge = std::move(start.ridge);
    hold(start.tensors);
  }

  void set_threads_of_closed_form() const {
    const auto unknowns = plan_.model->context() * plan_.dataset->bands() *
                          static_cast<Index>(plan_.model->channels().size());
    ops::set_inner_threads(unknowns > kLargeSystem ? threads_ : 1);  // see kLargeSystem
  }

  void foretell_closed_form() {
    set_threads_of_closed_form();
    const auto tensors = random_start(plan_);
    const auto before = static_cast<double>(present_memory_bytes());
    closed_form_ = cost_of_closed_form(plan_, folds_, cut_, threads_);
    closed_form_.bytes += before;
    hold(tensors);
  }

  // Stores the members' tensors and allocates the tensors of the optimiser.
  void hold(const Tensors& tensors) {
    for (const auto& [name, tensor] : tensors) memory_.current[name] = tensor.to(device_);
    for (const auto& entry : plan_.model->entries()) {
      if (!entry.is_learnt()) continue;
      memory_.first[entry.name] = at::zeros_like(memory_.current.at(entry.name));
      memory_.second[entry.name] = at::zeros_like(memory_.current.at(entry.name));
    }
    if (plan_.fit.average == 0) return;
    for (const auto& [name, tensor] : memory_.current) memory_.average[name] = tensor.clone();
  }

  // Starts every member again, now with the validation stimuli in the training data. They can no
  // longer say when to stop, so each member trains for its best number of epochs
  // (Goodfellow, Bengio & Courville 2016, Deep Learning, algorithm 7.2).
  void begin_refit() {
    state_.refit_since = state_.epoch;
    chunks_.clear();
    join_stimuli();
    begin_at_start(cut_);
    for (std::size_t m = 0; m < state_.status.size(); ++m) {
      if (state_.status[m] == MemberStatus::failed || state_.is_active(m)) continue;
      const auto row = static_cast<Index>(m);
      for (auto& [name, tensor] : best_) tensor[row].copy_(memory_.current.at(name)[row]);
    }
    make_chunks();
    sink_.began(fmt::format(
        "refit on training and validation stimuli, for as many epochs as were best: {} at most",
        state_.refit_epochs_left()));
  }

  bool has_epochs_left() const {
    return !chunks_.empty() && (state_.refitting() || state_.epoch < plan_.fit.max_epochs);
  }

  // Trains epoch after epoch until all members have ended.
  void pass(Clock::time_point begun) {
    while (has_epochs_left()) {
      const auto report = epoch(begun);
      sink_.epoch_done(report);
      const bool stop = sink_.stop_requested();
      if (stop || sink_.wants_state(state_.epoch)) save();
      if (stop && (has_epochs_left() || (plan_.fit.refit && !state_.refitting()))) {
        throw Stopped(fmt::format(
            "stopped on request after epoch {}; everything is saved, go on with --resume",
            state_.epoch));
      }
    }
  }

  // The number of an epoch, counted from the start of training or of the refit.
  Index local(Index epoch) const { return state_.refitting() ? epoch - state_.refit_since : epoch; }

  // Makes the chunks. In a resumed run, members that have ended leave their chunk, but the limits
  // between chunks stay the same.
  void make_chunks() {
    for (const auto& members : cut_) {
      std::vector<Index> active;
      for (const auto m : members) {
        if (state_.is_active(static_cast<std::size_t>(m))) active.push_back(m);
      }
      if (active.empty()) continue;
      const auto fold = plan_.members[static_cast<std::size_t>(active.front())].fold;
      chunks_.emplace_back(plan_, folds_[static_cast<std::size_t>(fold)], members,
                           std::move(active), memory_, recorded_);
    }
  }

  // Distributes chunks over threads. If a run has a single chunk with large products, the threads
  // work inside these products instead. The decision depends on the chunks at the start of the
  // whole run. So rounding is the same in a shard, and for the last chunk that is still running.
  void for_chunks(Index n, const std::function<void(std::size_t)>& work) {
    const bool alone = cut_.size() == 1 && !plan_.of_several_chunks;
    ops::set_inner_threads(alone && large_steps() ? threads_ : 1);
    parallel_for(n, threads_, [&](Index c) {
      if (n > 1) ops::stay_on_this_thread();
      work(static_cast<std::size_t>(c));
    });
  }

  // Threads inside a product wait for each other at its end. On a machine with other users, a step
  // of small products then takes ten times as long.
  bool large_steps() const {
    double multiplications = 0;
    for (const auto& chunk : chunks_) {
      const auto& data = folds_[static_cast<std::size_t>(
          plan_.members[static_cast<std::size_t>(chunk.members().front())].fold)];
      const auto batch = plan_.fit_of(chunk.members().front()).batch;
      const auto frames = batch == kAllStimuli ? data.all().layout->frames
                                               : data.all().layout->frames / data.stimuli() * batch;
      multiplications =
          std::max(multiplications, static_cast<double>(frames * plan_.model->parameter_count()) *
                                        static_cast<double>(chunk.members().size()));
    }
    return multiplications > kLargeStep;
  }

  // Chooses the score that judges the epochs of each member. It stays the same for all epochs.
  void choose_what_judges() {
    for (std::size_t m = 0; m < plan_.members.size(); ++m) {
      const auto& member = plan_.members[m];
      ValidationResponses responses;
      const auto& targets = folds_[static_cast<std::size_t>(member.fold)].scores();
      for (std::size_t n = 0; n < targets.size(); ++n) {
        if (member.unit >= 0 && static_cast<std::size_t>(member.unit) != n) continue;
        if (!targets[n].varies()) continue;
        responses.vary = true;
        responses.signal = responses.signal || targets[n].signal_power() > 0;
      }
      judged_by_.push_back(judged_by(plan_.fit_of(static_cast<Index>(m)).monitor, responses));
    }
  }

  double score_of(const EpochScores& scores, std::size_t place, std::size_t m) const {
    return score_by(judged_by_[m], {scores.train_loss[place], scores.valid_loss[place],
                                    scores.valid_cc[place], scores.valid_cc_norm[place]});
  }

  // Scores the starting values. They are the first candidates for the best epoch: a closed form may
  // be better than all epochs after it.
  void score_start() {
    for_chunks(static_cast<Index>(chunks_.size()), [&](std::size_t c) {
      const auto scores = chunks_[c].validate(score_threads_);
      for (std::size_t i = 0; i < chunks_[c].members().size(); ++i) {
        const auto m = static_cast<std::size_t>(chunks_[c].members()[i]);
        // The training loss comes from the steps of an epoch. There have been none yet.
        if (judged_by_[m] != JudgedBy::train_loss) state_.best_score[m] = score_of(scores, i, m);
      }
    });
  }

  EpochReport epoch(Clock::time_point begun) {
    const auto epoch_begun = Clock::now();
    const auto M = plan_.members.size();
    std::vector<char> active(M);
    for (std::size_t m = 0; m < M; ++m) active[m] = state_.is_active(m);
    const auto number = ++state_.epoch;
    std::map<std::string, std::vector<double>> row;
    for (const auto* name :
         {"train_loss", "valid_loss", "valid_cc", "valid_cc_norm", "learning_rate"}) {
      row[name].assign(M, std::numeric_limits<double>::quiet_NaN());
    }
    set_rates(number);
    const auto begin = [&](std::size_t c) {
      std::vector<double> rates;
      for (const auto member : chunks_[c].members())
        rates.push_back(state_.learning_rate[static_cast<std::size_t>(member)]);
      chunks_[c].begin(local(number), rates);
    };
    const auto work = [&](std::size_t c) { chunks_[c].work(); };
    const auto end = [&](std::size_t c) {
      auto& chunk = chunks_[c];
      const auto scores = chunk.scores(score_threads_);
      std::vector<std::size_t> better;
      for (std::size_t i = 0; i < chunk.members().size(); ++i) {
        const auto m = static_cast<std::size_t>(chunk.members()[i]);
        if (!active[m]) continue;
        row["train_loss"][m] = scores.train_loss[i];
        row["valid_loss"][m] = scores.valid_loss[i];
        row["valid_cc"][m] = scores.valid_cc[i];
        row["valid_cc_norm"][m] = scores.valid_cc_norm[i];
        row["learning_rate"][m] = state_.learning_rate[m];
        const auto& fit = plan_.fit_of(static_cast<Index>(m));
        // A refit has no validation score.
        const double score = state_.refitting() ? kNaN : score_of(scores, i, m);
        if (judge_epoch(state_, m, fit, scores.train_loss[i], score)) better.push_back(i);
      }
      chunk.store(better, best_);
    };
    const auto n = static_cast<Index>(chunks_.size());
    if (device_.is_cpu()) {
      for_chunks(n, [&](std::size_t c) {
        begin(c);
        work(c);
        end(c);
      });
    } else {
      for_chunks(n, begin);
      for (Index first = 0, next = 0; first < n; first = next) {
        double bytes = 0;
        while (next < n && (next == first || bytes < kAnswerBytes))
          bytes += chunks_[static_cast<std::size_t>(next++)].answer_bytes();
        const auto from = static_cast<std::size_t>(first);
        for_chunks(next - first, [&](std::size_t c) { work(from + c); });
        for_chunks(next - first, [&](std::size_t c) { end(from + c); });
      }
    }
    EpochReport report = summary(row, number);
    leave_ended(active);
    for (auto& [name, values] : row) state_.history[name].push_back(std::move(values));
    state_.history["seconds"].push_back({seconds_since(epoch_begun)});
    report.seconds = seconds_since(begun);
    return report;
  }

  void set_rates(Index number) {
    if (state_.refitting()) {  // use the learning rates of the first training
      const auto& before = state_.history.at("learning_rate");
      for (std::size_t m = 0; m < state_.learning_rate.size(); ++m) {
        const double rate = before[static_cast<std::size_t>(local(number) - 1)][m];
        if (std::isfinite(rate)) state_.learning_rate[m] = rate;
      }
      return;
    }
    for (std::size_t m = 0; m < state_.learning_rate.size(); ++m) {
      state_.learning_rate[m] = scheduled_rate(plan_.fit_of(static_cast<Index>(m)), number,
                                               plan_.fit.max_epochs, state_.learning_rate[m]);
    }
  }

  // Removes members that have ended from their chunk, so that they cost no more time. On a GPU, a
  // chunk waits until several have ended, because steps must then be recorded again.
  void leave_ended(const std::vector<char>& active) {
    std::vector<std::size_t> failed;
    for (auto& chunk : chunks_) {
      std::vector<std::size_t> staying;
      for (std::size_t i = 0; i < chunk.members().size(); ++i) {
        const auto m = static_cast<std::size_t>(chunk.members()[i]);
        if (state_.is_active(m)) {
          staying.push_back(i);
          continue;
        }
        if (active[m] && state_.status[m] == MemberStatus::failed) failed.push_back(m);
      }
      const auto there = chunk.members().size();
      constexpr double kWorthIt = 0.8;
      if (staying.empty() || static_cast<double>(staying.size()) <
                                 (device_.is_cpu() ? 1 : kWorthIt) * static_cast<double>(there))
        chunk.keep(staying);
    }
    std::erase_if(chunks_, [](const Chunk& chunk) { return chunk.members().empty(); });
    if (!failed.empty()) warn_of_failed(failed);
  }

  // Warns once per epoch, and only a few times in total.
  void warn_of_failed(const std::vector<std::size_t>& failed) {
    constexpr int kMostLines = 4;
    if (++failures_told_ > kMostLines) return;
    std::vector<std::string> names;
    for (const auto m : failed) names.push_back(name_of(m));
    const bool one = names.size() == 1;
    std::string message = fmt::format(
        "the loss of {} is no longer finite in epoch {}{}{} with what was best before{}, the "
        "others go on; a lower fit.learning_rate or fit.gradient_clip may help",
        one ? names.front() : fmt::format("{} members ({})", names.size(), listed(names, 2)),
        state_.epoch, state_.refitting() ? ", of the refit" : "",
        one ? ": it stops" : ": each stops",
        one ? fmt::format(", of epoch {}", state_.best_epoch[failed.front()]) : "");
    if (failures_told_ == kMostLines) {
      message += "; what fails after this is counted at the end and named in /members/status";
    }
    sink_.warning(message);
  }

  std::string name_of(std::size_t m) const {
    const auto& member = plan_.members[m];
    return fmt::format(
        "member {} ({}, seed {}, fold {}{})", m,
        member.unit < 0 ? "all units"
                        : "unit " + plan_.dataset->unit_ids[static_cast<std::size_t>(member.unit)],
        member.seed, member.fold,
        plan_.settings.size() > 1 ? fmt::format(", setting {}", member.setting) : "");
  }

  EpochReport summary(const std::map<std::string, std::vector<double>>& row, Index number) const {
    const auto mean = [](const std::vector<double>& values) {
      double sum = 0, n = 0;
      for (const double v : values) {
        if (std::isfinite(v)) {
          sum += v;
          ++n;
        }
      }
      return n > 0 ? sum / n : std::numeric_limits<double>::quiet_NaN();
    };
    // For members that ended before this epoch, uses the value of their best epoch.
    const auto mean_of = [&](const std::string& name) {
      auto values = row.at(name);
      const auto history = state_.history.find(name);
      for (std::size_t m = 0; m < values.size() && history != state_.history.end(); ++m) {
        const auto best = state_.best_epoch[m];
        const bool known = best >= 1 && best <= static_cast<Index>(history->second.size());
        if (std::isnan(values[m]) && known && state_.status[m] != MemberStatus::running) {
          values[m] = history->second[static_cast<std::size_t>(best - 1)][m];
        }
      }
      return mean(values);
    };
    EpochReport report{};
    report.epoch = number;
    report.max_epochs =
        state_.refitting() ? number + state_.refit_epochs_left() : plan_.fit.max_epochs;
    report.members = static_cast<Index>(plan_.members.size());
    for (std::size_t m = 0; m < state_.status.size(); ++m) report.running += state_.is_active(m);
    report.train_loss = mean_of("train_loss");
    report.valid_loss = mean_of("valid_loss");
    report.best_score = kNaN;
    if (!state_.refitting()) add_best_score(report, mean);
    return report;
  }

  // Scores of different kinds have no common mean. So this averages only the kind that judges most
  // members.
  template <class Mean>
  void add_best_score(EpochReport& report, Mean mean) const {
    struct Kind {
      JudgedBy by;
      const char* name;
      double sign;
    };
    constexpr std::array<Kind, 4> kKinds = {{{JudgedBy::valid_cc_norm, "cc_norm", 1},
                                             {JudgedBy::valid_cc, "cc", 1},
                                             {JudgedBy::valid_loss, "loss", -1},
                                             {JudgedBy::train_loss, "training loss", -1}}};
    const auto number = [&](const Kind& kind) {
      return std::count(judged_by_.begin(), judged_by_.end(), kind.by);
    };
    const auto& most =
        *std::max_element(kKinds.begin(), kKinds.end(),
                          [&](const Kind& a, const Kind& b) { return number(a) < number(b); });
    std::vector<double> scores;
    for (std::size_t m = 0; m < judged_by_.size(); ++m) {
      if (judged_by_[m] == most.by) scores.push_back(state_.best_score[m]);
    }
    report.best_score = most.sign * mean(scores);
    report.score_name = most.name;
  }

  void save() {
    for (auto& chunk : chunks_) chunk.put_back();
    sink_.save(state());
    for (auto& chunk : chunks_) chunk.bring_together();
  }

  // Must not be called while the members of a chunk are brought together.
  TrainerState state() const {
    auto result = state_;
    const auto put = [&](const std::string& prefix, const Tensors& tensors) {
      for (const auto& [name, tensor] : tensors)
        result.tensors[prefix + name] = tensor.to(at::kCPU);
    };
    put("current/", memory_.current);
    put("best/", best_);
    put("first/", memory_.first);
    put("second/", memory_.second);
    put("average/", memory_.average);
    return result;
  }

  void restore(TrainerState& saved) {
    Tensors tensors = std::move(saved.tensors);
    state_ = saved;
    const auto get = [&](const std::string& name, const Shape& shape) {
      const auto found = tensors.find(name);
      if (found == tensors.end() || found->second.sizes() != at::IntArrayRef(shape)) {
        throw DataError(saved.file, "/tensors/" + name,
                        "expected " + to_string(shape) + "; found " +
                            (found == tensors.end() ? std::string("nothing")
                                                    : to_string(found->second.sizes().vec())) +
                            ": the run cannot be resumed from this");
      }
      // This copies, because the caller may continue to use the saved tensors.
      return tensors.extract(found).mapped().to(device_, at::kFloat, false, true);
    };
    for (const auto* name : kHistory) {
      const auto rows = static_cast<Index>(state_.history[name].size());
      if (rows == state_.epoch) continue;
      throw DataError(
          saved.file, "/history/" + std::string(name),
          fmt::format(
              "expected a row for each of {} epochs; found {}: the run cannot be resumed from this",
              state_.epoch, rows));
    }
    check_for_refit(saved.file);
    for (const auto& entry : plan_.model->entries()) {
      auto shape = entry.shape;
      shape.insert(shape.begin(), static_cast<Index>(plan_.members.size()));
      memory_.current[entry.name] = get("current/" + entry.name, shape);
      best_[entry.name] = get("best/" + entry.name, shape);
      if (plan_.fit.average > 0) memory_.average[entry.name] = get("average/" + entry.name, shape);
      if (!entry.is_learnt()) continue;
      memory_.first[entry.name] = get("first/" + entry.name, shape);
      memory_.second[entry.name] = get("second/" + entry.name, shape);
    }
  }

  // Checks the values that a refit depends on, which a damaged file may have changed.
  void check_for_refit(const std::string& file) const {
    const auto M = static_cast<Index>(plan_.members.size()), N = plan_.model->outputs();
    if (plan_.closed_form() && state_.ridge.penalty.shape != Shape{M, N}) {
      throw DataError(file, "/ridge/penalty",
                      "expected " + to_string(Shape{M, N}) + "; found " +
                          to_string(state_.ridge.penalty.shape) +
                          ": the run cannot be resumed from this");
    }
    if (!state_.refitting()) return;
    const auto& rates = state_.history.at("learning_rate");
    const bool holds =
        state_.refit_since <= state_.epoch &&
        std::all_of(state_.best_epoch.begin(), state_.best_epoch.end(),
                    [&](Index best) { return best >= 0 && best <= state_.refit_since; }) &&
        std::all_of(rates.begin(), rates.end(),
                    [&](const auto& row) { return row.size() == static_cast<std::size_t>(M); });
    if (holds && plan_.fit.refit) return;
    throw DataError(file, "/ attribute refit_since",
                    "does not fit the best epochs and the history: the run cannot be resumed from "
                    "this");
  }

  const Plan& plan_;
  RunOptions run_;
  at::Device device_;
  bool recorded_;
  int threads_;        // that train chunks
  int score_threads_;  // that score one chunk
  std::vector<std::vector<Index>> cut_;
  Sink& sink_;
  std::vector<FoldData> folds_;
  std::vector<JudgedBy> judged_by_;  // (M); empty in a refit
  Memory memory_;
  Tensors best_;
  ClosedFormCost closed_form_;  // only in an estimate; bytes include what else is held
  TrainerState state_;          // tensors are not set
  std::vector<Chunk> chunks_;
  int failures_told_ = 0;
};

}  // namespace

FitResult train(const Plan& plan, const RunOptions& run, Sink& sink, TrainerState* resume_from) {
  FitResult result;
  translate_out_of_memory([&] { result = Trainer(plan, run, sink, resume_from).run(); });
  return result;
}

void Estimate::add(const Estimate& next) {
  members += next.members;
  parameters += next.parameters;
  threads = std::max(threads, next.threads);
  parameters_per_member = std::max(parameters_per_member, next.parameters_per_member);
  members_per_chunk = std::max(members_per_chunk, next.members_per_chunk);
  max_epochs = std::max(max_epochs, next.max_epochs);
  bytes = std::max(bytes, next.bytes);
  seconds_per_epoch += next.seconds_per_epoch;
  seconds_closed_form += next.seconds_closed_form;
}

Estimate estimate(const Plan& plan, const RunOptions& run, double scoring_bytes) {
  Plan tried = plan;
  if (tried.chunks.empty()) tried.chunks = cut(plan, run);
  if (plan.fit.refit) {  // the refit has more training data
    tried.partitions = plan.seen();
    for (std::size_t fold = 0; fold < tried.partitions.size(); ++fold)
      tried.partitions[fold].valid = plan.partitions[fold].valid;
  }
  Estimate result;
  translate_out_of_memory([&] {
    Sink silent;
    result = Trainer(tried, run, silent, nullptr, threads_of(run)).estimate(scoring_bytes);
  });
  return result;
}

}  // namespace strffit
