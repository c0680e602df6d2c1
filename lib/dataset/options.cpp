#include "dataset/options.hpp"

#include <algorithm>
#include <initializer_list>

namespace strffit {

namespace {

double read_valid(config::Node& split) {
  return split.get("valid", SplitFractions().valid, config::between(0, 1),
                   "fraction of the stimuli for validation, which chooses penalty and epoch");
}

SplitFractions read_fractions(config::Node& split) {
  SplitFractions fractions;
  const auto share = config::between(0, 1);
  fractions.valid = read_valid(split);
  fractions.test = split.get("test", fractions.test, share, "fraction of the stimuli for the test");
  fractions.seed = static_cast<std::uint64_t>(
      split.get("seed", std::int64_t{0}, config::at_least(0), "random seed of the choice"));
  return fractions;
}

SplitLists read_lists(config::Node& split) {
  SplitLists lists;
  lists.train = split.strings(
      "train", {},
      "keys or categories of the training stimuli; empty: all stimuli in no other list");
  lists.valid = split.strings("valid", {}, "keys or categories of the validation stimuli");
  lists.test = split.strings("test", {}, "keys or categories of the test stimuli");
  return lists;
}

SplitOptions read_split_options(config::Node& node) {
  SplitOptions options;
  options.where = node.where("split");
  if (node.form("split") != config::Form::map) {
    node.choice(
        "split", "from_file", {"from_file"},
        "training, validation and test stimuli: from_file, fractions such as {valid: 0.15, test: "
        "0.2, seed: 0}, or lists of keys or categories such as {valid: [a, b], test: [speech]}");
  } else {
    config::Node split = node.map("split", "training, validation and test stimuli");
    const auto keys = {"train", "valid", "test"};
    const bool lists = split.has("train") || std::any_of(keys.begin(), keys.end(), [&](auto key) {
                         return split.form(key) == config::Form::list;
                       });
    if (lists) {
      options.by = read_lists(split);
    } else {
      options.by = read_fractions(split);
    }
  }
  options.folds = node.get(
      "folds", options.folds, config::at_least(0),
      "k for k-fold cross-validation over all stimuli except the test stimuli, 0 for none");
  options.where_folds = node.where("folds");
  if (options.folds == 1)
    node.fail("folds", "one fold leaves no training stimuli: expected 0, or 2 or more");
  if (auto* const fractions = std::get_if<SplitFractions>(&options.by)) {
    if (options.folds != 0) {
      auto split = node.map("split", "training, validation and test stimuli")
                       .only_if(false,
                                "has no effect with data.folds, where each fold is the validation "
                                "set once; leave it out");
      read_valid(split);
      fractions->valid = 0;
    }
    if (!(fractions->valid + fractions->test < 1))
      node.fail("split", "valid and test must leave stimuli for training: expected a sum below 1");
  }
  config::Node nested = node.map(
      "nested",
      "nested cross-validation over all stimuli: outer folds are the test, inner folds choose");
  options.outer = nested.get(
      "outer", options.outer, config::at_least(0),
      "number of outer folds, each of which is the test in turn; 0 for no nested cross-validation");
  config::Node folds_within = nested.only_if(
      options.outer != 0, "needs nested cross-validation: set data.nested.outer, or leave it out");
  options.inner = folds_within.get("inner", options.inner, config::at_least(0),
                                   "number of inner folds, which divide the other stimuli and "
                                   "choose penalty, setting and epoch; 4 unless given");
  if (options.outer == 1) nested.fail("outer", "expected 0, or 2 or more");
  if (options.outer == 0) return options;
  if (options.inner < 2) nested.fail("inner", "expected 2 or more");
  if (options.folds != 0)
    node.fail("folds", "nested cross-validation has its own folds; leave this out");
  if (node.form("split") == config::Form::map) {
    node.fail("split", "nested cross-validation splits all stimuli itself; leave this out");
  }
  options.where = node.where("nested");
  return options;
}

Standardise read_standardise(config::Node& node) {
  const std::string word = node.choice(
      "standardise", "true", {"true", "false", "per_band"},
      "subtract the mean and divide by the standard deviation of the training spectrograms: true "
      "takes one of each over all bands, per_band one of each per band");
  return word == "true"    ? Standardise::overall
         : word == "false" ? Standardise::none
                           : Standardise::per_band;
}

}  // namespace

DataOptions read_data_options(config::Node& node) {
  DataOptions options;
  options.file = node.get("file", "", "the dataset, an HDF5 file");
  if (options.file.empty()) node.fail("file", "expected the path of a dataset; found none");
  options.units.where = node.where("units");
  options.units.words = node.strings(
      "units", options.units.words,
      "all, unit ids, patterns of ids such as A1*, indices such as 5 or 0-10, or a condition on a "
      "fact about the units such as \"noise_ratio < 40\"");
  options.split = read_split_options(node);
  options.standardise = read_standardise(node);
  const auto width = node.number_or("smooth_ms", "none", config::above(0), {"none"},
                                    "ms, width of the Hann window that smooths every trial");
  if (const double* smooth_ms = std::get_if<double>(&width)) options.smooth_ms = *smooth_ms;
  return options;
}

}  // namespace strffit
