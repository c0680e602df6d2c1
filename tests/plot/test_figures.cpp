// Figures of receptive fields. The reference for where a cell lies is the promise of plot.hpp (lag
// to the right, frequency upwards), written out here once more.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "plot/colour.hpp"
#include "plot/figures.hpp"
#include "plot/picture.hpp"
#include "plot/sheet.hpp"
#include "support/temporary_folder.hpp"
#include "util/errors.hpp"
// After headers that might bring LibTorch, which defines CHECK, too.
#include <doctest/doctest.h>

using namespace strffit;
using namespace strffit::plot;
using strffit::test::Picture;
using strffit::test::TemporaryFolder;

namespace {

constexpr Colour kDarkestRed{0x67, 0x00, 0x1f};
constexpr Colour kDarkestBlue{0x05, 0x30, 0x61};

// A field of zeros, bands from 500 Hz to 20 kHz.
StrfFigure empty_figure(std::int64_t kernels, std::int64_t channels, int bands, int lags) {
  StrfFigure figure;
  figure.unit_id = "unit 12";
  figure.kernel = Array<float>({kernels, channels, bands, lags});
  if (channels == 2) figure.channels = {"ON", "OFF"};
  for (int f = 0; f < bands; ++f) {
    figure.frequencies_hz.push_back(500 * std::pow(40, f / std::max(1.0, bands - 1.0)));
  }
  for (int l = 0; l < lags; ++l) figure.lags_ms.push_back(5.0 * l);
  return figure;
}

// The place of a cell's centre in points.
Point centre(const Box& panel, int band, int bands, int lag, int lags) {
  return {panel.x + panel.width * (lag + 0.5) / lags,
          panel.bottom() - panel.height * (band + 0.5) / bands};
}

Colour colour_at(const Picture& picture, Point place) { return picture.at(place.x, place.y); }

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

std::string plot_refusal(const std::string& path) {
  try {
    draw_strfs(path, empty_figure(1, 1, 7, 5));
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("strf figure: high frequencies above, long lags to the right") {
  const TemporaryFolder folder;
  StrfFigure figure = empty_figure(1, 1, 34, 20);
  figure.kernel.values[30 * 20 + 3] = 2.0F;   // band 30, lag 3: near the upper left corner
  figure.kernel.values[4 * 20 + 17] = -2.0F;  // near the lower right corner
  CHECK(draw_strfs(folder.file("a.png"), figure) == std::vector{folder.file("a.png")});
  const Picture picture(folder.file("a.png"));
  const SheetPage page = lay_out(1, 1).at(0);
  const Box& panel = page.places.at(0).panels.at(0);
  CHECK(colour_at(picture, centre(panel, 30, 34, 3, 20)) == kDarkestRed);
  CHECK(colour_at(picture, centre(panel, 4, 34, 17, 20)) == kDarkestBlue);
  CHECK(colour_at(picture, centre(panel, 30, 34, 17, 20)) == kWhite);
  CHECK(colour_at(picture, centre(panel, 4, 34, 3, 20)) == kWhite);
  CHECK(colour_at(picture, {panel.x + 2, panel.y + 2}) == kWhite);
  // The colour bar: red above, blue below.
  CHECK(picture.at(page.bar.centre().x, page.bar.y + 1).red > 90);
  CHECK(picture.at(page.bar.centre().x, page.bar.y + 1).blue < 60);
  CHECK(picture.at(page.bar.centre().x, page.bar.bottom() - 1).red < 60);
  CHECK(picture.at(page.bar.centre().x, page.bar.bottom() - 1).blue > 90);
}

TEST_CASE("strf figure: every cell of every kernel and channel in its colour") {
  const TemporaryFolder folder;
  constexpr int kKernels = 5, kChannels = 2, kBands = 7, kLags = 4;
  StrfFigure figure = empty_figure(kKernels, kChannels, kBands, kLags);
  for (std::size_t i = 0; i < figure.kernel.values.size(); ++i) {
    figure.kernel.values[i] = static_cast<float>(std::sin(1.7 * static_cast<double>(i)));
  }
  figure.kernel.values[0] = 3.0F;  // the one scale of all
  draw_strfs(folder.file("a.png"), figure);
  const Picture picture(folder.file("a.png"));
  const SheetPage page = lay_out(kKernels, kChannels).at(0);
  std::size_t i = 0;
  for (std::size_t kernel = 0; kernel < kKernels; ++kernel) {
    for (std::size_t channel = 0; channel < kChannels; ++channel) {
      const Box& panel = page.places.at(kernel).panels.at(channel);
      for (int band = 0; band < kBands; ++band) {
        for (int lag = 0; lag < kLags; ++lag, ++i) {
          const double value = static_cast<double>(figure.kernel.values[i]);
          CHECK(colour_at(picture, centre(panel, band, kBands, lag, kLags)) ==
                diverging_colour(value, 3));
        }
      }
    }
  }
}

TEST_CASE("strf figure: what is missing is grey, what is zero white") {
  const TemporaryFolder folder;
  StrfFigure figure = empty_figure(1, 1, 7, 5);
  const Box panel = lay_out(1, 1).at(0).places.at(0).panels.at(0);
  draw_strfs(folder.file("zero.png"), figure);
  CHECK(colour_at(Picture(folder.file("zero.png")), centre(panel, 3, 7, 2, 5)) == kWhite);

  figure.kernel.values[3 * 5 + 2] = std::nanf("");
  figure.kernel.values[1] = HUGE_VALF;
  figure.kernel.values[2] = 0.5F;
  draw_strfs(folder.file("nan.png"), figure);
  const Picture picture(folder.file("nan.png"));
  CHECK(colour_at(picture, centre(panel, 3, 7, 2, 5)) == kMissing);
  CHECK(colour_at(picture, centre(panel, 0, 7, 1, 5)) == kMissing);
  // An infinity does not take part in the scale.
  CHECK(colour_at(picture, centre(panel, 0, 7, 2, 5)) == kDarkestRed);
}

TEST_CASE("strf figure: the summary is written under the title, unknown parts are not") {
  const TemporaryFolder folder;
  StrfFigure figure = empty_figure(1, 1, 7, 5);
  const Box line{6, 17, 229, 10};
  draw_strfs(folder.file("bare.png"), figure);
  CHECK(std::isnan(Picture(folder.file("bare.png")).mean_place(line, kDarkGrey).x));
  figure.latency_ms = 25;
  draw_strfs(folder.file("some.png"), figure);
  const double some = Picture(folder.file("some.png")).mean_place(line, kDarkGrey).x;
  figure.cc_norm = 0.6;
  draw_strfs(folder.file("more.png"), figure);
  CHECK(Picture(folder.file("more.png")).mean_place(line, kDarkGrey).x > some + 5);
}

TEST_CASE("strf figure: one band, one lag, odd bytes in the id") {
  const TemporaryFolder folder;
  StrfFigure figure = empty_figure(1, 1, 1, 1);
  figure.kernel.values[0] = 1.0F;
  draw_strfs(folder.file("one.png"), figure);
  const Box panel = lay_out(1, 1).at(0).places.at(0).panels.at(0);
  CHECK(colour_at(Picture(folder.file("one.png")), panel.centre()) == kDarkestRed);

  figure.unit_id = "unit \xff\n\xc3";
  draw_strfs(folder.file("odd.png"), figure);
  figure.unit_id = "unit ???";
  draw_strfs(folder.file("plain.png"), figure);
  CHECK(Picture(folder.file("odd.png")) == Picture(folder.file("plain.png")));
  figure.unit_id = "unit µ";
  draw_strfs(folder.file("greek.png"), figure);
  CHECK_FALSE(Picture(folder.file("greek.png")) == Picture(folder.file("plain.png")));
}

TEST_CASE("contact sheet: every unit on its own scale, in reading order") {
  const TemporaryFolder folder;
  std::vector<StrfFigure> figures(8, empty_figure(1, 1, 7, 5));
  for (std::size_t unit = 0; unit < figures.size(); ++unit) {
    figures[unit].kernel.values[unit] =
        static_cast<float>(std::pow(10.0, -static_cast<double>(unit)));
  }
  draw_contact_sheet(folder.file("sheet.png"), figures, "eight units");
  const Picture picture(folder.file("sheet.png"));
  const SheetPage page = lay_out(8, 1).at(0);
  for (int unit = 0; unit < 8; ++unit) {
    const Box& panel = page.places.at(static_cast<std::size_t>(unit)).panels.at(0);
    CHECK(colour_at(picture, centre(panel, unit / 5, 7, unit % 5, 5)) == kDarkestRed);
    CHECK(colour_at(picture, centre(panel, 6, 7, unit % 5, 5)) == kWhite);
  }
}

TEST_CASE("contact sheet: more than fit a page make several pages or files") {
  const TemporaryFolder folder;
  const std::vector<StrfFigure> figures(61, empty_figure(1, 1, 7, 5));
  const auto written = draw_contact_sheet(folder.file("units.v1.png"), figures);
  CHECK(written == std::vector{folder.file("units.v1-1.png"), folder.file("units.v1-2.png")});
  CHECK(Picture(written[0]).height() > 4 * Picture(written[1]).height());
  CHECK_FALSE(std::filesystem::exists(folder.file("units.v1.png")));
  const std::vector<StrfFigure> fewer(60, figures[0]);
  CHECK(draw_contact_sheet(folder.file("few.png"), fewer).size() == 1);

  CHECK(draw_contact_sheet(folder.file("a.pdf"), figures) == std::vector{folder.file("a.pdf")});
  CHECK(content(folder.file("a.pdf")).find("/Count 2") != std::string::npos);
  CHECK(draw_contact_sheet(folder.file("b.pdf"), fewer).size() == 1);
  CHECK(content(folder.file("b.pdf")).find("/Count 1") != std::string::npos);
}

TEST_CASE("sheet layout: panels of a page lie apart and inside it, rows as even as can be") {
  for (const std::size_t channels : {1U, 2U}) {
    for (const std::size_t cells : {1U, 2U, 8U, 20U, 37U, 60U, 137U}) {
      CAPTURE(channels);
      CAPTURE(cells);
      std::size_t placed = 0;
      for (const SheetPage& page : lay_out(cells, channels)) {
        placed += page.places.size();
        CHECK(page.size.width <= 520);
        CHECK(page.size.height <= 700);
        std::vector<Box> boxes = {page.bar};
        for (const auto& place : page.places) {
          CHECK(place.panels.size() == channels);
          boxes.insert(boxes.end(), place.panels.begin(), place.panels.end());
        }
        for (std::size_t i = 0; i < boxes.size(); ++i) {
          CHECK((boxes[i].x >= 20 && boxes[i].right() <= page.size.width - 20));
          CHECK((boxes[i].y >= 20 && boxes[i].bottom() <= page.size.height - 20));
          for (std::size_t j = 0; j < i; ++j) {
            const bool apart =
                boxes[i].x >= boxes[j].right() + 3 || boxes[j].x >= boxes[i].right() + 3 ||
                boxes[i].y >= boxes[j].bottom() + 3 || boxes[j].y >= boxes[i].bottom() + 3;
            CHECK(apart);
          }
        }
      }
      CHECK(placed == cells);
    }
  }
  int leftmost = 0;
  int lowest = 0;
  const SheetPage twenty = lay_out(20, 1).at(0);
  for (const auto& place : twenty.places) {
    leftmost += place.leftmost ? 1 : 0;
    lowest += place.lowest ? 1 : 0;
  }
  CHECK(leftmost == 4);  // four rows of five
  CHECK(lowest == 5);
}

TEST_CASE("figures: format and size by the ending") {
  const TemporaryFolder folder;
  const StrfFigure figure = empty_figure(1, 2, 34, 20);
  const Size page = lay_out(1, 2).at(0).size;
  draw_strfs(folder.file("a.PNG"), figure);
  CHECK(content(folder.file("a.PNG")).substr(0, 8) == "\x89PNG\r\n\x1a\n");
  const Picture picture(folder.file("a.PNG"));
  CHECK(picture.width() == static_cast<int>(std::ceil(page.width * 300 / 72)));
  CHECK(picture.height() == static_cast<int>(std::ceil(page.height * 300 / 72)));

  draw_strfs(folder.file("a.svg"), figure);
  const std::string svg = content(folder.file("a.svg"));
  std::ostringstream width;
  width << "width=\"" << page.width << "pt\"";
  CHECK(svg.substr(0, 200).find(width.str()) != std::string::npos);
  CHECK(svg.find("</svg>") != std::string::npos);
  // Fields as pictures: a pattern fill is black in some viewers.
  CHECK(svg.find("<image") != std::string::npos);
  CHECK(svg.find("<pattern") == std::string::npos);

  draw_strfs(folder.file("a.pdf"), figure);
  const std::string pdf = content(folder.file("a.pdf"));
  CHECK(pdf.substr(0, 5) == "%PDF-");
  CHECK(pdf.find("%%EOF") != std::string::npos);
}

TEST_CASE("figures: errors name the file and say what would do") {
  const TemporaryFolder folder;
  for (const char* name : {"a.jpg", "a", ".png", "a.png.gz"}) {
    const std::string message = plot_refusal(folder.file(name));
    CHECK(message.find(folder.file(name)) != std::string::npos);
    CHECK(message.find("end the name in .png, .svg or .pdf") != std::string::npos);
    CHECK_THROWS_AS(draw_strfs(folder.file(name), empty_figure(1, 1, 7, 5)), ConfigError);
  }
  const std::string nowhere = folder.file("missing/a.png");
  CHECK(plot_refusal(nowhere).find(nowhere) != std::string::npos);
  CHECK_THROWS_AS(draw_strfs(nowhere, empty_figure(1, 1, 7, 5)), RunError);
  CHECK(std::filesystem::is_empty(folder.path()));

  StrfFigure misfit = empty_figure(1, 2, 7, 5);
  misfit.channels = {"input"};
  CHECK_THROWS_AS(draw_strfs(folder.file("a.png"), misfit), Bug);
  StrfFigure swapped = empty_figure(1, 1, 7, 5);
  swapped.kernel.shape = {1, 1, 5, 7};
  CHECK_THROWS_AS(draw_strfs(folder.file("a.png"), swapped), Bug);
  CHECK_THROWS_AS(draw_contact_sheet(folder.file("a.png"), {}), Bug);
  CHECK_THROWS_AS(draw_contact_sheet(folder.file("a.png"),
                                     {empty_figure(1, 1, 7, 5), empty_figure(1, 1, 7, 6)}),
                  Bug);
}

// Run by the next test in a process of its own, for fonts are looked up once a process.
TEST_CASE("figures: child without fonts" * doctest::skip()) {
  const char* path = std::getenv("STRFFIT_TEST_FIGURE");
  REQUIRE(path != nullptr);
  draw_strfs(path, empty_figure(1, 2, 34, 20));
}

TEST_CASE("figures: a machine without any font still draws, text included") {
  const TemporaryFolder folder;
  std::ofstream(folder.file("fonts.conf")) << "<fontconfig></fontconfig>\n";
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command = "FONTCONFIG_FILE='" + folder.file("fonts.conf") +
                              "' STRFFIT_TEST_FIGURE='" + folder.file("a.png") + "' '" + program +
                              "' --no-skip --test-case='figures: child without fonts' > '" +
                              folder.file("log") + "' 2>&1";
  CHECK(std::system(command.c_str()) == 0);
  const Picture bare(folder.file("a.png"));
  CHECK(bare.width() == static_cast<int>(std::ceil(lay_out(1, 2).at(0).size.width * 300 / 72)));
  CHECK_FALSE(std::isnan(bare.mean_place({6, 4, 100, 12}, kBlack).x));
}
