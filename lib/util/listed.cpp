#include "util/listed.hpp"

#include <algorithm>

#include "util/text.hpp"

namespace strffit {

std::string listed(const std::vector<std::string>& names, std::size_t most) {
  const std::size_t shown = names.size() <= most + 1 ? names.size() : most;
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == names.size();
    text += (i == 0 ? "" : last ? " and " : ", ") + names[i];
  }
  if (shown < names.size()) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

std::string subject(const std::string& noun, const std::vector<std::string>& names) {
  if (names.size() == 1) return noun + " " + names.front();
  return fmt::format("{} {}s ({})", names.size(), noun, listed(names));
}

std::string subject(const std::string& noun, const std::vector<std::string>& names,
                    const std::string& verb_of_one, const std::string& verb_of_many) {
  return subject(noun, names) + " " + (names.size() == 1 ? verb_of_one : verb_of_many);
}

std::string in_folds(const std::string& name, const std::vector<std::int64_t>& folds,
                     std::size_t of) {
  if (of < 2) return name;
  std::vector<std::string> numbers;
  for (const auto fold : folds) numbers.push_back(std::to_string(fold));
  return name + (numbers.size() == 1 ? " in fold " : " in folds ") + listed(numbers);
}

}  // namespace strffit
