#include "study/core.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <vector>

#include "config/document.hpp"
#include "files/checksum.hpp"
#include "files/paths.hpp"
#include "formats/checkpoint.hpp"
#include "study/run_folder.hpp"
#include "util/array.hpp"
#include "util/errors.hpp"
#include "util/listed.hpp"
#include "util/text.hpp"

namespace strffit {
namespace {

using Entries = std::map<std::string, std::string>;  // key path -> value

// Reads the keys below `mapping` from the text of a configuration, with their values.
Entries keys_of_mapping(const std::string& mapping, const std::string& text,
                        const std::string& name) {
  auto document = config::Document::of_run(text, name);
  auto root = document.root();
  auto node = root.map(mapping, "");
  if (mapping == "model") {
    read_model(node);
  } else {
    read_data_options(node);
  }
  Entries entries;
  for (const auto& entry : document.entries()) {
    if (entry.path.starts_with(mapping + ".")) entries[entry.path] = entry.value;
  }
  return entries;
}

std::string value_at(const Entries& entries, const std::string& path) {
  const auto found = entries.find(path);
  return found == entries.end() ? "absent" : found->second;
}

// Lists "model.activation: tanh, here sigmoid" for every differing key that is not in `left_out`.
std::vector<std::string> differing_keys(const Entries& there, const Entries& here,
                                        const std::set<std::string>& left_out) {
  std::set<std::string> paths;
  for (const auto* entries : {&there, &here}) {
    for (const auto& [path, value] : *entries) paths.insert(path);
  }
  std::vector<std::string> lines;
  for (const auto& path : paths) {
    const auto a = value_at(there, path), b = value_at(here, path);
    if (a != b && !left_out.contains(path)) lines.push_back(path + ": " + a + ", here " + b);
  }
  return lines;
}

std::string on_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += "\n  " + line;
  return text;
}

// Throws DataError if the model of the checkpoint has another core than the model of the plan.
void require_same_core(const Checkpoint& checkpoint, const Plan& plan) {
  const auto shapes_of = [](const Model& model) {
    std::map<std::string, Shape> shapes;
    for (const auto& entry : model.entries()) {
      if (!entry.readout) shapes[entry.name] = entry.shape;
    }
    return shapes;
  };
  const auto there = shapes_of(*checkpoint.model), here = shapes_of(*plan.model);
  std::vector<std::string> lines;
  if (checkpoint.model->kind() != plan.model->kind())
    lines.push_back("model.kind: " + checkpoint.model->kind() + ", here " + plan.model->kind());
  for (const auto& [name, shape] : there) {
    const auto found = here.find(name);
    if (found == here.end()) {
      lines.push_back(name + ": " + to_string(shape) + ", here absent");
    } else if (found->second != shape) {
      lines.push_back(name + ": " + to_string(shape) + ", here " + to_string(found->second));
    }
  }
  for (const auto& [name, shape] : here) {
    if (!there.contains(name)) lines.push_back(name + ": absent, here " + to_string(shape));
  }
  if (lines.empty()) return;
  throw DataError(checkpoint.file, "",
                  "its core does not fit this model:" + on_lines(lines) +
                      "\nGive the model the options of that fit; output and dropout may differ");
}

// Returns the row of the checkpoint for a seed and fold of the plan, or -1.
std::int64_t row_of(const Checkpoint& checkpoint, std::int64_t seed, std::int64_t fold) {
  const auto& members = checkpoint.roster.members;
  for (std::size_t m = 0; m < members.size(); ++m) {
    if (members[m].seed == seed && members[m].fold == fold) return static_cast<std::int64_t>(m);
  }
  return -1;
}

std::set<std::int64_t> distinct(const std::vector<Member>& members, std::int64_t Member::*what) {
  std::set<std::int64_t> values;
  for (const auto& member : members) values.insert(member.*what);
  return values;
}

std::string as_text(const std::set<std::int64_t>& values) {
  std::vector<std::string> texts;
  for (const auto value : values) texts.push_back(std::to_string(value));
  return listed(texts);
}

}  // namespace

void take_core(Plan& plan, const Config& config, const std::string& resolved,
               const Dataset& dataset, const std::string& config_path, Observer& observer) {
  const auto named = found_file(config.fit.initialise_from,
                                {std::filesystem::path(config_path).parent_path().string()});
  const auto checkpoint = read_checkpoint(checkpoint_of(named));
  const auto& roster = checkpoint.roster;
  if (roster.independent()) {
    throw DataError(checkpoint.file, "/members/unit",
                    "expected a population model (fit.mode: population), whose core serves many "
                    "units; found one per unit");
  }
  if (roster.number_of_settings() > 1) {
    throw DataError(checkpoint.file, "/members/setting",
                    "expected one setting; found those of a sweep: choose one with strffit best");
  }
  check_axes(checkpoint, dataset);
  require_same_core(checkpoint, plan);
  const auto there = keys_of_mapping("model", checkpoint.config, checkpoint.file);
  const auto here = keys_of_mapping("model", resolved, "the configuration");
  const auto others = differing_keys(there, here, {"model.output", "model.dropout"});
  if (!others.empty()) {
    throw DataError(checkpoint.file, "",
                    "its core was fitted with other options:" + on_lines(others) +
                        "\nGive the model those of that fit; output and dropout may differ");
  }
  if (checkpoint.how != config.data.standardise) {
    throw DataError(checkpoint.file, "/standardise",
                    "its core expects spectrograms standardised as they were for it: give "
                    "data.standardise the value of its config");
  }

  auto core = std::make_shared<Core>();
  core->file = checkpoint.file;
  core->sha256 = files::sha256(checkpoint.file);
  for (const auto& entry : plan.model->entries()) {
    if (!entry.readout) core->tensors[entry.name] = checkpoint.tensors.at(entry.name);
  }
  const auto seeds = distinct(roster.members, &Member::seed),
             folds = distinct(roster.members, &Member::fold);
  for (const auto& member : plan.members) {
    const auto seed = seeds.size() == 1 ? *seeds.begin() : member.seed;
    const auto fold = folds.size() == 1 ? *folds.begin() : member.fold;
    const auto row = row_of(checkpoint, seed, fold);
    if (row < 0) {
      throw DataError(checkpoint.file, "/members",
                      fmt::format("has no member of seed {} and fold {} to begin with; it has the "
                                  "seeds {} and the folds {}",
                                  member.seed, member.fold, as_text(seeds), as_text(folds)));
    }
    core->row[{member.seed, member.fold}] = row;
    plan.standardisation.at(static_cast<std::size_t>(member.fold)) = checkpoint.standardisation.at(
        checkpoint.own_standardisation ? static_cast<std::size_t>(row) : 0);
  }
  plan.core = core;
  observer.began("core of " + core->file + ", sha256 " + core->sha256 + ", fitted to " +
                 counted(roster.units(), "unit") + (config.fit.freeze_core ? "; frozen" : ""));
  if (checkpoint.dataset_sha256 == dataset.sha256) {
    const auto before = keys_of_mapping("data", checkpoint.config, checkpoint.file),
               now = keys_of_mapping("data", resolved, "the configuration");
    const auto divided = differing_keys(
        before, now, {"data.file", "data.units", "data.standardise", "data.smooth_ms"});
    if (!divided.empty()) {
      observer.warning("the core was fitted with another division of the same sounds (" +
                       listed(divided) +
                       "): sounds that choose or test here may have trained it, with the responses "
                       "of its units");
    }
  }
}

}  // namespace strffit
