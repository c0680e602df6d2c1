#include <algorithm>
#include <type_traits>

#include "dataset/dataset.hpp"
#include "files/writer.hpp"
#include "util/errors.hpp"

namespace strffit {

namespace {

// Small counts without missing values take a byte each.
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

void write_dataset(const std::string& path, const Dataset& dataset, const Truth* truth) {
  files::Writer writer(path, "strffit-dataset");
  writer.attribute("/", "dt_ms", dataset.axes.dt_ms);
  if (!dataset.name.empty()) writer.attribute("/", "name", dataset.name);
  if (!dataset.reference.empty()) writer.attribute("/", "reference", dataset.reference);
  writer.put("/frequencies_hz", column_of(dataset.axes.frequencies_hz));
  if (dataset.units() > 0) {
    writer.put("/units/id", Array<std::string>({dataset.units()}, dataset.unit_ids));
  }
  for (const auto& [name, column] : dataset.unit_facts) {
    std::visit([&, fact = "/units/" + name](const auto& values) { writer.put(fact, values); },
               column);
  }
  for (const Stimulus& stimulus : dataset.stimuli) {
    const std::string group = "/stimuli/" + stimulus.key;
    writer.group(group);
    if (!stimulus.name.empty()) writer.attribute(group, "name", stimulus.name);
    if (!stimulus.category.empty()) writer.attribute(group, "category", stimulus.category);
    if (stimulus.split) writer.attribute(group, "split", to_string(*stimulus.split));
    writer.put(group + "/spectrogram", stimulus.spectrogram, true);
    if (stimulus.trials() > 0) put_responses(writer, group + "/responses", stimulus.responses);
  }
  if (truth != nullptr) {
    writer.put("/truth/strf", truth->strf);
    writer.put("/truth/best_frequency_hz", column_of(truth->best_frequency_hz));
    writer.put("/truth/latency_ms", column_of(truth->latency_ms));
  }
  writer.commit();
}

}  // namespace strffit
