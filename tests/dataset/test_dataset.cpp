// References: tests/vectors/files/odd_dataset.h5, written by h5py (make_files.py says what is in
// it), the datasets of the reference implementation, and a real recording.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include "dataset/dataset.hpp"
#include "dataset/simulate.hpp"
#include "files/checksum.hpp"
#include "files/reader.hpp"
#include "support/temporary_folder.hpp"
#include "util/errors.hpp"

namespace strffit {
namespace {

const std::string kSource = STRFFIT_SOURCE_DIR;
const std::string kOdd = kSource + "/tests/vectors/files/odd_dataset.h5";

TEST_CASE("dataset: every part, however it is stored") {
  const Dataset dataset = read_dataset(kOdd);
  CHECK(dataset.file == kOdd);
  CHECK(dataset.name == "odd");
  CHECK(dataset.reference.empty());
  CHECK(dataset.sha256 == files::sha256(kOdd));
  CHECK(dataset.axes.dt_ms == 2);
  CHECK(dataset.axes.frequencies_hz == std::vector<double>{200, 400, 1600});
  CHECK(dataset.unit_ids == std::vector<std::string>{"u-3", "0-1", "u 7", "x"});
  CHECK(dataset.all_unit_ids == dataset.unit_ids);
  CHECK(dataset.counts);

  REQUIRE(dataset.stimuli.size() == 4);
  const std::vector<std::string> keys = {"a", "b", "c10", "c9"};  // lexicographic
  for (std::size_t i = 0; i < 4; ++i) CHECK(dataset.stimuli[i].key == keys[i]);
  const Stimulus &a = dataset.stimuli[0], &b = dataset.stimuli[1];
  CHECK(a.split == SplitName::valid);
  CHECK(b.split == SplitName::train);
  CHECK_FALSE(dataset.stimuli[2].split.has_value());
  CHECK(b.category == "speech");
  CHECK(b.name == "second");
  CHECK(a.name.empty());
  CHECK(a.spectrogram.shape == Shape{3, 5});
  for (std::size_t i = 0; i < 15; ++i) {
    CHECK(a.spectrogram.values[i] == static_cast<float>(i) / 4);
  }
  CHECK(a.responses.shape == Shape{4, 3, 5});
  CHECK(b.responses.shape == Shape{4, 2, 6});
}

TEST_CASE(
    "dataset: responses keep their axes, missing ones are NaN, and only the units asked for are "
    "there") {
  const Dataset dataset = read_dataset(kOdd, {{"x", "u-3", "u 7"}, "data.units"});
  CHECK(dataset.unit_ids == std::vector<std::string>{"u-3", "u 7", "x"});
  CHECK(dataset.file_units == std::vector{FileUnit{0}, FileUnit{2}, FileUnit{3}});
  CHECK(dataset.all_unit_ids.size() == 4);
  const Array<float>& responses = dataset.stimuli[1].responses;  // of "b"
  REQUIRE(responses.shape == Shape{3, 2, 6});
  for (int n = 0; n < 3; ++n) {
    for (int r = 0; r < 2; ++r) {
      for (int t = 0; t < 6; ++t) {
        const float value = responses.values[static_cast<std::size_t>((n * 2 + r) * 6 + t)];
        const int unit = static_cast<int>(dataset.file_units[static_cast<std::size_t>(n)]);
        if ((unit == 2 && r == 1) || (unit == 3 && t == 4)) {
          CHECK(std::isnan(value));
        } else {
          CHECK(value == static_cast<float>(100 * unit + 10 * r + t));
        }
      }
    }
  }
  const auto& depth = std::get<Array<double>>(dataset.unit_facts.at("depth_um"));
  CHECK(depth.values == std::vector<double>{100, -5, 400});
  const auto& area = std::get<Array<std::string>>(dataset.unit_facts.at("area"));
  CHECK(area.values == std::vector<std::string>{"A1", "A1", "A2"});
  const auto& place = std::get<Array<double>>(dataset.unit_facts.at("place_mm"));
  CHECK(place.shape == Shape{3, 2});
  CHECK(place.values == std::vector<double>{0, 1, 4, 5, 6, 7});
  CHECK(dataset.unit_facts.count("id") == 0);
}

TEST_CASE("dataset: of stimuli that are not wanted all but the signals is read") {
  const Dataset all = read_dataset(kOdd);
  std::size_t known = 0;
  const Dataset some = read_dataset(kOdd, {}, [&](const Dataset& dataset) {
    known = dataset.stimuli.size();
    CHECK(dataset.unit_ids == all.unit_ids);
    CHECK(dataset.axes.frequencies_hz == all.axes.frequencies_hz);
    for (const auto& stimulus : dataset.stimuli) CHECK(stimulus.frames() == 0);
    return std::set<std::size_t>{1, 3};
  });
  CHECK(known == all.stimuli.size());
  REQUIRE(some.stimuli.size() == all.stimuli.size());
  for (std::size_t s = 0; s < all.stimuli.size(); ++s) {
    const Stimulus &a = all.stimuli[s], &b = some.stimuli[s];
    const bool wanted = s == 1 || s == 3;
    CHECK(b.key == a.key);
    CHECK(b.category == a.category);
    CHECK(b.split == a.split);
    CHECK(b.frames() == (wanted ? a.frames() : 0));
    CHECK(b.trials() == (wanted ? a.trials() : 0));
    if (wanted) CHECK(b.spectrogram.values == a.spectrogram.values);
  }
}

TEST_CASE("dataset: those of the reference implementation") {
  int read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kSource + "/tests/vectors")) {
    const std::string file = entry.path().string() + "/dataset.h5";
    if (!std::filesystem::exists(file)) continue;
    const Dataset dataset = read_dataset(file);
    CHECK(dataset.name == "test vector");
    CHECK(dataset.units() >= 1);
    CHECK(dataset.stimuli.size() >= 2);
    ++read;
  }
  CHECK(read == 19);
}

TEST_CASE("dataset: a real recording, and one unit of it") {
  const std::string file = kSource + "/../shared/data/ns1_even.h5";
  if (!std::filesystem::exists(file)) {
    MESSAGE("skipped: there is no " << file);
    CHECK(true);
    return;
  }
  const Dataset dataset = read_dataset(file);
  CHECK(dataset.units() == 37);
  CHECK(dataset.stimuli.size() == 20);
  CHECK(dataset.bands() == 34);
  CHECK(dataset.axes.dt_ms == 5);
  CHECK(dataset.counts);
  const Dataset one = read_dataset(file, {{"12-12"}, "data.units"});
  const Array<float>&all = dataset.stimuli[3].responses, &alone = one.stimuli[3].responses;
  REQUIRE(alone.shape == Shape{1, 20, 999});
  CHECK(std::equal(alone.values.begin(), alone.values.end(), all.values.begin() + 12 * 20 * 999));
}

TEST_CASE("dataset: some of its units are what is read of these alone") {
  const Dataset some = with_units(read_dataset(kOdd), {1, 2});
  const Dataset read = read_dataset(kOdd, {{"0-1", "u 7"}, "data.units"});
  CHECK(some.file == read.file);
  CHECK(some.sha256 == read.sha256);
  CHECK(some.axes.frequencies_hz == read.axes.frequencies_hz);
  CHECK(some.unit_ids == read.unit_ids);
  CHECK(some.all_unit_ids == read.all_unit_ids);
  CHECK(some.file_units == read.file_units);
  const auto texts = [](const Dataset& dataset, const char* name) {
    return std::get<Array<std::string>>(dataset.unit_facts.at(name)).values;
  };
  const auto numbers = [](const Dataset& dataset, const char* name) {
    const auto& fact = std::get<Array<double>>(dataset.unit_facts.at(name));
    CHECK(fact.dim(0) == 2);
    return fact.values;
  };
  CHECK(some.unit_facts.size() == read.unit_facts.size());
  CHECK(texts(some, "area") == texts(read, "area"));
  CHECK(numbers(some, "depth_um") == numbers(read, "depth_um"));
  CHECK(numbers(some, "place_mm") == std::vector<double>{2, 3, 4, 5});
  REQUIRE(some.stimuli.size() == read.stimuli.size());
  for (std::size_t s = 0; s < some.stimuli.size(); ++s) {
    const Stimulus &a = some.stimuli[s], &b = read.stimuli[s];
    CHECK(a.key == b.key);
    CHECK(a.split == b.split);
    CHECK(a.spectrogram.values == b.spectrogram.values);
    REQUIRE(a.responses.shape == b.responses.shape);
    for (std::size_t i = 0; i < a.responses.values.size(); ++i) {
      const float x = a.responses.values[i], y = b.responses.values[i];
      CHECK((x == y || (std::isnan(x) && std::isnan(y))));
    }
  }
  CHECK_THROWS_AS(with_units(read, {2}), std::out_of_range);
}

TEST_CASE("dataset: written and read again it is the same") {
  const test::TemporaryFolder folder;
  const Dataset dataset = read_dataset(kOdd);
  write_dataset(folder.file("copy.h5"), dataset);
  const Dataset copy = read_dataset(folder.file("copy.h5"));
  CHECK(copy.name == dataset.name);
  CHECK(copy.axes.frequencies_hz == dataset.axes.frequencies_hz);
  CHECK(copy.unit_ids == dataset.unit_ids);
  CHECK(copy.unit_facts.size() == dataset.unit_facts.size());
  REQUIRE(copy.stimuli.size() == dataset.stimuli.size());
  for (std::size_t i = 0; i < copy.stimuli.size(); ++i) {
    const Stimulus &a = copy.stimuli[i], &b = dataset.stimuli[i];
    CHECK(a.split == b.split);
    CHECK(a.category == b.category);
    CHECK(a.spectrogram.values == b.spectrogram.values);
    REQUIRE(a.responses.shape == b.responses.shape);
    for (std::size_t k = 0; k < a.responses.values.size(); ++k) {
      const float x = a.responses.values[k], y = b.responses.values[k];
      CHECK((x == y || (std::isnan(x) && std::isnan(y))));
    }
  }
  // What was written as bytes is counts below 256 without a gap.
  const files::Reader reader(folder.file("copy.h5"), {"strffit-dataset"});
  CHECK(reader.integers("/stimuli/c10/responses").shape == Shape{4, 1, 1});
}

TEST_CASE("dataset: the names of the splits") {
  for (const auto split : {SplitName::train, SplitName::valid, SplitName::test}) {
    CHECK(split_named(to_string(split)) == split);
  }
  CHECK_FALSE(split_named("Train").has_value());
  CHECK_FALSE(split_named("").has_value());
}

}  // namespace
}  // namespace strffit
