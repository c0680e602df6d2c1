#include "sound/audio_header.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {
namespace {

// Reads numbers at given positions of a file, never beyond its end.
class Bytes {
 public:
  explicit Bytes(const std::string& path) : path_(path), stream_(path, std::ios::binary), size_(0) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) fail("there is no such file");
    if (!std::filesystem::is_regular_file(status)) fail("is not a file, but a folder or device");
    if (!stream_) fail("cannot be opened; does this user have permission to read it?");
    size_ = static_cast<std::int64_t>(std::filesystem::file_size(path, error));
    if (error || size_ <= 0) fail("is empty: copy it again");
  }

  std::int64_t size() const { return size_; }

  // `count` bytes at `place`; fewer at the end of the file.
  std::string text(std::int64_t place, std::int64_t count) {
    count = std::clamp<std::int64_t>(size_ - place, 0, count);
    std::string found(static_cast<std::size_t>(count), '\0');
    stream_.clear();
    stream_.seekg(place);
    if (!stream_.read(found.data(), count)) fail("cannot be read");
    return found;
  }

  // An unsigned integer of up to 8 bytes.
  std::uint64_t number(std::int64_t place, std::int64_t bytes, bool big_endian) {
    auto found = text(place, bytes);
    if (!big_endian) std::reverse(found.begin(), found.end());
    std::uint64_t value = 0;
    for (const char c : found) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }

  [[noreturn]] void fail(const std::string& what) const { throw DataError(path_, "", what); }

 private:
  std::string path_;
  std::ifstream stream_;
  std::int64_t size_;
};

// No recorder writes more chunks before the sound; a damaged file may claim millions.
constexpr int kMostPieces = 1000;

// WAV and AIFF consist of chunks (name, size, content); one of them is the sound.
void check_pieces(Bytes& file, const std::string& sound, bool big_endian, bool sizes_of_64_bits) {
  std::uint64_t long_size = 0;
  std::int64_t place = 12;
  for (int piece = 0; place + 8 <= file.size(); ++piece) {
    if (piece == kMostPieces) file.fail("has no sound among its first 1000 chunks: it is damaged");
    const auto name = file.text(place, 4);
    auto size = file.number(place + 4, 4, big_endian);
    place += 8;
    const auto left = static_cast<std::uint64_t>(file.size() - place);
    if (name == "ds64" && sizes_of_64_bits) long_size = file.number(place + 8, 8, false);
    if (name == sound) {
      const bool unfinished = size == 0xffffffff || (size == 0 && left > 8);
      if (sizes_of_64_bits && size == 0xffffffff) {
        size = long_size;
      } else if (unfinished) {
        file.fail(
            "its header does not give the length of the sound: the program that wrote it did not "
            "finish; write it again, for instance with \"sox --ignore-length IN.wav OUT.wav\"");
      }
      if (size > left) {
        file.fail(fmt::format(
            "its header gives {} bytes of sound, but the file has {}: it is incomplete; copy it "
            "again, or keep the existing part with \"sox --ignore-length IN.wav OUT.wav\"",
            size, left));
      }
      return;
    }
    if (size > left) break;
    place += static_cast<std::int64_t>(size + size % 2);  // chunks start at even positions
  }
  file.fail("has no sound (no chunk \"" + sound + "\"): it is damaged");
}

// The last page of an OGG file must be complete and marked as the last.
void check_last_page(Bytes& file) {
  constexpr std::int64_t kLongestPage = 65307;
  const auto begin = std::max<std::int64_t>(0, file.size() - kLongestPage);
  const auto tail = file.text(begin, kLongestPage);
  const auto page = tail.rfind("OggS");
  bool whole = page != std::string::npos && page + 27 <= tail.size();
  if (whole) {
    const auto byte = [&](std::size_t i) {
      return static_cast<std::size_t>(static_cast<unsigned char>(tail[page + i]));
    };
    const auto segments = byte(26);
    std::size_t size = 27 + segments;
    whole = page + size <= tail.size() && (byte(5) & 4) != 0;
    for (std::size_t i = 0; whole && i < segments; ++i) size += byte(27 + i);
    whole = whole && page + size <= tail.size();
  }
  if (!whole) {
    file.fail(
        "ends before its sound does: it is incomplete; copy it again, or keep the existing part "
        "with \"ffmpeg -i IN.ogg OUT.wav\"");
  }
}

}  // namespace

void check_audio_file(const std::string& path) {
  Bytes file(path);
  const auto begin = file.text(0, 12);
  const auto is = [&](const std::string& name) { return begin.starts_with(name); };
  if (is("RIFF") || is("RF64") || is("RIFX")) {
    check_pieces(file, "data", is("RIFX"), is("RF64"));
  } else if (is("FORM")) {
    check_pieces(file, "SSND", true, false);
  } else if (is("OggS")) {
    check_last_page(file);
  } else if (!is("fLaC")) {
    file.fail(
        "does not begin as WAV, FLAC, AIFF or OGG files do; convert it, for instance with "
        "\"ffmpeg -i IN OUT.wav\"");
  }
}

}  // namespace strffit
