#include "commands/import.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

#include "dataset/inspect.hpp"
#include "dataset/write_dataset.hpp"
#include "evaluation/figures.hpp"
#include "files/paths.hpp"
#include "import/assemble.hpp"
#include "import/draft.hpp"
#include "import/findings.hpp"
#include "import/manifest.hpp"
#include "plot/figures.hpp"
#include "util/errors.hpp"
#include "util/frequency.hpp"
#include "util/text.hpp"
#include "util/version.hpp"

namespace strffit {

namespace {

constexpr std::size_t kMostRows = 40;  // of a table in the terminal
constexpr std::int64_t kRasterColumns = 72, kMostTrials = 20;

// As the manifest sees files: the bytes are the same wherever its folder lies.
std::vector<std::string> without_folder(std::vector<std::string> notes, const std::string& folder) {
  const std::string prefix = folder.empty() ? "" : folder + "/";
  for (auto& note : notes) {
    for (std::size_t at = 0;
         !prefix.empty() && (at = note.find(prefix, at)) != std::string::npos;) {
      note.erase(at, prefix.size());
    }
  }
  return notes;
}

// Where everything comes from: in the file, so that it can be made again.
void put_origin(files::Writer& writer, const import::Manifest& manifest,
                const import::Assembled& assembled, const std::vector<std::string>& notes) {
  writer.group("/import");
  writer.attribute("/import", "strffit_version", version());
  writer.put("/import/manifest", Array<std::string>({1}, {manifest.text}));
  const auto n = static_cast<std::int64_t>(assembled.sources.size());
  Array<std::string> files({n}), sums({n});
  for (std::size_t i = 0; i < assembled.sources.size(); ++i) {
    files.values[i] = assembled.sources[i].first;
    sums.values[i] = assembled.sources[i].second;
  }
  writer.put("/import/source_file", files);
  writer.put("/import/source_sha256", sums);
  if (!notes.empty()) {
    const auto k = static_cast<std::int64_t>(notes.size());
    writer.put("/import/notes", Array<std::string>({k}, without_folder(notes, manifest.folder)));
  }
  const auto& spectrogram = manifest.spectrogram;
  writer.attribute("/import", "spectrogram", spectrogram ? spectrogram->kind : "as given");
  writer.attribute("/import", "compression", manifest.compression.kind);
  writer.attribute("/import", "delay_ms", manifest.frames.delay_ms);
  writer.attribute("/import", "before_ms", manifest.frames.before_ms);
  writer.attribute("/import", "after_ms", manifest.frames.after_ms);
}

// A line a trial: dots where a unit fires, colons and bars where often.
std::string raster_text(const import::Findings::Raster& raster, const Dataset& head) {
  if (raster.unit < 0 || raster.responses.size() == 0) return "";
  const std::int64_t trials = raster.responses.dim(0), frames = raster.responses.dim(1);
  const std::int64_t columns = std::min(frames, kRasterColumns);
  std::string text =
      fmt::format("raster of unit {}, stimulus {} ({} trials, {} s)\n",
                  head.unit_ids[static_cast<std::size_t>(raster.unit)], raster.stimulus, trials,
                  number(static_cast<double>(frames) * head.axes.dt_ms / 1000));
  for (std::int64_t trial = 0; trial < std::min(trials, kMostTrials); ++trial) {
    for (std::int64_t column = 0; column < columns; ++column) {
      double spikes = 0;
      bool missing = false;
      for (std::int64_t frame = column * frames / columns; frame < (column + 1) * frames / columns;
           ++frame) {
        const float value =
            raster.responses.values[static_cast<std::size_t>(trial * frames + frame)];
        missing = missing || std::isnan(value);
        spikes += value;
      }
      text += missing ? 'x' : spikes == 0 ? ' ' : spikes == 1 ? '.' : spikes == 2 ? ':' : '|';
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    text += '\n';
  }
  return text;
}

// A line for some lags, a bar as long as the clearest of them; chance is a bar of one sign or none.
std::string lags_text(const Following& following) {
  constexpr double kStepMs = 20, kBar = 50;
  const auto& lags = following.lags_ms;
  double most = 0;
  for (const double value : following.by_lag) most = std::max(most, std::isnan(value) ? 0 : value);
  if (lags.size() < 2 || !(most > 0)) return "";
  std::string text =
      "how the responses follow the sound (squared correlation of both, whitened; 1: chance)\n";
  const double dt_ms = lags[1] - lags[0];
  const auto step = static_cast<std::size_t>(std::max(1LL, std::llround(kStepMs / dt_ms)));
  for (std::size_t i = 0; i < lags.size(); i += step) {
    double value = 0;  // the largest of those that a line stands for
    for (std::size_t k = i; k < std::min(lags.size(), i + step); ++k) {
      if (!std::isnan(following.by_lag[k])) value = std::max(value, following.by_lag[k]);
    }
    std::string lag = number(lags[i]);
    lag.insert(0, lag.size() < 5 ? 5 - lag.size() : 0, ' ');
    text += lag + " ms " + std::string(static_cast<std::size_t>(kBar * value / most), '#') + "\n";
  }
  return text + "largest, " + number(most) + " times chance, at " + number(following.lag_ms) +
         " ms" + (following.clear ? "" : ": not clear from these responses") + "\n";
}

// What a stimulus looks like in the table.
std::vector<std::string> stimulus_row(const Stimulus& stimulus, double dt_ms) {
  const auto& values = stimulus.responses.values;
  std::int64_t there = 0;
  double sum = 0;
  for (const float value : values) {
    if (std::isnan(value)) continue;
    ++there;
    sum += value;
  }
  const auto all = static_cast<double>(std::max<std::size_t>(1, values.size()));
  const double seconds = static_cast<double>(stimulus.frames()) * dt_ms / 1000;
  return {stimulus.key,
          stimulus.split ? to_string(*stimulus.split) : "-",
          stimulus.category.empty() ? "-" : stimulus.category,
          number(seconds),
          std::to_string(stimulus.trials()),
          number(100 * (1 - static_cast<double>(there) / all)),
          there > 0 ? number(sum / (static_cast<double>(there) * dt_ms / 1000)) : "-"};
}

void shorten(Table& table) {
  if (table.rows.size() <= kMostRows) return;
  const std::size_t more = table.rows.size() - kMostRows;
  table.rows.resize(kMostRows);
  std::vector<std::string> last(table.header.size(), "");
  last[0] = fmt::format("and {} more", more);
  table.rows.push_back(last);
}

Table units_table(const import::Assembled& assembled) {
  Table units{"units", {"id", "spikes", "in sounds", "dropped %"}, {}};
  for (std::size_t i = 0; i < assembled.tally.units.size(); ++i) {
    const auto& unit = assembled.tally.units[i];
    const double dropped =
        unit.spikes == 0
            ? 0
            : 100.0 * static_cast<double>(std::max<std::int64_t>(0, unit.spikes - unit.placed)) /
                  static_cast<double>(unit.spikes);
    units.rows.push_back({assembled.head.unit_ids[i], std::to_string(unit.spikes),
                          std::to_string(unit.placed), number(dropped)});
  }
  shorten(units);
  return units;
}

// The raster and the lags, each a file.
std::vector<std::string> draw_recording(const ImportRequest& request,
                                        const import::Findings::Result& result,
                                        const Dataset& head) {
  make_folder(request.plot);
  std::vector<std::string> files;
  const auto file = [&](const char* name) {
    files.push_back(request.plot + "/" + name + "." + request.format);
    return files.back();
  };
  const auto& raster = result.raster;
  if (raster.unit >= 0 && raster.responses.size() > 0) {
    plot::draw_raster(file("raster"),
                      {.title = "unit " + head.unit_ids[static_cast<std::size_t>(raster.unit)] +
                                ", stimulus " + raster.stimulus,
                       .responses = raster.responses,
                       .dt_ms = head.axes.dt_ms});
  }
  const Following& following = result.doubts.following;
  if (!following.lags_ms.empty()) {
    plot::draw_lags(file("lags"), {.title = "how the responses follow the sound",
                                   .lags_ms = following.lags_ms,
                                   .by_lag = following.by_lag,
                                   .last_possible_ms = kLastPossibleLagMs});
  }
  return files;
}

}  // namespace

Imported import_recording(const ImportRequest& request, Observer& observer) {
  const std::string& out = request.out;
  std::error_code ignored;
  if (!out.empty() && !request.overwrite && std::filesystem::exists(out, ignored)) {
    throw RunError(out + " is there already: --overwrite replaces it");
  }
  check_figure_format(request.format);
  const import::Manifest manifest = import::read_manifest(request.manifest);
  std::unique_ptr<DatasetWriter> writer;
  import::Findings findings;
  Table stimuli{
      "stimuli", {"key", "split", "category", "seconds", "trials", "missing %", "response /s"}, {}};
  const import::Assembled assembled = import::assemble(
      manifest, observer, [&](const Dataset& head, const Extent& extent, Stimulus&& stimulus) {
        if (!out.empty() && !writer) writer = std::make_unique<DatasetWriter>(out, head);
        findings.see(stimulus, head, extent);
        stimuli.rows.push_back(stimulus_row(stimulus, head.axes.dt_ms));
        if (writer) writer->add(stimulus);
      });
  const import::Findings::Result result = std::move(findings).result(assembled);
  if (writer) {
    put_origin(writer->file(), manifest, assembled, result.notes);
    writer->commit();
  }
  Imported imported;
  const Dataset& head = assembled.head;
  const auto& bands = head.axes.frequencies_hz;
  Table overview{"recording", {}, {}};
  overview.rows = {{"manifest", request.manifest},
                   {"frame", number(head.axes.dt_ms) + " ms"},
                   {"bands", fmt::format("{}, {}", bands.size(),
                                         frequency_range_text(bands.front(), bands.back()))},
                   {"units", std::to_string(head.units())},
                   {"stimuli", std::to_string(stimuli.rows.size())},
                   {"files read", std::to_string(assembled.sources.size())}};
  if (!out.empty()) overview.rows.push_back({"written to", out});
  imported.report.tables.push_back(std::move(overview));
  shorten(stimuli);
  imported.report.tables.push_back(std::move(stimuli));
  if (head.counts) imported.report.tables.push_back(units_table(assembled));
  auto& notes = imported.report.notes;
  notes = result.notes;
  notes.insert(notes.end(), result.doubts.warnings.begin(), result.doubts.warnings.end());
  imported.figures = raster_text(result.raster, head);
  const std::string lags = lags_text(result.doubts.following);
  if (!imported.figures.empty() && !lags.empty()) imported.figures += "\n";
  imported.figures += lags;
  if (!request.plot.empty()) imported.files = draw_recording(request, result, head);
  return imported;
}

std::string draft_import(const std::string& path) { return import::draft_manifest(path); }

}  // namespace strffit
