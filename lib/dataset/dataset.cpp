#include "dataset/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "files/checksum.hpp"
#include "files/dimensions.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

using files::Reader;

constexpr float kMissingInR = -2147483648.0F;

[[noreturn]] void fail(const Reader& reader, const std::string& path, const std::string& what) {
  throw DataError(reader.file(), path, what);
}

Axes read_axes(const Reader& reader) {
  Axes axes;
  axes.dt_ms = reader.number_attribute("/", "dt_ms");
  if (!(axes.dt_ms > 0 && std::isfinite(axes.dt_ms))) {
    fail(reader, "/",
         fmt::format("attribute dt_ms: expected a frame width above 0 ms; found {}", axes.dt_ms));
  }
  const std::string path = "/frequencies_hz";
  axes.frequencies_hz = reader.doubles(path, {{-1}, "(F)"}).values;
  if (axes.frequencies_hz.empty()) fail(reader, path, "expected one band or more; found none");
  double last = 0;
  for (std::size_t band = 0; band < axes.frequencies_hz.size(); ++band) {
    const double frequency = axes.frequencies_hz[band];
    if (!(frequency > last && std::isfinite(frequency))) {
      fail(reader, path,
           fmt::format("expected finite band centres above 0 Hz, ascending; found {} Hz in band {}",
                       frequency, band));
    }
    last = frequency;
  }
  return axes;
}

std::vector<std::string> read_unit_ids(const Reader& reader) {
  const std::string path = "/units/id";
  std::vector<std::string> ids = reader.names(path, {{-1}, "(N)"}).values;
  if (ids.empty()) fail(reader, path, "expected one unit or more; found none");
  std::set<std::string> seen;
  for (const std::string& id : ids) {
    const bool printable = std::none_of(id.begin(), id.end(), [](char letter) {
      const auto code = static_cast<unsigned char>(letter);
      return code < 0x20 || code == 0x7f;
    });
    if (id.empty() || !printable) {
      fail(reader, path, "expected ids of printable characters; found an empty or unprintable one");
    }
    if (!seen.insert(id).second)
      fail(reader, path, "expected unique ids; found \"" + id + "\" twice");
  }
  return ids;
}

// Metadata of the units at `rows`, of `n_units` in the file.
UnitFacts read_unit_facts(const Reader& reader, std::int64_t n_units,
                          const std::vector<std::int64_t>& rows) {
  UnitFacts facts;
  for (const std::string& name : reader.children("/units")) {
    if (name == "id") continue;
    const std::string path = "/units/" + name;
    if (files::is_bare_scale(reader, path)) continue;  // what netCDF writes beside facts
    const Shape shape = reader.shape(path);
    // One value per unit, stored as a row, a column or a list.
    const bool list = count(shape) == n_units && std::count(shape.begin(), shape.end(), 1) + 1 >=
                                                     static_cast<std::ptrdiff_t>(shape.size());
    if (!list && (shape.empty() || shape[0] != n_units)) {
      fail(reader, path,
           fmt::format("expected one row for each of the {} units; found shape {}", n_units,
                       to_string(shape)));
    }
    facts.emplace(name,
                  reader.column_rows(path, rows, list ? files::Expected({-1}) : files::Expected()));
  }
  return facts;
}

// The index of an element, as text: "[3, 17]".
std::string place_of(const Shape& shape, std::size_t element) {
  std::string text;
  auto rest = static_cast<std::int64_t>(element);
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    text = fmt::format("{}{}{}", rest % shape[axis], text.empty() ? "" : ", ", text);
    rest /= shape[axis];
  }
  return "[" + text + "]";
}

void check_spectrogram(const Reader& reader, const std::string& path, const Array<float>& values) {
  if (values.dim(1) < 1) fail(reader, path, "expected one frame or more; found none");
  for (std::size_t i = 0; i < values.values.size(); ++i) {
    if (!std::isfinite(values.values[i])) {
      fail(reader, path,
           fmt::format("expected finite numbers; found {} at {}{}", values.values[i],
                       place_of(values.shape, i),
                       std::isinf(values.values[i])
                           ? " (a number beyond 3.4e38 does not fit single precision)"
                           : ""));
    }
  }
}

void check_responses(const Reader& reader, const std::string& path, const Array<float>& values) {
  if (values.dim(1) < 1) fail(reader, path, "expected one trial or more; found none");
  for (std::size_t i = 0; i < values.values.size(); ++i) {
    if (std::isinf(values.values[i])) {
      fail(reader, path,
           "expected finite numbers, or NaN where missing; found an infinity at " +
               place_of(values.shape, i) + " of the units read");
    }
    if (values.values[i] == kMissingInR) {
      fail(reader, path,
           "expected counts or rates, NaN where missing; found -2147483648 at " +
               place_of(values.shape, i) +
               " of the units read, which is R's NA for integers: write as.double(responses), "
               "whose NA is NaN");
    }
  }
}

std::optional<SplitName> read_split(const Reader& reader, const std::string& path) {
  const auto word = reader.optional_string_attribute(path, "split");
  if (!word || word->empty()) return std::nullopt;
  const auto split = split_named(*word);
  if (!split) {
    fail(reader, path, "attribute split: expected train, valid or test; found \"" + *word + "\"");
  }
  return split;
}

// Reads everything except spectrogram and responses.
Stimulus read_stimulus(const Reader& reader, const std::string& key, const Dataset& dataset) {
  const std::string path = "/stimuli/" + key;
  if (!reader.is_group(path)) {
    fail(reader, path, "expected a group with spectrogram and responses; found something else");
  }
  Stimulus stimulus;
  stimulus.key = key;
  stimulus.name = reader.optional_string_attribute(path, "name").value_or("");
  stimulus.category = reader.optional_string_attribute(path, "category").value_or("");
  stimulus.split = read_split(reader, path);
  stimulus.spectrogram = Array<float>({dataset.bands(), 0});
  stimulus.responses = Array<float>({dataset.units(), 0, 0});
  return stimulus;
}

bool is_recorded(const Reader& reader, const std::string& key) {
  return reader.exists("/stimuli/" + key + "/responses");
}

void read_units(const Reader& reader, const UnitSelection& units, Dataset& dataset) {
  dataset.all_unit_ids = read_unit_ids(reader);
  std::vector<std::int64_t> every(dataset.all_unit_ids.size());
  std::iota(every.begin(), every.end(), 0);
  const auto n_all = static_cast<std::int64_t>(every.size());
  const UnitFacts all_facts = read_unit_facts(reader, n_all, every);
  const auto rows = select_units(units, dataset.all_unit_ids, all_facts, dataset.file);
  dataset.unit_facts = read_unit_facts(reader, n_all, rows);
  for (const std::int64_t row : rows) {
    dataset.file_units.push_back(FileUnit{row});
    dataset.unit_ids.push_back(dataset.all_unit_ids[static_cast<std::size_t>(row)]);
  }
}

// Keys of the stimuli to read. Stimuli without responses are listed in `dataset.unrecorded`.
std::vector<std::string> chosen_stimuli(const Reader& reader, Content content, Dataset& dataset) {
  std::vector<std::string> chosen;
  const std::vector<std::string> keys = reader.children("/stimuli");
  if (keys.empty()) fail(reader, "/stimuli", "expected one stimulus or more; found none");
  for (const std::string& key : keys) {
    const std::string path = "/stimuli/" + key;
    const bool recorded = !reader.is_group(path) || is_recorded(reader, key);
    if (!recorded) {
      reader.stored(path + "/spectrogram");  // throws where there is no spectrogram either
      dataset.unrecorded.push_back(key);
    }
    if (recorded || content != Content::recorded) chosen.push_back(key);
  }
  if (chosen.empty()) {
    fail(reader, "/stimuli",
         "expected responses; found stimuli without responses: predict and export-strfs --gradient "
         "accept them; train and eval need /units/id and, for each stimulus, "
         "/stimuli/<key>/responses (N, R, T)");
  }
  return chosen;
}

void read_signals(const Reader& reader, const Dataset& dataset, Content content,
                  Stimulus& stimulus) {
  const std::string path = "/stimuli/" + stimulus.key;
  const std::string spectrogram_path = path + "/spectrogram";
  stimulus.spectrogram = reader.floats(spectrogram_path, {{dataset.bands(), -1}, "(F, T)"});
  check_spectrogram(reader, spectrogram_path, stimulus.spectrogram);

  if (content == Content::sounds || !is_recorded(reader, stimulus.key)) return;
  const std::string responses_path = path + "/responses";
  const auto n_all = static_cast<std::int64_t>(dataset.all_unit_ids.size());
  std::vector<std::int64_t> rows;
  for (const FileUnit unit : dataset.file_units) rows.push_back(static_cast<std::int64_t>(unit));
  stimulus.responses =
      reader.float_rows(responses_path, rows, {{n_all, -1, stimulus.frames()}, "(N, R, T)"});
  check_responses(reader, responses_path, stimulus.responses);
}

bool all_counts(const std::vector<Stimulus>& stimuli) {
  const auto is_count = [](float value) {
    return std::isnan(value) || (value >= 0 && value == std::floor(value));
  };
  const auto holds_some = [](const Stimulus& stimulus) {
    return !stimulus.responses.values.empty();
  };
  return std::any_of(stimuli.begin(), stimuli.end(), holds_some) &&
         std::all_of(stimuli.begin(), stimuli.end(), [&](const Stimulus& stimulus) {
           const std::vector<float>& values = stimulus.responses.values;
           return std::all_of(values.begin(), values.end(), is_count);
         });
}

}  // namespace

std::string to_string(SplitName split) {
  switch (split) {
    case SplitName::train:
      return "train";
    case SplitName::valid:
      return "valid";
    case SplitName::test:
      return "test";
  }
  throw Bug("a split without a name");
}

std::optional<SplitName> split_named(const std::string& word) {
  for (const SplitName split : {SplitName::train, SplitName::valid, SplitName::test}) {
    if (word == to_string(split)) return split;
  }
  return std::nullopt;
}

Dataset read_dataset(const std::string& file, const UnitSelection& units,
                     const WantedStimuli& wanted, Content content) {
  const Reader reader(file, {"strffit-dataset"});
  Dataset dataset;
  dataset.file = file;
  dataset.sha256 = files::sha256(file);
  dataset.name = reader.optional_string_attribute("/", "name").value_or("");
  dataset.reference = reader.optional_string_attribute("/", "reference").value_or("");
  dataset.axes = read_axes(reader);
  const std::vector<std::string> keys = chosen_stimuli(reader, content, dataset);
  const bool responses = content != Content::sounds && dataset.unrecorded.size() < keys.size();
  if (responses || reader.exists("/units")) read_units(reader, units, dataset);
  for (const std::string& key : keys) {
    dataset.stimuli.push_back(read_stimulus(reader, key, dataset));
  }
  const auto some = wanted ? wanted(dataset) : std::set<std::size_t>();
  for (std::size_t s = 0; s < dataset.stimuli.size(); ++s) {
    if (!wanted || some.contains(s)) read_signals(reader, dataset, content, dataset.stimuli[s]);
  }
  dataset.counts = all_counts(dataset.stimuli);
  return dataset;
}

Dataset with_units(const Dataset& dataset, const std::vector<std::int64_t>& units) {
  const auto some = [&](const auto& all) {
    auto result = all;
    const auto row = static_cast<std::size_t>(all.dim(0) > 0 ? all.size() / all.dim(0) : 0);
    result.shape[0] = static_cast<std::int64_t>(units.size());
    result.values.clear();
    for (const auto unit : units) {
      const auto from = all.values.begin() + unit * static_cast<std::int64_t>(row);
      result.values.insert(result.values.end(), from, from + static_cast<std::int64_t>(row));
    }
    return result;
  };
  Dataset result;
  result.file = dataset.file;
  result.name = dataset.name;
  result.reference = dataset.reference;
  result.sha256 = dataset.sha256;
  result.axes = dataset.axes;
  result.all_unit_ids = dataset.all_unit_ids;
  result.unrecorded = dataset.unrecorded;
  result.counts = dataset.counts;
  for (const auto unit : units) {
    result.unit_ids.push_back(dataset.unit_ids.at(static_cast<std::size_t>(unit)));
    result.file_units.push_back(dataset.file_units.at(static_cast<std::size_t>(unit)));
  }
  for (const auto& [name, column] : dataset.unit_facts) {
    result.unit_facts[name] =
        std::visit([&](const auto& values) { return files::Column(some(values)); }, column);
  }
  for (const Stimulus& stimulus : dataset.stimuli) {
    result.stimuli.push_back({stimulus.key, stimulus.name, stimulus.category, stimulus.split,
                              stimulus.spectrogram, some(stimulus.responses)});
  }
  return result;
}

}  // namespace strffit
