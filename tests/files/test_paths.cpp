#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "files/paths.hpp"
#include "support/messages.hpp"
#include "support/temporary_folder.hpp"
#include "util/errors.hpp"

namespace strffit {
namespace {

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST_CASE("paths: the first place where a file is, else as it was named") {
  const test::TemporaryFolder folder;
  std::filesystem::create_directories(folder.file("a"));
  std::filesystem::create_directories(folder.file("b"));
  write_bytes(folder.file("b/x.h5"), "");
  const std::vector<std::string> folders = {folder.file("a"), folder.file("b")};
  CHECK(found_file("x.h5", folders) == folder.file("b/x.h5"));
  write_bytes(folder.file("a/x.h5"), "");
  CHECK(found_file("x.h5", folders) == folder.file("a/x.h5"));
  CHECK(found_file(folder.file("b/x.h5"), folders) == folder.file("b/x.h5"));
  CHECK(found_file("absent.h5", folders) == "absent.h5");
  CHECK(is_there(folder.file("a")));
  CHECK_FALSE(is_there(folder.file("c")));
}

TEST_CASE("paths: from the root folder, without detours") {
  CHECK(absolute("/a/./b/../c.h5") == "/a/c.h5");
  CHECK(absolute("x.h5") == (std::filesystem::current_path() / "x.h5").string());
}

TEST_CASE("paths: an id becomes a part of a file's name") {
  CHECK(file_name("A1_unit-7.b") == "A1_unit-7.b");
  CHECK(file_name("a/b c:d") == "a_b_c_d");
  CHECK(file_name("\xC3\xA4") == "__");  // two bytes of UTF-8
  const std::string whole(99, 'x');
  CHECK(file_name(whole) == whole);
  const std::string longer = "begin" + std::string(200, 'x') + "end";
  CHECK(file_name(longer) == longer.substr(0, 48) + "..." + longer.substr(longer.size() - 48));
}

TEST_CASE("paths: folders are made with those above them, files in the way are named") {
  const test::TemporaryFolder folder;
  CHECK(make_folder(folder.file("a/b")));
  CHECK(std::filesystem::is_directory(folder.file("a/b")));
  CHECK_FALSE(make_folder(folder.file("a/b")));
  write_bytes(folder.file("file"), "");
  for (const std::string name : {"file", "file/below"}) {
    CHECK(test::error_of<RunError>([&] {
            make_folder(folder.file(name));
          }).starts_with("cannot make the folder " + folder.file(name) + ": "));
  }
}

TEST_CASE("paths: the whole of a file, or an error") {
  const test::TemporaryFolder folder;
  const std::string bytes("a\r\n\0b", 5);
  write_bytes(folder.file("x"), bytes);
  write_bytes(folder.file("empty"), "");
  CHECK(text_of(folder.file("x")) == bytes);
  CHECK(text_of(folder.file("empty")).empty());
  CHECK(read_bytes(folder.file("x"), 5) == bytes);
  CHECK(checked_size(folder.file("x"), 5) == 5);
  CHECK(test::error_of<RunError>([&] { text_of(folder.file("absent")); }) ==
        "cannot read " + folder.file("absent"));
  CHECK(test::error_of<RunError>([&] { text_of(folder.path()); }) ==
        "cannot read " + folder.path());
  const auto refused = [&](const std::string& file, std::int64_t most) {
    return test::error_of<DataError>([&] { read_bytes(file, most); });
  };
  CHECK(refused(folder.file("x"), 4) == folder.file("x") + ": expected at most 4 bytes; found 5");
  CHECK(refused(folder.file("absent"), 4) == folder.file("absent") + ": no such file");
  CHECK(refused(folder.path(), 4) == folder.path() + ": expected a file; found a folder or device");
}

}  // namespace
}  // namespace strffit
