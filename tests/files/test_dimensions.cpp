// Dimension scales as HDF5 has them; scripts/check_netcdf opens them with other programs.
#include <H5Cpp.h>
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "files/dimensions.hpp"
#include "support/temporary_folder.hpp"
#include "util/errors.hpp"

namespace strffit::files {
namespace {

using Texts = std::vector<std::string>;

// The paths of the scales that the axes of a dataset name.
Texts scales_of(const std::string& file, const std::string& path) {
  const H5::H5File opened(file, H5F_ACC_RDONLY);
  const H5::DataSet dataset = opened.openDataSet(path);
  const H5::Attribute list = dataset.openAttribute("DIMENSION_LIST");
  std::vector<hvl_t> axes(static_cast<std::size_t>(list.getSpace().getSimpleExtentNpoints()));
  list.read(list.getDataType(), axes.data());
  Texts paths;
  for (const auto& axis : axes) {
    REQUIRE(axis.len == 1);
    char name[256] = "";
    H5Rget_name(opened.getId(), H5R_OBJECT, axis.p, name, sizeof name);
    paths.emplace_back(name);
  }
  return paths;
}

std::optional<Coordinate> coordinates(const std::string& name, std::int64_t length) {
  if (name == "unit" && length == 2) return Coordinate{Texts{"a", "b"}};
  if (name == "time_s") {
    return Coordinate{std::vector<double>(static_cast<std::size_t>(length), 0.5), "s"};
  }
  return std::nullopt;
}

TEST_CASE("dimensions: every axis names a scale of its group, of the root where asked for") {
  const test::TemporaryFolder folder;
  const auto path = folder.file("a.h5");
  {
    Writer writer(path, "test");
    writer.put("/units/id", Array<std::string>({2}, Texts{"a", "b"}));
    writer.put("/p/long", Array<float>({2, 5}));
    writer.put("/p/short", Array<float>({2, 3}));
    writer.put("/p/unit", Array<float>({7}));  // a name that a dimension would have
    writer.put("/p/one", Array<float>({1, 3}));
    writer.put("/p/scalar", Array<double>(Shape{}, 1.0));
    writer.begin_rows("/p/rows", {2, 3});
    Dimensions dimensions(writer, coordinates);
    dimensions.name("/units/id", {"unit"}, {"unit"});
    dimensions.name("/p/long", {"unit", "time_s"});
    dimensions.name("/p/short", {"unit", "time_s"});
    dimensions.name("/p/one", {"unit", "time_s"});
    dimensions.name("/p/rows", {"unit", "time_s"});
    dimensions.name_others();
    const std::vector<float> rows(6, 1.0F);
    writer.put_rows("/p/rows", 0, 2, rows.data());
    writer.commit();
  }
  CHECK(scales_of(path, "/units/id") == Texts{"/unit"});
  CHECK(scales_of(path, "/p/long") == Texts{"/p/unit_", "/p/time_s"});
  CHECK(scales_of(path, "/p/short") == Texts{"/p/unit_", "/p/time_s_3"});
  CHECK(scales_of(path, "/p/one") == Texts{"/p/unit_1", "/p/time_s_3"});
  CHECK(scales_of(path, "/p/rows") == Texts{"/p/unit_", "/p/time_s_3"});
  CHECK(scales_of(path, "/p/unit") == Texts{"/p/unit_0"});
  const Reader reader(path);
  CHECK(reader.strings("/p/unit_").values == Texts{"a", "b"});
  CHECK(reader.string_attribute("/p/time_s", "units") == "s");
  CHECK(reader.string_attribute("/p/time_s", "NAME") == "time_s");
  CHECK(is_scale(reader, "/p/unit_1"));
  CHECK(is_bare_scale(reader, "/p/unit_1"));
  CHECK_FALSE(is_bare_scale(reader, "/p/unit_"));
  CHECK(names_but_scales(reader, "/p") == Texts{"long", "one", "rows", "scalar", "short", "unit"});
  CHECK(names_but_scales(reader, "/absent").empty());
  CHECK(reader.floats("/p/rows").values == std::vector<float>(6, 1.0F));
}

TEST_CASE("dimensions: more datasets of a scale than an attribute can name") {
  const test::TemporaryFolder folder;
  const auto path = folder.file("a.h5");
  {
    Writer writer(path, "test");
    for (int i = 0; i < 5000; ++i) writer.put("/g/d" + std::to_string(i), Array<float>({2}));
    Dimensions dimensions(writer, coordinates);
    for (int i = 0; i < 5000; ++i) dimensions.name("/g/d" + std::to_string(i), {"unit"});
    writer.commit();
  }
  CHECK(scales_of(path, "/g/d4999") == Texts{"/g/unit"});
}

TEST_CASE("dimensions: the same content gives the same bytes; misuse is a bug") {
  const test::TemporaryFolder folder;
  const auto written = [&](const std::string& name) {
    Writer writer(folder.file(name), "test");
    writer.put("/g/a", Array<float>({2, 3}));
    Dimensions dimensions(writer, coordinates);
    dimensions.name("/g/a", {"unit", "time_s"});
    CHECK_THROWS_AS(writer.make_scale("/g/a", true), Bug);
    CHECK_THROWS_AS(writer.attach_scales("/g/a", {"/g/unit"}), Bug);
    writer.commit();
    std::ifstream file(folder.file(name), std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(file), {}};
  };
  CHECK(written("a.h5") == written("b.h5"));
}

}  // namespace
}  // namespace strffit::files
