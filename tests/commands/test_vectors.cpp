// Checkpoints of the reference implementation: what it predicts, we predict.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "commands/export_strfs.hpp"
#include "commands/init.hpp"
#include "commands/predict.hpp"
#include "config/document.hpp"
#include "formats/checkpoint.hpp"
#include "support/temporary_folder.hpp"
#include "support/vector_file.hpp"
#include "support/vector_path.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::TemporaryFolder;
using test::VectorFile;

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(test::vector_path(""))) {
    if (std::filesystem::exists(entry.path() / "checkpoint.h5")) {
      names.push_back(entry.path().filename());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Largest difference in standard deviations of what is expected. Reference: float64; ours computes
// in float32, whose roundings add up over kernels of up to 1,000 products.
constexpr double kTolerance = 1e-4;

double deviation(const Array<double>& found, const Array<double>& expected) {
  REQUIRE(found.shape == expected.shape);
  REQUIRE(expected.size() > 1);
  double mean = 0, variance = 0, largest = 0;
  for (const double value : expected.values) mean += value / static_cast<double>(expected.size());
  for (std::size_t i = 0; i < expected.values.size(); ++i) {
    variance += std::pow(expected.values[i] - mean, 2) / static_cast<double>(expected.size());
    const double error = std::abs(found.values[i] - expected.values[i]);
    largest = error <= largest ? largest : error;  // NaN counts
  }
  return largest / std::sqrt(variance);
}

Array<double> values_in(const std::string& file, const std::string& path) {
  const H5::H5File opened(file, H5F_ACC_RDONLY);
  const H5::DataSet dataset = opened.openDataSet(path);
  std::vector<hsize_t> sizes(static_cast<std::size_t>(dataset.getSpace().getSimpleExtentNdims()));
  dataset.getSpace().getSimpleExtentDims(sizes.data());
  Array<double> values(Shape(sizes.begin(), sizes.end()));
  dataset.read(values.data(), H5::PredType::NATIVE_DOUBLE);
  return values;
}

TEST_CASE("reference: every kind of model has a case") {
  std::set<std::string> covered;
  for (const auto& name : cases()) {
    covered.insert(read_checkpoint(test::vector_path(name + "/checkpoint.h5")).model->kind());
  }
  for (const auto& kind : kinds()) CHECK_MESSAGE(covered.contains(kind), kind);
}

TEST_CASE("reference: predictions, kernels and gradients are its") {
  const TemporaryFolder folder;
  Observer silent;
  for (const auto& name : cases()) {
    CAPTURE(name);
    const VectorFile expected(name + "/expected.h5");
    const std::string checkpoint = test::vector_path(name + "/checkpoint.h5");
    const std::string data = test::vector_path(name + "/dataset.h5");

    PredictRequest predict;
    predict.path = checkpoint;
    predict.data = data;
    predict.out = folder.file("predictions.h5");
    predict_file(predict, silent);
    for (const auto& key : expected.children("/predictions")) {
      const std::string path = "/predictions/" + key;
      CHECK(deviation(values_in(predict.out, path), expected.doubles(path)) < kTolerance);
    }

    if (!expected.exists("/strf")) continue;
    ExportRequest strfs;
    strfs.path = checkpoint;
    strfs.data = data;
    strfs.out = folder.file("strfs.h5");
    strfs.gradient = expected.exists("/strf/gradient");
    strfs.threads = 2;
    export_strfs(strfs, silent);
    for (const char* path : {"/strf/kernel", "/strf/gradient"}) {
      if (!expected.exists(path)) continue;
      CAPTURE(path);
      CHECK(deviation(values_in(strfs.out, path), expected.doubles(path)) < kTolerance);
    }
  }
}

}  // namespace
}  // namespace strffit
