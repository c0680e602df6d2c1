// Files that claim or unpack to far more than they hold: refused, in bounded memory and time.
#include <H5Cpp.h>
#include <doctest/doctest.h>

#include <fstream>

#include "import/assemble.hpp"
#include "import/recording_files.hpp"
#include "readers/matlab.hpp"
#include "support/deflated_zeros.hpp"
#include "support/make_h5.hpp"
#include "support/messages.hpp"
#include "util/errors.hpp"

namespace strffit::import {
namespace {

using test::contains;
using test::error_of;
using test::refusal;
using test::TemporaryFolder;
using test::write_file;

std::string words(std::initializer_list<std::uint32_t> values) {
  std::string bytes;
  for (const std::uint32_t value : values) {
    for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i) & 255U);
  }
  return bytes;
}

const std::string kOneSound = "sounds: {audio: \"song1.wav\"}\n",
                  kFewBands = "spectrogram: {bands: 8, min_hz: 500, max_hz: 7000}\n";

void write_sound(const TemporaryFolder& folder) {
  test::write_wave(folder.file("song1.wav"), test::noise(0.3, 16000, 1), 16000);
}

TEST_CASE("hostile: a MATLAB file that unpacks to a thousand times its size is refused") {
  const TemporaryFolder folder;
  const std::string file = folder.file("bomb.mat");
  constexpr std::uint32_t kMegabytes = 700;
  // Level 5 file format: a compressed element (15) of a matrix (14) of doubles (class 6).
  const std::uint32_t bytes = kMegabytes << 20;
  const std::string matrix = words({14, bytes + 48, 6, 8, 6, 0, 5, 8, 1, bytes / 8}) +
                             words({1 | (1U << 16), 'x', 9, bytes});
  const std::string packed = test::deflated_zeros(matrix, kMegabytes);
  std::string text = "MATLAB 5.0 MAT-file";
  text.resize(124, ' ');
  text += std::string("\x00\x01IM", 4) + words({15, static_cast<std::uint32_t>(packed.size())});
  write_file(file, text + packed);
  const std::string refused = error_of<DataError>([&] {
    const auto mat = open_matlab(file);
    mat->variable("x")->numbers();
  });
  CAPTURE(refused);
  CHECK(contains(refused, "bomb.mat"));
  // Some builds of matio survive the lack of memory, in others the child that tries it does not.
  CHECK((contains(refused, "found the file damaged here") ||
         contains(refused, "so damaged that the MATLAB library fails on it")));
}

TEST_CASE("hostile: NWB columns that unpack to gigabytes, or claim them, are refused") {
  const TemporaryFolder folder;
  write_sound(folder);
  write_file(folder.file("events.csv"), "stimulus,onset_s\nsong1,1\n");
  const std::string manifest = kOneSound +
                               "presentations: {csv: events.csv, sound: stimulus, onset: onset_s, "
                               "unit: s}\nspikes: {nwb: session.nwb}\n" +
                               kFewBands;
  for (const hsize_t written : {hsize_t{0}, hsize_t{512}}) {
    CAPTURE(written);
    H5::H5File file(folder.file("session.nwb"), H5F_ACC_TRUNC);
    file.createGroup("/units");
    // 8 GiB; nothing is stored of chunks that were never written.
    const hsize_t n = test::put_deflated_zeros(file, "/units/spike_times", 512, written);
    const hsize_t one = 1;
    const auto end = static_cast<double>(n);
    for (const char* name : {"/units/spike_times_index", "/units/id"}) {
      file.createDataSet(name, H5::PredType::NATIVE_UINT64, H5::DataSpace(1, &one))
          .write(&end, H5::PredType::NATIVE_DOUBLE);
    }
    file.close();
    const std::string refused = refusal(manifest, folder.path());
    CAPTURE(refused);
    CHECK(contains(refused, "session.nwb: /units/spike_times"));
  }
}

TEST_CASE("hostile: JSON of a million brackets is refused before it is parsed") {
  const TemporaryFolder folder;
  write_sound(folder);
  for (const char* bracket : {"[", "{\"a\":"}) {
    std::string deep = "{\"pprox\": ";
    for (int i = 0; i < 1000000; ++i) deep += bracket;
    write_file(folder.file("unit.json"), deep);
    const std::string refused =
        refusal(kOneSound + "spikes: {pprox: unit.json, unit: s}\n" + kFewBands, folder.path());
    CHECK(contains(refused, "unit.json: expected lists at most 16 deep; found 1000001"));
  }
}

TEST_CASE("hostile: a table of events with millions of rows is refused") {
  const TemporaryFolder folder;
  write_sound(folder);
  {
    std::ofstream table(folder.file("events.csv"), std::ios::binary);
    table << "s,t\n";
    std::string rows;
    for (int i = 0; i < 1000; ++i) rows += "a,1\n";
    for (int i = 0; i <= 5000; ++i) table << rows;
  }
  const std::string refused =
      refusal(kOneSound + "presentations: {csv: events.csv, sound: s, onset: t, unit: s}\n" +
                  "spikes: {csv: events.csv, id: s, time: t, unit: s}\n" + kFewBands,
              folder.path());
  CHECK(contains(refused, "events.csv: expected at most five million rows"));
}

}  // namespace
}  // namespace strffit::import
