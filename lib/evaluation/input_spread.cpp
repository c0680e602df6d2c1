#include "evaluation/input_spread.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "evaluation/fitted.hpp"
#include "ops/autograd.hpp"
#include "ops/gemm.hpp"
#include "training/input.hpp"
#include "util/errors.hpp"
#include "util/threads.hpp"

namespace strffit {

namespace {

// Standard deviation of each column. Data are added in pieces (frames, columns).
class Spread {
 public:
  void see(const at::Tensor& piece) {
    const auto values = piece.to(at::kDouble);
    // Sum the differences from the first frame. This keeps precision if the mean of a spectrogram
    // is far from 0.
    if (frames_ == 0) first_ = values[0].clone();
    const auto difference = values - first_;
    const auto sum = difference.sum(0), squares = difference.square().sum(0);
    sum_ = frames_ == 0 ? sum : sum_ + sum;
    squares_ = frames_ == 0 ? squares : squares_ + squares;
    frames_ += values.size(0);
  }
  // One standard deviation per column, with divisor n.
  std::vector<float> of_columns() const {
    const auto n = static_cast<double>(frames_);
    const auto mean = sum_ / n;
    const auto spread =
        (squares_ / n - mean * mean).clamp_min(0).sqrt().to(at::kFloat).contiguous();
    const float* const values = spread.data_ptr<float>();
    return {values, values + spread.numel()};
  }

 private:
  at::Tensor first_, sum_, squares_;
  std::int64_t frames_ = 0;
};

struct OfMember {
  std::vector<float> channels, spectrogram;  // (C F), (F)
};

OfMember spread_of(const FittedModel& fitted, std::int64_t m, const Dataset& dataset,
                   const std::vector<std::size_t>& train) {
  const ops::WithoutGradients guard;
  const Model& model = *fitted.model;
  const auto& standard =
      fitted.standardisation[fitted.own_standardisation ? static_cast<std::size_t>(m) : 0];
  const Tensors tensors = select_members(fitted.tensors, {m});
  Spread channels, spectrogram;
  for (const auto s : train) {
    const Stimulus& stimulus = dataset.stimuli.at(s);
    const auto frames = stimulus.frames();
    const auto layout = ops::join({frames}, model.gap());
    const auto x = at::zeros({1, layout->total, dataset.bands()});
    put_input(x, model.gap(), stimulus.spectrogram, standard);
    const auto frames_of = [&](const at::Tensor& signal) {
      return signal[0].narrow(0, model.gap(), frames);
    };
    spectrogram.see(frames_of(x));
    channels.see(frames_of(model.prefilter().apply(tensors, x, layout)));
  }
  return {channels.of_columns(), spectrogram.of_columns()};
}

bool same_file(const Checkpoint& checkpoint, const Dataset& dataset) {
  return checkpoint.dataset_sha256.empty() || checkpoint.dataset_sha256 == dataset.sha256;
}

}  // namespace

InputSpread input_spread(const FittedModel& fitted, const Dataset& dataset,
                         const std::vector<Partition>& partitions, int threads,
                         const std::function<void()>& between) {
  const Roster& roster = fitted.roster;
  const auto members = fitted.members();
  const auto C = static_cast<std::int64_t>(fitted.model->channels().size());
  const auto F = dataset.bands();
  InputSpread spread{Array<float>({members, C, F}), Array<float>({members, F})};
  // Members of the same fold with a fixed prefilter have the same input. It is computed once, for
  // the first such member.
  std::vector<std::int64_t> first, like;
  std::map<std::int64_t, std::int64_t> of_fold;
  for (std::int64_t m = 0; m < members; ++m) {
    const auto fold = roster.members[static_cast<std::size_t>(m)].fold;
    const auto [known, is_new] = of_fold.try_emplace(fold, static_cast<std::int64_t>(first.size()));
    const bool own = is_new || fitted.model->prefilter().learns();
    like.push_back(own ? static_cast<std::int64_t>(first.size()) : known->second);
    if (own) first.push_back(m);
  }
  std::vector<OfMember> found(first.size());
  const auto group = static_cast<std::size_t>(std::max(threads, 1));
  for (std::size_t begin = 0; begin < first.size(); begin += group) {
    between();
    const auto some = std::min(group, first.size() - begin);
    parallel_for(static_cast<std::int64_t>(some), threads, [&](std::int64_t i) {
      if (threads > 1) ops::stay_on_this_thread();
      const auto m = first[begin + static_cast<std::size_t>(i)];
      const auto fold = roster.members[static_cast<std::size_t>(m)].fold;
      found[begin + static_cast<std::size_t>(i)] =
          spread_of(fitted, m, dataset, partitions.at(static_cast<std::size_t>(fold)).train);
    });
  }
  for (std::int64_t m = 0; m < members; ++m) {
    const auto& one = found[static_cast<std::size_t>(like[static_cast<std::size_t>(m)])];
    std::copy(one.channels.begin(), one.channels.end(), spread.channels.data() + m * C * F);
    std::copy(one.spectrogram.begin(), one.spectrogram.end(), spread.spectrogram.data() + m * F);
  }
  return spread;
}

void find_input_spread(Checkpoint& checkpoint, const std::string& data, int threads,
                       Observer& observer) {
  if (checkpoint.spread.known()) return;
  std::string why;
  try {
    const std::string file = data.empty() ? dataset_of(checkpoint) : data;
    const DataOptions options = data_options_of(checkpoint);
    std::vector<Partition> parts;
    const Dataset dataset = read_dataset(
        file, {},
        [&](const Dataset& known) {
          check_axes(checkpoint, known);
          std::set<std::size_t> wanted;
          if (!same_file(checkpoint, known)) return wanted;
          parts = partitions(known, options.split);
          if (refitted(checkpoint)) parts = with_validation_in_training(std::move(parts));
          for (const auto& part : parts) wanted.insert(part.train.begin(), part.train.end());
          return wanted;
        },
        Content::recorded);
    const auto has_training = [&](const Member& member) {
      const auto fold = static_cast<std::size_t>(member.fold);
      return fold < parts.size() && !parts[fold].train.empty();
    };
    const auto& members = checkpoint.roster.members;
    if (!same_file(checkpoint, dataset)) {
      why = file + " is not the file that it was fitted to";
    } else if (!std::all_of(members.begin(), members.end(), has_training)) {
      why = file + " has no training stimuli for some of its folds";
    } else {
      checkpoint.spread = input_spread(checkpoint, dataset, parts, threads, [] {});
      return;
    }
  } catch (const DataError& error) {
    why = error.what();
  } catch (const ConfigError& error) {
    why = error.what();
  }
  observer.warning(checkpoint.file +
                   " does not say how much each band varied in training (it is of strffit 0.1 or "
                   "of another program), and its dataset does not say it either: " +
                   why +
                   "; receptive fields are weights alone, in which a band that hardly varies may "
                   "stand out");
}

}  // namespace strffit
