// Ticks, colours, text and the figures made of lines.
#include <cmath>
#include <set>

#include "plot/axes.hpp"
#include "plot/colour.hpp"
#include "plot/figures.hpp"
#include "plot/lines.hpp"
#include "plot/picture.hpp"
#include "plot/titles.hpp"
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

// Closed forms in double: a few roundings.
constexpr double kRounding = 1e-9;

std::vector<double> log_spaced(double low, double high, int count) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(low * std::pow(high / low, i / (count - 1.0)));
  return values;
}

std::vector<std::string> labels(const std::vector<Tick>& ticks) {
  std::vector<std::string> result;
  for (const Tick& tick : ticks) result.push_back(tick.label);
  return result;
}

using Labels = std::vector<std::string>;

}  // namespace

TEST_CASE("band ticks: octaves at their places between log-spaced bands") {
  const auto ticks = band_ticks(log_spaced(500, 20000, 34), 0.1);
  CHECK(labels(ticks) == Labels{"0.5", "1", "2", "4", "8", "16"});
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    const double khz = 0.5 * std::pow(2.0, i);
    const double band = 33 * std::log(khz / 0.5) / std::log(40.0);
    CHECK(ticks[i].position == near((band + 0.5) / 34, kRounding));
  }
}

TEST_CASE("band ticks: fewer where they would crowd, round steps in a narrow range") {
  CHECK(labels(band_ticks(log_spaced(500, 20000, 34), 0.25)) == Labels{"1", "4", "16"});
  CHECK(labels(band_ticks({1000, 1200, 1400, 1600, 1800}, 0.1)) ==
        Labels{"1", "1.2", "1.4", "1.6", "1.8"});
  CHECK(labels(band_ticks({4000}, 0.1)) == Labels{"4"});
  CHECK(labels(band_ticks({1234, 1235}, 0.1)).size() >= 2);
  // Linear spacing, and a first band that has no logarithm.
  const auto ticks = band_ticks({0, 1000, 2000, 3000, 4000}, 0.1);
  CHECK(labels(ticks) == Labels{"0", "1", "2", "3", "4"});
  CHECK(ticks[0].position == near(0.5 / 5, kRounding));
  CHECK(ticks[3].position == near(3.5 / 5, kRounding));
  // 2 kHz is half way from 1 to 4 kHz in octaves.
  const auto few = band_ticks({0, 1000, 4000}, 0.06);
  CHECK(labels(few) == Labels{"0", "1", "2", "3", "4"});
  CHECK(few[2].position == near(2.0 / 3, kRounding));
}

TEST_CASE("lag ticks lie at the centres of their cells") {
  std::vector<double> lags;
  for (int l = 0; l < 20; ++l) lags.push_back(5.0 * l);
  const auto ticks = lag_ticks(lags, 5);
  CHECK(labels(ticks) == Labels{"0", "20", "40", "60", "80"});
  CHECK(ticks[1].position == near(4.5 / 20, kRounding));  // 20 ms is lag 4
  CHECK(labels(lag_ticks(lags, 2)) == Labels{"0", "50"});
  CHECK(labels(lag_ticks({-10, -5, 0, 5, 10}, 3)) == Labels{"−10", "0", "10"});
  CHECK(lag_ticks({0}, 5).at(0).position == near(0.5, kRounding));
}

TEST_CASE("scales: round ticks, real minus signs, a factor for the very small") {
  CHECK(short_number(-0.25) == "−0.25");
  CHECK(short_number(12000) == "12000");
  const Scale plain = linear_scale(-1.3, 1.3, 5);
  CHECK(labels(plain.ticks) == Labels{"−1", "−0.5", "0", "0.5", "1"});
  CHECK(plain.factor.empty());
  CHECK(plain.ticks[3].position == near(1.8 / 2.6, kRounding));
  const Scale tiny = linear_scale(-3e-5, 3e-5, 3);
  CHECK(tiny.factor == "×10⁻⁵");
  CHECK(labels(tiny.ticks) == Labels{"−2", "0", "2"});
  CHECK(tiny.ticks[2].position == near(5.0 / 6, kRounding));
  const Scale rounded = rounded_linear_scale(0.11, 0.98, 6);
  CHECK(rounded.low == near(0, 0, kRounding));
  CHECK(rounded.high == near(1, kRounding));
  const Scale decades = logarithmic_scale(0.5, 20, 8);
  CHECK(labels(decades.ticks) == Labels{"0.5", "1", "2", "5", "10", "20"});
  CHECK(decades.position(std::sqrt(decades.low * decades.high)) == near(0.5, kRounding));
  // Ends that are equal, huge or nothing still make an axis with finite ticks.
  for (const double value : {0.0, 3.0, -1e-9, 1e300, 1.0 / 3}) {
    CAPTURE(value);
    const Scale same = linear_scale(value, value, 5);
    CHECK(same.high > same.low);
    CHECK(!same.ticks.empty());
    CHECK(same.ticks.size() <= 5);
  }
}

TEST_CASE("colours: the two ends, the middle, clipping, what is missing") {
  CHECK(diverging_colour(2, 2) == Colour{0x67, 0x00, 0x1f});
  CHECK(diverging_colour(9, 2) == Colour{0x67, 0x00, 0x1f});
  CHECK(diverging_colour(-2, 2) == Colour{0x05, 0x30, 0x61});
  CHECK(diverging_colour(0, 2) == kWhite);
  CHECK(diverging_colour(std::nan(""), 2) == kMissing);
  // Half way between the classes fddbc7 and f4a582, at 0.2 and 0.4 of the scale.
  CHECK(diverging_colour(0.3, 1) == Colour{0xf9, 0xc0, 0xa5});
}

TEST_CASE("text is shortened at whole characters to what fits") {
  Canvas canvas(Format::kPng, {100, 100});
  const TextStyle style{.size = 7};
  CHECK(canvas.shortened("unit 3", 90, style) == "unit 3");
  const std::string shorter = canvas.shortened("µµµµµµµµµµµµµµµµµµµµµµ", 40, style);
  CHECK(canvas.text_width(shorter, style) <= 40);
  CHECK(canvas.text_width(shorter, style) > 25);
  CHECK(shorter.size() % 2 == 1);  // two bytes a letter and three for the dots: none is cut
  const auto dots = shorter.find("…");
  REQUIRE(dots != std::string::npos);
  CHECK(dots > 5);
  CHECK(shorter.size() - dots > 5);
}

TEST_CASE("titles leave out what they share, and stay apart") {
  const auto fitting = [](const std::vector<std::string>& titles, std::size_t most) {
    return fitting_titles(
        titles, [&](const std::string& text) { return clean_characters(text).size() <= most; });
  };
  using Titles = std::vector<std::string>;
  CHECK(fitting({"unit a", "unit b"}, 6) == Titles{"unit a", "unit b"});
  CHECK(fitting({}, 6).empty());
  // As much of what they share as fits, most of it from before the difference.
  CHECK(fitting({"exp45_1x32/P04-SH.En.C1", "exp45_1x32/P04-SH.En.C22"}, 9) ==
        Titles{"ex…En.C1", "ex…En.C22"});
  CHECK(fitting({"recording 7, unit 1, seed 0", "recording 7, unit 2, seed 0"}, 10) ==
        Titles{"…1, seed 0", "…2, seed 0"});
  CHECK(fitting({"recording 7, unit 1, first seed", "recording 7, unit 2, first seed"}, 6) ==
        Titles{"…1, f…", "…2, f…"});
  // Too long where they differ: the ends of that, and numbers where those are the same.
  const auto numbered =
      fitting({"aaaaaaaaa1bbbbbbbbbz", "aaaaaaaaa2bbbbbbbbbz", "xaaaaaaaaaaaaaaaaaay"}, 8);
  CHECK(std::set<std::string>(numbered.begin(), numbered.end()).size() == 3);
  for (const auto& title : numbered) CHECK(clean_characters(title).size() <= 8);
  // Any bytes and any length; the same twice stays the same twice.
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    ids.push_back(std::string(250, 'x') + "\n\xff/ü" + std::to_string(i) + std::string(250, 'y'));
  }
  const auto shorter = fitting(ids, 12);
  CHECK(std::set<std::string>(shorter.begin(), shorter.end()).size() == 100);
  for (const auto& title : shorter) CHECK(clean_characters(title).size() <= 12);
  CHECK(fitting({"one and the same", "one and the same"}, 8).size() == 2);
}

TEST_CASE("quantiles are linear between values and leave out what is not finite") {
  CHECK(quantile({4, 1, std::nan(""), 3, 2}, 0.5) == near(2.5, kRounding));
  CHECK(quantile({1, 2, 3, 4, 5}, 0.25) == near(2, kRounding));
  CHECK(quantile({7}, 0.75) == near(7, kRounding));
  CHECK(std::isnan(quantile({std::nan("")}, 0.5)));
  const Line line = summarised("w", kBlue, {1, 2}, {{1, 2, 3}, {4, 4, 10}});
  CHECK(line.middle == std::vector<double>{2, 4});
  CHECK(line.lower == std::vector<double>{1.5, 4});
  CHECK(line.upper == std::vector<double>{2.5, 7});
  CHECK(summarised("w", kBlue, {1}, {{3}}).lower.empty());
}

TEST_CASE("time constants: the longer above, high frequencies to the right, starts dashed") {
  const TemporaryFolder folder;
  TimeConstantsFigure figure;
  figure.title = "time constants";
  figure.frequencies_hz = log_spaced(500, 20000, 6);
  const double nothing = std::nan("");
  figure.on_ms = Array<double>({1, 6}, {200, 200, 200, nothing, nothing, nothing});
  figure.off_ms = Array<double>({1, 6}, {nothing, nothing, nothing, 50, 50, 50});
  figure.weight = Array<double>({1, 6}, 0.5);
  draw_time_constants(folder.file("a.png"), figure);
  const Box upper{36, 34, 200, 108};
  const Picture picture(folder.file("a.png"));
  const Point on = picture.mean_place(upper, kVermilion);
  const Point off = picture.mean_place(upper, kBlue);
  CHECK(on.y < off.y - 50);
  CHECK(on.x < off.x - 50);
  CHECK(std::isnan(picture.mean_place(upper, kDarkGrey).x));
  figure.start_ms = std::vector<double>(6, 100);  // half way on a logarithmic axis
  figure.start_weight = std::vector<double>(6, 0.75);
  draw_time_constants(folder.file("a.png"), figure);
  const Point start = Picture(folder.file("a.png")).mean_place(upper, kDarkGrey);
  CHECK(start.y == near((on.y + off.y) / 2, 0, 0.5));  // points: a line's width
  figure.start_ms.pop_back();
  CHECK_THROWS_AS(draw_time_constants(folder.file("a.png"), figure), Bug);
}

TEST_CASE("axis labels keep clear of ticks of five and six digits") {
  const TemporaryFolder folder;
  TimeConstantsFigure figure;
  figure.title = "time constants";
  figure.frequencies_hz = log_spaced(500, 20000, 6);
  figure.weight = Array<double>({1, 6}, 0.5);
  for (const double largest : {300.0, 50000.0, 400000.0}) {
    CAPTURE(largest);
    figure.on_ms = Array<double>({1, 6}, {20, 200, largest, largest, largest, largest});
    figure.off_ms = figure.on_ms;
    draw_time_constants(folder.file("a.png"), figure);
    const Picture picture(folder.file("a.png"));
    // The label is above 0 at 6 to 14 points from the left; then nothing, then ticks.
    bool label = false, clear = true, ticks = false;
    for (double y = 36; y < 141; y += 0.2) {
      for (double x = 6; x < 36; x += 0.2) {
        const bool white = picture.at(x, y) == kWhite;
        if (x < 13) label = label || !white;
        if (x > 15 && x < 16.5) clear = clear && white;
        if (x > 17) ticks = ticks || !white;
      }
    }
    CHECK(label);
    CHECK(clear);
    CHECK(ticks);
  }
}

TEST_CASE("scatter: a unit better in y lies above the diagonal; units without a score are none") {
  const TemporaryFolder folder;
  ScatterFigure figure{.title = "scores", .x_label = "a", .y_label = "b", .x = {}, .y = {}};
  // Twenty dots on one place make it opaque.
  figure.x.assign(20, 0.25);
  figure.y.assign(20, 0.75);
  figure.x.insert(figure.x.end(), {0.0, 1.0, std::nan(""), 0.9});
  figure.y.insert(figure.y.end(), {0.0, 1.0, 0.1, HUGE_VAL});
  draw_scatter(folder.file("a.png"), figure);
  const Point dots = Picture(folder.file("a.png")).mean_place({36, 44, 205, 205}, kBlue);
  // The axes run from 0 to 1 over 195 points from (36, 44), below a title and two notes.
  CHECK(dots.x == near(36 + 195 * 0.25, 0, 1));
  CHECK(dots.y == near(44 + 195 * 0.25, 0, 1));
  figure.x.assign(3, std::nan(""));
  figure.y.assign(3, 0.5);
  draw_scatter(folder.file("none.png"), figure);
  CHECK(std::isnan(Picture(folder.file("none.png")).mean_place({36, 44, 205, 205}, kBlue).x));
}

TEST_CASE("curves: a falling loss falls, a stopped member counts with its last value") {
  const TemporaryFolder folder;
  Array<double> falling({40, 1});
  Array<double> stopped({40, 3}, std::nan(""));
  for (std::size_t epoch = 0; epoch < 40; ++epoch) {
    falling.values[epoch] = 1 - 0.02 * static_cast<double>(epoch);
    for (std::size_t m = 0; m < 3; ++m) {
      // Members 1 and 2 stop at epoch 5; the median stays where they stopped.
      if (m == 0 || epoch < 5) stopped.values[epoch * 3 + m] = m == 0 ? 0.3 : 0.9;
    }
  }
  CurvesFigure figure;
  figure.title = "losses";
  figure.curves = {{"training", falling}, {"validation", stopped}};
  draw_curves(folder.file("a.png"), figure);
  const Picture picture(folder.file("a.png"));
  const Box left{36, 34, 60, 105};
  const Box right{160, 34, 70, 105};
  CHECK(picture.mean_place(left, kBlue).y < picture.mean_place(right, kBlue).y - 30);
  CHECK(picture.mean_place(right, kVermilion).y ==
        near(picture.mean_place(left, kVermilion).y, 0, 0.5));
  CHECK(picture.mean_place(right, kVermilion).y < picture.mean_place(right, kBlue).y);
  figure.curves[0].values = Array<double>({3, 1}, std::nan(""));
  draw_curves(folder.file("nan.svg"), figure);
  figure.curves.clear();
  CHECK_THROWS_AS(draw_curves(folder.file("a.png"), figure), Bug);
}

TEST_CASE("raster: the first trial above, time to the right, what is missing grey") {
  const TemporaryFolder folder;
  RasterFigure figure{"unit 1", Array<float>({2, 40}), 5};
  auto& values = figure.responses.values;
  values[4] = 1;                                                    // trial 1, early
  values[40 + 30] = 2;                                              // trial 2, late, two spikes
  for (std::size_t t = 20; t < 25; ++t) values[t] = std::nanf("");  // trial 1, in the middle
  draw_raster(folder.file("a.png"), figure);
  const Picture picture(folder.file("a.png"));
  const Box inside{38, 25, 290, 38};
  const Point one = picture.mean_place(inside, kBlue), grey = picture.mean_place(inside, kMissing),
              two = picture.mean_place({150, 45, 170, 15}, kBlack);
  CHECK(one.y < 44);
  CHECK(grey.y < 44);
  CHECK(two.y > 44);
  // Frames as far apart as they are in time.
  CHECK((two.x - one.x) / (grey.x - one.x) == near((30 - 4) / (22 - 4.0), 0, 0.05));
  figure.responses = Array<float>({2, 0});
  CHECK_THROWS_AS(draw_raster(folder.file("a.png"), figure), Bug);
}

TEST_CASE("lags: a peak stands at its lag, within what can be") {
  const TemporaryFolder folder;
  LagsFigure figure{"lags", {}, {}, 100};
  for (int i = 0; i <= 100; ++i) {
    figure.lags_ms.push_back(-200 + 5.0 * i);
    figure.by_lag.push_back(i == 50 ? 60 : i == 10 ? std::nan("") : 1);  // at 50 ms
  }
  draw_lags(folder.file("a.png"), figure);
  const Picture picture(folder.file("a.png"));
  const Box upper{36, 40, 200, 60};
  // The axis goes from -200 at the left to 300 at the right of what is drawn.
  const Point peak = picture.mean_place(upper, kBlue);
  const Point left = picture.mean_place({30, 100, 8, 40}, kBlack);
  const double right = 241 - 10;
  CHECK((peak.x - left.x) / (right - left.x) == near(250.0 / 500, 0, 0.02));
  const Colour possible = picture.at(peak.x + 10, peak.y), beyond = picture.at(right - 20, peak.y);
  CHECK(beyond == kWhite);
  CHECK(possible.green > possible.red);
  figure.by_lag.clear();
  CHECK_THROWS_AS(draw_lags(folder.file("a.png"), figure), Bug);
}
