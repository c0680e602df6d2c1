// Files that claim or unpack to far more than they hold: refused, in bounded memory and time.
#include <H5Cpp.h>
#include <doctest/doctest.h>
#include <zlib.h>

#include <fstream>

#include "import/assemble.hpp"
#include "import/recording_files.hpp"
#include "readers/matlab.hpp"
#include "support/make_h5.hpp"
#include "support/messages.hpp"
#include "support/program.hpp"
#include "util/errors.hpp"

namespace strffit::import {
namespace {

using test::contains;
using test::error_of;
using test::TemporaryFolder;
using test::write_file;

// What zlib makes of `megabytes` MiB of zeros after `head`: about a thousandth.
std::string deflated_zeros(const std::string& head, int megabytes) {
  z_stream stream{};
  REQUIRE(deflateInit(&stream, 1) == Z_OK);
  std::string out, buffer(1 << 20, '\0'), zeros(1 << 20, '\0');
  const auto put = [&](const std::string& bytes, int flush) {
    // zlib does not write into its input.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      deflate(&stream, flush);
      out.append(buffer, 0, buffer.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  };
  put(head, Z_NO_FLUSH);
  for (int i = 0; i < megabytes; ++i) put(zeros, Z_NO_FLUSH);
  put("", Z_FINISH);
  deflateEnd(&stream);
  return out;
}

std::string words(std::initializer_list<std::uint32_t> values) {
  std::string bytes;
  for (const std::uint32_t value : values) {
    for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i) & 255U);
  }
  return bytes;
}

std::string refusal_of(const std::string& manifest, const TemporaryFolder& folder) {
  return error_of<DataError>([&] {
    test::Quiet quiet;
    assemble(read_manifest_text(manifest, "recording.yaml", folder.path()), quiet,
             [](const Dataset&, const Extent&, Stimulus&&) {});
  });
}

const std::string kSounds = "sounds: {audio: \"song1.wav\"}\n",
                  kBands = "spectrogram: {bands: 8, min_hz: 500, max_hz: 7000}\n";

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
  const std::string packed = deflated_zeros(matrix, kMegabytes);
  std::string text = "MATLAB 5.0 MAT-file";
  text.resize(124, ' ');
  text += std::string("\x00\x01IM", 4) + words({15, static_cast<std::uint32_t>(packed.size())});
  write_file(file, text + packed);
  const std::string refused = error_of<DataError>([&] {
    const auto mat = open_matlab(file);
    mat->variable("x")->numbers();
  });
  CHECK(contains(refused, "bomb.mat"));
  CHECK(contains(refused, "so damaged that the MATLAB library fails on it"));
}

TEST_CASE("hostile: NWB columns that unpack to gigabytes, or claim them, are refused") {
  const TemporaryFolder folder;
  write_sound(folder);
  write_file(folder.file("events.csv"), "stimulus,onset_s\nsong1,1\n");
  const std::string manifest = kSounds +
                               "presentations: {csv: events.csv, sound: stimulus, onset: onset_s, "
                               "unit: s}\nspikes: {nwb: session.nwb}\n" +
                               kBands;
  constexpr hsize_t kChunk = hsize_t{1} << 21;  // doubles: 16 MiB, which 16 KiB of the file make
  const std::string zeros = deflated_zeros("", 16);
  for (const hsize_t written : {hsize_t{0}, hsize_t{512}}) {
    CAPTURE(written);
    H5::H5File file(folder.file("session.nwb"), H5F_ACC_TRUNC);
    file.createGroup("/units");
    H5::DSetCreatPropList packed;
    packed.setChunk(1, &kChunk);
    packed.setDeflate(1);
    const hsize_t n = 512 * kChunk;
    const H5::DataSet times = file.createDataSet("/units/spike_times", H5::PredType::NATIVE_DOUBLE,
                                                 H5::DataSpace(1, &n), packed);
    for (hsize_t i = 0; i < written; ++i) {
      const hsize_t place = i * kChunk;
      REQUIRE(H5Dwrite_chunk(times.getId(), H5P_DEFAULT, 0, &place, zeros.size(), zeros.data()) >=
              0);
    }
    const hsize_t one = 1;
    const auto end = static_cast<double>(n);
    for (const char* name : {"/units/spike_times_index", "/units/id"}) {
      file.createDataSet(name, H5::PredType::NATIVE_UINT64, H5::DataSpace(1, &one))
          .write(&end, H5::PredType::NATIVE_DOUBLE);
    }
    file.close();
    const std::string refused = refusal_of(manifest, folder);
    CHECK(contains(refused, "session.nwb: /units/spike_times"));
    MESSAGE(refused);
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
        refusal_of(kSounds + "spikes: {pprox: unit.json, unit: s}\n" + kBands, folder);
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
      refusal_of(kSounds + "presentations: {csv: events.csv, sound: s, onset: t, unit: s}\n" +
                     "spikes: {csv: events.csv, id: s, time: t, unit: s}\n" + kBands,
                 folder);
  CHECK(contains(refused, "events.csv: expected at most five million rows"));
}

}  // namespace
}  // namespace strffit::import
