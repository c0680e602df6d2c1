#include "plot/titles.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "plot/canvas.hpp"

namespace strffit::plot {
namespace {

using Characters = std::vector<std::string>;
using Fits = std::function<bool(const std::string&)>;

constexpr const char* kLeftOut = "…";

std::string part(const Characters& text, std::size_t from, std::size_t to) {
  std::string result;
  for (std::size_t i = from; i < to; ++i) result += text[i];
  return result;
}

// Keeps the first `head` and the last `tail` characters and replaces those between by "…".
std::string ends(const Characters& text, std::size_t head, std::size_t tail) {
  if (head + tail >= text.size()) return part(text, 0, text.size());
  return part(text, 0, head) + kLeftOut + part(text, text.size() - tail, text.size());
}

std::size_t shortest(const std::vector<Characters>& texts) {
  std::size_t length = texts.front().size();
  for (const auto& text : texts) length = std::min(length, text.size());
  return length;
}

// Number of common characters at the start of all texts; at the end if `backwards`.
std::size_t shared(const std::vector<Characters>& texts, bool backwards) {
  const auto at = [&](const Characters& text, std::size_t i) -> const std::string& {
    return text[backwards ? text.size() - 1 - i : i];
  };
  std::size_t i = 0;
  const auto length = shortest(texts);
  while (i < length && std::all_of(texts.begin(), texts.end(), [&](const Characters& text) {
           return at(text, i) == at(texts.front(), i);
         })) {
    ++i;
  }
  return i;
}

bool all_fit(const std::vector<std::string>& texts, const Fits& fits) {
  return std::all_of(texts.begin(), texts.end(), fits);
}

std::vector<std::string> each(const std::vector<Characters>& texts,
                              const std::function<std::string(const Characters&)>& shorten) {
  std::vector<std::string> result;
  for (const auto& text : texts) result.push_back(shorten(text));
  return result;
}

// The largest number up to `most` that works, if all smaller ones work too. Nothing if 0 does not
// work.
template <class Works>
std::optional<std::size_t> largest_that(std::size_t most, const Works& works) {
  if (!works(0)) return std::nullopt;
  std::size_t good = 0;
  while (good < most) {
    const auto middle = good + (most - good + 1) / 2;
    if (works(middle)) {
      good = middle;
    } else {
      most = middle - 1;
    }
  }
  return good;
}

// Keeps both ends of the text, as much as fits; `head` tenths of it are from the start.
std::string from_ends(const Characters& text, std::size_t head, const Fits& fits) {
  const auto kept = [&](std::size_t n) { return ends(text, n * head / 10, n - n * head / 10); };
  return kept(largest_that(text.size(), [&](std::size_t n) { return fits(kept(n)); }).value_or(0));
}

std::size_t different(const std::vector<std::string>& texts) {
  return std::set<std::string>(texts.begin(), texts.end()).size();
}

}  // namespace

std::vector<std::string> fitting_titles(const std::vector<std::string>& titles, const Fits& fits) {
  if (titles.empty()) return {};
  std::vector<Characters> texts;
  for (const auto& title : titles) texts.push_back(clean_characters(title));
  auto result = each(texts, [](const Characters& text) { return part(text, 0, text.size()); });
  const auto whole = different(titles);
  if (all_fit(result, fits) && different(result) == whole) return result;
  const auto front = shared(texts, false);
  const auto back = std::min(shared(texts, true), shortest(texts) - front);
  // Removes as little as possible of the common start, otherwise of the common end.
  const auto without_front = [&](std::size_t n) {
    // the text just before a difference is more informative than the start
    const auto head = n / 3;
    return each(texts, [&](const Characters& text) {
      return ends(text, head, text.size() - front + n - head);
    });
  };
  const auto without_both = [&](std::size_t n) {
    return each(texts, [&](const Characters& text) {
      return kLeftOut + part(text, front, text.size() - back + n) + (n < back ? kLeftOut : "");
    });
  };
  const auto fit = [&](const auto& attempt) {
    return [&](std::size_t n) { return all_fit(attempt(n), fits); };
  };
  if (const auto n = largest_that(front, fit(without_front))) {
    result = without_front(*n);
    if (different(result) == whole) return result;
  } else if (const auto m = largest_that(back, fit(without_both))) {
    result = without_both(*m);
    if (different(result) == whole) return result;
  }
  // The different part is too long: keep its two ends, divided so that most titles differ.
  std::vector<Characters> cores;
  for (const auto& text : texts) {
    cores.emplace_back(text.begin() + static_cast<std::ptrdiff_t>(front),
                       text.end() - static_cast<std::ptrdiff_t>(back));
  }
  std::size_t most = 0;
  for (const std::size_t head : {5, 0, 10, 3, 7}) {
    const auto attempt =
        each(cores, [&](const Characters& core) { return from_ends(core, head, fits); });
    if (different(attempt) <= most) continue;
    most = different(attempt);
    result = attempt;
  }
  if (most == whole) return result;
  std::map<std::string, int> times;
  for (const auto& text : result) ++times[text];
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (times[result[i]] < 2) continue;
    // Counted from 0, as in the files.
    const std::string number = "#" + std::to_string(i) + " ";
    result[i] = number + from_ends(cores[i], 5,
                                   [&](const std::string& text) { return fits(number + text); });
  }
  return result;
}

}  // namespace strffit::plot
