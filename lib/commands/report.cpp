#include "commands/report.hpp"

#include <filesystem>
#include <fstream>

#include "commands/compare.hpp"
#include "evaluation/fitted.hpp"
#include "files/paths.hpp"
#include "files/temporary_file.hpp"
#include "report/report_page.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

RunsCompared as_compared(const Comparison& comparison) {
  RunsCompared result;
  result.metric = comparison.metric;
  result.split = comparison.split;
  result.units = comparison.units;
  for (const auto& run : comparison.runs) {
    result.names.push_back(run.path);
    result.scores.push_back(run.scores);
  }
  const Table pairs = differences(comparison);
  result.header = pairs.header;
  for (std::size_t i = 0; i < comparison.pairs.size(); ++i) {
    result.pairs.push_back({comparison.pairs[i].run, pairs.rows.at(i), ""});
  }
  result.notes = to_report(comparison).notes;
  return result;
}

// RunError if `out` exists and is not an HTML page, because it would be lost.
void refuse_other_file(const std::string& out) {
  if (!is_there(out)) return;
  std::string begin(15, '\0');
  std::ifstream file(out, std::ios::binary);
  file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  std::error_code ignored;
  const bool empty = std::filesystem::is_regular_file(out, ignored) &&
                     std::filesystem::file_size(out, ignored) == 0;
  if (empty || begin.starts_with("<!DOCTYPE html")) return;
  throw RunError(
      fmt::format("{} is there and is no HTML: it would be lost; name another file with "
                  "--out",
                  out));
}

}  // namespace

std::string write_report(const ReportRequest& request, Observer& observer) {
  if (request.paths.empty()) throw ConfigError("RUN", "expected at least one run");
  std::error_code ignored;
  const std::filesystem::path first(request.paths.front());
  const std::string out = !request.out.empty() ? request.out
                          : std::filesystem::is_directory(first, ignored)
                              ? (first / "report.html").string()
                              : (first.parent_path() / "report.html").string();
  refuse_other_file(out);
  PageOptions options;
  options.units = request.units;
  options.data = request.data;
  options.run = run_options(request.device, request.threads);
  std::optional<RunsCompared> compared;
  if (request.paths.size() > 1) {
    CompareRequest asked;
    asked.paths = request.paths;
    asked.data = request.data;
    asked.device = request.device;
    asked.threads = request.threads;
    compared = as_compared(compare_runs(asked, observer));
  }
  std::vector<RunView> views;
  for (const auto& path : request.paths) views.push_back(open_run(path, observer));
  files::write_text(out, report_page(views, options, compared, observer));
  return out;
}

}  // namespace strffit
