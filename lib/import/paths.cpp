#include "import/paths.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "util/errors.hpp"

namespace strffit::import {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostEntries = 1000000;
constexpr int kMostSteps = 1 << 16;  // limit of the search; patterns with many stars take long

class Fit {
 public:
  Fit(const std::string& pattern, const std::string& text, Placeholders& matched)
      : pattern_(pattern), text_(text), matched_(matched) {}

  bool from(std::size_t p, std::size_t t) {
    if (++steps_ > kMostSteps) return false;
    if (p == pattern_.size()) return t == text_.size();
    const char c = pattern_[p];
    if (c == '*') {
      for (std::size_t end = t; end <= text_.size(); ++end) {
        if (from(p + 1, end)) return true;
      }
      return false;
    }
    const std::size_t close = c == '{' ? pattern_.find('}', p) : std::string::npos;
    if (close != std::string::npos) return word(pattern_.substr(p + 1, close - p - 1), close, t);
    if (t == text_.size()) return false;
    return (c == '?' || c == text_[t]) && from(p + 1, t + 1);
  }

 private:
  bool word(const std::string& name, std::size_t close, std::size_t t) {
    if (const auto known = matched_.find(name); known != matched_.end()) {
      const std::string value = known->second;
      return text_.compare(t, value.size(), value) == 0 && from(close + 1, t + value.size());
    }
    for (std::size_t end = text_.size(); end > t; --end) {
      matched_[name] = text_.substr(t, end - t);
      if (from(close + 1, end)) return true;
      matched_.erase(name);
    }
    return false;
  }

  const std::string& pattern_;
  const std::string& text_;
  Placeholders& matched_;
  int steps_ = 0;
};

bool is_literal(const std::string& part) { return part.find_first_of("*?{") == std::string::npos; }

class Search {
 public:
  explicit Search(const std::string& pattern) {
    for (const auto& part : fs::path(pattern)) {
      if (part != "/") parts_.push_back(part.string());
    }
  }

  void below(const fs::path& folder, std::size_t part, const Placeholders& matched) {
    const std::string& wanted = parts_[part];
    const bool last = part + 1 == parts_.size();
    if (is_literal(wanted)) return step(folder / wanted, last, part, matched);
    std::error_code error;
    fs::directory_iterator entries(folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      if (++looked_at_ > kMostEntries) {
        throw DataError(folder.string(), "", "expected fewer than a million files to look through");
      }
      const std::string name = entries->path().filename().string();
      if (name.front() == '.' && wanted.front() != '.') continue;
      Placeholders now = matched;
      if (fits(wanted, name, now)) step(folder / name, last, part, now);
    }
  }

  std::vector<FoundFile> found;

 private:
  void step(const fs::path& path, bool last, std::size_t part, const Placeholders& matched) {
    std::error_code error;
    if (last) {
      if (fs::is_regular_file(path, error)) found.push_back({path.lexically_normal(), matched});
    } else if (fs::is_directory(path, error)) {
      below(path, part + 1, matched);
    }
  }

  std::vector<std::string> parts_;
  std::size_t looked_at_ = 0;
};

bool is_digit_at(const std::string& text, std::size_t i) {
  return i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0;
}

}  // namespace

bool fits(const std::string& pattern, const std::string& text, Placeholders& matched) {
  return Fit(pattern, text, matched).from(0, 0);
}

std::vector<FoundFile> files_like(const std::string& pattern, const std::string& folder) {
  if (pattern.empty()) return {};
  Search search(pattern);
  const bool absolute = fs::path(pattern).is_absolute();
  search.below(absolute ? fs::path("/") : folder.empty() ? fs::path(".") : fs::path(folder), 0, {});
  std::sort(search.found.begin(), search.found.end(),
            [](const FoundFile& a, const FoundFile& b) { return natural_less(a.path, b.path); });
  return std::move(search.found);
}

std::string filled(const std::string& pattern, const Placeholders& values) {
  std::string text = pattern;
  for (const auto& [word, value] : values) {
    const std::string place = "{" + word + "}";
    for (std::size_t at = 0; (at = text.find(place, at)) != std::string::npos; at += value.size()) {
      text.replace(at, place.size(), value);
    }
  }
  return text;
}

bool has_placeholder(const std::string& pattern, const std::string& word) {
  return pattern.find("{" + word + "}") != std::string::npos;
}

bool natural_less(const std::string& a, const std::string& b) {
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (!is_digit_at(a, i) || !is_digit_at(b, j)) {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i;
      ++j;
      continue;
    }
    while (is_digit_at(a, i) && a[i] == '0' && is_digit_at(a, i + 1)) ++i;
    while (is_digit_at(b, j) && b[j] == '0' && is_digit_at(b, j + 1)) ++j;
    std::size_t end_a = i, end_b = j;
    while (is_digit_at(a, end_a)) ++end_a;
    while (is_digit_at(b, end_b)) ++end_b;
    if (end_a - i != end_b - j) return end_a - i < end_b - j;
    const int order = a.compare(i, end_a - i, b, j, end_b - j);
    if (order != 0) return order < 0;
    i = end_a;
    j = end_b;
  }
  if ((i == a.size()) != (j == b.size())) return i == a.size();
  return a < b;
}

}  // namespace strffit::import
