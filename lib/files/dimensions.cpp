#include "files/dimensions.hpp"

#include <algorithm>
#include <type_traits>

#include "util/text.hpp"

namespace strffit::files {

namespace {

std::string group_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

void put_coordinate(Writer& writer, const std::string& path, const Coordinate& coordinate,
                    std::int64_t length) {
  std::visit(
      [&](const auto& values) {
        using Value = typename std::decay_t<decltype(values)>::value_type;
        writer.put(path, Array<Value>({length}, values));
      },
      coordinate.values);
  if (!coordinate.units.empty()) writer.attribute(path, "units", coordinate.units);
}

}  // namespace

const std::string& Dimensions::scale_of(const std::string& group, const std::string& name,
                                        std::int64_t length) {
  const std::string wanted = group + "/" + name;
  auto& of_length = scales_[wanted];
  const auto [found, is_new] = of_length.try_emplace(length);
  std::string& path = found->second;
  if (!is_new) return path;
  path = of_length.size() == 1 ? wanted : fmt::format("{}_{}", wanted, length);
  while (writer_.shapes().contains(path)) path += "_";
  const auto coordinate = coordinate_of_(name, length);
  if (coordinate) {
    put_coordinate(writer_, path, *coordinate, length);
  } else {
    writer_.put(path, Array<float>({length}));
  }
  writer_.make_scale(path, coordinate.has_value());
  named_[path] = true;
  return path;
}

void Dimensions::name(const std::string& dataset, const std::vector<std::string>& axes,
                      const std::vector<std::string>& at_root) {
  const Shape shape = writer_.shapes().at(dataset);
  const std::string group = group_of(dataset);
  std::vector<std::string> scales;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const std::string name = axis < axes.size()
                                 ? axes[axis]
                                 : fmt::format("{}_{}", dataset.substr(group.size() + 1), axis);
    const bool root = std::find(at_root.begin(), at_root.end(), name) != at_root.end();
    scales.push_back(scale_of(root ? "" : group, name, shape[axis]));
  }
  writer_.attach_scales(dataset, scales);
  named_[dataset] = true;
}

void Dimensions::name_others() {
  std::vector<std::string> others;
  for (const auto& [path, shape] : writer_.shapes()) {
    if (!shape.empty() && !named_.contains(path)) others.push_back(path);
  }
  for (const auto& path : others) name(path, {});
}

bool is_scale(const Reader& reader, const std::string& path) {
  return reader.is_dataset(path) && reader.has_attribute(path, "CLASS") &&
         reader.optional_string_attribute(path, "CLASS") == "DIMENSION_SCALE";
}

bool is_bare_scale(const Reader& reader, const std::string& path) {
  return is_scale(reader, path) && reader.optional_string_attribute(path, "NAME")
                                       .value_or("")
                                       .starts_with("This is a netCDF dimension but not");
}

std::vector<std::string> names_but_scales(const Reader& reader, const std::string& group) {
  if (!reader.exists(group)) return {};
  auto names = reader.children(group);
  std::erase_if(names,
                [&](const std::string& name) { return is_scale(reader, group + "/" + name); });
  return names;
}

}  // namespace strffit::files
