// What a dataset may leave out: sounds without responses, and what other programs make of a list, a
// name or the only unit.
#include <doctest/doctest.h>

#include "broken_file.hpp"
#include "dataset/dataset.hpp"
#include "dataset/inspect.hpp"
#include "support/messages.hpp"
#include "support/temporary_folder.hpp"
#include "util/errors.hpp"

namespace strffit {
namespace {

using test::contains;
using test::error_of;
using test::File;

// The sound dataset, changed.
std::string changed(const test::TemporaryFolder& folder, const std::function<void(File&)>& change) {
  const std::string path = folder.file("changed.h5");
  test::make_sound_dataset(path);
  File file(path, H5F_ACC_RDWR);
  change(file);
  return path;
}

void drop_responses(File& file) {
  file.unlink(test::kResponses);
  file.unlink("/stimuli/b/responses");
}

TEST_CASE("dataset: sounds without responses and units are read as sounds, and nothing else") {
  const test::TemporaryFolder folder;
  for (const bool units : {false, true}) {
    CAPTURE(units);
    const auto file = changed(folder, [&](File& f) {
      drop_responses(f);
      if (!units) f.unlink("/units");
    });
    for (const Content content : {Content::sounds, Content::all}) {
      const Dataset dataset = read_dataset(file, {}, {}, content);
      CHECK(dataset.units() == (units ? 2 : 0));
      CHECK(dataset.unrecorded == std::vector<std::string>{"a", "b"});
      CHECK_FALSE(dataset.counts);
      REQUIRE(dataset.stimuli.size() == 2);
      CHECK(dataset.stimuli[0].frames() == 6);
      CHECK(dataset.stimuli[0].trials() == 0);
      CHECK(dataset.stimuli[0].spectrogram.values[7] == 7);
    }
    CHECK(contains(error_of<DataError>([&] { read_dataset(file); }),
                   "/stimuli: expected responses; found stimuli without responses: predict"));
  }
}

TEST_CASE("dataset: of sounds that are recorded in part, those that are not are left out by name") {
  const test::TemporaryFolder folder;
  const auto file = changed(folder, [](File& f) { f.unlink(test::kResponses); });
  const Dataset recorded = read_dataset(file);
  REQUIRE(recorded.stimuli.size() == 1);
  CHECK(recorded.stimuli[0].key == "b");
  CHECK(recorded.stimuli[0].responses.values[5] == 5);
  CHECK(recorded.unrecorded == std::vector<std::string>{"a"});
  const Dataset all = read_dataset(file, {}, {}, Content::all);
  REQUIRE(all.stimuli.size() == 2);
  CHECK(all.stimuli[0].responses.shape == Shape{2, 0, 0});
  CHECK(all.stimuli[1].responses.shape == Shape{2, 1, 4});
  CHECK(all.counts);
  const DatasetSummary summary = summarise(all);
  CHECK(summary.stimuli[0].trials == 0);
  CHECK(summary.units[0].stimuli == 1);
  CHECK(read_dataset(file, {}, {}, Content::sounds).stimuli[1].trials() == 0);

  // A group without a spectrogram is no sound.
  const auto broken = changed(folder, [](File& f) { f.createGroup("/stimuli/c"); });
  CHECK(contains(error_of<DataError>([&] { read_dataset(broken); }),
                 "/stimuli/c/spectrogram: expected a dataset or group; found nothing"));
  // Whose responses?
  const auto whose = changed(folder, [](File& f) { f.unlink("/units"); });
  CHECK(contains(error_of<DataError>([&] { read_dataset(whose, {}, {}, Content::all); }),
                 "/units/id: expected a dataset or group; found no /units"));
  CHECK(read_dataset(whose, {}, {}, Content::sounds).stimuli.size() == 2);
}

TEST_CASE("dataset: sounds without responses are written as they are read") {
  const test::TemporaryFolder folder;
  const auto file = changed(folder, [](File& f) {
    drop_responses(f);
    f.unlink("/units");
  });
  const std::string copy = folder.file("copy.h5");
  write_dataset(copy, read_dataset(file, {}, {}, Content::all));
  const Dataset again = read_dataset(copy, {}, {}, Content::all);
  CHECK(again.units() == 0);
  CHECK(again.unrecorded.size() == 2);
  CHECK(again.stimuli[0].spectrogram.values[7] == 7);
}

TEST_CASE("dataset: unit ids as numbers, lists as rows or columns, an empty split") {
  const test::TemporaryFolder folder;
  for (const auto& shape : {std::vector<hsize_t>{2}, {1, 2}, {2, 1}}) {
    for (const auto& type : {test::PredType::NATIVE_DOUBLE, test::PredType::STD_I32BE}) {
      const auto file = changed(folder, [&](File& f) {
        test::replace(f, test::kIds, shape, type);
        test::poke(f, test::kIds, 1, 101);
        test::put(f, "/units/depth", shape);
        test::set_text(f.openGroup("/stimuli/a"), "split", "");
        test::set_number(f.openGroup("/"), "dt_ms", 5, test::PredType::NATIVE_DOUBLE, {1, 1});
        test::set_number(f.openGroup("/"), "version", 1, test::PredType::NATIVE_DOUBLE);
      });
      const Dataset dataset = read_dataset(file, {{"101"}, "data.units"});
      CHECK(dataset.all_unit_ids == std::vector<std::string>{"0", "101"});
      CHECK(dataset.file_units == std::vector{FileUnit{1}});
      const auto& depth = std::get<Array<double>>(dataset.unit_facts.at("depth"));
      CHECK(depth.shape == Shape{1});
      CHECK(depth.values == std::vector<double>{1});
      CHECK_FALSE(dataset.stimuli[0].split.has_value());
    }
  }
}

TEST_CASE("dataset: the responses of the only unit may lack its axis") {
  const test::TemporaryFolder folder;
  const auto file = changed(folder, [](File& f) {
    test::replace_texts(f, test::kIds, {"only"});
    test::replace(f, test::kResponses, {2, 6});
    test::replace(f, "/stimuli/b/responses", {1, 4});
  });
  const Dataset dataset = read_dataset(file);
  CHECK(dataset.stimuli[0].responses.shape == Shape{1, 2, 6});
  CHECK(dataset.stimuli[0].responses.values[11] == 11);
  CHECK(dataset.stimuli[1].responses.shape == Shape{1, 1, 4});
}

}  // namespace
}  // namespace strffit
