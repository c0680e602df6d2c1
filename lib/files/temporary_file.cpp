#include "files/temporary_file.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit::files {

namespace {

constexpr const char* kSuffix = ".tmp";

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

std::string temporary_path(const std::string& final_path) {
  const std::filesystem::path path(final_path);
  const auto name = fmt::format(".{}.{}{}", path.filename().string(), getpid(), kSuffix);
  return (path.parent_path() / name).string();
}

// Syncs a folder; returns errno or 0.
int synced(const std::string& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  // Some file systems cannot sync a folder and report EINVAL; nothing more can be done there.
  const int error = fsync(descriptor) == 0 || errno == EINVAL ? 0 : errno;
  close(descriptor);
  return error;
}

// Parts of the name of a temporary file; process 0 if the name has another form.
struct Temporary {
  std::string file;
  pid_t process = 0;
};
Temporary temporary_named(const std::string& name) {
  const std::size_t end = name.size() - std::min(name.size(), std::strlen(kSuffix));
  if (name.empty() || name[0] != '.' || name.substr(end) != kSuffix) return {};
  const std::size_t dot = name.rfind('.', end == 0 ? 0 : end - 1);
  if (dot == 0 || dot == std::string::npos) return {};
  pid_t process = 0;
  const auto [stop, error] = std::from_chars(name.data() + dot + 1, name.data() + end, process);
  if (error != std::errc() || stop != name.data() + end) return {};
  return {name.substr(1, dot - 1), process};
}

}  // namespace

std::string errno_text(int error) { return std::strerror(error); }

TemporaryFile::TemporaryFile(const std::string& final_path)
    : final_path_(final_path), path_(temporary_path(final_path)) {
  std::error_code ignored;
  if (std::filesystem::is_directory(final_path_, ignored)) fail("it is a folder");
  descriptor_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail(errno_text(errno));
}

TemporaryFile::~TemporaryFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!committed_) unlink(path_.c_str());
}

void TemporaryFile::fail(const std::string& cause) const {
  std::string cure;
  if (cause == errno_text(ENOSPC) || cause == errno_text(EDQUOT)) {
    cure = "; free some space and start again; the earlier file is intact";
  } else if (cause == errno_text(EFBIG)) {
    cure = "; raise the limit on the size of files (ulimit -f)";
  } else if (cause == errno_text(ENOENT)) {
    cure = "; does the folder " + folder_of(final_path_) + " exist?";
  }
  throw RunError("cannot write " + final_path_ + ": " + cause + cure);
}

void TemporaryFile::write(const void* data, std::size_t size) {
  const char* const bytes = static_cast<const char*>(data);
  for (std::size_t done = 0; done < size;) {
    const ssize_t written = ::write(descriptor_, bytes + done, size - done);
    if (written < 0 && errno != EINTR) fail(errno_text(errno));
    if (written > 0) done += static_cast<std::size_t>(written);
  }
}

void TemporaryFile::write_at(std::size_t place, const void* data, std::size_t size) {
  const char* const bytes = static_cast<const char*>(data);
  for (std::size_t done = 0; done < size;) {
    const ssize_t written =
        pwrite(descriptor_, bytes + done, size - done, static_cast<off_t>(place + done));
    if (written < 0 && errno != EINTR) fail(errno_text(errno));
    if (written > 0) done += static_cast<std::size_t>(written);
  }
}

void TemporaryFile::skip(std::size_t size) {
  if (lseek(descriptor_, static_cast<off_t>(size), SEEK_CUR) < 0) fail(errno_text(errno));
}

void TemporaryFile::commit() {
  if (fsync(descriptor_) != 0) fail(errno_text(errno));
  // Network file systems may report a full disk only here.
  if (close(std::exchange(descriptor_, -1)) != 0) fail(errno_text(errno));
  if (rename(path_.c_str(), final_path_.c_str()) != 0) fail(errno_text(errno));
  committed_ = true;
  if (const int error = synced(folder_of(final_path_))) fail(errno_text(error));
}

void write_text(const std::string& path, const std::string& text) {
  TemporaryFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

std::vector<std::string> remove_stale_temporaries(const std::string& folder,
                                                  const std::vector<std::string>& ours) {
  std::vector<std::string> removed;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const auto [file, process] = temporary_named(name);
    if (process <= 0) continue;
    const bool dead = process != getpid() && kill(process, 0) != 0 && errno == ESRCH;
    const bool stale = dead || std::find(ours.begin(), ours.end(), file) != ours.end();
    if (stale && unlink(entry->path().c_str()) == 0) removed.push_back(name);
  }
  return removed;
}

}  // namespace strffit::files
