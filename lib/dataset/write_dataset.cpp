#include "dataset/write_dataset.hpp"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

#include "files/dimensions.hpp"
#include "util/errors.hpp"

namespace strffit {

namespace {

// Small counts without missing values are stored in one byte each.
bool fits_bytes(const Array<float>& responses) {
  return std::all_of(responses.values.begin(), responses.values.end(), [](float value) {
    return value >= 0 && value <= 255 && value == static_cast<float>(static_cast<int>(value));
  });
}

void put_responses(files::Writer& writer, const std::string& path, const Array<float>& responses) {
  if (!fits_bytes(responses)) return writer.put(path, responses, true);
  Array<std::uint8_t> counts(responses.shape);
  std::transform(responses.values.begin(), responses.values.end(), counts.values.begin(),
                 [](float value) { return static_cast<std::uint8_t>(value); });
  writer.put(path, counts, true);
}

Array<double> column_of(const std::vector<double>& values) {
  return {{static_cast<std::int64_t>(values.size())}, values};
}

}  // namespace

DatasetWriter::DatasetWriter(const std::string& path, const Dataset& dataset)
    : writer_(path, "strffit-dataset"),
      dt_ms_(dataset.axes.dt_ms),
      frequencies_hz_(dataset.axes.frequencies_hz),
      unit_ids_(dataset.unit_ids) {
  writer_.attribute("/", "dt_ms", dataset.axes.dt_ms);
  if (!dataset.name.empty()) writer_.attribute("/", "name", dataset.name);
  if (!dataset.reference.empty()) writer_.attribute("/", "reference", dataset.reference);
  writer_.put("/frequencies_hz", column_of(dataset.axes.frequencies_hz));
  if (dataset.units() > 0) {
    writer_.put("/units/id", Array<std::string>({dataset.units()}, dataset.unit_ids));
  }
  for (const auto& [name, column] : dataset.unit_facts) {
    std::visit([&, fact = "/units/" + name](const auto& values) { writer_.put(fact, values); },
               column);
  }
}

void DatasetWriter::add(const Stimulus& stimulus) {
  const std::string group = "/stimuli/" + stimulus.key;
  writer_.group(group);
  if (!stimulus.name.empty()) writer_.attribute(group, "name", stimulus.name);
  if (!stimulus.category.empty()) writer_.attribute(group, "category", stimulus.category);
  if (stimulus.split) writer_.attribute(group, "split", to_string(*stimulus.split));
  writer_.put(group + "/spectrogram", stimulus.spectrogram, true);
  if (stimulus.trials() > 0) put_responses(writer_, group + "/responses", stimulus.responses);
}

void DatasetWriter::commit() {
  const auto times = [this](std::int64_t length) {
    std::vector<double> ms(static_cast<std::size_t>(length));
    for (std::size_t t = 0; t < ms.size(); ++t) ms[t] = static_cast<double>(t) * dt_ms_;
    return ms;
  };
  files::Dimensions dimensions(
      writer_,
      [&](const std::string& name, std::int64_t length) -> std::optional<files::Coordinate> {
        const auto as_long = [length](const auto& values) {
          return static_cast<std::int64_t>(values.size()) == length;
        };
        if (name == "unit" && as_long(unit_ids_)) return files::Coordinate{unit_ids_};
        if (name == "frequency_hz" && as_long(frequencies_hz_)) {
          return files::Coordinate{frequencies_hz_, "Hz"};
        }
        if (name == "lag_ms") return files::Coordinate{times(length), "ms"};
        if (name != "time_s") return std::nullopt;
        auto seconds = times(length);
        for (double& second : seconds) second /= 1000;
        return files::Coordinate{std::move(seconds), "s"};
      });
  const auto shapes = writer_.shapes();
  for (const auto& [path, shape] : shapes) {
    std::vector<std::string> axes;
    if (path == "/frequencies_hz") axes = {"frequency_hz"};
    if (path.starts_with("/units/")) axes = {"unit"};
    if (path.starts_with("/truth/")) axes = {"unit", "frequency_hz", "lag_ms"};
    if (path.starts_with("/stimuli/")) {
      axes = shape.size() == 3 ? std::vector<std::string>{"unit", "trial", "time_s"}
                               : std::vector<std::string>{"frequency_hz", "time_s"};
    }
    if (!axes.empty()) dimensions.name(path, axes, {"unit", "frequency_hz"});
  }
  dimensions.name_others();
  writer_.commit();
}

void write_dataset(const std::string& path, const Dataset& dataset, const Truth* truth) {
  DatasetWriter writer(path, dataset);
  for (const Stimulus& stimulus : dataset.stimuli) writer.add(stimulus);
  if (truth != nullptr) {
    writer.file().put("/truth/strf", truth->strf);
    writer.file().put("/truth/best_frequency_hz", column_of(truth->best_frequency_hz));
    writer.file().put("/truth/latency_ms", column_of(truth->latency_ms));
  }
  writer.commit();
}

}  // namespace strffit
