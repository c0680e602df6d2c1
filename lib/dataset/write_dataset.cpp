#include "dataset/write_dataset.hpp"

#include <algorithm>
#include <type_traits>

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
    : writer_(path, "strffit-dataset") {
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
