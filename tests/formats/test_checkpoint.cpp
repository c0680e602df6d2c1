#include <filesystem>
#include <functional>

#include "config/document.hpp"
#include "formats/arrays.hpp"
#include "formats/checkpoint.hpp"
#include "support/h5_edit.hpp"
#include "support/h5_equal.hpp"
#include "support/temporary_folder.hpp"
#include "support/vector_path.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::H5Edit;
using test::TemporaryFolder;
namespace fs = std::filesystem;

TEST_CASE("checkpoint: one of another program, written again, holds the same") {
  // Written and read by us alone, a swapped axis would go unseen: the first file is not ours.
  const TemporaryFolder folder;
  for (const auto& entry : fs::directory_iterator(test::vector_path(""))) {
    const std::string file = entry.path() / "checkpoint.h5";
    if (!fs::exists(file)) continue;
    CAPTURE(file);
    const auto checkpoint = read_checkpoint(file);
    CHECK(checkpoint.roster.independent() ==
          (checkpoint.model->outputs() == 1 && checkpoint.roster.members.front().unit >= 0));
    const std::string copy = folder.file("copy.h5");
    write_checkpoint(copy, checkpoint);
    CHECK(test::differing(file, copy) == std::vector<std::string>{});
    CHECK(read_checkpoint(copy).epoch == checkpoint.epoch);
  }
}

// MATLAB writes doubles, rows and columns, and drops axes of 1 at the end, which are the first
// here.
TEST_CASE(
    "checkpoint: numbers, lists and axes of 1 as MATLAB writes them are the same checkpoint") {
  const TemporaryFolder folder;
  const std::string file = folder.file("matlab.h5");
  const std::string original = test::vector_path("linear_full/checkpoint.h5");
  fs::copy_file(original, file);
  const auto expected = read_checkpoint(original);
  const auto units = static_cast<hsize_t>(expected.roster.units());
  const auto weight = to_array(expected.tensors.at("strf/weight"));
  REQUIRE(weight.dim(0) == 1);
  {
    H5Edit editor(file);
    editor.number_attribute("version", 1);
    editor.number_attribute("epoch", static_cast<double>(expected.epoch));
    const auto& bands = expected.roster.axes.frequencies_hz;
    editor.put("/frequencies_hz", {1, bands.size()}, bands);
    editor.put("/members/unit", {1, 1}, {-1});
    editor.put("/members/seed", {1, 1}, {0});
    editor.put("/members/fold", {1, 1}, {0});
    std::vector<double> ids;
    for (hsize_t unit = 0; unit < units; ++unit) ids.push_back(100.0 + static_cast<double>(unit));
    editor.put("/units/id", {units, 1}, ids);
    editor.put("/standardise/mean", {1, 1}, expected.standardisation[0].mean);
    editor.put("/standardise/std", {1, 1}, expected.standardisation[0].std);
    editor.put("/parameters/strf/weight", {weight.shape.begin() + 1, weight.shape.end()},
               {weight.values.begin(), weight.values.end()});
  }
  const auto found = read_checkpoint(file);
  CHECK(found.roster.unit_ids.front() == "100");
  CHECK(found.roster.members.front().unit == -1);
  CHECK(found.epoch == expected.epoch);
  CHECK(found.roster.axes.frequencies_hz == expected.roster.axes.frequencies_hz);
  CHECK(found.standardisation[0].mean == expected.standardisation[0].mean);
  const auto again = to_array(found.tensors.at("strf/weight"));
  CHECK(again.shape == weight.shape);
  CHECK(again.values == weight.values);

  Shape reversed(weight.shape.rbegin(), weight.shape.rend());
  {
    H5Edit editor(file);
    editor.put("/parameters/strf/weight", {reversed.begin(), reversed.end()},
               {weight.values.begin(), weight.values.end()});
  }
  CHECK_THROWS_WITH_AS(read_checkpoint(file), doctest::Contains("permute(x, [5 4 3 2 1])"),
                       DataError);
}

TEST_CASE("checkpoint: standardisation of each member or band") {
  const TemporaryFolder folder;
  auto checkpoint = read_checkpoint(test::vector_path("linear_full/checkpoint.h5"));
  const std::int64_t bands = 13;
  // Two folds: members twice, a standardisation each.
  checkpoint.roster.members.push_back({-1, 0, 1});
  for (auto& [name, tensor] : checkpoint.tensors) {
    Array<float> twice = to_array(tensor);
    twice.shape[0] = 2;
    const auto once = twice.values;
    twice.values.insert(twice.values.end(), once.begin(), once.end());
    tensor = to_tensor(twice);
  }
  checkpoint.standardisation = {{{1.5}, {2.5}}, {{3.5}, {4.5}}};
  checkpoint.own_standardisation = true;
  const std::string file = folder.file("c.h5");
  write_checkpoint(file, checkpoint);
  auto found = read_checkpoint(file);
  REQUIRE(found.standardisation.size() == 2);
  CHECK(found.standardisation[1].mean == std::vector<double>{3.5});
  CHECK(found.standardisation[0].std == std::vector<double>{2.5});

  checkpoint.how = Standardise::per_band;
  checkpoint.config = "model: {kind: linear, context: 5}\ndata: {standardise: per_band}\n";
  for (auto& one : checkpoint.standardisation) {
    one.mean.assign(static_cast<std::size_t>(bands), one.mean.front());
    one.std.assign(static_cast<std::size_t>(bands), one.std.front());
  }
  checkpoint.standardisation[1].std.back() = 9;
  write_checkpoint(file, checkpoint);
  found = read_checkpoint(file);
  REQUIRE(found.standardisation.size() == 2);
  CHECK(found.standardisation[1].std.size() == 13);
  CHECK(found.standardisation[1].std.back() == 9);
  CHECK(found.standardisation[0].std.back() == 2.5);
}

struct Malformed {
  const char* what;
  std::function<void(H5Edit&)> edit;
  const char* message;  // after the file's name
};

TEST_CASE("checkpoint: what is broken is refused by name") {
  // 2 outputs, 13 bands, 5 lags, population.
  const std::vector<Malformed> table = {
      {"another format", [](H5Edit& e) { e.text_attribute("format", "strffit-results"); },
       "is results, which hold no fitted models"},
      {"a newer version", [](H5Edit& e) { e.number_attribute("version", 2); }, "version"},
      {"no config", [](H5Edit& e) { e.drop("config"); }, "config"},
      {"config no YAML", [](H5Edit& e) { e.text_attribute("config", "model: {kind"); },
       "/ attribute config:2:1: not valid YAML"},
      {"config without a model", [](H5Edit& e) { e.text_attribute("config", "fit: {}"); },
       "model.kind"},
      {"unknown key of the model",
       [](H5Edit& e) { e.text_attribute("config", "model: {kind: linear, contxt: 5}"); },
       "model.contxt: unknown key; did you mean \"context\"?"},
      {"unknown kind", [](H5Edit& e) { e.text_attribute("config", "model: {kind: cnn}"); },
       "model.kind: expected linear, ln"},
      {"bad standardise",
       [](H5Edit& e) {
         e.text_attribute("config", "{model: {kind: linear, context: 5}, data: {standardise: 3}}");
       },
       "data.standardise"},
      {"bad mode",
       [](H5Edit& e) {
         e.text_attribute("config", "{model: {kind: linear, context: 5}, fit: {mode: both}}");
       },
       "fit.mode"},
      {"mode of other members",
       [](H5Edit& e) {
         e.text_attribute("config",
                          "{model: {kind: linear, context: 5}, fit: {mode: independent}}");
       },
       "/members/unit: expected a unit for each member"},
      {"another kind", [](H5Edit& e) { e.text_attribute("model", "ln"); },
       "/ attribute model: expected linear, as its config says; found ln"},
      {"another context",
       [](H5Edit& e) { e.text_attribute("config", "model: {kind: linear, context: 6}"); },
       "/parameters/strf/weight"},
      {"an absurd context",
       [](H5Edit& e) { e.text_attribute("config", "model: {kind: linear, context: 10000}"); },
       "/parameters/strf/weight"},
      {"no dt", [](H5Edit& e) { e.drop("dt_ms"); }, "dt_ms"},
      {"dt of 0", [](H5Edit& e) { e.number_attribute("dt_ms", 0); }, "above 0 ms"},
      {"dt of NaN", [](H5Edit& e) { e.number_attribute("dt_ms", NAN); }, "above 0 ms"},
      {"no frequencies", [](H5Edit& e) { e.remove("/frequencies_hz"); }, "/frequencies_hz"},
      {"descending frequencies",
       [](H5Edit& e) {
         std::vector<double> down(13);
         for (std::size_t f = 0; f < 13; ++f) down[f] = 13.0 - static_cast<double>(f);
         e.put("/frequencies_hz", {13}, down);
       },
       "/frequencies_hz: expected finite, ascending"},
      {"no units", [](H5Edit& e) { e.remove("/units/id"); }, "/units/id"},
      {"a member too far", [](H5Edit& e) { e.put_integers("/members/unit", {2}); },
       "/members/unit"},
      {"a member below -1", [](H5Edit& e) { e.put_integers("/members/unit", {-2}); },
       "/members/unit"},
      {"a negative fold", [](H5Edit& e) { e.put_integers("/members/fold", {-1}); },
       "/members/fold"},
      {"members of two sizes",
       [](H5Edit& e) {
         e.put_integers("/members/seed", {0, 1});
       },
       "/members/seed"},
      {"no members",
       [](H5Edit& e) {
         e.put_integers("/members/unit", {});
         e.put_integers("/members/seed", {});
         e.put_integers("/members/fold", {});
       },
       "/members/unit: expected members"},
      {"a tensor less", [](H5Edit& e) { e.remove("/parameters/strf/bias"); },
       "/parameters/strf/bias"},
      {"a tensor more", [](H5Edit& e) { e.put("/parameters/strf/sigma", {1}, {1}); },
       "/parameters/strf/sigma: the model of its config has no such tensor"},
      {"a tensor in the wrong place", [](H5Edit& e) { e.put("/parameters/gain", {1}, {1}); },
       "/parameters/gain"},
      {"another shape",
       [](H5Edit& e) {
         e.put("/parameters/strf/bias", {1, 3}, {1, 2, 3});
       },
       "/parameters/strf/bias"},
      {"no standardisation", [](H5Edit& e) { e.remove("/standardise/mean"); }, "/standardise/mean"},
      {"standardisation of bands",
       [](H5Edit& e) { e.put("/standardise/mean", {13}, std::vector<double>(13, 1)); },
       "/standardise/mean: expected a number"},
      {"std of 0", [](H5Edit& e) { e.put("/standardise/std", {}, {0}); },
       "standard deviations above 0"},
      {"mean of NaN", [](H5Edit& e) { e.put("/standardise/mean", {}, {NAN}); }, "finite means"},
  };
  const TemporaryFolder folder;
  const std::string file = folder.file("broken.h5");
  for (const auto& [what, edit, message] : table) {
    CAPTURE(what);
    fs::copy_file(test::vector_path("linear_full/checkpoint.h5"), file,
                  fs::copy_options::overwrite_existing);
    {
      H5Edit editor(file);
      edit(editor);
    }
    try {
      read_checkpoint(file);
      FAIL_CHECK("it was read");
    } catch (const DataError& error) {
      const std::string found = error.what();
      CHECK_MESSAGE(found.starts_with(file + ": "), found);
      CHECK_MESSAGE(found.find(message) != std::string::npos, found);
    }
  }
}

TEST_CASE("checkpoint: keys of other mappings are no business of a model") {
  const TemporaryFolder folder;
  const std::string file = folder.file("c.h5");
  fs::copy_file(test::vector_path("linear_full/checkpoint.h5"), file);
  {
    H5Edit editor(file);
    editor.text_attribute("config",
                          "model: {kind: linear, context: 5}\nauthor: me\nfit: {optimiser: "
                          "lbfgs}\ndata: {origin: here}\n");
  }
  CHECK(read_checkpoint(file).model->context() == 5);
}

TEST_CASE("checkpoint: axes that differ by the roundings of float32 are the same") {
  const auto checkpoint = read_checkpoint(test::vector_path("linear_full/checkpoint.h5"));
  auto dataset = read_dataset(test::vector_path("linear_full/dataset.h5"));
  for (auto& f : dataset.axes.frequencies_hz) f = static_cast<float>(f);
  CHECK_NOTHROW(check_axes(checkpoint, dataset));
  dataset.axes.frequencies_hz.pop_back();
  CHECK_THROWS_WITH_AS(check_axes(checkpoint, dataset),
                       doctest::Contains("expected the 13 bands of"), DataError);
}

}  // namespace
}  // namespace strffit
