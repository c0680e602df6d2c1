#include "formats/checkpoint.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "config/document.hpp"
#include "formats/arrays.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

constexpr const char* kCheckpointFormat = "strffit-checkpoint";

std::string path_of(const Entry& entry) {
  return (entry.role == Role::buffer ? "/buffers/" : "/parameters/") + entry.name;
}

// The mean or standard deviation of all members. If `each` is false, all members share one value;
// it is stored as a scalar or (F), which other programs can write easily. Otherwise (needed for
// folds) it has a leading axis M.
Array<double> stacked(const std::vector<Standardisation>& all, bool each,
                      std::vector<double> Standardisation::*values) {
  const auto members = static_cast<std::int64_t>(all.size());
  const auto bands = static_cast<std::int64_t>((all.front().*values).size());
  Shape shape = each ? Shape{members, bands} : bands > 1 ? Shape{bands} : Shape{};
  Array<double> array(std::move(shape));
  array.values.clear();
  for (const auto& one : all) {
    array.values.insert(array.values.end(), (one.*values).begin(), (one.*values).end());
  }
  return array;
}

// The parts of a checkpoint's config that are needed to predict.
struct Described {
  ModelSpec model;
  Standardise how = Standardise::overall;
  bool independent = false;
};

Described read_described(const std::string& config, const std::string& file) {
  try {
    auto document = config::Document::of_run(config, "/ attribute config");
    config::Node root = document.root();
    config::Node model = root.map("model", "");
    Described described;
    described.model = read_model(model);
    model.finish();
    const std::string how =
        root.map("data", "").choice("standardise", "true", {"true", "false", "per_band"}, "");
    described.how = how == "true"    ? Standardise::overall
                    : how == "false" ? Standardise::none
                                     : Standardise::per_band;
    described.independent =
        root.map("fit", "").choice("mode", "population", {"population", "independent"}, "") ==
        "independent";
    return described;
  } catch (const ConfigError& error) {
    throw DataError(file, "", error.what());
  }
}

std::vector<Standardisation> read_standardisation(const files::Reader& reader, Standardise how,
                                                  std::int64_t members, std::int64_t bands) {
  if (how == Standardise::none) return {{{0}, {1}}};
  const std::int64_t wide = how == Standardise::per_band ? bands : 1;
  const Shape shape = reader.shape("/standardise/mean");
  const bool each = shape == Shape{members, wide};
  const auto longer = std::count_if(shape.begin(), shape.end(), [](auto n) { return n != 1; });
  const std::string axes = "a number, (F), (M, 1) or (M, F), as data.standardise says";
  if (!each && (count(shape) != wide || longer > 1)) {
    throw DataError(reader.file(), "/standardise/mean",
                    "expected " + axes + "; found the shape " + to_string(shape));
  }
  const auto mean = reader.doubles("/standardise/mean");
  const auto std = reader.doubles("/standardise/std", {shape, axes});
  std::vector<Standardisation> result;
  for (std::int64_t i = 0; i < mean.size(); i += wide) {
    result.push_back({{mean.values.begin() + i, mean.values.begin() + i + wide},
                      {std.values.begin() + i, std.values.begin() + i + wide}});
  }
  const auto sound = [](const Standardisation& one) {
    const auto finite = [](double value) { return std::isfinite(value); };
    return std::all_of(one.mean.begin(), one.mean.end(), finite) &&
           std::all_of(one.std.begin(), one.std.end(), [](double value) { return value > 0; }) &&
           one.silenced().size() < one.std.size();
  };
  if (!std::all_of(result.begin(), result.end(), sound)) {
    throw DataError(reader.file(), "/standardise",
                    "expected finite means and standard deviations above 0, not all infinite");
  }
  return result;
}

// DataError if the group contains an unknown tensor. Tensor names have at most two levels, such as
// "strf/weight".
void refuse_others(const files::Reader& reader, const std::string& group,
                   const std::set<std::string>& known) {
  if (!reader.exists(group)) return;
  for (const std::string& part : reader.children(group)) {
    const std::string parent = group + "/" + part;
    std::vector<std::string> found = {parent};
    if (reader.is_group(parent)) {
      found.clear();
      for (const auto& name : reader.children(parent)) found.push_back(parent + "/" + name);
    }
    for (const auto& path : found) {
      if (!known.contains(path)) {
        throw DataError(reader.file(), path, "the model of its config has no such tensor");
      }
    }
  }
}

Tensors read_tensors(const files::Reader& reader, const Model& model, std::int64_t members) {
  Tensors tensors;
  std::set<std::string> known;
  for (const Entry& entry : model.entries()) {
    Shape shape = entry.shape;
    shape.insert(shape.begin(), members);
    const std::string path = path_of(entry);
    known.insert(path);
    tensors[entry.name] = to_tensor(reader.floats(path, {shape, "members first"}));
  }
  refuse_others(reader, "/parameters", known);
  refuse_others(reader, "/buffers", known);
  return tensors;
}

// Describes another file of this program, for the error message.
std::string no_models(const std::string& format) {
  if (format == "strffit-dataset") {
    return "is a dataset, to which nothing is fitted yet; expected a run folder, which strffit "
           "train writes, or the checkpoint.h5 in it";
  }
  const std::string what = format == "strffit-last" ? "the state of an unfinished run"
                                                    : "results, which hold no fitted models";
  return "is " + what + "; expected a run folder, or the checkpoint.h5 in it";
}

}  // namespace

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  files::Writer writer(path, kCheckpointFormat);
  writer.attribute("/", "model", checkpoint.model->kind());
  writer.attribute("/", "config", checkpoint.config);
  writer.attribute("/", "epoch", checkpoint.epoch);
  if (!checkpoint.dataset.empty()) {
    writer.attribute("/", "dataset", checkpoint.dataset);
    writer.attribute("/", "dataset_sha256", checkpoint.dataset_sha256);
  }
  put_roster(writer, checkpoint.roster);
  if (checkpoint.how != Standardise::none) {
    const auto& all = checkpoint.standardisation;
    const bool each = checkpoint.own_standardisation;
    writer.put("/standardise/mean", stacked(all, each, &Standardisation::mean));
    writer.put("/standardise/std", stacked(all, each, &Standardisation::std));
  }
  put_input_spread(writer, checkpoint.spread);
  for (const Entry& entry : checkpoint.model->entries()) {
    const auto values = checkpoint.tensors.at(entry.name).detach().cpu().contiguous();
    writer.put(path_of(entry), values.sizes().vec(), values.data_ptr<float>());
  }
  writer.commit();
}

Checkpoint read_checkpoint(const std::string& path) {
  const files::Reader reader(
      path, {kCheckpointFormat, "strffit-dataset", "strffit-results", "strffit-last"});
  if (reader.format() != kCheckpointFormat) throw DataError(path, "", no_models(reader.format()));
  Checkpoint checkpoint;
  checkpoint.file = path;
  checkpoint.config = reader.string_attribute("/", "config");
  checkpoint.dataset = reader.optional_string_attribute("/", "dataset").value_or("");
  checkpoint.dataset_sha256 = reader.optional_string_attribute("/", "dataset_sha256").value_or("");
  checkpoint.epoch = reader.optional_integer_attribute("/", "epoch").value_or(0);
  checkpoint.roster = read_roster(reader);

  const Roster& roster = checkpoint.roster;
  const Described described = read_described(checkpoint.config, path);
  const std::string kind = reader.string_attribute("/", "model");
  if (kind != described.model.kind) {
    throw DataError(path, "/ attribute model",
                    "expected " + described.model.kind + ", as its config says; found " + kind);
  }
  if (described.independent != roster.independent()) {
    throw DataError(path, "/members/unit",
                    described.independent
                        ? "expected a unit for each member, because fit.mode is independent"
                        : "expected -1, because fit.mode is population");
  }
  const auto members = static_cast<std::int64_t>(roster.members.size());
  checkpoint.how = described.how;
  checkpoint.standardisation = read_standardisation(
      reader, described.how, members, static_cast<std::int64_t>(roster.axes.frequencies_hz.size()));
  checkpoint.own_standardisation =
      described.how != Standardise::none &&
      reader.shape("/standardise/mean") ==
          Shape{members, static_cast<std::int64_t>(checkpoint.standardisation[0].mean.size())};
  // The last argument affects only the initial values, so it may be false here.
  checkpoint.model = described.model.build(roster.axes, roster.outputs(), false);
  checkpoint.tensors = read_tensors(reader, *checkpoint.model, members);
  checkpoint.spread = read_input_spread(
      reader, members, static_cast<std::int64_t>(checkpoint.model->channels().size()),
      static_cast<std::int64_t>(roster.axes.frequencies_hz.size()));
  return checkpoint;
}

void check_axes(const Checkpoint& checkpoint, const Dataset& dataset) {
  // Values that differ only by single-precision rounding count as equal.
  const auto same = [](double a, double b) { return std::abs(a - b) <= 1e-6 * std::abs(b); };
  const Axes &ours = checkpoint.roster.axes, &theirs = dataset.axes;
  if (!same(theirs.dt_ms, ours.dt_ms)) {
    throw DataError(
        dataset.file, "/ attribute dt_ms",
        fmt::format("expected the {} ms of {}; found {}: bring the dataset to the same frame width",
                    ours.dt_ms, checkpoint.file, theirs.dt_ms));
  }
  if (!std::equal(ours.frequencies_hz.begin(), ours.frequencies_hz.end(),
                  theirs.frequencies_hz.begin(), theirs.frequencies_hz.end(), same)) {
    throw DataError(
        dataset.file, "/frequencies_hz",
        fmt::format(
            "expected the {} bands of {}; found {}{}: compute the spectrograms with the same bands",
            ours.frequencies_hz.size(), checkpoint.file, theirs.frequencies_hz.size(),
            ours.frequencies_hz.size() == theirs.frequencies_hz.size() ? " of other frequencies"
                                                                       : ""));
  }
}

}  // namespace strffit
