#include "readers/archive.hpp"

#include <filesystem>
#include <limits>

#include "files/paths.hpp"
#include "util/errors.hpp"

#ifdef STRFFIT_LIBARCHIVE
#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <memory>
#endif

namespace strffit::import {

#ifdef STRFFIT_LIBARCHIVE

namespace {

constexpr int kMostEntriesInside = 10000;
constexpr std::size_t kMostInside = std::size_t{1} << 30;

struct FreeArchive {
  void operator()(struct archive* one) const { archive_read_free(one); }
};

}  // namespace

std::map<std::string, std::string> read_archive(const std::string& file) {
  checked_size(file, std::int64_t{4} << 30);
  const std::unique_ptr<struct archive, FreeArchive> archive(archive_read_new());
  archive_read_support_filter_gzip(archive.get());
  archive_read_support_format_tar(archive.get());
  archive_read_support_format_zip(archive.get());
  const auto damaged = [&](const std::string& place) {
    const char* why = archive_error_string(archive.get());
    throw DataError(file, place,
                    std::string("expected a whole archive; found a damaged one") +
                        (why == nullptr ? "" : std::string(" (") + why + ")"));
  };
  if (archive_read_open_filename(archive.get(), file.c_str(), 1 << 16) != ARCHIVE_OK) damaged("");
  std::map<std::string, std::string> texts;
  struct archive_entry* entry = nullptr;
  std::size_t total = 0;
  for (int n = 0;; ++n) {
    const int status = archive_read_next_header(archive.get(), &entry);
    if (status == ARCHIVE_EOF) break;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) damaged("");
    if (n == kMostEntriesInside) {
      throw DataError(file, "", "expected at most 10,000 files in an archive; found more");
    }
    const char* raw = archive_entry_pathname(entry);
    const std::string path = raw == nullptr ? "" : raw;
    const std::string name = std::filesystem::path(path).filename().string();
    const bool wanted = archive_entry_filetype(entry) == AE_IFREG &&
                        (name.ends_with(".csv") || name.ends_with(".json"));
    // Skipped files are read too and count, so that an archive bomb does not take for ever.
    std::array<char, 1 << 16> block;
    std::string text;
    for (;;) {
      const auto size = archive_read_data(archive.get(), block.data(), block.size());
      if (size < 0) damaged(path);
      if (size == 0) break;
      total += static_cast<std::size_t>(size);
      if (total > kMostInside) {
        throw DataError(file, path, "expected at most 1 GiB in an archive; found more");
      }
      if (wanted) text.append(block.data(), static_cast<std::size_t>(size));
    }
    if (!wanted) continue;
    if (!texts.emplace(name, std::move(text)).second) {
      throw DataError(file, path, "expected files with different names; found two with this name");
    }
  }
  return texts;
}

// Version of libarchive.
std::string archive_library_version() {
  const std::string text = archive_version_string();
  return text.substr(text.find(' ') + 1);
}

#else

std::map<std::string, std::string> read_archive(const std::string& file) {
  throw DataError(file, "",
                  "this strffit was built without libarchive, which reads archives: install "
                  "libarchive-dev and build again");
}

std::string archive_library_version() { return "none (import reads no NEMS archives)"; }

#endif

}  // namespace strffit::import
