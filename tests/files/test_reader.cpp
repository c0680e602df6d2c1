// Reference: tests/vectors/files/types.h5, written by h5py (make_files.py says what is in it).
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>

#include "files/reader.hpp"
#include "support/deflated_zeros.hpp"
#include "support/make_h5.hpp"
#include "support/messages.hpp"
#include "support/temporary_folder.hpp"
#include "support/vector_path.hpp"
#include "util/errors.hpp"
#include "util/memory.hpp"

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
    // Whole numbers are integers however they are stored.
    CHECK(reader.integers(path).values == std::vector<std::int64_t>{0, 1, 2, 3, 100, 127});
  }
  CHECK(test::error_of<DataError>([&] { reader.integers("/scalar"); }) ==
        kTypes + ": /scalar: expected whole numbers; found 2.5");
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
        kTypes + ": /attributes: attribute float: expected whole numbers; found 0.1");
  CHECK(test::error_of<DataError>([&] { reader.string_attribute("/attributes", "absent"); }) ==
        kTypes + ": /attributes: expected an attribute absent; found none");
  CHECK(test::error_of<DataError>([&] { reader.float_rows("/scalar", {0}); }) ==
        kTypes + ": /scalar: expected one row for each unit; found a single value");
  CHECK(test::error_of<DataError>([] { Reader(kTypes, {"strffit-results"}); }) ==
        kTypes + ": /: expected format \"strffit-results\"; found \"strffit-dataset\"");
}

// MATLAB has no vectors and no integers unless asked for, and drops axes of 1 at the end (which are
// the first ones here); R writes attributes as lists.
TEST_CASE("reader: what MATLAB, Julia and R make of lists, single values, names and axes of 1") {
  const test::TemporaryFolder folder;
  const std::string file = folder.file("foreign.h5");
  {
    test::File made(file, H5F_ACC_TRUNC);
    as_results(made);
    const H5::Group root = made.openGroup("/");
    test::set_number(root, "version", 1, test::PredType::IEEE_F64BE, {1, 1});
    test::set_number(root, "dt_ms", 5, test::PredType::NATIVE_DOUBLE, {1, 1});
    test::set_number(root, "list", 2, test::PredType::NATIVE_DOUBLE, {3, 1});
    test::set_number(root, "half", 1.5, test::PredType::NATIVE_DOUBLE, {1});
    test::set_number(root, "huge", 1e300);
    test::set_number(root, "nan", std::nan(""));
    root.createAttribute("none", test::PredType::NATIVE_DOUBLE, test::space_of({0}));
    root.createAttribute("null", test::text_type(), H5::DataSpace(H5S_NULL));
    test::put(made, "row", {1, 4});
    test::put(made, "column", {4, 1});
    test::put(made, "single", {});
    test::put(made, "table", {2, 3});
    test::put(made, "no_unit_axis", {2, 5});
    test::put(made, "no_first_axes", {3, 2});
    test::put(made, "half_ids", {2}, test::PredType::NATIVE_DOUBLE, 0.5);
    test::put(made, "ids_of_bytes", {3, 1}, test::PredType::NATIVE_UINT8);
    test::put_texts(made, "text_row", {"a", "b"}, {1, 2});
    test::put_texts(made, "text_column", {"a", "b"}, {2, 1});
    // The character matrix ["u7"; "u8 " ...] as MATLAB's own format holds it: codes, a text a
    // column.
    const auto put_codes = [&](const std::string& name, const std::vector<std::uint16_t>& codes) {
      const H5::DataSet set = made.createDataSet(name, test::PredType::STD_U16LE,
                                                 test::space_of({codes.size() / 2, 2}));
      set.write(codes.data(), test::PredType::NATIVE_UINT16);
      test::set_text(set, "MATLAB_class", "char");
    };
    put_codes("codes", {'u', 'u', '7', '1', ' ', '2'});
    put_codes("other_codes", {'u', 'u', 0xf6, '1', ' ', '2'});
  }
  const Reader reader(file, {"strffit-results"});
  CHECK(reader.version() == 1);
  CHECK(reader.number_attribute("/", "dt_ms") == 5);
  CHECK(reader.numbers_attribute("/", "list") == std::vector<double>{2, 2, 2});
  CHECK_THROWS_WITH_AS(reader.integer_attribute("/", "half"),
                       doctest::Contains("attribute half: expected whole numbers; found 1.5"),
                       DataError);
  CHECK_THROWS_WITH_AS(reader.integer_attribute("/", "huge"),
                       doctest::Contains("expected whole numbers; found 1e+300"), DataError);
  CHECK_THROWS_WITH_AS(reader.integer_attribute("/", "nan"),
                       doctest::Contains("expected whole numbers; found nan"), DataError);
  CHECK_FALSE(reader.optional_number_attribute("/", "none").has_value());
  CHECK_FALSE(reader.optional_string_attribute("/", "null").has_value());
  CHECK_THROWS_AS(reader.string_attribute("/", "null"), DataError);

  const std::vector<double> four = {0, 1, 2, 3};
  for (const char* name : {"/row", "/column"}) {
    CHECK(reader.doubles(name, {{-1}}).shape == Shape{4});
    CHECK(reader.doubles(name, {{4}}).values == four);
    CHECK(reader.integers(name, {{4}}).values == std::vector<std::int64_t>{0, 1, 2, 3});
    CHECK(reader.names(name, {{4}}).values == std::vector<std::string>{"0", "1", "2", "3"});
    CHECK(std::get<Array<double>>(reader.column_rows(name, {3, 1}, {{4}})).values ==
          std::vector<double>{3, 1});
    CHECK_THROWS_AS(reader.doubles(name, {{5}}), DataError);
  }
  CHECK(reader.doubles("/single", {{-1}}).shape == Shape{1});
  CHECK_THROWS_AS(reader.doubles("/table", {{6}}), DataError);
  for (const char* name : {"/text_row", "/text_column"}) {
    CHECK(reader.strings(name, {{2}, "(N)"}).values == std::vector<std::string>{"a", "b"});
    CHECK(reader.names(name, {{2}}).shape == Shape{2});
  }
  CHECK(reader.names("/ids_of_bytes", {{-1}}).values == std::vector<std::string>{"0", "1", "2"});
  CHECK_THROWS_WITH_AS(reader.names("/half_ids", {{-1}}),
                       doctest::Contains("/half_ids: expected whole numbers; found 0.5"),
                       DataError);
  CHECK(reader.names("/codes", {{-1}}).values == std::vector<std::string>{"u7", "u12"});
  CHECK_THROWS_WITH_AS(reader.names("/other_codes", {{-1}}),
                       doctest::Contains("found the character code 246"), DataError);

  // The only unit: MATLAB's (T, R) instead of (T, R, 1).
  const Array<float> only = reader.float_rows("/no_unit_axis", {0}, {{1, -1, 5}});
  CHECK(only.shape == Shape{1, 2, 5});
  CHECK(only.values[7] == 7);
  CHECK(reader.floats("/no_first_axes", {{1, 1, 1, 3, 2}}).shape == Shape{1, 1, 1, 3, 2});
  CHECK_THROWS_AS(reader.float_rows("/no_unit_axis", {0}, {{2, -1, 5}}), DataError);
}

TEST_CASE("reader: axes in reverse are told from others, with the way to turn them") {
  const Reader reader = types();  // /rows/plain: (7, 2, 3)
  CHECK(test::error_of<DataError>([&] {
          reader.floats("/rows/plain", {{3, -1, 7}, "(N, R, T)"});
        }) == kTypes +
                  ": /rows/plain: expected shape (3, any, 7), axes (N, R, T); found (7, 2, 3), the "
                  "same axes in reverse order, as programs with the other order of axes write "
                  "them: reverse them before writing, permute(x, [3 2 1]) in MATLAB, "
                  "permutedims(x, (3, 2, 1)) in Julia, aperm(x, c(3, 2, 1)) in R, x.T in Python");
  const auto told = [&](const Shape& expected) {
    return test::contains(
        test::error_of<DataError>([&] { reader.floats("/rows/plain", {expected}); }), "in reverse");
  };
  CHECK(told({3, 2, 7}));
  CHECK_FALSE(told({2, 3, 7}));
  CHECK_FALSE(told({3, 7}));
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

TEST_CASE("reader: an array larger than this process's memory is refused before it is read") {
  const double limit = memory_limit_bytes();
  if (limit > 2e11) return;  // the file would take more than 200 MB
  const test::TemporaryFolder folder;
  const std::string file = folder.file("bomb.h5");
  const auto chunks = static_cast<hsize_t>(limit / (1 << 24)) + 1;
  {
    test::File made(file, H5F_ACC_TRUNC);
    as_results(made);
    test::put_deflated_zeros(made, "bomb", chunks, chunks);
  }
  const Reader reader(file, {"strffit-results"});
  CHECK_THROWS_WITH_AS(reader.doubles("/bomb"),
                       doctest::Contains("/bomb: expected an array of at most "), DataError);
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
