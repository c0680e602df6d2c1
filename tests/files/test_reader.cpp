// Reference: tests/vectors/files/types.h5, written by h5py (make_files.py says what is in it).
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "files/reader.hpp"
#include "support/make_h5.hpp"
#include "support/messages.hpp"
#include "support/temporary_folder.hpp"
#include "support/vector_path.hpp"
#include "util/errors.hpp"

namespace strffit::files {
namespace {

const std::string kTypes = test::vector_path("files/types.h5");

Reader types() { return Reader(kTypes, {"strffit-checkpoint", "strffit-dataset"}); }

TEST_CASE("reader: format and version are those of the file") {
  const Reader reader = types();
  CHECK(reader.format() == "strffit-dataset");
  CHECK(reader.version() == 1);
  CHECK(reader.file() == kTypes);
}

TEST_CASE("reader: numbers of every width and byte order") {
  const Reader reader = types();
  const std::vector<std::string> names = reader.children("/numbers");
  REQUIRE(names.size() == 21);
  for (const std::string& name : names) {
    CAPTURE(name);
    const std::string path = "/numbers/" + name;
    CHECK(reader.floats(path, {{2, 3}}).values == std::vector<float>{0, 1, 2, 3, 100, 127});
    CHECK(reader.doubles(path, {{-1, 3}}).values == std::vector<double>{0, 1, 2, 3, 100, 127});
    const bool real = test::contains(name, "f") || name == "long_double";
    if (real) {
      CHECK(test::contains(test::error_of<DataError>([&] { reader.integers(path); }),
                           "expected integers; found"));
    } else {
      CHECK(reader.integers(path).values == std::vector<std::int64_t>{0, 1, 2, 3, 100, 127});
    }
  }
  CHECK(reader.integers("/negative").values ==
        std::vector<std::int64_t>{-1, -(std::int64_t{1} << 40), 7});
  CHECK(reader.integers("/largest").values[0] == std::numeric_limits<std::int64_t>::max());
  CHECK(test::error_of<DataError>([&] { reader.integers("/too_large"); }) ==
        kTypes + ": /too_large: expected integers below 2^63 - 1; found a larger one");
  CHECK(reader.floats("/booleans").values == std::vector<float>{1, 0, 1});
  CHECK(reader.integers("/booleans").values == std::vector<std::int64_t>{1, 0, 1});
  CHECK(reader.doubles("/scalar", {Shape{}}).values == std::vector<double>{2.5});
  CHECK(reader.floats("/empty").shape == Shape{0, 3});
}

TEST_CASE("reader: rows in any order, however they are stored") {
  const Reader reader = types();
  for (const char* name : {"plain", "chunked", "compressed", "resizable"}) {
    CAPTURE(name);
    const std::string path = std::string("/rows/") + name;
    const Array<float> all = reader.floats(path);
    REQUIRE(all.shape == Shape{7, 2, 3});
    for (std::size_t i = 0; i < 42; ++i) CHECK(all.values[i] == static_cast<float>(i));
    const Array<float> some = reader.float_rows(path, {5, 0, 1, 3, 5}, {{7, -1, 3}});
    REQUIRE(some.shape == Shape{5, 2, 3});
    const float first[] = {30, 0, 6, 18, 30};
    for (std::size_t row = 0; row < 5; ++row) {
      for (std::size_t i = 0; i < 6; ++i) {
        CHECK(some.values[row * 6 + i] == first[row] + static_cast<float>(i));
      }
    }
    CHECK(reader.float_rows(path, {}).shape == Shape{0, 2, 3});
    CHECK_THROWS_AS(reader.float_rows(path, {7}), Bug);
    CHECK_THROWS_AS(reader.float_rows(path, {-1}), Bug);
  }
  CHECK(reader.floats("/link_inside").shape == Shape{7, 2, 3});
}

TEST_CASE("reader: chunks never written hold the fill value that the file's maker chose") {
  const Array<float> values = types().floats("/rows/partly_nan");
  CHECK(std::isnan(values.values[0]));
  CHECK(values.values[12] == 12);
}

TEST_CASE("reader: text of fixed and variable length") {
  const Reader reader = types();
  const std::vector<std::string> words = {"A1", "Geh\xc3\xb6r", "\xe8\x80\xb3", ""};
  CHECK(reader.strings("/text/variable").values == words);
  CHECK(reader.strings("/text/fixed").values == words);
  CHECK(reader.strings("/text/table", {{2, 2}}).values == words);
  CHECK(reader.strings("/text/scalar").values == std::vector<std::string>{"one"});
  CHECK(reader.strings("/text/space_padded").values == std::vector<std::string>{"ab", "c d"});
  const Column column = reader.column_rows("/text/variable", {2, 0});
  CHECK(std::get<Array<std::string>>(column).values ==
        std::vector<std::string>{"\xe8\x80\xb3", "A1"});
  CHECK(std::get<Array<double>>(reader.column_rows("/negative", {2})).values ==
        std::vector<double>{7});
}

TEST_CASE("reader: attributes") {
  const Reader reader = types();
  const std::string path = "/attributes";
  CHECK(reader.string_attribute(path, "text") == "Geh\xc3\xb6r");
  CHECK(reader.string_attribute(path, "fixed_text") == "ear");
  CHECK(reader.integer_attribute(path, "list_of_one") == 5);
  CHECK(reader.number_attribute(path, "float") == 0.1);
  CHECK(reader.integer_attribute(path, "big_endian") == 258);
  CHECK(reader.numbers_attribute(path, "numbers") == std::vector<double>{1.5, -2.0});
  CHECK(reader.strings_attribute(path, "texts") == std::vector<std::string>{"ON", "OFF"});
  CHECK(reader.has_attribute(path, "float"));
  CHECK_FALSE(reader.has_attribute(path, "absent"));
  CHECK(reader.optional_number_attribute(path, "float") == 0.1);
  CHECK_FALSE(reader.optional_string_attribute(path, "absent").has_value());
  CHECK_FALSE(reader.optional_integer_attribute(path, "absent").has_value());
}

TEST_CASE("reader: what exists") {
  const Reader reader = types();
  CHECK(reader.exists("/rows/plain"));
  CHECK(reader.is_dataset("/rows/plain"));
  CHECK(reader.is_group("/rows"));
  CHECK(reader.is_group("/"));
  CHECK_FALSE(reader.is_dataset("/rows"));
  CHECK_FALSE(reader.exists("/rows/none"));
  CHECK_FALSE(reader.exists("/none/plain"));
  CHECK(reader.children("/rows") ==
        std::vector<std::string>{"chunked", "compressed", "partly_nan", "plain", "resizable"});
}

TEST_CASE("reader: a wrong request names file, path, what was expected and what is there") {
  const Reader reader = types();
  CHECK(test::error_of<DataError>([&] {
          reader.floats("/rows/plain", {{7, -1, 4}, "(N, R, T)"});
        }) ==
        kTypes + ": /rows/plain: expected shape (7, any, 4), axes (N, R, T); found (7, 2, 3)");
  CHECK(test::error_of<DataError>([&] { reader.floats("/text/fixed"); }) ==
        kTypes + ": /text/fixed: expected numbers; found text");
  CHECK(test::error_of<DataError>([&] { reader.strings("/negative"); }) ==
        kTypes + ": /negative: expected text; found 64-bit integers");
  CHECK(test::error_of<DataError>([&] { reader.floats("/rows"); }) ==
        kTypes + ": /rows: expected a dataset; found a group or type");
  CHECK(test::error_of<DataError>([&] { reader.children("/scalar"); }) ==
        kTypes + ": /scalar: expected a group; found a dataset or type");
  CHECK(test::error_of<DataError>([&] { reader.floats("/rows/none"); }) ==
        kTypes + ": /rows/none: expected a dataset or group; found nothing");
  CHECK(test::error_of<DataError>([&] { reader.floats("/none/a"); }) ==
        kTypes + ": /none/a: expected a dataset or group; found no /none");
  CHECK(test::error_of<DataError>([&] { reader.number_attribute("/attributes", "numbers"); }) ==
        kTypes + ": /attributes: attribute numbers: expected one value; found 2");
  CHECK(test::error_of<DataError>([&] { reader.number_attribute("/attributes", "text"); }) ==
        kTypes + ": /attributes: attribute text: expected numbers; found text");
  CHECK(test::error_of<DataError>([&] { reader.integer_attribute("/attributes", "float"); }) ==
        kTypes +
            ": /attributes: attribute float: expected integers; found 64-bit floating-point "
            "numbers");
  CHECK(test::error_of<DataError>([&] { reader.string_attribute("/attributes", "absent"); }) ==
        kTypes + ": /attributes: expected an attribute absent; found none");
  CHECK(test::error_of<DataError>([&] { reader.float_rows("/scalar", {0}); }) ==
        kTypes + ": /scalar: expected one row for each unit; found a single value");
  CHECK(test::error_of<DataError>([] { Reader(kTypes, {"strffit-results"}); }) ==
        kTypes + ": /: expected format \"strffit-results\"; found \"strffit-dataset\"");
}

TEST_CASE("reader: a text that asks for hundreds of megabytes is refused before it gets them") {
  const std::string file = test::vector_path("files/huge_text.h5");  // 13 kB, found by fuzzing
  CHECK_THROWS_WITH_AS(Reader(file, {"strffit-checkpoint"}),
                       (file + ": /units/id: expected a whole HDF5 file; found one so damaged that "
                               "the HDF5 library fails on it: get a fresh copy")
                           .c_str(),
                       DataError);
}

TEST_CASE("reader: a root group that asks for gigabytes is refused before it gets them") {
  const test::TemporaryFolder folder;
  const std::string file = folder.file("huge_root.h5");
  {
    const test::File made(file, H5F_ACC_TRUNC);
    const H5::Group root = made.openGroup("/");
    for (const char* name : {"a", "b", "c", "d"}) test::set_number(root, name, 1);
  }
  {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    std::string continuation(4, '\0');  // where the root's header, from 96, goes on: place and size
    bytes.seekg(112).read(continuation.data(), 4);
    REQUIRE(continuation == std::string("\x10\0\x10\0", 4));
    bytes.seekp(128 + 3).put('\x7f');
  }
  CHECK_THROWS_WITH_AS(Reader(file, {"strffit-checkpoint"}),
                       doctest::Contains("so damaged that the HDF5 library fails on it"),
                       DataError);
}

// A last.h5 of 38 kB with a history of 16 million rows without columns took 1.5 GB (found by
// fuzzing).
TEST_CASE("reader: an axis longer than the file of an array without elements is refused") {
  const test::TemporaryFolder folder;
  const std::string file = folder.file("empty.h5");
  {
    test::File made(file, H5F_ACC_TRUNC);
    const H5::Group root = made.openGroup("/");
    root.createAttribute("format", test::text_type(), H5::DataSpace(H5S_SCALAR))
        .write(test::text_type(), std::string("strffit-results"));
    test::set_number(root, "version", 1, test::PredType::NATIVE_INT);
    made.createDataSet("few", test::PredType::NATIVE_FLOAT, test::space_of({100, 0}));
    made.createDataSet("rows", test::PredType::NATIVE_FLOAT, test::space_of({1 << 24, 0}));
    made.createDataSet("columns", test::PredType::NATIVE_INT8, test::space_of({0, 3, 1 << 24}));
  }
  const Reader reader(file, {"strffit-results"});
  CHECK(reader.floats("/few").shape == Shape{100, 0});
  for (const std::string path : {"/rows", "/columns"}) {
    CAPTURE(path);
    const std::string message = path + ": expected axes that fit into the file's";
    CHECK_THROWS_WITH_AS(reader.shape(path), doctest::Contains(message.c_str()), DataError);
    CHECK_THROWS_WITH_AS(reader.floats(path), doctest::Contains(message.c_str()), DataError);
  }
}

TEST_CASE("the number of elements is bounded where it would overflow") {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max(),
                         kTera = std::int64_t{1} << 40;
  CHECK(count({}) == 1);
  CHECK(count({3, 4, 5}) == 60);
  CHECK(count({kTera, kTera}) == kMost);
  CHECK(count({kTera, kTera, 0}) == 0);
}

}  // namespace
}  // namespace strffit::files
