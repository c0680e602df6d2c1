// Names on the axes of what a file holds, as netCDF-4 has them: dimension scales, which xarray,
// netCDF4 and ncdump read. Readers of this program need none.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "files/reader.hpp"
#include "files/writer.hpp"

namespace strffit::files {

// What stands at the places of a dimension.
struct Coordinate {
  std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::string>> values;
  std::string units = {};  // "ms"; "" for none
};

class Dimensions {
 public:
  // Coordinates of a dimension of this name and length; nothing where it has none.
  using CoordinateOf =
      std::function<std::optional<Coordinate>(const std::string& name, std::int64_t length)>;

  Dimensions(Writer& writer, CoordinateOf coordinate_of)
      : writer_(writer), coordinate_of_(std::move(coordinate_of)) {}

  // Names the axes of a dataset that is there. A name stands for one length in a group; another
  // length there becomes "<name>_<length>". The scales lie in the dataset's group, so that they are
  // there when it is opened alone; those of `at_root` in the root.
  void name(const std::string& dataset, const std::vector<std::string>& axes,
            const std::vector<std::string>& at_root = {});
  // The same of every dataset without names so far: each axis gets one of its own, "<dataset>_0".
  void name_others();

 private:
  const std::string& scale_of(const std::string& group, const std::string& name,
                              std::int64_t length);

  Writer& writer_;
  CoordinateOf coordinate_of_;
  std::map<std::string, std::map<std::int64_t, std::string>> scales_;  // by path wanted and length
  std::map<std::string, bool> named_;  // paths of datasets, and of scales themselves
};

// Whether a dataset is a dimension scale; `bare`: one without coordinates.
bool is_scale(const Reader& reader, const std::string& path);
bool is_bare_scale(const Reader& reader, const std::string& path);

// Names in a group but those of its scales; none where there is no group.
std::vector<std::string> names_but_scales(const Reader& reader, const std::string& group);

}  // namespace strffit::files
