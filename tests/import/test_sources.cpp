// Tables, NumPy files, patterns of names: what the sources are read with.
#include <doctest/doctest.h>

#include <filesystem>
#include <map>

#include "import/paths.hpp"
#include "import/recording_files.hpp"
#include "readers/archive.hpp"
#include "readers/matlab.hpp"
#include "readers/npy.hpp"
#include "readers/table.hpp"
#include "support/messages.hpp"
#include "util/errors.hpp"

namespace strffit::import {
namespace {

using test::contains;
using test::error_of;
using test::write_file;

std::vector<std::vector<std::string>> rows_of(const std::string& text, bool tabs = false) {
  Table table("t.csv", text, tabs);
  std::vector<std::vector<std::string>> rows;
  while (table.next()) {
    rows.emplace_back();
    for (std::size_t i = 0; i < table.header().size(); ++i) rows.back().push_back(table.cell(i));
  }
  return rows;
}

using Rows = std::vector<std::vector<std::string>>;

TEST_CASE("a table has quotes, byte order marks, CRLF, semicolons, tabs or blanks") {
  // Reference: RFC 4180, section 2, and what Excel and pandas write.
  CHECK(rows_of("a,b\n1,2\n") == Rows{{"1", "2"}});
  CHECK(rows_of("\xEF\xBB\xBF"
                "a,b\r\n1,\"x, \"\"y\"\"\"\r\n\r\n") == Rows{{"1", "x, \"y\""}});
  CHECK(rows_of("a,b\n\"two\nlines\",2") == Rows{{"two\nlines", "2"}});
  CHECK(rows_of("a;b\n1,5;2\n") == Rows{{"1,5", "2"}});
  CHECK(rows_of("a\tb\n1\t\n", true) == Rows{{"1", ""}});
  CHECK(rows_of("unit    area\nst1     CMM\n", true) == Rows{{"st1", "CMM"}});
  Table table("t.csv", "time;n\n0,25;1\n", false);
  REQUIRE(table.next());
  CHECK(table.number(0) == 0.25);
}

TEST_CASE("a table that is none is refused with its line") {
  const auto refused = [](const std::string& text) {
    return error_of<DataError>([&] { rows_of(text); });
  };
  CHECK(contains(refused("a,b\n1,2\n3\n"), "t.csv: line 3: expected 2 cells"));
  CHECK(contains(refused("a,b\n\"1,2\n"), "expected a quote to end"));
  CHECK(contains(refused("a,b\n\"1\"x,2\n"), "line 2"));
  CHECK(contains(refused(""), "empty file"));
  CHECK(contains(refused("a,a\n"), "two called a"));
  CHECK(contains(refused(std::string("a,b\n1,\0\n", 8)), "zero byte"));
  CHECK(contains(refused("a\n" + std::string((1 << 20) + 1, 'x')), "1 MiB"));
  Table table("t.csv", "onset_s,sound\n,x\n", false);
  CHECK(contains(error_of<DataError>([&] { table.column("onset"); }), "did you mean onset_s?"));
  REQUIRE(table.next());
  CHECK(contains(error_of<DataError>([&] { table.number(0); }), "t.csv:2: column onset_s"));
}

TEST_CASE("numbers of .npy files come in both orders and all widths; objects are never read") {
  // Reference: NEP 1. The file below is what numpy.save writes for these arrays.
  const test::TemporaryFolder folder;
  const std::string file = folder.file("a.npy");
  test::write_npy<std::uint64_t>(file, "<u8", {1, 2, 1000000000000ULL});
  CHECK(read_npy_integers(file).values == std::vector<std::int64_t>{1, 2, 1000000000000});
  test::write_npy<float>(file, "<f4", {0.5F, -2});
  CHECK(read_npy(file).values == std::vector<double>{0.5, -2});
  CHECK(contains(error_of<DataError>([&] { read_npy_integers(file); }), "expected integers"));
  const std::uint16_t swapped = 0x0102;
  test::write_npy<std::uint16_t>(file, ">i2", {swapped});
  CHECK(read_npy(file).values == std::vector<double>{0x0201});
  const auto header = [&](const std::string& text, const std::string& data) {
    std::string bytes("\x93NUMPY\x01\0", 8);
    bytes += static_cast<char>(text.size());
    bytes += '\0';
    write_file(file, bytes + text + data);
    return error_of<DataError>([&] { read_npy(file); });
  };
  CHECK(contains(header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "xxxxxxxx"),
                 "pickled"));
  CHECK(contains(header("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", "xxxxxxxx"),
                 "cut off"));
  CHECK(contains(
      header("{'descr': '<f8', 'fortran_order': False, 'shape': (4000000000, 4000000000), }", ""),
      "cut off"));
  CHECK(contains(header("{'descr': __import__('os'), }", ""), "damaged"));
  std::string turned("\x01\x02\x03\x04\x05\x06", 6);
  CHECK(header("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", turned) == "no error");
  CHECK(read_npy(file).values == std::vector<double>{1, 3, 5, 2, 4, 6});
}

// A MATLAB file of version 5 with one empty struct array of this shape, without fields.
std::string empty_structs(std::uint32_t rows, std::uint32_t columns) {
  std::string bytes = "MATLAB 5.0 MAT-file";
  bytes.resize(124, ' ');
  bytes += std::string("\x00\x01IM", 4);
  const auto put = [&](std::initializer_list<std::uint32_t> words) {
    for (const std::uint32_t word : words) {
      for (int i = 0; i < 4; ++i) bytes += static_cast<char>(word >> (8 * i) & 255U);
    }
  };
  put({14, 64});                          // a matrix
  put({6, 8, 2, 0});                      // a struct
  put({5, 8, rows, columns});             // its shape
  put({1 | (1U << 16), 's'});             // its name
  put({5 | (4U << 16), 32, 1, 0, 0, 0});  // names of 32 bytes, none of them
  return bytes;
}

TEST_CASE("a damaged MATLAB 7.3 file with a link without a name is refused") {
  // Found by fuzzing.
  const std::string file = STRFFIT_SOURCE_DIR "/tests/fuzz/import/nameless_link.mat";
  const auto read = [&] {
    for (const auto& name : open_matlab(file)->names()) open_matlab(file)->variable(name);
  };
  CHECK_THROWS_WITH_AS(read(), doctest::Contains("nameless_link.mat"), DataError);
}

TEST_CASE("a MATLAB file may not claim more structs than it has bytes for") {
  // A billion elements of nothing would be gone through one by one.
  const test::TemporaryFolder folder;
  const std::string file = folder.file("s.mat");
  write_file(file, empty_structs(2, 3));
  CHECK(described(*open_matlab(file)->variable("s")) == "a 2 x 3 struct of nothing");
  write_file(file, empty_structs(1000000, 1000));
  const std::string refused = error_of<DataError>([&] { open_matlab(file)->variable("s"); });
  CHECK(contains(refused, "cells and structs in a file of this size"));
}

// The header of a file in a tar (POSIX ustar): 512 bytes.
std::string tar_header(const std::string& name, std::uint64_t size) {
  std::string header = name;
  header.resize(512, '\0');
  const auto put = [&](std::size_t at, std::uint64_t value, int digits) {
    for (int i = digits; i-- > 0; value >>= 3) {
      header[at + static_cast<std::size_t>(i)] = static_cast<char>('0' + (value & 7U));
    }
  };
  put(100, 0644, 7);
  put(108, 0, 7);
  put(116, 0, 7);
  put(124, size, 11);
  put(136, 0, 11);
  header[156] = '0';
  header.replace(257, 8, std::string("ustar\00000", 8));
  header.replace(148, 8, "        ");
  std::uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(148, sum, 6);
  header[154] = '\0';
  return header;
}

TEST_CASE("archives are read with bounds, and nothing of them is written") {
  const test::TemporaryFolder folder;
  const std::string file = folder.file("lab/recording.tgz"), end(1024, '\0');
  const auto padded = [](std::string text) {
    text.resize((text.size() + 511) / 512 * 512, '\0');
    return text;
  };
  const auto refused = [&] { return error_of<DataError>([&] { read_archive(file); }); };
  // Names that lead elsewhere are names; what is no table is left out.
  write_file(file, tar_header("../../out.resp.csv", 4) + padded("1\n2\n") +
                       tar_header("/tmp/strffit-out.json", 2) + padded("{}") +
                       tar_header("x/run.sh", 4) + padded("echo") + end);
  CHECK(read_archive(file) ==
        std::map<std::string, std::string>{{"out.resp.csv", "1\n2\n"}, {"strffit-out.json", "{}"}});
  CHECK(!std::filesystem::exists(folder.file("out.resp.csv")));
  CHECK(!std::filesystem::exists("/tmp/strffit-out.json"));
  write_file(file, tar_header("a/x.csv", 0) + tar_header("b/x.csv", 0) + end);
  CHECK(contains(refused(), "two with this name"));
  // 2 GiB of zeros that take no room on the disk.
  write_file(file, tar_header("x.bin", std::uint64_t{2} << 30));
  std::filesystem::resize_file(file, (std::uint64_t{2} << 30) + 512 + 1024);
  CHECK(contains(refused(), "recording.tgz: x.bin: expected at most 1 GiB in an archive"));
  write_file(file, tar_header("x.csv", 600) + padded("1\n"));
  CHECK(contains(refused(), "damaged"));
  std::string many;
  for (int i = 0; i <= 10000; ++i) many += tar_header(std::to_string(i) + ".csv", 0);
  write_file(file, many + end);
  CHECK(contains(refused(), "at most 10,000 files"));
}

TEST_CASE("files are found by patterns, in their natural order") {
  const test::TemporaryFolder folder;
  for (const char* name : {"s/stim10.wav", "s/stim2.wav", "s/other.txt", "u1/A.txt", "u2/A.txt"}) {
    write_file(folder.file(name), "x");
  }
  const auto found = files_like("s/stim{sound}.wav", folder.path());
  REQUIRE(found.size() == 2);
  CHECK(found[0].matched.at("sound") == "2");
  CHECK(found[1].matched.at("sound") == "10");
  const auto units = files_like("{unit}/{sound}.txt", folder.path());
  REQUIRE(units.size() == 3);
  CHECK(units[1].matched.at("unit") == "u1");
  CHECK(files_like("none/*.wav", folder.path()).empty());
  Placeholders matched;
  CHECK(!fits("a{x}b{x}", "a1b2", matched));
  CHECK(fits("a{x}b{x}", "a1b1", matched));
  CHECK(natural_less("a2", "a10"));
  CHECK(!natural_less("a10", "a2"));
}

}  // namespace
}  // namespace strffit::import
