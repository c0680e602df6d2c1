// Figures of responses and of many units. What they show is told by where colours lie; what text
// says, by SVG, where text is text.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "plot/colour.hpp"
#include "plot/figures.hpp"
#include "plot/picture.hpp"
#include "plot/population.hpp"
#include "plot/response.hpp"
#include "support/near.hpp"
#include "support/temporary_folder.hpp"
#include "util/errors.hpp"
// After headers that might bring LibTorch, which defines CHECK, too.
#include <doctest/doctest.h>

using namespace strffit;
using namespace strffit::plot;
using strffit::test::near;
using strffit::test::Picture;
using strffit::test::TemporaryFolder;

namespace {

constexpr Look kSvgLook{.format = Format::kSvg};

bool in_text(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Picture picture_of(const TemporaryFolder& folder, const std::string& bytes) {
  std::ofstream(folder.file("a.png"), std::ios::binary) << bytes;
  return Picture(folder.file("a.png"));
}

ResponseFigure response_of(std::int64_t trials, std::int64_t frames) {
  ResponseFigure figure;
  figure.heading = {"unit 1", {"sound a"}};
  figure.dt_ms = 5;
  figure.counts = true;
  figure.frequencies_hz = {500, 1000, 2000, 4000};
  figure.spectrogram = Array<float>({4, frames});
  figure.trials = Array<float>({trials, frames});
  figure.response.assign(static_cast<std::size_t>(frames), 0);
  figure.predictions = {{"ln", std::vector<double>(static_cast<std::size_t>(frames), 0)}};
  return figure;
}

TEST_CASE("response: spikes, mean and prediction stand at the same time") {
  const TemporaryFolder folder;
  auto figure = response_of(2, 100);
  for (std::size_t t = 60; t < 70; ++t) {
    figure.spectrogram.values[t] = 1;  // the lowest band
    figure.trials.values[t] = 1;
    figure.response[t] = 0.5;
    figure.predictions[0].values[t] = 0.4;
  }
  const Picture picture = picture_of(folder, draw(figure, Look{}));
  const double width = Look{}.width();
  const Box lower{40, picture.height() / kDotsPerPoint - 55, width - 50, 30};
  const Point mean = picture.mean_place({40, 60, width - 50, 200}, kMissing);
  const Point spikes = picture.mean_place(lower, kBlue);
  CHECK(spikes.x == near(mean.x, 0, 1));
  // 65 of 100 frames along an axis that ends 10 points before the page.
  CHECK(spikes.x == near(36 + 0.65 * (width - 46), 0, 2));
}

TEST_CASE("response: counts are drawn in spikes/s, other responses as they are, below 0 too") {
  auto figure = response_of(1, 50);
  figure.response[10] = 1;  // one spike in 5 ms: 200 /s
  const std::string counts = draw(figure, kSvgLook);
  CHECK(in_text(counts, ">rate (spikes/s)</text>"));
  CHECK(in_text(counts, ">200</text>"));
  figure.counts = false;
  figure.response[20] = -1;
  figure.trials.values[20] = -1;
  const std::string plain = draw(figure, kSvgLook);
  CHECK(in_text(plain, ">response</text>"));
  CHECK(in_text(plain, ">−1</text>"));
  CHECK_FALSE(in_text(plain, ">200</text>"));
}

TEST_CASE("response: one trial and many, one frame and many, and shapes that do not fit") {
  for (const std::int64_t trials : {1, 20, 200}) {
    for (const std::int64_t frames : {1, 2, 20000}) {
      const auto figure = response_of(trials, frames);
      CHECK(in_text(draw(figure, kSvgLook), "</svg>"));
    }
  }
  auto figure = response_of(3, 10);
  figure.response.pop_back();
  CHECK_THROWS_AS(draw(figure, Look{}), Bug);
  figure = response_of(3, 10);
  figure.dt_ms = 0;
  CHECK_THROWS_AS(draw(figure, Look{}), Bug);
  // A recording that lacks everything still draws its axes.
  figure = response_of(3, 10);
  std::fill(figure.trials.values.begin(), figure.trials.values.end(), std::nanf(""));
  std::fill(figure.response.begin(), figure.response.end(), std::nan(""));
  CHECK(in_text(draw(figure, kSvgLook), ">time (s)"));
}

TEST_CASE("SVG: text is text, whatever a unit is called") {
  auto figure = response_of(2, 10);
  figure.heading.title =
      "<script>alert(1)</script> \"quotes\" & 'more' \xE2\x80\xAE"
      "end";
  const std::string svg = draw(figure, {.format = Format::kSvg, .width_mm = 183});
  CHECK(in_text(
      svg, "&lt;script&gt;alert(1)&lt;/script&gt; &quot;quotes&quot; &amp; &#39;more&#39; ?end"));
  CHECK_FALSE(in_text(svg, "<script"));
  CHECK_FALSE(in_text(svg, "\xE2\x80\xAE"));
}

TEST_CASE("characters that mislead are drawn as a question mark, letters of any script are not") {
  CHECK(clean_characters("a\xE2\x80\xAE"
                         "b") == std::vector<std::string>{"a", "?", "b"});  // U+202E
  CHECK(clean_characters("\xE2\x80\xA8\xD8\x9C\xC2\x85") == std::vector<std::string>(3, "?"));
  CHECK(clean_characters("א…µ−") == std::vector<std::string>{"א", "…", "µ", "−"});
}

TEST_CASE("histogram: every value within the scale counts once") {
  const Scale scale = linear_scale(0, 1, 5);
  const Histogram found = histogram({0, 0.05, 0.1, 0.95, 1, std::nan(""), 2}, scale, 10);
  CHECK(found.counts == std::vector<double>{2, 1, 0, 0, 0, 0, 0, 0, 0, 2});
  CHECK(found.borders.front() == near(0, 0, 1e-12));
  CHECK(found.borders.back() == near(1, 1e-12));
  Scale octaves{.low = 1, .high = 16, .logarithmic = true};
  CHECK(histogram({1.5, 3, 5, 9}, octaves, 4).counts == std::vector<double>{1, 1, 1, 1});
}

TEST_CASE("scores: the median, what is left out, and panels only for what is known") {
  ScoresFigure figure;
  figure.heading = {"scores", {}};
  figure.score_label = "CC norm, test";
  figure.score = {0.1, 0.5, 0.6, std::nan("")};
  const std::string alone = draw(figure, kSvgLook);
  CHECK(in_text(alone, "3 units, 1 without a score; dashed: median 0.5"));
  CHECK_FALSE(in_text(alone, "noise ceiling"));
  figure.snr = {1, 2, 3, 4};
  figure.correlation = {0.1, 0.4, 0.5, 0.5};
  figure.ceiling = {0.5, 0.6, 0.7, 0.8};
  for (const double width : {85.0, 183.0}) {
    const std::string svg = draw(figure, {.format = Format::kSvg, .width_mm = width});
    CHECK(in_text(svg, ">noise ceiling</text>"));
    CHECK(in_text(svg, ">signal-to-noise ratio</text>"));
  }
  // One unit, none, and the same score for all.
  for (const std::vector<double>& scores :
       {std::vector<double>{0.3}, std::vector<double>{}, std::vector<double>(5, 0.2),
        std::vector<double>{std::nan("")}}) {
    ScoresFigure few;
    few.score = scores;
    CHECK(in_text(draw(few, kSvgLook), "</svg>"));
  }
}

TEST_CASE("against: numbers as dots, words as strips; NaN and empty words are left out") {
  AgainstFigure figure;
  figure.x_label = "depth";
  figure.y_label = "CC norm";
  figure.x = {100, 200, std::nan("")};
  figure.y = {0.2, 0.4, 0.6};
  CHECK(in_text(draw(figure, kSvgLook), "2 units, 1 left out"));
  figure.x.clear();
  figure.words = {"A1", "PEG", ""};
  const std::string svg = draw(figure, kSvgLook);
  CHECK(in_text(svg, "2 units of 3; dashed: medians"));
  CHECK(in_text(svg, ">A1</text>"));
  CHECK(in_text(svg, ">PEG</text>"));
  figure.y.pop_back();
  CHECK_THROWS_AS(draw(figure, kSvgLook), Bug);
}

TEST_CASE("settings: the best forty, in the order given") {
  SettingsFigure figure;
  for (int i = 0; i < 50; ++i) {
    figure.names.push_back("fit.l1 " + std::to_string(i));
    figure.valid.push_back(1 - 0.01 * i);
  }
  const std::string svg = draw(figure, kSvgLook);
  CHECK(in_text(svg, "the best 40 of 50 settings"));
  CHECK(svg.find(">fit.l1 0<") < svg.find(">fit.l1 39<"));
  CHECK_FALSE(in_text(svg, ">fit.l1 40<"));
  CHECK_FALSE(in_text(svg, ">test<"));
}

TEST_CASE("map: the largest value is black, at its place") {
  const TemporaryFolder folder;
  MapFigure figure;
  figure.rows = 4;
  figure.columns = 5;
  figure.x_high = 5;
  figure.y_high = 4;
  figure.values.assign(20, 0);
  figure.values[3 * 5 + 1] = 2;  // the highest row, the second column
  const Picture picture = picture_of(folder, draw(figure, Look{}));
  const Point place = picture.mean_place({40, 12, 140, 60}, kBlack);
  CHECK(place.y < 60);
  CHECK(picture.at(60, 20) == kWhite);
  figure.values.pop_back();
  CHECK_THROWS_AS(draw(figure, Look{}), Bug);
}

TEST_CASE("curves: scores below losses, the best epoch, a note of what lines are") {
  CurvesFigure figure;
  figure.title = "learning";
  figure.curves = {{"training", Array<double>({5, 2}, {5, 5, 4, 4, 3, 3, 2, 2, 1, 1})}};
  figure.scores = {{"CC", Array<double>({5, 2}, 0.5)}};
  figure.best_epoch = {3, 5};
  const std::string svg = draw(figure, kSvgLook);
  CHECK(in_text(svg, "median of 2 members"));
  CHECK(in_text(svg, "dashed: median of the best epochs"));
  CHECK(in_text(svg, ">CC</text>"));
  figure.curves[0].values.shape = {10, 2};
  CHECK_THROWS_AS(draw(figure, kSvgLook), Bug);
}

TEST_CASE("contact sheet: the score on each panel, as wide as asked for") {
  ContactSheet sheet;
  sheet.title = "fields";
  for (int unit = 0; unit < 8; ++unit) {
    StrfFigure figure;
    figure.unit_id = "unit " + std::to_string(unit);
    figure.frequencies_hz = {500, 1000, 2000};
    figure.lags_ms = {0, 5};
    figure.kernel = Array<float>({1, 1, 3, 2}, static_cast<float>(unit + 1));
    figure.cc_norm = 0.1 * unit;
    figure.score_label = "CC norm, test";
    sheet.figures.push_back(figure);
  }
  const auto pages = draw(sheet, {.format = Format::kSvg, .width_mm = 85});
  REQUIRE(pages.size() == 1);
  CHECK(in_text(pages[0], ">0.70</text>"));
  CHECK(in_text(pages[0], "at the right CC norm, test"));
  CHECK(in_text(pages[0], ">−max</text>"));
  sheet.one_scale = true;
  CHECK_FALSE(in_text(draw(sheet, kSvgLook)[0], ">−max</text>"));
  // Ids of sixty characters that differ at one place stay different.
  for (int unit = 0; unit < 8; ++unit) {
    sheet.figures[static_cast<std::size_t>(unit)].unit_id =
        std::string(40, 'x') + std::to_string(unit) + std::string(19, 'y');
  }
  const std::string shortened = draw(sheet, kSvgLook)[0];
  for (int unit = 0; unit < 8; ++unit) CHECK(in_text(shortened, std::to_string(unit) + "y"));
}

}  // namespace
