#include "commands/plot.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <set>

#include "commands/compare.hpp"
#include "config/suggest.hpp"
#include "evaluation/figures.hpp"
#include "files/paths.hpp"
#include "files/temporary_file.hpp"
#include "plot/sheet.hpp"
#include "report/run_figures.hpp"
#include "training/device.hpp"
#include "util/errors.hpp"
#include "util/listed.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

class Plotter {
 public:
  Plotter(const PlotRequest& request, Observer& observer)
      : request_(request),
        observer_(observer),
        run_(run_options(request.device, request.threads)),
        view_(open_run(request.paths.front(), observer)) {
    view_.show(weights_shown(request.weights));
    folder_ = request.out.empty() ? view_.folder + "/figures" : request.out;
    std::error_code ignored;
    if (request.out.empty() && !std::filesystem::is_directory(view_.folder, ignored)) {
      folder_ = (std::filesystem::path(view_.folder).parent_path() / "figures").string();
    }
  }

  void response() {
    const auto units = some_units(3);
    const Recorded recorded = read_recorded(view_, units, request_.sounds, request_.data);
    for (std::size_t s = 0; s < recorded.sounds.size(); ++s) {
      const auto predicted = predictions(view_, recorded, s, run_);
      for (std::size_t u = 0; u < recorded.units.size(); ++u) {
        stop_if_asked();
        write(fmt::format("response-{}-{}", unit_name(recorded.units[u]),
                          file_name(recorded.dataset.stimuli[recorded.sounds[s]].key)),
              draw(response_figure(view_, recorded, u, s, predicted[u]), look(85)));
      }
    }
  }

  void strf() {
    for (const auto unit : some_units(3)) {
      stop_if_asked();
      const auto figure = strf_figure(view_, unit, metric());
      if (!figure) refuse_without_fields();
      write("strf-" + unit_name(unit), draw(*figure, look(figure->channels.size() > 1 ? 120 : 85)));
    }
  }

  void contact() {
    std::vector<std::int64_t> units = units_named(view_, request_.units);
    if (request_.sort == "score") {
      units = sorted_units(units, unit_scores(view_, metric()));
    } else if (request_.sort != "dataset") {
      throw ConfigError("--sort",
                        fmt::format("expected score or dataset; found \"{}\"", request_.sort));
    }
    if (request_.pages < 1) throw ConfigError("--pages", "expected at least one page");
    const double width = look(183).width();
    const auto channels = std::max<std::size_t>(unit_strf(view_, units.front()).channels.size(), 1);
    const auto a_page = plot::lay_out(units.size(), channels, width).front().places.size();
    const auto most = a_page * static_cast<std::size_t>(request_.pages);
    if (units.size() > most) {
      outcome_.notes.push_back(fmt::format("{} of {} units are on {}; --pages draws more", most,
                                           units.size(), strffit::counted(request_.pages, "page")));
      units.resize(most);
    }
    observer_.began(
        fmt::format("drawing {}",
                    strffit::counted(static_cast<std::int64_t>(units.size()), "receptive field")));
    const auto sheet = contact_sheet(view_, units);
    if (sheet.figures.empty()) refuse_without_fields();
    write("contact-sheet", draw(sheet, look(183)));
  }

  void scores() { write("scores", draw(scores_figure(view_), look(183))); }

  void against() {
    auto facts = unit_facts(view_, request_.data, observer_);
    for (const auto& name : known_metrics(view_)) {
      facts.insert({name, Fact{unit_scores(view_, name), {}}});
    }
    std::vector<std::string> names;
    for (const auto& [name, fact] : facts) names.push_back(name);
    if (request_.against.empty()) {
      throw ConfigError("--against",
                        "name what the score is to be plotted against: " + listed(names, 40));
    }
    const auto found = facts.find(request_.against);
    if (found == facts.end()) {
      throw ConfigError(
          "--against",
          fmt::format("no fact or metric \"{}\"{} There are {}", request_.against,
                      config::did_you_mean(request_.against, names, "."), listed(names, 40)));
    }
    write("score-against-" + file_name(request_.against),
          draw(against_figure(view_, metric(), found->first, found->second), look(85)));
  }

  void learning() {
    std::vector<std::int64_t> units;
    if (!request_.units.empty()) units = units_named(view_, request_.units);
    if (units.empty()) {
      write("learning", draw(wanted(learning_figure(view_, {}),
                                    "no epochs: the closed form, or a "
                                    "checkpoint without results.h5"),
                             look(85)));
    }
    for (const auto unit : units) {
      write("learning-" + unit_name(unit),
            draw(wanted(learning_figure(view_, {unit}), "no epochs"), look(85)));
    }
  }

  void tuning() {
    const auto figure = tuning_figure(view_, units_named(view_, request_.units), threads_of(run_));
    if (!figure) refuse_without_fields();
    write("tuning", draw(*figure, look(183)));
  }

  void prefilter() {
    write("prefilter", draw(wanted(prefilter_figure(view_),
                                   "no prefilter with time constants "
                                   "(model.prefilter.kind: adaptrans)"),
                            look(85)));
  }

  void sweep() {
    write("sweep",
          draw(wanted(sweep_figure(view_), "no sweep, or its study.h5 is missing"), look(140)));
  }

  void modulation() {
    const auto all = units_named(view_, {});
    const auto units = request_.units.empty() ? all : units_named(view_, request_.units);
    if (request_.units.empty()) {
      const auto figure = modulation_figure(view_, units);
      if (!figure) refuse_without_fields();
      write("modulation", draw(*figure, look(85)));
      return;
    }
    for (const auto unit : units) {
      const auto figure = modulation_figure(view_, {unit});
      if (!figure) refuse_without_fields();
      write("modulation-" + unit_name(unit), draw(*figure, look(85)));
    }
  }

  void hidden() {
    const auto units = some_units(1);
    const Recorded recorded = read_recorded(view_, units, request_.sounds, request_.data);
    for (const auto unit : units) {
      stop_if_asked();
      write("hidden-" + unit_name(unit),
            draw(wanted(hidden_figure(view_, unit, recorded),
                        "no hidden units with receptive fields (nrf and dnet have them)"),
                 look(183)));
    }
  }

  void dynamic() {
    const auto units = some_units(1);
    const Recorded recorded = read_recorded(view_, units, request_.sounds, request_.data);
    // One sound unless more are asked for: each takes a while.
    const std::size_t sounds = request_.sounds.empty() ? 1 : recorded.sounds.size();
    for (std::size_t s = 0; s < sounds; ++s) {
      const Stimulus& stimulus = recorded.dataset.stimuli[recorded.sounds[s]];
      for (const auto unit : units) {
        stop_if_asked();
        write(fmt::format("dynamic-{}-{}", unit_name(unit), file_name(stimulus.key)),
              draw(dynamic_figure(view_, unit, stimulus), look(183)));
      }
    }
  }

  PlotOutcome outcome() && { return std::move(outcome_); }

 private:
  plot::Look look(double width_mm) const {
    return {.format = plot::format_of("a." + request_.format),
            .width_mm = request_.width_mm > 0 ? request_.width_mm : width_mm};
  }

  // cc where cc_norm was not asked for by name and no unit has one.
  std::string metric() {
    const auto known = known_metrics(view_);
    const auto named = std::find(known.begin(), known.end(), request_.metric) != known.end();
    if (!known.empty() && !named) {
      throw ConfigError("--metric", fmt::format("no metric \"{}\" in the results; there are {}",
                                                request_.metric, listed(known, 20)));
    }
    const auto scores = unit_scores(view_, request_.metric);
    const bool any =
        std::any_of(scores.begin(), scores.end(), [](double s) { return std::isfinite(s); });
    return any || request_.metric != "cc_norm" ? request_.metric : "cc";
  }

  // The units that were asked for; otherwise the best, the median and the worst.
  std::vector<std::int64_t> some_units(std::size_t most) {
    if (!request_.units.empty()) return units_named(view_, request_.units);
    const auto units = telling_units(unit_scores(view_, metric()), most);
    if (static_cast<std::int64_t>(units.size()) < view_.units()) {
      outcome_.notes.push_back(
          most == 1 ? "the best unit; --units names others"
                    : "the best, the median and the worst unit; --units names others");
    }
    return units;
  }

  std::string unit_name(std::int64_t unit) const {
    return "unit-" + file_name(view_.roster().unit_ids.at(static_cast<std::size_t>(unit)));
  }

  template <class Figure>
  Figure wanted(std::optional<Figure> figure, const std::string& why) const {
    if (!figure) throw ConfigError(request_.paths.front(), fmt::format("has {}", why));
    return std::move(*figure);
  }

  [[noreturn]] void refuse_without_fields() const {
    throw ConfigError(request_.paths.front(),
                      fmt::format("has no receptive field of a unit; strffit export-strfs {} "
                                  "--gradient computes gradient receptive fields, which are then "
                                  "drawn",
                                  request_.paths.front()));
  }

  void stop_if_asked() const {
    if (observer_.stop_requested()) throw Stopped("stopped on request");
  }

  void write(const std::string& name, const std::string& bytes) {
    write(name, std::vector<std::string>{bytes});
  }
  void write(const std::string& name, const std::vector<std::string>& pages) {
    if (!made_) make_folder(folder_);
    made_ = true;
    std::string free = name;  // ids may differ in characters that file names lack
    for (int i = 2; !taken_.insert(free).second; ++i) free = fmt::format("{}-{}", name, i);
    const auto written =
        plot::write_files(fmt::format("{}/{}.{}", folder_, free, request_.format), pages);
    outcome_.files.insert(outcome_.files.end(), written.begin(), written.end());
  }

  const PlotRequest& request_;
  Observer& observer_;
  RunOptions run_;
  RunView view_;
  std::string folder_;
  bool made_ = false;
  std::set<std::string> taken_;
  PlotOutcome outcome_;
};

// A figure and who draws it.
struct Drawn {
  const char* name;
  void (Plotter::*draw)();
};
constexpr Drawn kDrawn[] = {
    {"response", &Plotter::response},     {"strf", &Plotter::strf},
    {"contact-sheet", &Plotter::contact}, {"scores", &Plotter::scores},
    {"score-against", &Plotter::against}, {"learning", &Plotter::learning},
    {"tuning", &Plotter::tuning},         {"prefilter", &Plotter::prefilter},
    {"sweep", &Plotter::sweep},           {"modulation", &Plotter::modulation},
    {"hidden", &Plotter::hidden},         {"dynamic", &Plotter::dynamic}};
constexpr const char* kCompare = "compare";

PlotOutcome draw_comparison(const PlotRequest& request, Observer& observer) {
  CompareRequest asked;
  asked.paths = request.paths;
  asked.data = request.data;
  asked.metric = request.metric;
  asked.device = request.device;
  asked.threads = request.threads;
  const Comparison found = compare_runs(asked, observer);
  PlotOutcome outcome;
  const std::string folder = request.out.empty() ? request.paths.front() + "/figures" : request.out;
  make_folder(folder);
  for (const auto& pair : found.pairs) {
    const ComparedRun &first = found.runs.front(), &other = found.runs[pair.run];
    const plot::ScatterFigure figure{found.metric + ", " + found.split, first.path, other.path,
                                     first.scores, other.scores};
    outcome.files.push_back(fmt::format("{}/compare-{}-{}.{}", folder, pair.run,
                                        file_name(other.path), request.format));
    files::write_text(outcome.files.back(),
                      draw(figure, {.format = plot::format_of(outcome.files.back()),
                                    .width_mm = request.width_mm > 0 ? request.width_mm : 85}));
  }
  return outcome;
}

}  // namespace

const std::vector<std::string>& plot_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const Drawn& drawn : kDrawn) names.emplace_back(drawn.name);
    names.emplace_back(kCompare);
    return names;
  }();
  return kNames;
}

PlotOutcome plot_run(const PlotRequest& request, Observer& observer) {
  check_figure_format(request.format);
  weights_shown(request.weights);
  const auto& names = plot_names();
  if (std::find(names.begin(), names.end(), request.what) == names.end()) {
    throw ConfigError(
        "--what", fmt::format("no figure \"{}\"{} There are {}", request.what,
                              config::did_you_mean(request.what, names, "."), listed(names, 40)));
  }
  if (request.width_mm != 0 &&
      !(request.width_mm >= plot::kNarrowest_mm && request.width_mm <= plot::kWidest_mm)) {
    throw ConfigError("--width-mm",
                      fmt::format("expected from {} to {}; found {}", plot::kNarrowest_mm,
                                  plot::kWidest_mm, request.width_mm));
  }
  if (request.paths.empty()) throw ConfigError("RUN", "expected a run");
  if (request.what == kCompare) return draw_comparison(request, observer);
  if (request.paths.size() > 1) {
    throw ConfigError("RUN", "several runs are for --what compare; name one");
  }
  Plotter plotter(request, observer);
  for (const Drawn& drawn : kDrawn) {
    if (request.what == drawn.name) (plotter.*drawn.draw)();
  }
  return std::move(plotter).outcome();
}

}  // namespace strffit
