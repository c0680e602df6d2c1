#include <H5Cpp.h>
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "files/reader.hpp"
#include "files/temporary_file.hpp"
#include "files/writer.hpp"
#include "support/messages.hpp"
#include "support/temporary_folder.hpp"
#include "util/errors.hpp"
#include "util/memory.hpp"

namespace strffit::files {
namespace {

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t entries(const std::string& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

// Runs `body` in a process of its own and returns what it returned, or -1 where it crashed.
template <class Body>
int in_child(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    int result = 99;
    try {
      result = body();
    } catch (...) {
    }
    _exit(result);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Files of this process may grow to `bytes`, as by `ulimit -f`.
void limit_file_size(rlim_t bytes) {
  signal(SIGXFSZ, SIG_IGN);
  const struct rlimit limit { bytes, bytes };
  setrlimit(RLIMIT_FSIZE, &limit);
}

void write_small(const std::string& path, float value) {
  Writer writer(path, "strffit-results");
  writer.put("/a", Array<float>({2}, value));
  writer.commit();
}

// What the next test wrote, through HDF5 itself and not through our reader.
void check_with_hdf5_alone(const std::string& path) {
  const H5::H5File file(path, H5F_ACC_RDONLY);
  const H5::DataSet floats = file.openDataSet("/group/inner/floats");
  CHECK(floats.getDataType() == H5::PredType::NATIVE_FLOAT);
  hsize_t sizes[2] = {0, 0};
  REQUIRE(floats.getSpace().getSimpleExtentDims(sizes) == 2);
  CHECK(sizes[0] == 2);
  CHECK(sizes[1] == 3);
  float values[6];
  floats.read(values, H5::PredType::NATIVE_FLOAT);
  for (int i = 0; i < 6; ++i) CHECK(values[i] == static_cast<float>(i));
  const H5::DataSet packed = file.openDataSet("/packed");
  CHECK(packed.getCreatePlist().getLayout() == H5D_CHUNKED);
  packed.read(values, H5::PredType::NATIVE_FLOAT);
  CHECK(values[5] == 5);
  CHECK(file.openDataSet("/bytes").getDataType() == H5::PredType::NATIVE_UINT8);
  CHECK(file.openDataSet("/int32").getDataType() == H5::PredType::NATIVE_INT32);
  CHECK(H5Tget_cset(file.openDataSet("/text").getDataType().getId()) == H5T_CSET_UTF8);
}

TEST_CASE("writer: what was put is what HDF5 finds, axes and types included") {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("out.h5");
  {
    Writer writer(path, "strffit-results", 1);
    writer.put("/group/inner/floats", Array<float>({2, 3}, {0, 1, 2, 3, 4, 5}));
    writer.put("/packed", Array<double>({2, 3}, {0, 1, 2, 3, 4, 5}), true);
    writer.put("/int64", Array<std::int64_t>({1}, {-5}));
    writer.put("/int32", Array<std::int32_t>({1}, {-6}));
    writer.put("/bytes", Array<std::uint8_t>({2}, {0, 255}));
    writer.put("/scalar", Array<double>(Shape{}, 2.5));
    writer.put("/empty", Array<float>({0, 4}));
    writer.put("/text", Array<std::string>({2}, std::vector<std::string>{"Geh\xc3\xb6r", ""}));
    writer.group("/nothing");
    writer.attribute("/", "note", "x");
    writer.attribute("/packed", "lag_ms", std::vector<double>{0, 5});
    writer.attribute("/packed", "channel", std::vector<std::string>{"ON", "OFF"});
    writer.attribute("/nothing", "epoch", std::int64_t{7});
    writer.attribute("/nothing", "dt_ms", 0.1);
    writer.commit();
  }
  CHECK(entries(folder.path()) == 1);

  check_with_hdf5_alone(path);
  const Reader reader(path, {"strffit-results"});
  CHECK(reader.integers("/int64").values[0] == -5);
  CHECK(reader.doubles("/scalar", {Shape{}}).values[0] == 2.5);
  CHECK(reader.floats("/empty").shape == Shape{0, 4});
  CHECK(reader.strings("/text").values == std::vector<std::string>{"Geh\xc3\xb6r", ""});
  CHECK(reader.children("/nothing").empty());
  CHECK(reader.string_attribute("/", "note") == "x");
  CHECK(reader.numbers_attribute("/packed", "lag_ms") == std::vector<double>{0, 5});
  CHECK(reader.strings_attribute("/packed", "channel") == std::vector<std::string>{"ON", "OFF"});
  CHECK(reader.integer_attribute("/nothing", "epoch") == 7);
  CHECK(reader.number_attribute("/nothing", "dt_ms") == 0.1);
}

TEST_CASE("writer: the same content gives the same bytes") {
  const test::TemporaryFolder folder;
  write_small(folder.file("a"), 1);
  write_small(folder.file("b"), 1);
  CHECK(content(folder.file("a")) == content(folder.file("b")));
}

TEST_CASE("writer: large numbers that lie elsewhere give the same bytes, and are not held twice") {
  const test::TemporaryFolder folder;
  // As many that do not end at a page, and small ones between and after them.
  const std::int64_t large = 25'000'001;
  Array<float> first({large}), second({large}), small({3}, {1, 2, 3});
  for (std::size_t i = 0; i < first.values.size(); ++i) {
    first.values[i] = static_cast<float>(i % 1'000'003);
    second.values[i] = -first.values[i];
  }
  const auto write = [&](const std::string& path, auto put) {
    Writer writer(path, "strffit-last");
    for (const auto& [name, array] : {std::pair("/a/first", &first), std::pair("/a/small", &small),
                                      std::pair("/second", &second), std::pair("/small", &small)}) {
      put(writer, name, *array);
    }
    writer.attribute("/a", "note", "after them");
    writer.commit();
  };
  [[maybe_unused]] const auto before = peak_memory_bytes();
  write(folder.file("outside"), [](Writer& writer, const char* name, const Array<float>& array) {
    writer.put(name, array.shape, array.data());
  });
#ifndef __SANITIZE_ADDRESS__  // whose realloc copies
  // One of the two at a time, 100 MB.
  CHECK(static_cast<double>(peak_memory_bytes() - before) < 1.5 * 4 * static_cast<double>(large));
#endif
  write(folder.file("inside"), [](Writer& writer, const char* name, const Array<float>& array) {
    writer.put(name, array);
  });
  CHECK(content(folder.file("outside")) == content(folder.file("inside")));
  CHECK(Reader(folder.file("outside"), {"strffit-last"}).floats("/second").values == second.values);
}

TEST_CASE("writer: rows in any order give the same bytes, and are not held") {
  const test::TemporaryFolder folder;
  // Rows of 20 MB, of which none begins at a page; a last axis that is larger than what is written
  // at a time; small rows; none.
  const std::vector<std::pair<std::string, Shape>> datasets = {{"/group/wide", {3, 1001, 5003}},
                                                               {"/long", {5'000'003}},
                                                               {"/small", {7, 3}},
                                                               {"/none", {0, 4}},
                                                               {"/empty", {4, 0}}};
  const auto value = [](std::int64_t i) { return static_cast<float>(i % 1'000'003) - 7; };
  const auto write = [&](const std::string& path, auto put) {
    Writer writer(path, "strffit-results");
    for (const auto& [name, shape] : datasets) {
      put(writer, name, shape);
      writer.put(name + "_after", Array<double>({5}, 1.5));
    }
    writer.attribute("/", "note", "after them");
    writer.commit();
  };
  [[maybe_unused]] const auto before = peak_memory_bytes();
  write(folder.file("rows"), [&](Writer& writer, const std::string& name, const Shape& shape) {
    writer.begin_rows(name, shape);
    const auto rows = shape[0], size = rows > 0 ? count(shape) / rows : 0;
    const auto step = size > 1 ? 1 : 1'000'000;
    for (auto end = rows; end > 0; end -= std::min<std::int64_t>(end, step)) {
      const auto first = std::max<std::int64_t>(0, end - step);
      std::vector<float> values;
      for (auto i = first * size; i < end * size; ++i) values.push_back(value(i));
      writer.put_rows(name, first, end - first, values.data());
    }
  });
#ifndef __SANITIZE_ADDRESS__
  // 80 MB are written, and a vector grows to 20 and is copied from 16 to 32 while it does.
  CHECK(static_cast<double>(peak_memory_bytes() - before) < 65e6);
#endif
  write(folder.file("whole"), [&](Writer& writer, const std::string& name, const Shape& shape) {
    Array<float> array(shape);
    for (std::int64_t i = 0; i < array.size(); ++i) array.data()[i] = value(i);
    writer.put(name, array);
  });
  CHECK(content(folder.file("rows")) == content(folder.file("whole")));
}

TEST_CASE("writer: a file that is replaced again and again is read whole, old or new") {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("out.h5");
  const auto write_sized = [&](std::int64_t n) {
    Writer writer(path, "strffit-results");
    writer.put("/a", Array<float>({n}, static_cast<float>(n)));
    writer.commit();
  };
  write_sized(2);
  const pid_t writing = fork();
  REQUIRE(writing >= 0);
  if (writing == 0) {
    for (std::int64_t i = 0;; ++i) write_sized(i % 2 == 0 ? 100000 : 2);
  }
  for (int i = 0; i < 200; ++i) {
    const Array<float> found = Reader(path, {"strffit-results"}).floats("/a");
    CHECK(found.values ==
          std::vector<float>(found.values.size(), static_cast<float>(found.size())));
  }
  kill(writing, SIGKILL);
  waitpid(writing, nullptr, 0);
}

TEST_CASE("writer: without commit nothing is there, and what was there stays") {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("out.h5");
  { Writer writer(path, "strffit-results"); }
  CHECK(entries(folder.path()) == 0);
  write_small(path, 1);
  const std::string before = content(path);
  {
    Writer writer(path, "strffit-results");
    writer.put("/b", Array<float>({3}));
    CHECK(content(path) == before);
  }
  CHECK(content(path) == before);
  CHECK(entries(folder.path()) == 1);
  write_small(path, 2);
  CHECK(Reader(path, {"strffit-results"}).floats("/a").values[0] == 2);
}

TEST_CASE("writer: a folder that is missing, vanishes or is in the way") {
  const test::TemporaryFolder folder;
  CHECK(test::error_of<RunError>([&] { write_small(folder.file("none/out.h5"), 1); }) ==
        "cannot write " + folder.file("none/out.h5") +
            ": No such file or directory; does the folder " + folder.file("none") + " exist?");
  CHECK(test::error_of<RunError>([&] { write_text(folder.file("none/a"), "x"); }) ==
        "cannot write " + folder.file("none/a") + ": No such file or directory; does the folder " +
            folder.file("none") + " exist?");
  CHECK(test::error_of<RunError>([&] { write_small(folder.path(), 1); }) ==
        "cannot write " + folder.path() + ": it is a folder");
  std::filesystem::create_directory(folder.file("run"));
  CHECK(test::error_of<RunError>([&] {
          Writer writer(folder.file("run/out.h5"), "strffit-results");
          std::filesystem::remove_all(folder.file("run"));
          writer.commit();
        }) == "cannot write " + folder.file("run/out.h5") +
                  ": No such file or directory; does the folder " + folder.file("run") + " exist?");
}

TEST_CASE("writer: the file-size limit is an error, the process goes on and the old file stays") {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("out.h5");
  write_small(path, 1);
  const std::string before = content(path);
  struct Datasets {
    std::int64_t size;
    int number;
  };
  for (const auto& [size, number] : {Datasets{1 << 20, 1}, Datasets{1 << 10, 200}}) {
    CAPTURE(number);
    const int result = in_child([&] {
      limit_file_size(100000);
      const std::string message = test::error_of<RunError>([&] {
        Writer writer(path, "strffit-results");
        for (int i = 0; i < number; ++i) {
          writer.put("/a" + std::to_string(i), Array<double>({size}, 1.0));
        }
        writer.commit();
      });
      const std::string of_rows = test::error_of<RunError>([&] {
        Writer writer(path, "strffit-results");
        writer.begin_rows("/rows", {size, 1000});
        const std::vector<float> row(1000);
        for (int i = 0; i < size; ++i) writer.put_rows("/rows", i, 1, row.data());
        writer.commit();
      });
      if (of_rows != message) return 4;
      if (message.find("File too large; raise the limit") == std::string::npos) return 1;
      if (entries(folder.path()) != 1) return 2;
      write_small(folder.file("small.h5"), 3);  // HDF5 is not left in a bad state
      return H5close() < 0 ? 3 : 0;
    });
    CHECK(result == 0);
    CHECK(content(path) == before);
    CHECK(std::filesystem::remove(folder.file("small.h5")));
  }
  const int text = in_child([&] {
    limit_file_size(1000);
    const std::string message =
        test::error_of<RunError>([&] { write_text(path, std::string(5000, 'x')); });
    return message.find("File too large") == std::string::npos ? 1 : 0;
  });
  CHECK(text == 0);
  CHECK(content(path) == before);
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("writer: text replaces text, whole") {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("config.yaml");
  write_text(path, "first, which is longer\n");
  write_text(path, "second\n");
  CHECK(content(path) == "second\n");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("writer: only the temporary files of dead processes are stale") {
  const test::TemporaryFolder folder;
  const pid_t dead = fork();
  if (dead == 0) _exit(0);
  waitpid(dead, nullptr, 0);
  const std::string stale = ".last.h5." + std::to_string(dead) + ".tmp";
  const std::vector<std::string> kept = {".last.h5." + std::to_string(getpid()) + ".tmp",
                                         ".last.h5." + std::to_string(getppid()) + ".tmp",
                                         "last.h5." + std::to_string(dead) + ".tmp",
                                         ".last.h5." + std::to_string(dead),
                                         ".last.h5.12x.tmp",
                                         "notes.tmp",
                                         ".tmp"};
  write_text(folder.file(stale), "x");
  for (const std::string& name : kept) write_text(folder.file(name), "x");
  CHECK(remove_stale_temporaries(folder.path()) == std::vector<std::string>{stale});
  CHECK(entries(folder.path()) == kept.size());
  CHECK(remove_stale_temporaries(folder.file("none")).empty());
  // Whoever holds the lock knows more: nobody else writes these, whatever process has the number.
  CHECK(remove_stale_temporaries(folder.path(), {"last.h5"}).size() == 2);
  CHECK(remove_stale_temporaries(folder.path(), {"last.h5"}).empty());
}

TEST_CASE("writer: broken promises are bugs") {
  const test::TemporaryFolder folder;
  Writer writer(folder.file("out.h5"), "strffit-results");
  CHECK_THROWS_AS(writer.put("/a", Array<float>({3}, std::vector<float>(2))), Bug);
  CHECK_THROWS_AS(writer.attribute("/none", "x", 1.0), Bug);
  const std::vector<float> row(2);
  CHECK_THROWS_AS(writer.put_rows("/rows", 0, 1, row.data()), Bug);
  writer.begin_rows("/rows", {3, 2});
  writer.put_rows("/rows", 1, 1, row.data());
  CHECK_THROWS_AS(writer.put_rows("/rows", 2, 2, row.data()), Bug);
  CHECK_THROWS_AS(writer.commit(), Bug);
  writer.put_rows("/rows", 0, 1, row.data());
  writer.put_rows("/rows", 2, 1, row.data());
  writer.commit();
  CHECK_THROWS_AS(writer.put("/a", Array<float>({3})), Bug);
}

}  // namespace
}  // namespace strffit::files
