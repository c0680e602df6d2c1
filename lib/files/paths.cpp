#include "files/paths.hpp"

#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {

namespace fs = std::filesystem;

bool is_there(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::string found_file(const std::string& path, const std::vector<std::string>& folders) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) return path;
  for (const auto& folder : folders) {
    std::string candidate = (fs::path(folder) / path).string();
    if (fs::exists(candidate, ignored)) return candidate;
  }
  return path;
}

std::string absolute(const std::string& path) {
  std::error_code ignored;
  const fs::path found = fs::absolute(path, ignored).lexically_normal();
  return found.empty() ? path : found.string();
}

std::string file_name(const std::string& id) {
  constexpr std::size_t kEnds = 48;  // bytes kept at each end; file systems allow 255
  std::string name = id;
  if (name.size() > 2 * kEnds + 3) {
    name = name.substr(0, kEnds) + "..." + name.substr(name.size() - kEnds);
  }
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_' && c != '.') c = '_';
  }
  return name;
}

bool make_folder(const std::string& folder) {
  std::error_code error;
  const bool made = fs::create_directories(folder, error);
  if (error) throw RunError("cannot make the folder " + folder + ": " + error.message());
  if (!fs::is_directory(folder, error)) {
    throw RunError("cannot make the folder " + folder + ": there is a file of that name");
  }
  return made;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  std::error_code ignored;  // a folder opens too, but reads as empty
  if (!file || fs::is_directory(path, ignored)) throw RunError("cannot read " + path);
  return text.str();
}

std::int64_t checked_size(const std::string& file, std::int64_t most) {
  std::error_code error;
  const auto status = fs::status(file, error);
  if (!fs::exists(status)) throw DataError(file, "", "no such file");
  if (!fs::is_regular_file(status)) {
    throw DataError(file, "", "expected a file; found a folder or device");
  }
  if (access(file.c_str(), R_OK) != 0) {
    throw DataError(file, "", std::string("cannot be opened: ") + std::strerror(errno));
  }
  const auto bytes = static_cast<std::int64_t>(fs::file_size(file, error));
  if (error) throw DataError(file, "", "cannot be opened: " + error.message());
  if (bytes > most) {
    throw DataError(file, "", fmt::format("expected at most {} bytes; found {}", most, bytes));
  }
  return bytes;
}

std::string read_bytes(const std::string& file, std::int64_t most) {
  std::string bytes(static_cast<std::size_t>(checked_size(file, most)), '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (stream.gcount() != static_cast<std::streamsize>(bytes.size())) {
    throw DataError(file, "", "cannot be read to its end");
  }
  return bytes;
}

}  // namespace strffit
