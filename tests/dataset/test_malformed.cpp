// Bad input gets a message that names what and where: never a crash, a hang, an allocation beyond
// what the file holds, or a result.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "broken_file.hpp"
#include "dataset/dataset.hpp"
#include "support/fate.hpp"
#include "support/temporary_folder.hpp"
#include "support/vector_path.hpp"
#include "util/errors.hpp"
#include "util/random.hpp"

namespace strffit {
namespace {

using test::TemporaryFolder;

std::string dataset_message(const std::string& file) {
  return test::message_of([&] { read_dataset(file); });
}

std::string dataset_fate(const std::string& file) {
  return test::fate_of([&] { read_dataset(file); });
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST_CASE("malformed: the file that is broken below is sound") {
  const TemporaryFolder folder;
  test::make_sound_dataset(folder.file("sound.h5"));
  const Dataset dataset = read_dataset(folder.file("sound.h5"));
  CHECK(dataset.stimuli.size() == 2);
  CHECK(dataset.unit_ids == std::vector<std::string>{"unit 1", "unit 2"});
}

TEST_CASE("malformed: every single breakage is refused with its message") {
  const TemporaryFolder folder;
  const std::string file = folder.file("broken.h5");
  const std::vector<test::Breakage> all = test::breakages();
  CHECK(all.size() >= 80);
  for (const test::Breakage& breakage : all) {
    CAPTURE(breakage.name);
    test::make_sound_dataset(file);
    {
      H5::H5File h5(file, H5F_ACC_RDWR);
      breakage.apply(h5);
    }
    const auto start = std::chrono::steady_clock::now();
    const std::string message = dataset_message(file);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    CHECK(seconds.count() < 5);
    CHECK(message.rfind(file + ": ", 0) == 0);
    const std::string rest = message.substr(std::min(message.size(), file.size() + 2));
    CAPTURE(rest);
    CHECK(rest.find(breakage.message) != std::string::npos);
  }
  CHECK(test::peak_kilobytes() < test::kMostKilobytes);
}

TEST_CASE("malformed: what is no HDF5 file at all") {
  const TemporaryFolder folder;
  const std::string file = folder.file("x.h5");
  CHECK(dataset_message(file) == file + ": no such file");
  CHECK(dataset_message(folder.path()) ==
        folder.path() + ": expected an HDF5 file; found a folder or device");
  CHECK(dataset_message("/dev/zero") ==
        "/dev/zero: expected an HDF5 file; found a folder or device");
  write_bytes(file, "");
  CHECK(dataset_message(file) == file + ": expected an HDF5 file; found something else");
  write_bytes(file, "data: {file: a.h5}\n");
  CHECK(dataset_message(file) == file + ": expected an HDF5 file; found something else");
  write_bytes(file, std::string("\x89HDF\r\n\x1a\n", 8));
  CHECK(dataset_message(file).find(file + ": expected a whole HDF5 file") == 0);
}

TEST_CASE("malformed: one text that many elements share is not multiplied") {
  const TemporaryFolder folder;
  const std::string file = folder.file("bomb.h5");
  test::make_sound_dataset(file);
  {
    H5::H5File h5(file, H5F_ACC_RDWR);
    h5.unlink("/units/id");
    // One element of 1 MB, its place in the heap then copied into 100,000 others: 100 GB of text.
    const H5::StrType type(H5::PredType::C_S1, H5T_VARIABLE);
    const hsize_t n = 100000;
    const H5::DataSet ids = h5.createDataSet("/units/id", type, H5::DataSpace(1, &n));
    const std::string text(1000000, 'x');
    std::vector<const char*> pointers(n, "");
    pointers[0] = text.c_str();
    ids.write(pointers.data(), type);
    const haddr_t start = H5Dget_offset(ids.getId());
    h5.flush(H5F_SCOPE_GLOBAL);
    h5.close();
    std::string bytes = content_of(file);
    for (hsize_t i = 1; i < n; ++i) bytes.replace(start + i * 16, 16, bytes, start, 16);
    write_bytes(file, bytes);
  }
  CHECK(dataset_fate(file) == "refused");
}

TEST_CASE("malformed: a file cut off anywhere is refused") {
  const TemporaryFolder folder;
  const std::string file = folder.file("cut.h5");
  test::make_sound_dataset(file);
  const std::string bytes = content_of(file);
  for (std::size_t size = 0; size < bytes.size(); size += 97) {
    CAPTURE(size);
    write_bytes(file, bytes.substr(0, size));
    CHECK(dataset_fate(file) == "refused");
  }
}

TEST_CASE("malformed: a file with damaged bytes is read or refused, in time and memory") {
  const TemporaryFolder folder;
  const std::string file = folder.file("damaged.h5");
  test::make_sound_dataset(folder.file("plain.h5"));
  const std::string compressed = test::vector_path("files/odd_dataset.h5");
  Random random(0);
  int read = 0, refused = 0;
  for (const std::string& source : {folder.file("plain.h5"), compressed}) {
    const std::string whole = content_of(source);
    for (int i = 0; i < 400; ++i) {
      std::string bytes = whole;
      const std::size_t place = random.integer(bytes.size());
      // One bit, one byte, or a word that becomes as large as it can.
      if (i % 3 == 0) bytes[place] = static_cast<char>(bytes[place] ^ (1 << random.integer(8)));
      if (i % 3 == 1) bytes[place] = static_cast<char>(random.integer(256));
      if (i % 3 == 2) bytes.replace(place, 4, 4, '\xff');
      write_bytes(file, bytes);
      const std::string fate = dataset_fate(file);
      CAPTURE(source);
      CAPTURE(place);
      CAPTURE(i);
      CAPTURE(fate);
      CHECK((fate == "read" || fate == "refused"));
      (fate == "read" ? read : refused) += 1;
    }
  }
  // Both happen: much of an HDF5 file is empty space, and the numbers of a spectrogram may be any.
  CHECK(read > 100);
  CHECK(refused > 50);
}

}  // namespace
}  // namespace strffit
