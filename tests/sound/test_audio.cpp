// Audio files as libsndfile itself writes them, whole and damaged.
#ifdef STRFFIT_SNDFILE
#include <sndfile.h>
#endif

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sounds.hpp"
#include "support/messages.hpp"
#include "support/near.hpp"
#include "support/temporary_folder.hpp"
#include "util/errors.hpp"

namespace strffit::test {
namespace {

#ifdef STRFFIT_SNDFILE

// (frames, channels): channel c of sample n is a number of its own, exact in 16 bits.
float sample_of(std::int64_t n, int channel) {
  return static_cast<float>((n * 37 + channel * 1001) % 20000 - 10000) / 32768;
}

std::string written(const std::string& path, int format, int rate_hz, int channels,
                    std::int64_t frames) {
  SF_INFO info{};
  info.samplerate = rate_hz;
  info.channels = channels;
  info.format = format;
  SNDFILE* const file = sf_open(path.c_str(), SFM_WRITE, &info);
  REQUIRE(file != nullptr);
  std::vector<float> values;
  for (std::int64_t n = 0; n < frames; ++n) {
    for (int c = 0; c < channels; ++c) values.push_back(sample_of(n, c));
  }
  REQUIRE(sf_writef_float(file, values.data(), frames) == frames);
  sf_close(file);
  return path;
}

std::string audio_bytes(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string with_audio_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  return path;
}

std::string refusal_of(const std::string& path, int channel = 0) {
  return error_of<DataError>([&] { read_audio(path, channel); });
}

struct Form {
  std::string ending;
  int format;
  double tolerance;  // of a sample
};

const std::vector<Form>& forms() {
  static const std::vector<Form> all = {
      {"wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 0},
      {"24.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 0},
      {"float.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 0},
      {"double.wav", SF_FORMAT_WAV | SF_FORMAT_DOUBLE, 0},
      {"extensible.wav", SF_FORMAT_WAVEX | SF_FORMAT_PCM_16, 0},
      {"rifx.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16 | SF_ENDIAN_BIG, 0},
      {"rf64.wav", SF_FORMAT_RF64 | SF_FORMAT_PCM_16, 0},
      {"flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 0},
      {"aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 0},
      {"little.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16 | SF_ENDIAN_LITTLE, 0},
      {"ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 0.3},  // lossy, on a sound like noise
  };
  return all;
}

TEST_CASE("audio: every form gives its samples, rate and channels") {
  const TemporaryFolder folder;
  for (const auto& [ending, format, tolerance] : forms()) {
    CAPTURE(ending);
    const std::int64_t frames = 70001;  // more than a block, an odd number
    const auto mono = written(folder.file("mono." + ending), format, 32000, 1, frames);
    const auto info = audio_info(mono);
    CHECK(info.rate_hz == 32000);
    CHECK(info.channels == 1);
    CHECK(info.samples == frames);
    const auto three = written(folder.file("three." + ending), format, 48000, 3, frames);
    CHECK(audio_info(three).channels == 3);
    for (const auto& [path, channel] : std::vector<std::pair<std::string, int>>{
             {mono, 0}, {mono, 1}, {three, 1}, {three, 2}, {three, 3}}) {
      const auto sound = read_audio(path, channel);
      CHECK(sound.name == path);
      CHECK(sound.rate_hz == (path == mono ? 32000 : 48000));
      REQUIRE(static_cast<std::int64_t>(sound.samples.size()) == frames);
      double worst = 0;
      for (std::int64_t n = 0; n < frames; ++n) {
        const float expected = sample_of(n, channel > 0 ? channel - 1 : 0);
        worst = std::max(
            worst,
            std::abs(static_cast<double>(sound.samples[static_cast<std::size_t>(n)] - expected)));
      }
      CHECK(worst <= tolerance);
    }
  }
}

TEST_CASE("audio: a channel that is not chosen or not there") {
  const TemporaryFolder folder;
  const auto two = written(folder.file("two.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 2, 10);
  const auto one = written(folder.file("one.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 10);
  CHECK(contains(refusal_of(two),
                 two + ": has 2 channels; set \"channel\" to the one with the sound"));
  CHECK(contains(refusal_of(two, 3), "has no channel 3, only channels 1 to 2"));
  CHECK(contains(refusal_of(two, -1), "has no channel -1"));
  CHECK(contains(refusal_of(one, 2), "one: leave \"channel\" out"));
}

TEST_CASE("audio: what is torn is refused wherever it ends") {
  const TemporaryFolder folder;
  for (const auto& [ending, format, tolerance] : forms()) {
    CAPTURE(ending);
    const auto whole = audio_bytes(written(folder.file("whole." + ending), format, 32000, 1, 9000));
    const auto path = folder.file("torn." + ending);
    for (const double share : {0.0001, 0.003, 0.1, 0.5, 0.9, 0.999}) {
      const auto size = static_cast<std::size_t>(share * static_cast<double>(whole.size()));
      const auto message = refusal_of(with_audio_bytes(path, whole.substr(0, size)));
      CAPTURE(share);
      CAPTURE(message);
      CHECK(contains(message, path + ": "));
    }
    const auto last = refusal_of(with_audio_bytes(path, whole.substr(0, whole.size() - 2)));
    CAPTURE(last);
    CHECK(contains(last, path + ": "));
  }
}

TEST_CASE("audio: headers that lie") {
  const TemporaryFolder folder;
  const auto path = folder.file("lie.wav");
  const auto whole = audio_bytes(
      written(folder.file("whole.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 32000, 1, 1000));
  REQUIRE(whole.size() == 44 + 2000);
  const auto with = [&](std::size_t place, std::uint32_t number, int bytes) {
    auto lie = whole;
    for (int i = 0; i < bytes; ++i) {
      lie[place + static_cast<std::size_t>(i)] = static_cast<char>(number >> (8 * i));
    }
    return refusal_of(with_audio_bytes(path, lie));
  };
  CHECK(with(40, 2000, 4) == "no error");
  CHECK(contains(with(40, 2002, 4), "gives 2002 bytes of sound, but the file has 2000"));
  CHECK(contains(with(40, 0x7fffffff, 4), "gives 2147483647 bytes of sound"));
  CHECK(contains(with(40, 0xfffffffe, 4), "the file has 2000"));
  CHECK(contains(with(40, 0xffffffff, 4), "does not give the length of the sound"));
  CHECK(contains(with(40, 0, 4), "does not give the length of the sound"));
  CHECK(contains(with(24, 0, 4), path + ": "));           // rate
  CHECK(contains(with(24, 0xffffffff, 4), path + ": "));  // a rate below 0 as libsndfile has it
  CHECK(contains(with(22, 0, 2), path + ": "));           // channels
  CHECK(contains(with(22, 60000, 2), path + ": "));
  CHECK(contains(with(16, 0x7fffffff, 4), "has no sound"));  // a header longer than the file
}

TEST_CASE("audio: samples that are no amplitudes") {
  const TemporaryFolder folder;
  const auto path =
      written(folder.file("a.wav"), SF_FORMAT_WAV | SF_FORMAT_FLOAT, 32000, 1, 100000);
  const auto whole = audio_bytes(path);
  for (const float bad : {NAN, INFINITY, -3e9F}) {
    auto damaged = whole;
    // Sample 90000, in the second block.
    std::memcpy(damaged.data() + damaged.size() - 4 * 10000, &bad, 4);
    CHECK(contains(refusal_of(with_audio_bytes(path, damaged)), ": sample 90000 (2.8125 s) is "));
  }
}

TEST_CASE("audio: what is no sound") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& bytes) {
    return refusal_of(with_audio_bytes(folder.file("file.wav"), bytes));
  };
  CHECK(contains(refusal_of(folder.file("none.wav")), "none.wav: there is no such file"));
  CHECK(contains(refusal_of(folder.path()), "is not a file, but a folder"));
  CHECK(contains(refused(""), "is empty"));
  CHECK(contains(refused("version https://git-lfs"), "does not begin as WAV, FLAC, AIFF or OGG"));
  CHECK(contains(refused("ID3 an mp3 file"), "ffmpeg"));
  CHECK(contains(refused("RIFF"), "has no sound"));
  CHECK(contains(refused(std::string("RIFF\0\0\0\0WAVE", 12)), "has no sound"));
  CHECK(contains(refused("fLaC and nothing else"), "cannot be read as a sound"));
  CHECK(contains(refused(std::string("OggS") + std::string(100, '\0')), "ends before its sound"));
  std::string pieces("RIFF\0\0\0\0WAVE", 12);
  for (int i = 0; i < 2000; ++i) pieces += std::string("junk\0\0\0\0", 8);
  CHECK(contains(refused(pieces), "no sound among its first 1000 chunks"));
  const auto none =
      written(folder.file("no_samples.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 0);
  CHECK(contains(refusal_of(none), "has no samples"));
}

TEST_CASE("audio: a long sound of few bytes costs what it is long, not more") {
  const TemporaryFolder folder;
  const auto path = folder.file("long.flac");
  SF_INFO info{};
  info.samplerate = 48000;
  info.channels = 1;
  info.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16;
  SNDFILE* const file = sf_open(path.c_str(), SFM_WRITE, &info);
  const std::vector<float> minute(60 * 48000, 0.0F);
  sf_writef_float(file, minute.data(), 60 * 48000);
  sf_close(file);
  CHECK(std::filesystem::file_size(path) < 20000);
  const auto sound = read_audio(path);
  CHECK(sound.samples.size() == 60 * 48000);
  CHECK(sound.samples.capacity() <= 2 * sound.samples.size());
}

#else

TEST_CASE("audio: without libsndfile the error says so") {
  CHECK(contains(error_of<RunError>([] { read_audio("a.wav"); }), "built without libsndfile"));
  CHECK(contains(error_of<RunError>([] { audio_info("a.wav"); }), "built without libsndfile"));
  CHECK(audio_library_version().starts_with("none"));
}

#endif

}  // namespace
}  // namespace strffit::test
