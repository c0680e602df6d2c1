#include "cluster/slurm_jobs.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>

#include "files/paths.hpp"
#include "util/errors.hpp"
#include "util/fingerprint.hpp"
#include "util/text.hpp"
#include "util/version.hpp"

namespace strffit {

namespace {

namespace fs = std::filesystem;

using Values = std::map<std::string, std::string>;

// Replaces each @NAME@ of the template once, so that a value may contain such a word.
std::string filled(const std::string& text, const Values& values) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find('@', at);
    const std::size_t end = begin == std::string::npos ? begin : text.find('@', begin + 1);
    if (end == std::string::npos) return result + text.substr(at);
    const auto value = values.find(text.substr(begin + 1, end - begin - 1));
    if (value == values.end()) {
      result += text.substr(at, end - at);
      at = end;
      continue;
    }
    result += text.substr(at, begin - at) + value->second;
    at = end + 1;
  }
  return result;
}

// A path as the value of an #SBATCH line, in which % starts a pattern.
std::string sbatch_path(const std::string& path) {
  std::string result;
  for (const char c : path) result += c == '%' ? "%%" : std::string(1, c);
  return path.find(' ') == std::string::npos ? result : "\"" + result + "\"";
}

// Line breaks would end the comment.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

// The #SBATCH lines of a job. `specific`: options of this job only, with their values.
std::string sbatch_lines(const SlurmRequest& request, const std::string& name,
                         const std::string& log,
                         const std::vector<std::pair<std::string, std::string>>& specific) {
  std::vector<std::pair<std::string, std::string>> options = {
      {"job-name", name},
      {"output", log},
      {"open-mode", "append"},
      {"chdir", sbatch_path(fs::current_path().string())},
      {"time", request.time},
      {"mem", request.mem},
      {"partition", request.partition},
      {"account", request.account}};
  options.insert(options.end(), specific.begin(), specific.end());
  std::string text;
  for (const auto& [option, value] : options) {
    if (!value.empty()) text.append("#SBATCH --").append(option).append("=").append(value) += '\n';
  }
  for (const auto& line : request.sbatch) text.append("#SBATCH ").append(line) += '\n';
  text.pop_back();  // the template has the last line break
  return text;
}

// The words with which a job script starts the program. Inside a container its path is another one.
std::string program_words(const SlurmRequest& request) {
  return request.wrap.empty() ? shell_word(request.program) : request.wrap + " strffit";
}

}  // namespace

std::string shell_word(const std::string& text) {
  const std::string plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
  if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) return text;
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? "'\\''" : std::string(1, c);
  return result + "'";
}

std::string job_name(const std::string& folder) {
  Fingerprint fingerprint;
  fingerprint.add(folder);
  std::array<char, 16> digits{};
  std::snprintf(digits.data(), digits.size(), "%08x",
                static_cast<std::uint32_t>(fingerprint.value() ^ (fingerprint.value() >> 32)));
  return "strffit-" + file_name(fs::path(folder).filename()) + "-" + digits.data();
}

std::string array_name(const std::string& name, std::int64_t first) {
  return first == 0 ? name : fmt::format("{}+{}", name, first);
}

std::string at_once(const SlurmRequest& request) {
  std::string text;
  if (request.at_once) text.append("%").append(std::to_string(*request.at_once));
  return text;
}

std::string train_job(const SlurmRequest& request, const std::string& run,
                      const std::string& name) {
  const std::int64_t first_array = std::min(request.tasks, request.array_limit - 1);
  const auto lines = sbatch_lines(request, name, sbatch_path(run + "/slurm") + "/%A_%a.log",
                                  {{"array", fmt::format("1-{}{}", first_array, at_once(request))},
                                   {"cpus-per-task", std::to_string(request.cpus)},
                                   {"gpus", request.gpus},
                                   {"signal", fmt::format("B:USR1@{}", request.warn)}});
  return filled(kTrainJobTemplate, {{"RUN", shell_word(run)},
                                    {"TASKS", std::to_string(request.tasks)},
                                    {"VERSION", version()},
                                    {"COMMAND_LINE", one_line(request.command_line)},
                                    {"PROGRAM", program_words(request)},
                                    {"DEVICE", request.gpus.empty() ? "" : "cuda"},
                                    {"SBATCH", "\n#SBATCH --requeue\n" + lines}});
}

std::string merge_job(const SlurmRequest& request, const std::string& run,
                      const std::string& name) {
  const auto lines =
      sbatch_lines(request, name + "-merge", sbatch_path(run + "/slurm") + "/merge-%j.log",
                   {{"kill-on-invalid-dep", "yes"}});
  return filled(kMergeJobTemplate, {{"RUN", shell_word(run)},
                                    {"VERSION", version()},
                                    {"PROGRAM", program_words(request)},
                                    {"SBATCH", "\n" + lines}});
}

}  // namespace strffit
