#include "formats/average_file.hpp"

#include <cmath>
#include <filesystem>

#include "files/paths.hpp"
#include "files/reader.hpp"
#include "files/writer.hpp"
#include "util/errors.hpp"

namespace strffit {

namespace {

constexpr const char* kAverageFormat = "strffit-average";

std::string folder_of(const std::string& file) {
  const auto folder = std::filesystem::path(file).parent_path().string();
  return folder.empty() ? "." : folder;
}

template <class T>
Array<T> of_parts(const std::vector<AverageFile::Part>& parts, T AverageFile::Part::*value) {
  Array<T> values({static_cast<std::int64_t>(parts.size())});
  for (std::size_t i = 0; i < parts.size(); ++i) values.values[i] = parts[i].*value;
  return values;
}

}  // namespace

std::string average_part_name(std::size_t part) { return "part-" + std::to_string(part) + ".h5"; }

std::string average_file_of(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    const std::string file = path + "/" + kAverageName;
    return is_there(file) ? file : "";
  }
  return std::filesystem::path(path).filename() == kAverageName ? path : "";
}

void write_average(const std::string& path, const AverageFile& average) {
  files::Writer writer(path, kAverageFormat);
  put_provenance(writer, average.provenance);
  writer.attribute("/", "weights", average.weights);
  auto checkpoints = of_parts(average.parts, &AverageFile::Part::checkpoint);
  for (auto& name : checkpoints.values) name = std::filesystem::path(name).filename().string();
  writer.put("/parts/checkpoint", checkpoints);
  writer.put("/parts/run", of_parts(average.parts, &AverageFile::Part::run));
  writer.put("/parts/weight", of_parts(average.parts, &AverageFile::Part::weight));
  writer.commit();
}

AverageFile read_average(const std::string& path) {
  const files::Reader reader(path, {kAverageFormat});
  AverageFile average;
  average.file = path;
  average.provenance = read_provenance(reader);
  average.weights = reader.string_attribute("/", "weights");
  const auto checkpoints = reader.strings("/parts/checkpoint", {{-1}, "(parts)"});
  const files::Expected each(checkpoints.shape, "(parts)");
  const auto runs = reader.strings("/parts/run", each);
  const auto weights = reader.doubles("/parts/weight", each);
  if (checkpoints.values.empty()) {
    throw DataError(path, "/parts/checkpoint", "expected parts; found none");
  }
  for (std::size_t i = 0; i < checkpoints.values.size(); ++i) {
    const std::string& name = checkpoints.values[i];
    const bool plain = !name.empty() && std::filesystem::path(name).filename() == name &&
                       name != "." && name != "..";
    if (!plain) {
      throw DataError(path, "/parts/checkpoint",
                      "expected names of files beside this one; found \"" + name + "\"");
    }
    const double weight = weights.values[i];
    if (!(weight > 0) || std::isinf(weight)) {
      throw DataError(path, "/parts/weight",
                      "expected weights above 0; found " + std::to_string(weight));
    }
    average.parts.push_back({folder_of(path) + "/" + name, runs.values[i], weight});
  }
  return average;
}

}  // namespace strffit
