// References to objects, rows of columns, and kinds of links, in files made with HDF5 itself.
#include <doctest/doctest.h>

#include <regex>

#include "files/library_version.hpp"
#include "files/reader.hpp"
#include "support/make_h5.hpp"
#include "support/messages.hpp"
#include "support/temporary_folder.hpp"
#include "util/errors.hpp"

namespace strffit::files {
namespace {

hobj_ref_t reference_to(const test::File& file, const char* path) {
  hobj_ref_t reference = 0;
  REQUIRE(H5Rcreate(&reference, file.getId(), path, H5R_OBJECT, -1) >= 0);
  return reference;
}

void put_references(test::File& file, const char* path, const std::vector<hobj_ref_t>& values) {
  const H5::DataType type = H5::PredType::STD_REF_OBJ;
  file.createDataSet(path, type, test::space_of({values.size()})).write(values.data(), type);
}

TEST_CASE("reader: references are the paths of what they lead to") {
  const test::TemporaryFolder folder;
  const std::string name = folder.file("references.h5");
  {
    test::File file(name, H5F_ACC_TRUNC);
    file.createGroup("/cell");
    file.createGroup("/cell/inner");
    test::put(file, "/cell/inner/x", {2});
    test::put(file, "/y", {3});
    put_references(file, "/list",
                   {reference_to(file, "/cell/inner/x"), 0, reference_to(file, "/y"),
                    reference_to(file, "/cell")});
    put_references(file, "/none", {});
    put_references(file, "/wild", {reference_to(file, "/y") + 1});
  }
  const Reader reader(name);
  CHECK(reader.is_references("/list"));
  CHECK_FALSE(reader.is_references("/y"));
  CHECK(reader.references("/list") == std::vector<std::string>{"/cell/inner/x", "", "/y", "/cell"});
  CHECK(reader.references("/none").empty());
  CHECK(test::contains(test::error_of<DataError>([&] { reader.references("/wild"); }),
                       "expected references to objects of this file; found one to nothing"));
  CHECK(test::contains(test::error_of<DataError>([&] { reader.references("/y"); }),
                       "/y: expected references to objects; found "));
}

TEST_CASE("reader: rows of a column of texts as of numbers") {
  const test::TemporaryFolder folder;
  const std::string name = folder.file("columns.h5");
  {
    test::File file(name, H5F_ACC_TRUNC);
    test::put(file, "/depth", {4});
    test::put_texts(file, "/area", {"A1", "AAF", "A2", "A1"}, {4});
  }
  const Reader reader(name);
  const auto depths = std::get<Array<double>>(reader.column_rows("/depth", {3, 1}, {{4}, "(N)"}));
  CHECK(depths.values == std::vector<double>{3, 1});
  const auto areas =
      std::get<Array<std::string>>(reader.column_rows("/area", {1, 2}, {{4}, "(N)"}));
  CHECK(areas.values == std::vector<std::string>{"AAF", "A2"});
}

TEST_CASE("hdf5: the version of the library, of the same line as the headers") {
  CHECK(std::regex_match(hdf5_version(), std::regex(R"(\d+\.\d+\.\d+)")));
  CHECK(hdf5_version().starts_with(std::to_string(H5_VERS_MAJOR) + "." +
                                   std::to_string(H5_VERS_MINOR) + "."));
}

}  // namespace
}  // namespace strffit::files
