// Reference: tests/vectors/files/types.h5, written by h5py (make_files.py says what is in it).
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>

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

// What a reader of "strffit-results" wants of a file.
void as_results(test::File& file) {
  const H5::Group root = file.openGroup("/");
  root.createAttribute("format", test::text_type(), H5::DataSpace(H5S_SCALAR))
      .write(test::text_type(), std::string("strffit-results"));
  test::set_number(root, "version", 1, test::PredType::NATIVE_INT);
}

// As it is stored.
std::string first_chunk(const H5::DataSet& dataset) {
  const hsize_t place[] = {0, 0};
  hsize_t bytes = 0;
  H5Dget_chunk_storage_size(dataset.getId(), place, &bytes);
  std::string raw(bytes, '\0');
  std::uint32_t skipped = 0;
  H5Dread_chunk(dataset.getId(), H5P_DEFAULT, place, &skipped, raw.data());
  return raw;
}

// In place of the chunk that begins with the third row.
void put_second_chunk(const H5::DataSet& dataset, std::uint32_t skipped, const std::string& raw) {
  const hsize_t place[] = {2, 0};
  H5Dwrite_chunk(dataset.getId(), H5P_DEFAULT, skipped, place, raw.size(), raw.data());
}

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

TEST_CASE(
    "reader: attributes that cannot be listed are refused, HDF5 never ends in what they hide") {
  const std::string file = test::vector_path("files/endless_heap.h5");  // found by fuzzing
  CHECK_THROWS_WITH_AS(Reader(file, {"strffit-dataset"}),
                       doctest::Contains("/: expected a whole HDF5 file; found one so damaged"),
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
    as_results(made);
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

// HDF5 1.10 reads a whole chunk out of whatever it has: out of memory behind it where that is less,
// so that anything would pass for data (found by fuzzing).
TEST_CASE("reader: what a chunk holds is the bytes of a chunk") {
  const test::TemporaryFolder folder;
  const std::string file = folder.file("chunks.h5");
  using Layout = H5::DSetCreatPropList;
  const auto plain = [](Layout&) {};
  const auto deflated = [](Layout& layout) {
    layout.setShuffle();
    layout.setDeflate(4);
  };
  const auto with_checksum = [&](Layout& layout) {
    deflated(layout);
    layout.setFletcher32();
  };
  const auto partial_chunks_plain = [&](Layout& layout) {
    deflated(layout);
    H5Pset_chunk_opts(layout.getId(), H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS);
  };
  {
    const H5::FileAccPropList newest;
    newest.setLibverBounds(H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    test::File made(file, H5F_ACC_TRUNC, H5::FileCreatPropList::DEFAULT, newest);
    as_results(made);
    // (4, 6) numbers in chunks of two rows.
    const auto dataset = [&](const std::string& name, hsize_t columns, const auto& filter) {
      Layout layout = test::chunked({2, columns});
      filter(layout);
      const H5::DataSet result =
          made.createDataSet(name, test::PredType::NATIVE_FLOAT, test::space_of({4, 6}), layout);
      std::vector<float> values(24);
      std::iota(values.begin(), values.end(), 0.0F);
      result.write(values.data(), test::PredType::NATIVE_FLOAT);
      return result;
    };
    dataset("plain", 6, plain);
    dataset("deflated", 6, deflated);
    dataset("with_checksum", 6, with_checksum);
    dataset("partial_chunks", 4, partial_chunks_plain);
    const H5::DataSet mixed = dataset("one_not_deflated", 6, deflated);
    put_second_chunk(mixed, 1U << 1, std::string(48, '\0'));

    const std::string small = first_chunk(dataset("small", 3, deflated)),
                      whole = first_chunk(dataset("whole", 6, deflated));
    put_second_chunk(dataset("short", 6, deflated), 0, small);
    put_second_chunk(dataset("short_with_checksum", 6, with_checksum), 0,
                     first_chunk(dataset("small_with_checksum", 3, with_checksum)));
    put_second_chunk(dataset("long", 3, deflated), 0, whole);
    put_second_chunk(dataset("cut", 6, deflated), 0, whole.substr(0, whole.size() / 2));
    put_second_chunk(dataset("not_deflated_short", 6, deflated), 1U << 1, std::string(20, '\0'));
    std::string damaged = whole;
    damaged[whole.size() / 2] = static_cast<char>(damaged[whole.size() / 2] ^ 1);
    put_second_chunk(dataset("damaged", 6, deflated), 0, damaged);
    dataset("twice", 6, [&](Layout& layout) {
      deflated(layout);
      layout.setDeflate(1);
    });
  }
  const Reader reader(file, {"strffit-results"});
  for (const std::string path : {"/plain", "/deflated", "/with_checksum", "/partial_chunks"}) {
    CAPTURE(path);
    const Array<float> values = reader.floats(path);
    for (std::size_t i = 0; i < 24; ++i) CHECK(values.values[i] == static_cast<float>(i));
  }
  CHECK(reader.floats("/one_not_deflated").values[23] == 0);
  struct Case {
    std::string path, message;
  };
  for (const auto& [path, message] :
       {Case{"/short", "expected 48 bytes in every chunk; found a chunk of 24"},
        Case{"/short_with_checksum", "expected 48 bytes in every chunk; found a chunk of 24"},
        Case{"/long", "expected 24 bytes in every chunk; found a chunk of 48"},
        Case{"/not_deflated_short", "expected 48 bytes in every chunk; found a chunk of 20"},
        Case{"/cut", "expected 48 bytes in every chunk; found a chunk that cannot be decompressed"},
        Case{"/damaged",
             "expected 48 bytes in every chunk; found a chunk that cannot be decompressed"},
        Case{"/twice", "expected data shuffled, then compressed once"}}) {
    const std::string whole = path + ": " + message;
    CHECK_THROWS_WITH_AS(reader.floats(path), doctest::Contains(whole.c_str()), DataError);
    if (path == "/twice") continue;
    CHECK(reader.float_rows(path, {0, 1}).values[0] == 0);  // of a chunk that is whole
    CHECK_THROWS_AS(reader.float_rows(path, {3}), DataError);
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
