#include "dataset/split.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "util/errors.hpp"
#include "util/random.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

using Splits = std::vector<std::optional<SplitName>>;  // per stimulus; empty: unused

constexpr std::uint64_t kShufflePurpose = 0x73706c6974;  // separate stream of random numbers

Splits splits_of_file(const Dataset& dataset, const SplitOptions& options) {
  Splits splits;
  for (const Stimulus& stimulus : dataset.stimuli) splits.push_back(stimulus.split);
  if (std::none_of(splits.begin(), splits.end(), [](const auto& split) { return split; })) {
    throw ConfigError(options.where, dataset.file +
                                         " has no split of the stimuli: give it here, for instance "
                                         "{valid: 0.15, test: 0.2, seed: 0}");
  }
  return splits;
}

// `share` of n, rounded, but at least one if share > 0.
std::size_t share_of(double share, std::size_t n) {
  if (share == 0) return 0;
  return std::max<std::size_t>(
      1, static_cast<std::size_t>(std::lround(share * static_cast<double>(n))));
}

Splits random_splits(const Dataset& dataset, const SplitFractions& fractions,
                     const SplitOptions& options) {
  const double sum = fractions.valid + fractions.test;
  if (!(fractions.valid >= 0 && fractions.test >= 0 && sum < 1)) {
    throw ConfigError(
        options.where,
        fmt::format("expected fractions of at least 0 with a sum below 1; found {} and {}",
                    fractions.valid, fractions.test));
  }
  const std::size_t n = dataset.stimuli.size();
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random random(fractions.seed, {kShufflePurpose});
  random.shuffle(order);
  const std::size_t n_test = share_of(fractions.test, n), n_valid = share_of(fractions.valid, n);
  Splits splits(n, SplitName::train);
  for (std::size_t i = 0; i < std::min(n, n_test + n_valid); ++i) {
    splits[order[i]] = i < n_test ? SplitName::test : SplitName::valid;
  }
  return splits;
}

Splits listed_splits(const Dataset& dataset, const SplitLists& lists, const SplitOptions& options) {
  Splits splits(dataset.stimuli.size());
  const auto mark = [&](const std::vector<std::string>& words, SplitName split) {
    for (const std::string& word : words) {
      bool found = false;
      for (std::size_t i = 0; i < splits.size(); ++i) {
        const Stimulus& stimulus = dataset.stimuli[i];
        if (word.empty() || (stimulus.key != word && stimulus.category != word)) continue;
        found = true;
        if (splits[i] && *splits[i] != split) {
          throw ConfigError(options.where, "stimulus " + stimulus.key +
                                               " is in the lists of both " + to_string(*splits[i]) +
                                               " and " + to_string(split));
        }
        splits[i] = split;
      }
      if (!found) {
        throw ConfigError(options.where, "\"" + word + "\" (" + to_string(split) +
                                             ") is neither key nor category of a stimulus of " +
                                             dataset.file);
      }
    }
  };
  mark(lists.train, SplitName::train);
  mark(lists.valid, SplitName::valid);
  mark(lists.test, SplitName::test);
  if (lists.train.empty()) {
    for (auto& split : splits) split = split.value_or(SplitName::train);
  }
  return splits;
}

Partition partition_of(const Splits& splits) {
  Partition partition;
  for (std::size_t i = 0; i < splits.size(); ++i) {
    auto& list = !splits[i]                       ? partition.unused
                 : *splits[i] == SplitName::train ? partition.train
                 : *splits[i] == SplitName::valid ? partition.valid
                                                  : partition.test;
    list.push_back(i);
  }
  return partition;
}

std::vector<Partition> nested(const Dataset& dataset, const SplitOptions& options) {
  const auto n = dataset.stimuli.size();
  const auto outer = static_cast<std::size_t>(options.outer),
             inner = static_cast<std::size_t>(options.inner);
  const std::size_t left = outer < 2 || outer > n ? 0 : n - (n + outer - 1) / outer;
  if (outer < 2 || outer > n || left < 2) {
    throw ConfigError(options.where,
                      n < 3 ? fmt::format("needs three stimuli or more; found {}", n)
                            : fmt::format("expected from {} to {} outer folds; found {}",
                                          n == 3 ? 3 : 2, n, options.outer));
  }
  if (inner < 2 || inner > left) {
    throw ConfigError(options.where,
                      fmt::format("expected at least 2 inner folds, and at most one for each of "
                                  "the {} that an outer fold leaves; found {}",
                                  counted(static_cast<std::int64_t>(left), "stimulus", "stimuli"),
                                  options.inner));
  }
  std::vector<Partition> result(outer * inner);
  for (std::size_t o = 0; o < outer; ++o) {
    std::size_t place = 0;  // index among the stimuli that are not in the test split
    for (std::size_t i = 0; i < n; ++i) {
      const bool tests = i % outer == o;
      for (std::size_t k = 0; k < inner; ++k) {
        auto& one = result[o * inner + k];
        (tests ? one.test : place % inner == k ? one.valid : one.train).push_back(i);
      }
      if (!tests) ++place;
    }
  }
  return result;
}

std::vector<Partition> folded(const Partition& whole, const SplitOptions& options) {
  std::vector<std::size_t> pool = whole.train;
  pool.insert(pool.end(), whole.valid.begin(), whole.valid.end());
  std::sort(pool.begin(), pool.end());
  const auto folds = static_cast<std::size_t>(options.folds);
  if (pool.size() < 2) {
    throw ConfigError(
        options.where_folds,
        fmt::format("needs two stimuli or more besides the test stimuli; found {}", pool.size()));
  }
  if (folds < 2 || folds > pool.size()) {
    throw ConfigError(
        options.where_folds,
        fmt::format(
            "expected from 2 to {} folds, the number of stimuli besides the test stimuli; found {}",
            pool.size(), options.folds));
  }
  std::vector<Partition> result(folds);
  for (std::size_t fold = 0; fold < folds; ++fold) {
    for (std::size_t i = 0; i < pool.size(); ++i) {
      (i % folds == fold ? result[fold].valid : result[fold].train).push_back(pool[i]);
    }
    result[fold].test = whole.test;
    result[fold].unused = whole.unused;
  }
  return result;
}

}  // namespace

const std::vector<std::size_t>& Partition::of(SplitName split) const {
  return split == SplitName::train ? train : split == SplitName::valid ? valid : test;
}

std::vector<Partition> with_validation_in_training(std::vector<Partition> partitions) {
  for (auto& [train, valid, test, unused] : partitions) {
    train.insert(train.end(), valid.begin(), valid.end());
    std::sort(train.begin(), train.end());
    valid.clear();
  }
  return partitions;
}

std::vector<Partition> partitions(const Dataset& dataset, const SplitOptions& options) {
  if (options.outer != 0) return nested(dataset, options);
  Splits splits;
  if (const auto* fractions = std::get_if<SplitFractions>(&options.by)) {
    splits = random_splits(dataset, *fractions, options);
  } else if (const auto* lists = std::get_if<SplitLists>(&options.by)) {
    splits = listed_splits(dataset, *lists, options);
  } else {
    splits = splits_of_file(dataset, options);
  }
  const Partition whole = partition_of(splits);
  if (options.folds != 0) return folded(whole, options);
  return {whole};
}

void require_training(const Dataset& dataset, const std::vector<Partition>& partitions,
                      const SplitOptions& options) {
  for (const Partition& partition : partitions) {
    if (!partition.train.empty()) continue;
    const bool from_file = std::holds_alternative<SplitFromFile>(options.by);
    throw ConfigError(options.where,
                      "no stimulus of " + dataset.file + " is left for training (" +
                          describe(partition) + "): " +
                          (from_file ? "the split attributes of the file say so; give another "
                                       "split here, for instance {valid: 0.15, test: 0.2, seed: 0}"
                                     : "give fewer stimuli to valid and test"));
  }
}

std::string describe(const Partition& partition) {
  std::string text;
  const auto tell = [&text](const std::vector<std::size_t>& stimuli, const std::string& where) {
    if (stimuli.empty()) return;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", stimuli.size(), where);
  };
  for (const SplitName split : {SplitName::train, SplitName::valid, SplitName::test}) {
    tell(partition.of(split), to_string(split));
  }
  tell(partition.unused, "unused");
  return text;
}

}  // namespace strffit
