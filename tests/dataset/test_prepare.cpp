#include <doctest/doctest.h>

#include <cmath>

#include "dataset/prepare.hpp"
#include "support/near.hpp"
#include "support/vector_file.hpp"
#include "util/errors.hpp"
#include "util/nan.hpp"
#include "util/random.hpp"

namespace strffit {
namespace {

using test::near;

// Two bands, stimuli of one and of three frames; one unit unless `responses` say otherwise.
Dataset two_bands() {
  Dataset dataset;
  dataset.file = "x.h5";
  dataset.axes = {5, {1000, 2000}};
  dataset.unit_ids = {"a"};
  dataset.stimuli.resize(2);
  dataset.stimuli[0].spectrogram = Array<float>({2, 1}, std::vector<float>{1, 10});
  dataset.stimuli[1].spectrogram = Array<float>({2, 3}, std::vector<float>{2, 3, 6, 20, 20, 30});
  return dataset;
}

TEST_CASE("standardisation: closed form, over all bands or one by one, from the training stimuli") {
  const Dataset dataset = two_bands();
  // Exact up to a few roundings of double.
  const Standardisation all = standardisation(dataset, {0, 1}, Standardise::overall);
  REQUIRE(all.mean.size() == 1);
  CHECK(all.mean[0] == near(11.5, 1e-15));
  CHECK(all.std[0] == near(std::sqrt(1850.0 / 8 - 11.5 * 11.5), 1e-14));
  const Standardisation bands = standardisation(dataset, {0, 1}, Standardise::per_band);
  REQUIRE(bands.mean.size() == 2);
  CHECK(bands.mean[0] == near(3, 1e-15));
  CHECK(bands.mean[1] == near(20, 1e-15));
  CHECK(bands.std[0] == near(std::sqrt(14.0 / 4), 1e-14));
  CHECK(bands.std[1] == near(std::sqrt(50.0), 1e-14));
  const Standardisation one = standardisation(dataset, {1}, Standardise::per_band);
  CHECK(one.mean[0] == near(11.0 / 3, 1e-15));

  Array<float> x = dataset.stimuli[1].spectrogram;
  bands.apply(x);
  CHECK(x.values[2] == near((6 - 3) / std::sqrt(3.5), 1e-7));  // a rounding of float32
  CHECK(x.values[5] == near((30 - 20) / std::sqrt(50), 1e-7));
  Array<float> y = dataset.stimuli[1].spectrogram;
  all.apply(y);
  CHECK(y.values[5] == near((30 - 11.5) / std::sqrt(99), 1e-7));
  Array<float> other({3, 1});
  CHECK_THROWS_AS(bands.apply(other), Bug);
}

TEST_CASE("standardisation: a mean far from 0 costs no digits") {
  Dataset dataset = two_bands();
  for (Stimulus& stimulus : dataset.stimuli) {
    for (float& value : stimulus.spectrogram.values) value += 1e6F;
  }
  const Standardisation bands = standardisation(dataset, {0, 1}, Standardise::per_band);
  CHECK(bands.std[0] == near(std::sqrt(14.0 / 4), 1e-9));
}

TEST_CASE("standardisation: a band of rounding noise is 0 wherever it sounds, and known as such") {
  // Around -80 dB float32 numbers are 8e-6 apart: this is noise of about one of those.
  Dataset dataset = two_bands();
  auto& quiet = dataset.stimuli[1].spectrogram.values;
  std::fill(quiet.begin() + 3, quiet.end(), -80.0F);
  quiet[4] -= 1e-5F;
  dataset.stimuli[0].spectrogram.values[1] = -80;
  const Standardisation bands = standardisation(dataset, {0, 1}, Standardise::per_band);
  CHECK(bands.silenced() == std::vector<std::size_t>{1});
  CHECK(std::isinf(bands.std[1]));
  CHECK(bands.mean[0] == near(3, 1e-15));
  Array<float> loud({2, 2}, std::vector<float>{3, 4, -80, -20});
  bands.apply(loud);
  CHECK(loud.values[2] == 0);
  CHECK(loud.values[3] == 0);
  CHECK(loud.values[0] == 0);
  CHECK(loud.values[1] == near(1 / std::sqrt(3.5), 1e-6));
  // One of overall standardisation keeps the band: it is as small as it is.
  CHECK(standardisation(dataset, {0, 1}, Standardise::overall).silenced().empty());
}

TEST_CASE("standardisation: the range of rounding noise grows with its length, and tells nothing") {
  // Roundings of the same size in 4 and in 400,000 frames.
  for (const std::int64_t frames : {4, 400000}) {
    Dataset dataset = two_bands();
    dataset.stimuli.resize(1);
    Random random(7);
    std::vector<float> values;
    for (std::int64_t t = 0; t < frames; ++t) values.push_back(static_cast<float>(t % 3));
    for (std::int64_t t = 0; t < frames; ++t) {
      values.push_back(static_cast<float>(-80 + 1.5e-5 * random.normal()));
    }
    dataset.stimuli[0].spectrogram = Array<float>({2, frames}, values);
    CHECK(standardisation(dataset, {0}, Standardise::per_band).silenced() ==
          std::vector<std::size_t>{1});
    // A band that is heard seldom is no noise.
    for (std::int64_t t = 0; t < frames; ++t) dataset.stimuli[0].spectrogram.values[t + frames] = 0;
    dataset.stimuli[0].spectrogram.values[frames] = 1;
    CHECK(standardisation(dataset, {0}, Standardise::per_band).silenced().empty());
  }
}

TEST_CASE("standardisation: a spectrogram that is constant but for rounding is refused") {
  Dataset dataset = two_bands();
  const auto message = [&](const std::vector<std::size_t>& train, Standardise how) {
    try {
      standardisation(dataset, train, how);
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const std::string about =
      " is constant over the training stimuli (its standard deviation at most 1e-6 of its largest "
      "magnitude) and cannot be standardised: look at the file, or set data.standardise to ";
  CHECK(message({0}, Standardise::overall) == "no error");
  CHECK(message({0}, Standardise::per_band) ==
        "x.h5: /stimuli: each band of the spectrogram" + about + "true");
  dataset.stimuli[0].spectrogram.values = {0.1F, 0.1F};
  CHECK(message({0}, Standardise::overall) == "x.h5: /stimuli: the spectrogram" + about + "false");
  dataset.stimuli[0].spectrogram.values = {80, 80.00001F};
  CHECK(message({0}, Standardise::overall) == "x.h5: /stimuli: the spectrogram" + about + "false");
  CHECK_THROWS_AS(standardisation(dataset, {}, Standardise::overall), Bug);
}

TEST_CASE("smoothing and target: the vectors of the reference implementation") {
  const test::VectorFile file("pieces.h5");
  int cases = 0;
  for (const std::string& name : file.children("/")) {
    if (name.rfind("smoothing_", 0) != 0) continue;
    CAPTURE(name);
    const Array<float> y = file.floats("/" + name + "/inputs/y");
    const Array<double> output = file.doubles("/" + name + "/output");
    const Array<double> mean = file.doubles("/" + name + "/target");
    const Array<float> trials({1, y.dim(0), y.dim(1)}, y.values);
    const Array<float> found = smoothed(trials, file.number_attribute("/" + name, "smooth_ms"),
                                        file.number_attribute("/" + name, "dt_ms"));
    REQUIRE(found.shape == trials.shape);
    // Two roundings of float32 where the reference keeps float64.
    for (std::size_t i = 0; i < output.values.size(); ++i) {
      CHECK(found.values[i] == near(output.values[i], 2e-7, 1e-7));
    }
    const Array<float> found_mean = target(found);
    REQUIRE(found_mean.shape == Shape{1, y.dim(1)});
    for (std::size_t i = 0; i < mean.values.size(); ++i) {
      CHECK(found_mean.values[i] == near(mean.values[i], 2e-7, 1e-7));
    }
    ++cases;
  }
  CHECK(cases == 4);
}

TEST_CASE("smoothing: of a dataset, which then holds no counts") {
  Dataset dataset = two_bands();
  dataset.counts = true;
  dataset.stimuli[0].responses = Array<float>({1, 1, 1}, std::vector<float>{2});
  dataset.stimuli[1].responses = Array<float>({1, 1, 3}, std::vector<float>{0, 4, kNaN});
  dataset.stimuli.emplace_back();  // as long as the window
  dataset.stimuli[2].spectrogram = Array<float>({2, 40});
  dataset.stimuli[2].responses = Array<float>({1, 1, 40});
  smooth(dataset, 40);  // 9 frames: weights cos^2(i pi / 8)
  CHECK_FALSE(dataset.counts);
  CHECK(dataset.stimuli[0].responses.values[0] == 2);
  const double side = 0.5 + 0.5 * std::cos(std::acos(-1.0) / 4);
  CHECK(dataset.stimuli[1].responses.values[0] == near(4 * side / (1 + side), 1e-6));
  CHECK(dataset.stimuli[1].responses.values[1] == near(4 / (1 + side), 1e-6));
  CHECK(std::isnan(dataset.stimuli[1].responses.values[2]));
}

TEST_CASE("target: the mean over the trials that are there") {
  const Array<float> responses({2, 3, 2}, std::vector<float>{1, 2, 4, kNaN, kNaN, kNaN,  //
                                                             0, 1, 1, 1, 1, 2});
  const Array<float> mean = target(responses);
  CHECK(mean.shape == Shape{2, 2});
  CHECK(mean.values[0] == 2.5);
  CHECK(mean.values[1] == 2);
  CHECK(mean.values[2] == near(2.0 / 3, 1e-7));
  CHECK(mean.values[3] == near(4.0 / 3, 1e-7));
  const Array<float> nothing({1, 1, 1}, std::vector<float>{kNaN});
  CHECK(std::isnan(target(nothing).values[0]));
}

TEST_CASE("unusable units: without a response or with a constant one in training") {
  Dataset dataset = two_bands();
  dataset.unit_ids = {"good", "silent", "absent", "constant", "trained elsewhere"};
  dataset.stimuli[0].responses =
      Array<float>({5, 1, 1}, std::vector<float>{1, 0, kNaN, 1e6F, kNaN});
  dataset.stimuli[1].responses = Array<float>(
      {5, 1, 3},
      std::vector<float>{0, 1, 0, 0, 0, 0, kNaN, kNaN, kNaN, 1e6F, 1e6F, 1000000.5F, 1, 2, 3});
  const auto both = unusable_units(dataset, {0, 1});
  REQUIRE(both.size() == 3);
  CHECK(both[0].unit == 1);
  CHECK(both[0].reason == "a constant response in the training stimuli");
  CHECK(both[1].unit == 2);
  CHECK(both[1].reason == "no response in the training stimuli");
  CHECK(both[2].unit == 3);
  const auto first = unusable_units(dataset, {0});
  REQUIRE(first.size() == 5);
  CHECK(first[4].reason == "no response in the training stimuli");
}

TEST_CASE("smoothing: windows that smooth nothing, or all away, are refused") {
  Dataset dataset;
  dataset.axes.dt_ms = 5;
  dataset.stimuli.emplace_back();
  dataset.stimuli.front().spectrogram = Array<float>({2, 40});
  dataset.stimuli.front().responses = Array<float>({1, 1, 40});
  for (const double width : {5.0, 19.0, 201.0, 1e300}) {
    CAPTURE(width);
    CHECK_THROWS_WITH_AS(
        smooth(dataset, width),
        doctest::Contains("expected none, or from 20 ms (four frames; less smooths "
                          "nothing) to 200 ms, the longest stimulus"),
        ConfigError);
  }
  smooth(dataset, 20);
  smooth(dataset, 200);
}

}  // namespace
}  // namespace strffit
