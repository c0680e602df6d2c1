#include "report/report_page.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <numeric>
#include <set>

#include "files/paths.hpp"
#include "metrics/statistics.hpp"
#include "metrics/strf_summary.hpp"
#include "metrics/summarise.hpp"
#include "plot/characters.hpp"
#include "plot/colour.hpp"
#include "report/html.hpp"
#include "report/run_figures.hpp"
#include "study/run_folder.hpp"
#include "training/device.hpp"
#include "util/base64.hpp"
#include "util/errors.hpp"
#include "util/frequency.hpp"
#include "util/listed.hpp"
#include "util/nan.hpp"
#include "util/report.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

using plot::Format;
using plot::Look;

constexpr Look kColumn{.format = Format::kSvg, .width_mm = 95};
constexpr Look kWideLook{.format = Format::kSvg, .width_mm = 183};

// Removes a slash at the end: "runs/ln" for "runs/ln/".
std::string name_of(const RunView& view) {
  std::string name = view.given;
  while (name.size() > 1 && name.back() == '/') name.pop_back();
  return name;
}

// Reads the warnings from the log of a run, each on one line.
std::vector<std::string> warnings_of(const std::string& folder) {
  std::vector<std::string> found;
  for (auto& entry : read_log(RunPaths{folder}.log())) {
    if (entry.level != "warning") continue;
    std::replace(entry.text.begin(), entry.text.end(), '\n', ' ');
    found.push_back(std::move(entry.text));
  }
  return found;
}

// Removes duplicates and adds how often each line occurred.
std::vector<std::string> without_repeats(const std::vector<std::string>& lines) {
  std::map<std::string, int> times;
  std::vector<std::string> result;
  for (const auto& line : lines) {
    if (times[line]++ == 0) result.push_back(line);
  }
  for (auto& line : result) {
    if (const int n = times[line]; n > 1) line += fmt::format(" ({} times)", n);
  }
  return result;
}

std::string band_text(const RunView& view) {
  const auto& hz = view.roster().axes.frequencies_hz;
  return fmt::format("{}, {}", counted(static_cast<std::int64_t>(hz.size()), "band"),
                     frequency_range_text(hz.front(), hz.back()));
}

// Reads the sounds of the dataset without responses. Nothing if the dataset is missing.
std::optional<Dataset> sounds_of(const RunView& view, const PageOptions& options,
                                 Observer& observer) {
  try {
    const std::string file = options.data.empty() ? dataset_of(view.checkpoint) : options.data;
    return read_dataset(file, {}, {}, Content::sounds);
  } catch (const std::exception& error) {
    if (dynamic_cast<const Bug*>(&error) != nullptr) throw;
    observer.warning(fmt::format("the dataset is left out of the report: {}", error.what()));
    return std::nullopt;
  }
}

// For instance "8 sounds, 120.5 s", for each split.
std::string split_text(const RunView& view, const Dataset& dataset) {
  const DataOptions options = data_options_of(view.checkpoint);
  std::vector<Partition> parts;
  try {
    parts = partitions(dataset, options.split);
  } catch (const ConfigError&) {
    return "";
  }
  const auto seconds = [&](const std::vector<std::size_t>& stimuli) {
    double frames = 0;
    for (const auto s : stimuli) frames += static_cast<double>(dataset.stimuli[s].frames());
    return frames * dataset.axes.dt_ms / 1000;
  };
  std::string text;
  for (const auto split : {SplitName::train, SplitName::valid, SplitName::test}) {
    const auto& stimuli = parts.front().of(split);
    text +=
        fmt::format("{}{} {} ({:.1f} s)", text.empty() ? "" : ", ", to_string(split),
                    counted(static_cast<std::int64_t>(stimuli.size()), "sound"), seconds(stimuli));
  }
  if (parts.size() > 1) text += fmt::format("; the first of {} folds", parts.size());
  return text;
}

// The values of some configuration keys, as written in the file.
std::vector<std::pair<std::string, std::string>> protocol_of(const RunView& view) {
  static const char* const kKeys[] = {
      "fit.mode",         "fit.solver",    "fit.loss",  "fit.batch",      "fit.learning_rate",
      "fit.weight_decay", "fit.l1",        "fit.l2",    "fit.max_epochs", "fit.patience",
      "fit.monitor",      "fit.schedule",  "fit.refit", "fit.seeds",      "data.folds",
      "data.standardise", "data.smooth_ms"};
  std::vector<std::pair<std::string, std::string>> found;
  // The text was written by this program: keys with their values, nested by indentation.
  std::map<std::string, std::string> values;
  std::vector<std::string> path;
  std::size_t begin = 0;
  const std::string& text = view.checkpoint.config;
  while (begin < text.size()) {
    const auto end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    const auto first = line.find_first_not_of(' ');
    const auto colon = line.find(": ", first == std::string::npos ? 0 : first);
    if (first == std::string::npos || line[first] == '#') continue;
    path.resize(std::min(path.size(), first / 2));
    if (line.back() == ':') {
      path.push_back(line.substr(first, line.size() - 1 - first));
    } else if (colon != std::string::npos) {
      std::string key;
      for (const auto& part : path) key += part + ".";
      values[key + line.substr(first, colon - first)] = line.substr(colon + 2);
    }
  }
  for (const char* key : kKeys) {
    const auto value = values.find(key);
    if (value != values.end()) found.emplace_back(key, value->second);
  }
  return found;
}

std::string skipped_text(const RunView& view) {
  std::map<std::string, std::vector<std::string>> by_reason;
  for (const auto& skipped : view.roster().skipped) {
    by_reason[skipped.reason].push_back(
        view.roster().unit_ids[static_cast<std::size_t>(skipped.unit)]);
  }
  std::string text;
  for (const auto& [why, ids] : by_reason) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", subject("unit", ids), why);
  }
  return text;
}

std::string status_text(const RunView& view) {
  if (!view.results) return "";
  std::map<std::string, int> counts;
  for (const auto status : view.results->status) ++counts[to_string(status)];
  std::string text;
  for (const auto& [word, n] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, word);
  }
  return text;
}

// A small image of one channel. Adjacent cells of large fields are averaged.
std::string thumbnail(const UnitStrf& strf, std::size_t bands) {
  constexpr std::size_t kMost = 24;
  if (strf.values.empty() || bands == 0) return "";
  const std::size_t lags = strf.values.size() / strf.channels.size() / bands;
  const std::size_t down = (bands + kMost - 1) / kMost, along = (lags + kMost - 1) / kMost;
  const std::size_t rows = (bands + down - 1) / down, columns = (lags + along - 1) / along;
  plot::Cells cells{
      .columns = static_cast<int>(columns), .rows = static_cast<int>(rows), .colours = {}};
  std::vector<double> means;
  double most = 0;
  for (std::size_t row = rows; row-- > 0;) {
    for (std::size_t column = 0; column < columns; ++column) {
      double sum = 0, n = 0;
      for (std::size_t f = row * down; f < std::min(bands, (row + 1) * down); ++f) {
        for (std::size_t l = column * along; l < std::min(lags, (column + 1) * along); ++l) {
          sum += static_cast<double>(strf.values[f * lags + l]);
          n += 1;
        }
      }
      means.push_back(sum / n);
      if (std::isfinite(means.back())) most = std::max(most, std::abs(means.back()));
    }
  }
  for (const double value : means) {
    cells.colours.push_back(plot::diverging_colour(value, most > 0 ? most : 1.0));
  }
  return png_of(cells);
}

// Correlation of response and prediction for every unit and every sound of the split.
struct BySound {
  std::vector<std::string> keys, categories;
  std::vector<std::vector<double>> cc;  // (sounds, units of the roster)
};

class ReportPage {
 public:
  ReportPage(const std::vector<RunView>& views, const PageOptions& options,
             const std::optional<RunsCompared>& compared, Observer& observer)
      : views_(views),
        options_(options),
        compared_(compared),
        observer_(observer),
        first_(views.front()) {
    metric_ = "cc_norm";
    for (const auto& view : views_) scores_.push_back(unit_scores(view, metric_));
    const auto& scores = scores_.front();
    if (std::none_of(scores.begin(), scores.end(), [](double s) { return std::isfinite(s); })) {
      metric_ = "cc";
      for (std::size_t v = 0; v < views_.size(); ++v) scores_[v] = unit_scores(views_[v], metric_);
    }
    for (std::size_t v = 0; v < views_.size(); ++v) {
      std::map<std::string, std::int64_t> places;
      for (std::int64_t u = 0; u < views_[v].units(); ++u) places[id(views_[v], u)] = u;
      place_of_.push_back(std::move(places));
    }
    choose_units();
  }

  std::string page() {
    dataset_ = sounds_of(first_, options_, observer_);
    facts_ = unit_facts(first_, options_.data, observer_);
    constexpr std::size_t kMostFacts = 12;  // largest number of table columns for facts
    while (facts_.size() > kMostFacts) facts_.erase(std::prev(facts_.end()));
    observer_.began("report: predicting the sounds that are shown");
    read_responses();
    what_was_fitted();
    Html rest;
    std::swap(rest, html_);
    population();
    training();
    comparison();
    how_to_repeat();
    // html_ now has the description of the fit, and rest has the later sections
    std::swap(rest, html_);
    unit_sections(rest.size() + html_.size());
    Html units;
    std::swap(units, units_);
    scores();
    const std::string title = "strffit: " + joined_names();
    return html_page(title, contents(), html_.markup() + units.markup() + rest.markup());
  }

 private:
  static const std::string& id(const RunView& view, std::int64_t unit) {
    return view.roster().unit_ids.at(static_cast<std::size_t>(unit));
  }

  std::string joined_names() const {
    std::string text;
    for (const auto& view : views_) text += (text.empty() ? "" : ", ") + name_of(view);
    return text;
  }

  // Index of the same unit in another run; -1 if it is not there.
  std::int64_t in_run(std::size_t run, std::int64_t unit) const {
    const auto found = place_of_[run].find(id(first_, unit));
    return found == place_of_[run].end() ? -1 : found->second;
  }

  double score_in(std::size_t run, std::int64_t unit) const {
    const auto place = in_run(run, unit);
    return place < 0 ? kNaN : scores_[run].at(static_cast<std::size_t>(place));
  }

  void choose_units() {
    const std::size_t most = options_.most_units;
    if (!options_.units.empty()) {
      chosen_ = units_named(first_, options_.units);
      return;
    }
    if (views_.size() < 2) {
      chosen_ = telling_units(scores_.front(), most);
      return;
    }
    // A third of the places is for units with the largest differences between runs.
    chosen_ = telling_units(scores_.front(), most - most / 3);
    std::vector<double> disagreement;
    for (std::int64_t u = 0; u < first_.units(); ++u) {
      double largest = kNaN;
      for (std::size_t v = 1; v < views_.size(); ++v) {
        const double difference =
            std::abs(score_in(v, u) - scores_.front()[static_cast<std::size_t>(u)]);
        if (std::isfinite(difference)) {
          largest = std::isnan(largest) ? difference : std::max(largest, difference);
        }
      }
      disagreement.push_back(largest);
    }
    std::vector<std::int64_t> all(disagreement.size());
    std::iota(all.begin(), all.end(), std::int64_t{0});
    for (const auto unit : sorted_units(all, disagreement)) {
      if (chosen_.size() >= most) break;
      if (std::find(chosen_.begin(), chosen_.end(), unit) == chosen_.end()) chosen_.push_back(unit);
    }
    chosen_ = sorted_units(chosen_, scores_.front());
  }

  // Reads the responses of the chosen units. If they fit into memory, reads those of all units, for
  // correlations.
  void read_responses() {
    if (!dataset_) return;
    constexpr double kMostBytes = 3e9;  // limit for the responses of all units
    double frames = 0;
    for (const auto& stimulus : dataset_->stimuli) frames += static_cast<double>(stimulus.frames());
    try {
      std::vector<std::int64_t> all(static_cast<std::size_t>(first_.units()));
      std::iota(all.begin(), all.end(), std::int64_t{0});
      // Assumes about ten trials. This is only a rough limit.
      const bool fits = static_cast<double>(all.size()) * frames * 10 * 4 < kMostBytes;
      const auto& wanted = fits ? all : chosen_;
      recorded_ = read_recorded(first_, wanted, {}, options_.data);
      recorded_all_ = fits;
    } catch (const ConfigError& error) {
      observer_.warning(fmt::format("responses are left out of the report: {}", error.what()));
      return;
    } catch (const DataError& error) {
      observer_.warning(fmt::format("responses are left out of the report: {}", error.what()));
      return;
    }
    for (std::size_t u = 0; u < recorded_->units.size(); ++u) {
      recorded_place_[recorded_->units[u]] = u;
    }
    for (std::size_t s = 0; s < recorded_->sounds.size(); ++s) {
      if (observer_.stop_requested()) throw Stopped("stopped on request; nothing was written");
      const auto all = predictions(first_, *recorded_, s, options_.run);
      correlate(s, all);
      // Only the predictions of the chosen units are kept.
      auto& runs = predicted_.emplace_back();
      for (const auto unit : chosen_) {
        const auto place = recorded_place_.find(unit);
        runs.resize(1);
        runs.front().push_back(place == recorded_place_.end() ? std::vector<double>{}
                                                              : all[place->second]);
      }
      for (std::size_t v = 1; v < views_.size(); ++v) {
        const Recorded theirs = shown_alone(*recorded_, s, v);
        runs.push_back(theirs.units.empty() ? std::vector<std::vector<double>>{}
                                            : predictions(views_[v], theirs, 0, options_.run));
      }
    }
  }

  // One sound, with the places of the chosen units in another run.
  Recorded shown_alone(const Recorded& recorded, std::size_t sound, std::size_t run) const {
    Recorded one;
    const Stimulus& stimulus = recorded.dataset.stimuli.at(recorded.sounds[sound]);
    one.dataset.axes = recorded.dataset.axes;
    Stimulus alone;
    alone.key = stimulus.key;
    alone.spectrogram = stimulus.spectrogram;
    one.dataset.stimuli.push_back(std::move(alone));
    one.sounds = {0};
    one.unseen = {recorded.unseen[sound]};
    for (const auto unit : chosen_) one.units.push_back(in_run(run, unit));
    if (std::any_of(one.units.begin(), one.units.end(), [](auto place) { return place < 0; }) ||
        views_[run].roster().axes.frequencies_hz != first_.roster().axes.frequencies_hz) {
      one.units.clear();
    }
    return one;
  }

  void correlate(std::size_t s, const std::vector<std::vector<double>>& predicted_all) {
    const Stimulus& stimulus = recorded_->dataset.stimuli.at(recorded_->sounds[s]);
    by_sound_.keys.push_back(stimulus.key);
    by_sound_.categories.push_back(stimulus.category);
    auto& row = by_sound_.cc.emplace_back(static_cast<std::size_t>(first_.units()), kNaN);
    if (stimulus.trials() == 0) return;
    const Array<float> means = target(stimulus.responses);
    const auto frames = static_cast<std::size_t>(stimulus.frames());
    for (std::size_t u = 0; u < recorded_->units.size(); ++u) {
      std::vector<double> response, predicted;
      const auto& all = predicted_all[u];
      for (std::size_t t = 0; t < frames; ++t) {
        const auto value = static_cast<double>(means.values[u * frames + t]);
        if (!std::isfinite(value) || !std::isfinite(all[t])) continue;
        response.push_back(value);
        predicted.push_back(all[t]);
      }
      row[static_cast<std::size_t>(recorded_->units[u])] = pearson(response, predicted);
    }
  }

  std::string contents() const {
    std::string list = "<ol>\n";
    const auto add = [&](const char* anchor, const char* title) {
      list += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", anchor, title);
    };
    add("fitted", "What was fitted");
    add("scores", "Scores");
    add("units", "Units");
    add("population", "Population");
    add("training", "Training");
    if (compared_) add("comparison", "Comparison");
    add("repeat", "How to repeat it");
    return list + "</ol>\n";
  }

  void what_was_fitted() {
    html_.section("fitted", "What was fitted to what");
    for (const auto& view : views_) {
      if (views_.size() > 1) html_.heading(name_of(view));
      const Checkpoint& checkpoint = view.checkpoint;
      const ModelWords words = model_words(checkpoint.model->kind());
      const auto provenance = view.results ? view.results->provenance : Provenance{};
      const auto written = [&](const char* name) {
        const auto found = provenance.written_by.find(name);
        return found == provenance.written_by.end() ? std::string() : found->second;
      };
      std::vector<std::pair<std::string, std::string>> rows = {
          {"Model", checkpoint.model->kind() + (words.words.empty() ? "" : ": " + words.words)},
          {"Formula", words.formula},
          {"Prefilter channels", listed(checkpoint.model->channels(), 5)},
          {"Context", fmt::format("{} ({} ms)", counted(checkpoint.model->context(), "frame"),
                                  static_cast<double>(checkpoint.model->context()) *
                                      view.roster().axes.dt_ms)},
          {"Parameters", fmt::format("{} a member", checkpoint.model->parameter_count())},
          {"Setting shown", view.setting},
          {"Dataset", checkpoint.dataset},
          {"SHA-256", checkpoint.dataset_sha256}};
      if (dataset_ && &view == &first_) {
        rows.emplace_back("Name", dataset_->name);
        rows.emplace_back("Reference", dataset_->reference);
        rows.emplace_back("Sounds", split_text(view, *dataset_));
      }
      rows.emplace_back("Frames and bands",
                        fmt::format("{} ms, {}", view.roster().axes.dt_ms, band_text(view)));
      const auto members = static_cast<std::int64_t>(view.roster().members.size());
      rows.emplace_back(
          "Units",
          fmt::format("{}, {} ({}, {})", counted(view.units(), "unit"), counted(members, "member"),
                      counted(view.seeds, "seed"), counted(view.folds, "fold")));
      rows.emplace_back("Not fitted", skipped_text(view));
      for (auto& row : protocol_of(view)) rows.push_back(std::move(row));
      rows.emplace_back("Members", status_text(view));
      rows.emplace_back("Fitted",
                        provenance.start.empty() ? "" : provenance.start + " to " + provenance.end);
      rows.emplace_back("strffit", written("strffit_version"));
      rows.emplace_back("Libraries",
                        written("libtorch_version").empty()
                            ? ""
                            : fmt::format("LibTorch {}, {}, HDF5 {}", written("libtorch_version"),
                                          written("blas_version"), written("hdf5_version")));
      rows.emplace_back("Processor", written("cpu"));
      html_.facts(rows);
      const auto warnings = without_repeats(warnings_of(view.given));
      if (!warnings.empty()) {
        html_.raw(fmt::format("<h3>Warnings of the log</h3>\n<ul class=\"warnings\">\n"));
        for (const auto& warning : warnings) html_.raw("<li>").text(warning).raw("</li>\n");
        html_.raw("</ul>\n");
      } else if (is_there(RunPaths{view.given}.log())) {
        html_.paragraph("The log has no warnings.");
      }
    }
    html_.end_section();
  }

  void scores() {
    html_.section("scores", "Scores");
    for (const auto& view : views_) {
      html_.figure(draw(scores_figure(view), kWideLook),
                   fmt::format("Scores of {}, on the {} sounds", name_of(view), view.split));
    }
    sound_tables();
    unit_table();
    html_.end_section();
  }

  void sound_tables() {
    if (by_sound_.cc.empty()) return;
    const std::string of_which =
        recorded_all_ ? std::string() : fmt::format(" (of {} units)", recorded_->units.size());
    const auto row_of = [&](const std::string& name, const std::vector<double>& values) {
      const Summary summary = summarise(values);
      return std::vector<HtmlCell>{{.text = name},
                                   {.text = fmt::format("{}", summary.count)},
                                   html_score(summary.mean),
                                   html_score(summary.median),
                                   html_number(summary.lower_quartile),
                                   html_number(summary.upper_quartile)};
    };
    const std::vector<HtmlColumn> columns = {{"Sound"},
                                             {"Scores", true},
                                             {"Mean", true, true},
                                             {"Median", true, true},
                                             {"Lower quartile", true},
                                             {"Upper quartile", true}};
    std::vector<std::vector<HtmlCell>> rows;
    std::map<std::string, std::vector<double>> of_category;
    for (std::size_t s = 0; s < by_sound_.keys.size(); ++s) {
      rows.push_back(row_of(by_sound_.keys[s], by_sound_.cc[s]));
      auto& values = of_category[by_sound_.categories[s]];
      values.insert(values.end(), by_sound_.cc[s].begin(), by_sound_.cc[s].end());
    }
    html_.table("Correlation of prediction and mean response, by sound" + of_which, columns, rows);
    of_category.erase("");
    if (of_category.empty()) return;
    rows.clear();
    for (const auto& [category, values] : of_category) rows.push_back(row_of(category, values));
    auto named = columns;
    named.front().title = "Category";
    html_.table("The same by category, a score a unit and sound" + of_which, named, rows);
  }

  void unit_table() {
    const auto of = [&](const char* metric) { return unit_scores(first_, metric); };
    const auto cc = of("cc"), ceiling = of("cc_max"), snr = of("snr"), fve = of("fve"),
               bits = of("bits_per_spike");
    std::vector<HtmlColumn> columns = {{"Unit"}, {"STRF"}};
    for (std::size_t v = 0; v < views_.size(); ++v) {
      const std::string name = score_label(views_[v], metric_);
      columns.push_back({views_.size() > 1 ? name + ", " + name_of(views_[v]) : name, true, true});
    }
    if (views_.size() == 2) columns.push_back({"Difference", true});
    columns.insert(columns.end(),
                   {{"CC", true, true, "correlation of prediction and mean response"},
                    {"Ceiling", true, true, "cc_max: the highest CC that a model could reach"},
                    {"SNR", true},
                    {"FVE", true, false, "fraction of the variance explained"},
                    {"Bits/spike", true},
                    {"Best frequency (kHz)", true},
                    {"Latency (ms)", true}});
    for (const auto& [name, fact] : facts_) columns.push_back({name, !fact.numbers.empty()});
    std::vector<std::vector<HtmlCell>> rows;
    const auto bands = first_.roster().axes.frequencies_hz.size();
    const auto& tuning = unit_tuning(first_, threads_of(options_.run));
    for (std::int64_t unit = 0; unit < first_.units(); ++unit) {
      const auto u = static_cast<std::size_t>(unit);
      std::vector<HtmlCell> row;
      row.push_back(
          {.text = id(first_, unit), .link = anchor_.contains(unit) ? anchor_[unit] : ""});
      const UnitStrf strf = unit_strf(first_, unit);
      HtmlCell picture;
      if (!strf.values.empty()) {
        picture.markup = fmt::format("<img alt=\"\" src=\"data:image/png;base64,{}\">",
                                     base64(thumbnail(strf, bands)));
      }
      row.push_back(std::move(picture));
      for (std::size_t v = 0; v < views_.size(); ++v) row.push_back(html_score(score_in(v, unit)));
      if (views_.size() == 2) row.push_back(html_number(score_in(1, unit) - score_in(0, unit)));
      row.push_back(html_score(cc[u]));
      row.push_back(html_score(ceiling[u]));
      row.push_back(html_number(snr[u]));
      row.push_back(html_number(fve[u]));
      row.push_back(html_number(bits[u]));
      const StrfSummary& summary = tuning[u];
      row.push_back(html_number(summary.best_frequency_hz / 1000, 2));
      if (summary.at_edge) row.back().text += " (edge)";
      row.push_back(html_number(summary.latency_ms, 0));
      for (const auto& [name, fact] : facts_) {
        row.push_back(fact.numbers.empty() ? HtmlCell{.text = fact.words[u]}
                                           : HtmlCell{.text = number(fact.numbers[u])});
      }
      rows.push_back(std::move(row));
    }
    if (chosen_.size() < static_cast<std::size_t>(first_.units())) {
      html_.paragraph(fmt::format(
          "Figures of {} units follow: the best, the median and the worst{}. A name that is a link "
          "leads to them; --units names others.",
          anchor_.size(), views_.size() > 1 ? ", and where the runs differ most" : ""));
    }
    html_.table(fmt::format("Every unit, {}", score_label(first_, metric_)), columns, rows,
                "unit-table");
  }

  void unit_sections(std::size_t before) {
    units_.section("units", "Units");
    const std::size_t table = 3000 * static_cast<std::size_t>(first_.units());
    std::size_t without = 0;
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      if (observer_.stop_requested()) throw Stopped("stopped on request; nothing was written");
      if (before + table + units_.size() > options_.most_bytes) {
        without = chosen_.size() - i;
        break;
      }
      const auto unit = chosen_[i];
      anchor_[unit] = fmt::format("unit-{}", unit);
      one_unit(unit, i);
    }
    if (without > 0) {
      units_.paragraph(
          fmt::format("{} more units have no figures here, so that the page stays below "
                      "{} MB; --units names those that are wanted.",
                      without, (options_.most_bytes + 2'000'000) / 1'000'000));
    }
    units_.end_section();
  }

  void one_unit(std::int64_t unit, std::size_t place) {
    const std::string& name = id(first_, unit);
    units_
        .raw(fmt::format("<section class=\"unit\" id=\"{0}\" data-name=\"{1}\" "
                         "aria-labelledby=\"{0}-title\">\n<h3 id=\"{0}-title\">Unit ",
                         anchor_[unit], plot::xml_text(name)))
        .raw(html_name(name))
        .raw("</h3>\n");
    std::vector<std::pair<std::string, std::string>> rows;
    for (std::size_t v = 0; v < views_.size(); ++v) {
      rows.emplace_back(score_label(views_[v], metric_) +
                            (views_.size() > 1 ? ", " + name_of(views_[v]) : std::string()),
                        plot::score_of(score_in(v, unit)));
    }
    const auto u = static_cast<std::size_t>(unit);
    for (const char* metric : {"cc", "cc_max", "snr", "fve"}) {
      const double value = unit_scores(first_, metric)[u];
      if (std::isfinite(value)) rows.emplace_back(score_label(first_, metric), number(value));
    }
    for (const auto& [key, fact] : facts_) {
      rows.emplace_back(key, fact.numbers.empty() ? fact.words[u] : number(fact.numbers[u]));
    }
    units_.facts(rows);
    responses(unit, place);
    units_.raw("<div class=\"pair\">\n");
    for (std::size_t v = 0; v < views_.size(); ++v) {
      const auto here = in_run(v, unit);
      if (here < 0) continue;
      auto figure = strf_figure(views_[v], here, metric_);
      if (!figure) continue;
      const Look look{.format = Format::kSvg,
                      .width_mm = figure->channels.size() > 1 ? 120.0 : 85.0};
      units_.figure(draw(*figure, look).front(),
                    fmt::format("Receptive field of unit {}, {}", name, name_of(views_[v])));
      summary_table(views_[v], here);
    }
    for (std::size_t v = 0; v < views_.size(); ++v) {
      const auto here = in_run(v, unit);
      if (here < 0) continue;
      // A model of all units has one learning curve, in the section on training.
      if (!views_[v].roster().independent()) continue;
      if (const auto curves = learning_figure(views_[v], {here})) {
        units_.figure(draw(*curves, {.format = Format::kSvg, .width_mm = 85}),
                      fmt::format("Learning curve of unit {}, {}", name, name_of(views_[v])));
      }
    }
    units_.raw("</div>\n</section>\n");
  }

  void summary_table(const RunView& view, std::int64_t unit) {
    const UnitStrf strf = unit_strf(view, unit);
    const auto size = strf.values.size() / strf.channels.size();
    std::vector<HtmlColumn> columns = {{"Receptive field"}};
    for (const auto& channel : strf.channels) columns.push_back({channel, true});
    static const std::pair<const char*, int> kNames[] = {{"Best frequency (Hz)", 0},
                                                         {"Bandwidth (octaves)", 2},
                                                         {"Latency (ms)", 1},
                                                         {"Duration (ms)", 1},
                                                         {"Separability", 3},
                                                         {"Best rate (Hz)", 1},
                                                         {"Best ripple (cycles/octave)", 2}};
    static_assert(std::size(kNames) == kStrfMeasures.size());
    std::vector<std::vector<HtmlCell>> rows;
    for (std::size_t m = 0; m < kStrfMeasures.size(); ++m) {
      std::vector<HtmlCell> row = {{.text = kNames[m].first}};
      for (std::size_t c = 0; c < strf.channels.size(); ++c) {
        const StrfSummary summary =
            strf_summary(std::span(strf.values).subspan(c * size, size), view.roster().axes,
                         view.checkpoint.model->ahead());
        row.push_back(html_number(summary.*kStrfMeasures[m].value, kNames[m].second));
      }
      rows.push_back(std::move(row));
    }
    units_.table("Tuning", columns, rows);
  }

  void responses(std::int64_t unit, std::size_t place) {
    if (!recorded_) return;
    constexpr std::size_t kMostSounds = 4;
    const auto found = recorded_place_.find(unit);
    if (found == recorded_place_.end()) return;
    const std::size_t u = found->second;
    for (std::size_t s = 0; s < recorded_->sounds.size(); ++s) {
      if (s == kMostSounds) {
        units_.raw("<p class=\"note\">")
            .text(fmt::format("{} more sounds: strffit plot {} --what response --units {}",
                              recorded_->sounds.size() - s, name_of(first_), id(first_, unit)))
            .raw("</p>\n");
        break;
      }
      const auto& all = predicted_[s];
      auto figure = response_figure(first_, *recorded_, u, s, all.front()[place]);
      for (std::size_t v = 1; v < views_.size() && v < 3; ++v) {
        if (all[v].empty()) continue;
        figure.predictions.push_back({name_of(views_[v]), all[v][place]});
      }
      if (views_.size() > 1) figure.predictions.front().name = name_of(first_);
      const std::string& key = recorded_->dataset.stimuli[recorded_->sounds[s]].key;
      units_.figure(
          draw(figure, kWideLook),
          fmt::format("Response of unit {} to {}, and its prediction", id(first_, unit), key));
    }
  }

  void population() {
    html_.section("population", "Population");
    bool any = false;
    for (const auto& view : views_) {
      if (views_.size() > 1) html_.heading(name_of(view));
      std::vector<std::int64_t> units(static_cast<std::size_t>(view.units()));
      std::iota(units.begin(), units.end(), std::int64_t{0});
      constexpr std::size_t kMostFields = 120;  // two pages
      const auto scores = unit_scores(view, metric_);
      const auto shown = sorted_units(telling_units(scores, kMostFields), scores);
      const plot::ContactSheet sheet = contact_sheet(view, shown);
      if (!sheet.figures.empty()) {
        any = true;
        const auto pages = draw(sheet, {.format = Format::kSvg, .width_mm = 183});
        for (const auto& page : pages) {
          html_.figure(page, fmt::format("Receptive fields of {} of {}, by their score",
                                         counted(static_cast<std::int64_t>(shown.size()), "unit"),
                                         view.units()));
        }
      }
      if (const auto figure = tuning_figure(view, units, threads_of(options_.run))) {
        html_.figure(draw(*figure, kWideLook), "Distributions of tuning");
      }
      if (const auto figure = modulation_figure(view, units)) {
        html_.figure(draw(*figure, kColumn), "Modulations that receptive fields pass");
      }
      if (const auto figure = prefilter_figure(view)) {
        html_.figure(draw(*figure, kColumn), "Time constants and weights of the prefilter");
      }
      if (!any && !view.strfs.gradient) {
        html_.paragraph(fmt::format(
            "{} has no receptive field of a unit. strffit export-strfs {} --gradient computes "
            "gradient receptive fields, which this page then shows.",
            view.checkpoint.model->kind(), name_of(view)));
      }
    }
    maps();
    html_.end_section();
  }

  // Score and best frequency against the known facts about units.
  void maps() {
    constexpr std::size_t kMost = 6;
    std::size_t shown = 0;
    html_.raw("<div class=\"pair\">\n");
    for (const auto& [name, fact] : facts_) {
      const std::set<double> values(fact.numbers.begin(), fact.numbers.end());
      const std::set<std::string> words(fact.words.begin(), fact.words.end());
      // A fact with equal values, or with another name for each unit, makes no useful axis.
      const bool useful =
          fact.words.empty() ? values.size() > 1 : words.size() > 1 && words.size() <= 12;
      if (!useful || shown == kMost) continue;
      ++shown;
      html_.figure(draw(against_figure(first_, metric_, name, fact), kColumn),
                   fmt::format("{} against {}", score_label(first_, metric_), name));
      auto frequencies = against_figure(first_, metric_, name, fact);
      bool known = false;
      for (std::int64_t unit = 0; unit < first_.units(); ++unit) {
        double& y = frequencies.y[static_cast<std::size_t>(unit)];
        y = unit_tuning(first_, 1)[static_cast<std::size_t>(unit)].best_frequency_hz / 1000;
        known = known || std::isfinite(y);
      }
      if (!known) continue;
      frequencies.heading.title = "best frequency against " + name;
      frequencies.y_label = "best frequency (kHz)";
      html_.figure(draw(frequencies, kColumn), fmt::format("Best frequency against {}", name));
    }
    html_.raw("</div>\n");
  }

  void training() {
    html_.section("training", "Training");
    for (const auto& view : views_) {
      if (views_.size() > 1) html_.heading(name_of(view));
      if (const auto figure = learning_figure(view, {})) {
        html_.figure(draw(*figure, kColumn), "Learning curves");
      } else {
        html_.paragraph("No epochs: the closed form, or a checkpoint without its results.");
      }
      if (view.results) {
        double seconds = 0;
        const auto found = view.results->history.find("seconds");
        std::int64_t epochs = 0;
        if (found != view.results->history.end()) {
          epochs = static_cast<std::int64_t>(found->second.size());
          for (const auto& row : found->second) seconds += row.empty() ? 0 : row.front();
        }
        html_.facts(
            {{"Members", status_text(view)},
             {"Epochs", epochs > 0 ? fmt::format("{}, {}", epochs, duration(seconds)) : ""}});
        member_table(view);
      }
      if (const auto figure = sweep_figure(view)) {
        html_.figure(draw(*figure, {.format = Format::kSvg, .width_mm = 140}),
                     "Scores of the settings of the sweep, means over units");
        setting_table(view);
      }
    }
    html_.end_section();
  }

  // Scores of each seed and fold, if there are several.
  void member_table(const RunView& view) {
    if (view.seeds * view.folds < 2) return;
    const auto split = view.results->metrics.find(view.split);
    if (split == view.results->metrics.end() || !split->second.contains(metric_)) return;
    const auto& values = split->second.at(metric_);
    std::map<std::pair<std::int64_t, std::int64_t>, std::vector<double>> groups;
    for (const auto& places : view.places) {
      for (const Place& place : places) {
        const Member& member = view.roster().members[static_cast<std::size_t>(place.member)];
        groups[{member.seed, member.fold}].push_back(values.values.at(
            static_cast<std::size_t>(place.member * values.dim(1) + place.output)));
      }
    }
    std::vector<std::vector<HtmlCell>> rows;
    for (const auto& [key, scores] : groups) {
      const Summary summary = summarise(scores);
      rows.push_back({{.text = fmt::format("{}", key.first)},
                      {.text = fmt::format("{}", key.second)},
                      {.text = fmt::format("{}", summary.count)},
                      html_score(summary.mean),
                      html_score(summary.median)});
    }
    html_.table(score_label(view, metric_) + ", by seed and fold",
                {{"Seed", true},
                 {"Fold", true},
                 {"Units", true},
                 {"Mean", true, true},
                 {"Median", true, true}},
                rows);
  }

  void setting_table(const RunView& view) {
    const Choice& choice = view.study->choice;
    std::vector<HtmlColumn> columns = {{"Setting", true}};
    for (const auto& [key, values] : view.study->roster.settings) columns.push_back({key});
    columns.insert(columns.end(),
                   {{"Validation", true, true}, {"Test", true, true}, {"Best for units", true}});
    std::vector<std::vector<HtmlCell>> rows;
    for (std::size_t s = 0; s < choice.valid.size(); ++s) {
      std::vector<HtmlCell> row = {{.text = fmt::format("{}", s)}};
      for (const auto& [key, values] : view.study->roster.settings)
        row.push_back({.text = values[s]});
      row.push_back(html_score(choice.valid[s]));
      row.push_back(html_score(choice.test[s]));
      row.push_back({.text = fmt::format("{}", std::count(choice.unit.begin(), choice.unit.end(),
                                                          static_cast<std::int64_t>(s)))});
      rows.push_back(std::move(row));
    }
    html_.table("Settings of the sweep, " + choice.score, columns, rows);
  }

  void comparison() {
    if (!compared_) return;
    const RunsCompared& found = *compared_;
    html_.section("comparison", "Comparison");
    std::vector<HtmlColumn> columns;
    for (const auto& title : found.header) columns.push_back({title, !columns.empty()});
    std::vector<std::vector<HtmlCell>> rows;
    for (const auto& pair : found.pairs) {
      std::vector<HtmlCell> row;
      for (const auto& cell : pair.cells) row.push_back({.text = cell});
      rows.push_back(std::move(row));
    }
    html_.table(
        fmt::format("Differences in {} from {}, unit by unit", found.metric, found.names.front()),
        columns, rows);
    for (const auto& note : found.notes) html_.raw("<p class=\"note\">").text(note).raw("</p>\n");
    html_.raw("<div class=\"pair\">\n");
    for (const auto& pair : found.pairs) {
      const plot::ScatterFigure figure{found.metric + ", " + found.split, found.names.front(),
                                       found.names[pair.run], found.scores.front(),
                                       found.scores[pair.run]};
      html_.figure(draw(figure, {.format = Format::kSvg, .width_mm = 85}),
                   fmt::format("{} of {} against {}, a dot a unit", found.metric,
                               found.names[pair.run], found.names.front()));
      gains(pair.run);
    }
    html_.raw("</div>\n").end_section();
  }

  // The units with the largest gains and losses.
  void gains(std::size_t run) {
    const RunsCompared& found = *compared_;
    std::vector<std::size_t> order;
    const auto difference = [&](std::size_t u) {
      return found.scores[run][u] - found.scores[0][u];
    };
    for (std::size_t u = 0; u < found.units.size(); ++u) {
      if (std::isfinite(difference(u))) order.push_back(u);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return difference(a) > difference(b); });
    constexpr std::size_t kMost = 1000;
    std::vector<std::vector<HtmlCell>> rows;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (order.size() > kMost && i >= kMost / 2 && i < order.size() - kMost / 2) continue;
      const auto u = order[i];
      rows.push_back({{.text = found.units[u]},
                      html_number(difference(u)),
                      html_score(found.scores[0][u]),
                      html_score(found.scores[run][u])});
    }
    html_.table(rows.size() < order.size()
                    ? fmt::format("The {} units that gain most and lose most", rows.size())
                    : std::string("Units by their gain"),
                {{"Unit"},
                 {"Gain", true},
                 {found.names.front(), true, true},
                 {found.names[run], true, true}},
                rows);
  }

  void how_to_repeat() {
    html_.section("repeat", "How to repeat it");
    for (const auto& view : views_) {
      if (views_.size() > 1) html_.heading(name_of(view));
      const std::string command =
          view.results ? view.results->provenance.command_line : std::string();
      if (!command.empty()) html_.preformatted(command);
      html_.paragraph("The whole configuration. strffit train with it repeats the fit:");
      const std::string whole = RunPaths{view.given}.config();
      html_.preformatted(is_there(whole) ? text_of(whole) : view.checkpoint.config);
    }
    html_.end_section();
  }

  const std::vector<RunView>& views_;
  const PageOptions& options_;
  const std::optional<RunsCompared>& compared_;
  Observer& observer_;
  const RunView& first_;
  std::string metric_;
  std::vector<std::vector<double>> scores_;  // (runs, units of the run)
  std::vector<std::map<std::string, std::int64_t>> place_of_;
  std::vector<std::int64_t> chosen_;
  std::optional<Dataset> dataset_;
  std::map<std::string, Fact> facts_;
  std::optional<Recorded> recorded_;
  bool recorded_all_ = false;
  std::map<std::int64_t, std::size_t> recorded_place_;
  std::vector<std::vector<std::vector<std::vector<double>>>>
      predicted_;  // sound, run, chosen, frame
  BySound by_sound_;
  std::map<std::int64_t, std::string> anchor_;
  Html html_, units_;
};

}  // namespace

std::string report_page(const std::vector<RunView>& views, const PageOptions& options,
                        const std::optional<RunsCompared>& compared, Observer& observer) {
  if (views.empty()) throw Bug("a report of no runs");
  return ReportPage(views, options, compared, observer).page();
}

}  // namespace strffit
