// Numbers that figures of a run are drawn from, and the page of a run. References: the files that
// the run has written, the dataset, closed forms.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>

#include "commands/plot.hpp"
#include "commands/report.hpp"
#include "commands/train.hpp"
#include "evaluation/strfs.hpp"
#include "files/checksum.hpp"
#include "model/model.hpp"
#include "report/html.hpp"
#include "report/page_assets.hpp"
#include "report/report_page.hpp"
#include "report/run_figures.hpp"
#include "support/messages.hpp"
#include "support/near.hpp"
#include "support/small_study.hpp"
#include "util/base64.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::contains;
using test::error_of;
using test::near;
using test::read_text;
using test::SmallStudy;

void fit(const SmallStudy& study, const std::vector<std::string>& changes = {}) {
  TrainRequest request;
  request.config = study.config();
  request.assignments = changes;
  TrainObserver silent;
  train_run(request, silent);
}

RunView view_of(const std::string& path) {
  Observer silent;
  return open_run(path, silent);
}

std::vector<std::int64_t> every(const RunView& view) { return units_named(view, {}); }

TEST_CASE("a run's figures show what its files hold") {
  const SmallStudy study("{kind: ln, context: 5}",
                         "{mode: independent, max_epochs: 4, seeds: [0, 1]}");
  fit(study);
  const RunView view = view_of(study.run());
  CHECK(view.split == "test");
  CHECK(view.averaged() == "mean of 2 seeds");
  const Results results = read_results(study.run() + "/results.h5");
  const auto dataset = read_dataset(study.data_file());
  REQUIRE(view.units() == 3);

  // Members: seeds x units. Scores are means over the seeds.
  const auto scores = unit_scores(view, "cc_norm");
  const auto& stored = results.metrics.at("test").at("cc_norm").values;
  for (std::size_t u = 0; u < 3; ++u) {
    CHECK(scores[u] == near((stored[u] + stored[3 + u]) / 2, 1e-12));
  }
  CHECK(std::isnan(unit_scores(view, "no_such_metric")[0]));

  // Response, trials and sound are the dataset's; the prediction is the mean of the stored ones.
  const Recorded recorded = read_recorded(view, {2}, {}, "");
  CHECK(recorded.counts);
  REQUIRE(recorded.sounds.size() == 2);
  for (std::size_t s = 0; s < 2; ++s) {
    const auto predicted = predictions(view, recorded, s, run_options("cpu", 1));
    const auto figure = response_figure(view, recorded, 0, s, predicted[0]);
    const std::string key = recorded.dataset.stimuli[recorded.sounds[s]].key;
    const Stimulus* stimulus = nullptr;
    for (const auto& one : dataset.stimuli) stimulus = one.key == key ? &one : stimulus;
    REQUIRE(stimulus != nullptr);
    CHECK(stimulus->split == SplitName::test);
    const auto all = read_predictions(study.run() + "/results.h5", key);
    const auto T = static_cast<std::size_t>(stimulus->frames());
    REQUIRE(figure.predictions[0].values.size() == T);
    double worst = 0, worst_mean = 0;
    for (std::size_t t = 0; t < T; ++t) {
      const double expected = (static_cast<double>(all.values[2 * T + t]) +
                               static_cast<double>(all.values[5 * T + t])) /
                              2;
      worst = std::max(worst, std::abs(figure.predictions[0].values[t] - expected));
      double sum = 0;
      for (std::size_t r = 0; r < 4; ++r) {
        sum += static_cast<double>(stimulus->responses.values[(2 * 4 + r) * T + t]);
      }
      worst_mean = std::max(worst_mean, std::abs(figure.response[t] - sum / 4));
    }
    CHECK(worst < 1e-5);  // float32, predicted in other company
    CHECK(worst_mean < 1e-6);
    CHECK(figure.trials.shape == Shape{4, static_cast<std::int64_t>(T)});
    CHECK(figure.spectrogram.values == stimulus->spectrogram.values);
  }

  // The receptive field is the mean of the seeds' kernels, per standard deviation of the band.
  const auto stored_fields = read_strfs(study.run() + "/results.h5");
  RunView raw = view_of(study.run());
  raw.show(Weights::raw);
  const auto check_field = [](const RunView& shown, const Array<float>& expected) {
    const auto field = strf_figure(shown, 1);
    REQUIRE(field);
    const auto size = field->kernel.values.size();
    for (std::size_t i = 0; i < size; ++i) {
      CHECK(static_cast<double>(field->kernel.values[i]) ==
            near((static_cast<double>(expected.values[1 * size + i]) +
                  static_cast<double>(expected.values[4 * size + i])) /
                     2,
                 1e-6, 1e-9));
    }
    return field->value_label;
  };
  CHECK(check_field(view, stored_fields.kernel->per_sd) == "drive per s.d. of band");
  CHECK(check_field(raw, stored_fields.kernel->fields) == "drive per unit of input");
  CHECK(contact_sheet(view, {2, 0}).figures.at(0).unit_id == view.roster().unit_ids[2]);

  const auto learning = learning_figure(view, {1});
  REQUIRE(learning);
  const auto& history = results.history.at("train_loss");
  REQUIRE(learning->curves.at(0).values.shape ==
          Shape{static_cast<std::int64_t>(history.size()), 2});
  CHECK(learning->curves[0].values.values[0] == near(history[0][1], 0));
  CHECK(learning->curves[0].values.values[1] == near(history[0][4], 0));
  CHECK(learning->best_epoch == std::vector<double>{static_cast<double>(results.best_epoch[1]),
                                                    static_cast<double>(results.best_epoch[4])});
  const auto tuning = tuning_figure(view, every(view));
  REQUIRE(tuning);
  CHECK(tuning->panels.at(0).values.size() == 3);
  CHECK_FALSE(sweep_figure(view));
  CHECK_FALSE(prefilter_figure(view));
}

TEST_CASE("a sound that some folds trained on is predicted by the others") {
  const SmallStudy study("{kind: linear, context: 3}", "{mode: independent, max_epochs: 1}",
                         ", folds: 2");
  fit(study);
  const RunView view = view_of(study.run());
  CHECK(view.folds == 2);
  const auto dataset = read_dataset(study.data_file());
  const auto parts = partitions(dataset, data_options_of(view.checkpoint).split);
  const auto held_out = parts[1].valid.front();  // by fold 1; fold 0 trains on it
  const Stimulus& stimulus = dataset.stimuli[held_out];
  const Recorded recorded = read_recorded(view, {0}, {stimulus.key}, "");
  const auto found = predictions(view, recorded, 0, run_options("cpu", 1));
  // Members: folds x units.
  const auto alone =
      view.checkpoint.select({3}).predict(stimulus.spectrogram, run_options("cpu", 1));
  REQUIRE(found[0].size() == alone.values.size());
  for (std::size_t t = 0; t < alone.values.size(); ++t) {
    CHECK(found[0][t] == near(static_cast<double>(alone.values[t]), 1e-5, 1e-7));
  }
}

TEST_CASE("settings of a sweep, the best first; the best is what is shown") {
  const SmallStudy study("{kind: linear, context: 5}", "{mode: independent, max_epochs: 2}");
  fit(study, {"sweep={model.context: [1, 5], fit.weight_decay: [0, 1e-2]}"});
  const RunView view = view_of(study.run());
  const auto figure = sweep_figure(view);
  REQUIRE(figure);
  REQUIRE(figure->valid.size() == 4);
  CHECK(std::is_sorted(figure->valid.rbegin(), figure->valid.rend()));
  const Choice& choice = view.study->choice;
  CHECK(figure->valid.front() == near(choice.valid[static_cast<std::size_t>(choice.best)], 0));
  const auto& contexts = view.study->roster.settings.at("model.context");
  CHECK(std::to_string(view.checkpoint.model->context()) ==
        contexts[static_cast<std::size_t>(choice.best)]);
  CHECK(
      contains(view.setting, "model.context: " + contexts[static_cast<std::size_t>(choice.best)]));
  for (const auto& places : view.places) CHECK(places.size() == 1);
}

TEST_CASE("hidden units come by their contribution, one without a weight last") {
  const SmallStudy study("{kind: nrf, context: 3, hidden: 4}", "{max_epochs: 2}");
  fit(study);
  RunView view = view_of(study.run());
  view.checkpoint.tensors.at("readout/weight").select(2, 2).zero_();
  const auto sheet = hidden_figure(view, 1, read_recorded(view, {1}, {}, ""));
  REQUIRE(sheet);
  REQUIRE(sheet->figures.size() == 4);
  CHECK(sheet->figures.back().unit_id == "2: 0 %, w 0");
  CHECK_FALSE(contains(sheet->figures.front().unit_id, ": 0 %"));
  // A model whose kernels are the units' own has none.
  const SmallStudy linear("{kind: linear, context: 3}", "{max_epochs: 1}");
  fit(linear);
  const RunView other = view_of(linear.run());
  CHECK_FALSE(hidden_figure(other, 0, read_recorded(other, {0}, {}, "")));
}

TEST_CASE("modulation: a moving ripple is found at its rate, ripple and direction") {
  constexpr std::size_t kBands = 32, kLags = 40;
  Axes axes{5, {}};
  for (std::size_t f = 0; f < kBands; ++f) {
    axes.frequencies_hz.push_back(500 * std::exp2(5.0 * static_cast<double>(f) / (kBands - 1)));
  }
  const double cycles_per_octave = 0.8, rate_hz = 25;
  for (const double direction : {1.0, -1.0}) {
    std::vector<float> field(kBands * kLags);
    for (std::size_t f = 0; f < kBands; ++f) {
      for (std::size_t l = 0; l < kLags; ++l) {
        // The sound s(f, t) = cos(2 pi (Omega o - w t)) rises; the field that matches it best has
        // s at t = -lag.
        const double octaves = 5.0 * static_cast<double>(f) / (kBands - 1);
        const double seconds = -5e-3 * static_cast<double>(l);
        field[f * kLags + l] = static_cast<float>(std::cos(
            2 * std::numbers::pi * (cycles_per_octave * octaves - direction * rate_hz * seconds)));
      }
    }
    const Modulation found = modulation_of(field, axes);
    const auto at =
        static_cast<int>(std::max_element(found.magnitudes.begin(), found.magnitudes.end()) -
                         found.magnitudes.begin());
    const double rate =
        (at % found.rates - found.rates / 2) * found.highest_rate_hz / (found.rates / 2);
    const double ripple = at / found.rates * found.highest_ripple / (found.ripples - 1);
    CHECK(rate == near(direction * rate_hz, 0, 1.3));  // bins of 1.25 Hz
    CHECK(ripple == near(cycles_per_octave, 0, 0.06));
  }
  CHECK(modulation_of({1, 2}, {5, {0, 100}}).magnitudes.empty());
  CHECK(modulation_of({1}, {5, {100}}).magnitudes.empty());
}

TEST_CASE("the units that tell most are the best, the median and the worst") {
  std::vector<double> scores;
  for (int i = 0; i < 99; ++i) scores.push_back(i);
  scores.push_back(std::nan(""));
  CHECK(telling_units(scores, 3) == std::vector<std::int64_t>{98, 49, 0});
  const auto nine = telling_units(scores, 9);
  CHECK(nine.size() == 9);
  CHECK(std::is_sorted(nine.rbegin(), nine.rend()));
  CHECK(telling_units({1, 3, 2}, 5) == std::vector<std::int64_t>{0, 1, 2});
  CHECK(telling_units(std::vector<double>(10, std::nan("")), 4).size() == 4);
  CHECK(sorted_units({0, 1, 2}, {std::nan(""), 1, 2}) == std::vector<std::int64_t>{2, 1, 0});
}

TEST_CASE("plot writes every kind of figure that a run has, and says what it lacks") {
  const SmallStudy study("{kind: ln, context: 5, prefilter: {kind: adaptrans}}",
                         "{mode: independent, max_epochs: 2}");
  fit(study);
  PlotRequest request;
  request.paths = {study.run()};
  request.threads = 1;
  Observer silent;
  for (const auto& name : plot_names()) {
    request.what = name;
    request.against = "snr";
    for (const std::string format : {"png", "svg", "pdf"}) {
      request.format = format;
      request.out = study.file("figures-" + format);
      CAPTURE(name);
      const auto message = error_of<ConfigError>([&] {
        for (const auto& file : plot_run(request, silent).files) {
          CHECK(std::filesystem::file_size(file) > 500);
        }
      });
      const bool lacks = name == "sweep" || name == "hidden" || name == "compare";
      CHECK((message == "no error") == !lacks);
    }
  }
  request.what = "respons";
  CHECK(contains(error_of<ConfigError>([&] { plot_run(request, silent); }),
                 "did you mean \"response\"?"));
  request.what = "response";
  request.units = {"unit_9"};
  CHECK(contains(error_of<ConfigError>([&] { plot_run(request, silent); }), "--units: no unit"));
  request.units = {};
  request.sounds = {"sound_1"};
  CHECK(
      contains(error_of<ConfigError>([&] { plot_run(request, silent); }), "did you mean \"sound_"));
  request.sounds = {};
  for (const double width : {-1.0, 3.0, 1e9, std::nan("")}) {
    request.width_mm = width;
    CHECK(contains(error_of<ConfigError>([&] { plot_run(request, silent); }), "--width-mm"));
  }
  request.width_mm = 0;
  request.format = "gif";
  CHECK(contains(error_of<ConfigError>([&] { plot_run(request, silent); }), "--format"));
}

TEST_CASE("names of units do nothing in a page, and nothing comes from elsewhere") {
  const SmallStudy study("{kind: ln, context: 3}", "{mode: independent, max_epochs: 2}");
  auto simulation = test::small_recording();
  simulation.dataset.unit_ids = {"<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>",
                                 "a\xE2\x80\xAE/../b'&"};
  simulation.dataset.all_unit_ids = simulation.dataset.unit_ids;
  simulation.dataset.stimuli.back().name = "<b>loud</b>";
  std::filesystem::remove(study.data_file());
  write_dataset(study.data_file(), simulation.dataset, nullptr);
  fit(study);
  ReportRequest request;
  request.paths = {study.run()};
  request.threads = 1;
  Observer silent;
  const std::string file = write_report(request, silent);
  CHECK(file == study.run() + "/report.html");
  const std::string page = read_text(file);
  CHECK_FALSE(contains(page, "<script>alert"));
  CHECK_FALSE(contains(page, "<img src=x"));
  CHECK_FALSE(contains(page, "<b>loud"));
  CHECK_FALSE(contains(page, "\xE2\x80\xAE"));
  CHECK(contains(page, "&lt;script&gt;alert(1)&lt;/script&gt;"));
  // One script, ours.
  const auto first = page.find("<script");
  CHECK(page.find("<script", first + 1) == std::string::npos);
  // No address but the names of SVG's own vocabularies.
  for (auto at = page.find("http"); at != std::string::npos; at = page.find("http", at + 1)) {
    const std::string around = page.substr(at, 30);
    const bool fine = around.starts_with("http://www.w3.org/") || around.starts_with("http-equiv");
    CHECK_MESSAGE(fine, around);
  }
  for (const auto* title : {"What was fitted to what", "Scores", "Units", "Population", "Training",
                            "How to repeat it"}) {
    CHECK(contains(page, std::string(">") + title + "</h2>"));
  }
  // Figures of such units stay in their folder.
  PlotRequest plot;
  plot.paths = {study.run()};
  plot.what = "strf";
  plot.format = "svg";
  plot.threads = 1;
  for (const auto& drawn : plot_run(plot, silent).files) {
    CHECK(std::filesystem::path(drawn).parent_path() == study.run() + "/figures");
  }
  // A page that is there is replaced, anything else is not.
  CHECK_NOTHROW(write_report(request, silent));
  request.out = study.config();
  CHECK(contains(error_of<RunError>([&] { write_report(request, silent); }), "is no HTML"));
}

TEST_CASE("a browser runs the script of a page, since its hash is that of the page's policy") {
  const test::TemporaryFolder folder;
  const std::string page = html_page("t", "", "");
  const auto from = page.find("<script>") + 8, to = page.find("</script>");
  test::write_text(folder.file("script"), page.substr(from, to - from));
  const std::string digits = files::sha256(folder.file("script"));
  CHECK(digits == kPageScriptSha256);
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  CHECK(contains(page, "script-src 'sha256-" + base64(bytes) + "'"));
}

TEST_CASE("a page of two runs compares them, and refuses what compare refuses") {
  const SmallStudy study("{kind: ln, context: 5}", "{mode: independent, max_epochs: 3}");
  fit(study);
  const std::string second = study.file("second");
  fit(study, {"model.kind=linear", "output.folder=" + second});
  ReportRequest request;
  request.paths = {study.run(), second};
  request.out = study.file("both.html");
  request.threads = 1;
  Observer silent;
  const std::string page = read_text(write_report(request, silent));
  CHECK(contains(page, "rank sum"));
  CHECK(contains(page, ">Comparison</h2>"));
  CHECK(contains(page, "Wilcoxon"));
  CHECK(contains(page, "Units by their gain"));
  const std::string third = study.file("third");
  fit(study, {"data.smooth_ms=21", "output.folder=" + third});
  request.paths = {study.run(), third};
  CHECK(contains(error_of<ConfigError>([&] { write_report(request, silent); }), "smoothing"));
  request.paths = {study.file("nothing")};
  CHECK(error_of<DataError>([&] { write_report(request, silent); }) != "no error");
}

TEST_CASE("a page without its dataset has all but the responses, and says so") {
  const SmallStudy study("{kind: linear, context: 3}", "{mode: independent, max_epochs: 1}");
  fit(study);
  std::filesystem::remove(study.data_file());
  struct Told : Observer {
    void warning(const std::string& message) override { said += message; }
    std::string said;
  } told;
  ReportRequest request;
  request.paths = {study.run()};
  request.threads = 1;
  const std::string page = read_text(write_report(request, told));
  CHECK(contains(told.said, "the dataset is left out"));
  CHECK(contains(page, ">Scores</h2>"));
  CHECK_FALSE(contains(page, "Response of unit"));
}

TEST_CASE("every kind of model has its words") {
  for (const auto& kind : model_kinds()) {
    CHECK_FALSE(model_words(kind).words.empty());
    CHECK(contains(model_words(kind).formula, "r[t] ="));
  }
}

}  // namespace
}  // namespace strffit
