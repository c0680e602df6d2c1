#include "import/recording.hpp"

#include <algorithm>
#include <filesystem>

#include "util/text.hpp"

namespace strffit::import {

namespace fs = std::filesystem;

std::int64_t Sounds::find(const std::string& text) const {
  if (names_.empty()) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      const SoundEntry& sound = list[i];
      for (const auto& name : {sound.name, sound.key, sound.label}) names_[name].insert(i);
    }
  }
  const fs::path path(text);
  // The most exact form decides: "a/1.wav", then "1.wav", then "1".
  for (const auto& form : {text, path.filename().string(), path.stem().string()}) {
    const auto found = names_.find(form);
    if (found == names_.end()) continue;
    return found->second.size() == 1 ? static_cast<std::int64_t>(*found->second.begin()) : -2;
  }
  return -1;
}

std::string Sounds::described() const {
  constexpr std::size_t kMost = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(list.size(), kMost); ++i) {
    text += (i == 0 ? "" : ", ") + list[i].label;
  }
  if (list.size() > kMost) text += fmt::format(" and {} more", list.size() - kMost);
  return text;
}

std::string Reading::path(const std::string& given) const {
  return (fs::path(folder) / given).lexically_normal().string();
}

std::string Reading::source(const std::string& given) {
  std::string file = path(given);
  sources.insert(file);
  return file;
}

}  // namespace strffit::import
