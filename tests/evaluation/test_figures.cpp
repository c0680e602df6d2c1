// Which figures are drawn, and what they are called; how they look is tests/plot's.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "evaluation/figures.hpp"
#include "evaluation/strfs.hpp"
#include "formats/checkpoint.hpp"
#include "formats/unit_mean.hpp"
#include "support/messages.hpp"
#include "support/temporary_folder.hpp"
#include "support/vector_path.hpp"
#include "util/errors.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using Names = std::vector<std::string>;

struct Drawn {
  test::TemporaryFolder folder;
  Names names;  // without folder

  Drawn(const Checkpoint& checkpoint, const Strfs& strfs, const std::string& format = "svg",
        const Array<double>& cc_norm = {}) {
    const auto where = folder.file("figures");
    for (const auto& file : draw_figures(where, format, checkpoint, strfs, cc_norm)) {
      const std::filesystem::path path(file);
      CHECK(path.parent_path() == where);
      CHECK(std::filesystem::file_size(path) > 1000);
      names.push_back(path.filename());
    }
  }
  std::string text_of(const std::string& name) const {
    std::ifstream file(folder.file("figures/" + name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

Checkpoint checkpoint_of(const std::string& name) {
  return read_checkpoint(test::vector_path(name + "/checkpoint.h5"));
}

TEST_CASE("figures: a kernel a unit, with a contact sheet, in every format") {
  const auto checkpoint = checkpoint_of("linear_full");  // one member of two units
  for (const std::string format : {"png", "svg", "pdf"}) {
    const Drawn drawn(checkpoint, kernel_strfs(checkpoint), format);
    CHECK(drawn.names ==
          Names{"unit-unit0." + format, "unit-unit1." + format, "contact-sheet." + format});
  }
}

TEST_CASE("figures: several seeds or folds are in the names, ids as far as files may have them") {
  auto checkpoint = checkpoint_of("ln_dcls");  // four members of one unit each
  auto& roster = checkpoint.roster;
  for (auto& member : roster.members) member.unit = 0;
  roster.members[1].seed = 1;
  roster.members[2].fold = 1;
  roster.members[3].unit = 1;
  roster.unit_ids[0] = "a/b";
  roster.unit_ids[1] = "a b";
  const Drawn drawn(checkpoint, kernel_strfs(checkpoint));
  // The last is another unit, whose id becomes the same name.
  CHECK(drawn.names == Names{"unit-a_b-seed0-fold0.svg", "unit-a_b-seed1-fold0.svg",
                             "unit-a_b-seed0-fold1.svg", "unit-a_b-seed0-fold0-2.svg",
                             "contact-sheet.svg"});
}

TEST_CASE("figures: hidden units of a member share a figure; gradients are of units") {
  const auto checkpoint = checkpoint_of("nrf_separable_layer");  // two members of all units
  auto strfs = kernel_strfs(checkpoint);
  const auto bands = static_cast<std::int64_t>(strfs.frequencies_hz.size());
  const auto lags = static_cast<std::int64_t>(strfs.lags_ms.size());
  const auto units = checkpoint.roster.units();
  Array<float> gradient({2, units, bands, lags});
  for (std::size_t i = 0; i < gradient.values.size(); ++i) {
    gradient.values[i] = static_cast<float>(i % 17) - 8;
  }
  strfs.gradient = summarised(std::move(gradient), checkpoint.roster.axes, 0);
  const Drawn drawn(checkpoint, strfs);
  Names expected = {"member-0-seed0-fold0.svg", "member-1-seed1-fold0.svg", "contact-sheet.svg"};
  for (int seed = 0; seed < 2; ++seed) {
    for (const auto& id : checkpoint.roster.unit_ids) {
      expected.push_back("gradient-unit-" + id + "-seed" + std::to_string(seed) + "-fold0.svg");
    }
  }
  expected.emplace_back("gradient-contact-sheet.svg");
  CHECK(drawn.names == expected);
}

TEST_CASE("figures: the mean of a unit over its fits, and the mean over its error") {
  auto checkpoint = checkpoint_of("ln_dcls");  // four members of one unit each
  auto& roster = checkpoint.roster;
  for (std::size_t m = 0; m < 4; ++m) {
    roster.members[m] = {static_cast<std::int64_t>(m % 2), 0, static_cast<std::int64_t>(m / 2)};
  }
  auto strfs = kernel_strfs(checkpoint);
  const auto drawn = [&](Show show) {
    const test::TemporaryFolder folder;
    Names names;
    for (const auto& file : draw_figures(folder.file(""), "svg", checkpoint, strfs, {}, show)) {
      names.push_back(std::filesystem::path(file).filename());
    }
    return names;
  };
  CHECK_THROWS_WITH_AS(drawn(Show::mean), doctest::Contains("there is no mean"), ConfigError);
  add_unit_means(*strfs.kernel, roster);
  const auto mean = drawn(Show::mean);
  CHECK(mean.size() == static_cast<std::size_t>(roster.units()) + 1);
  CHECK(mean.front() == "mean-unit-" + roster.unit_ids[0] + ".svg");
  CHECK(mean.back() == "mean-contact-sheet.svg");
  CHECK(drawn(Show::z).back() == "z-contact-sheet.svg");
  CHECK_THROWS_AS(show_named("median"), ConfigError);
}

TEST_CASE("figures: time constants where a prefilter has them, scores where there are some") {
  const auto checkpoint = checkpoint_of("ln_full_adaptrans");
  const auto strfs = kernel_strfs(checkpoint);
  const auto units = checkpoint.roster.units();
  Array<double> scores({1, units});
  std::fill(scores.values.begin(), scores.values.end(), 0.625);
  const Drawn drawn(checkpoint, strfs, "svg", scores);
  CHECK(drawn.names.size() == static_cast<std::size_t>(units) + 2);
  CHECK(drawn.names.back() == "time-constants.svg");
  const Drawn without(checkpoint_of("linear_full"), kernel_strfs(checkpoint_of("linear_full")));
  CHECK(std::find(without.names.begin(), without.names.end(), "time-constants.svg") ==
        without.names.end());
}

TEST_CASE("figures: formats and folders that cannot be") {
  for (const char* good : {"png", "svg", "pdf"}) CHECK_NOTHROW(check_figure_format(good));
  CHECK(test::error_of<ConfigError>([] { check_figure_format("jpg"); }) ==
        "--format: expected png, svg or pdf; found \"jpg\"");
  const test::TemporaryFolder folder;
  std::ofstream(folder.file("taken")) << "a file";
  const auto checkpoint = checkpoint_of("linear_full");
  CHECK(test::contains(test::error_of<RunError>([&] {
                         draw_figures(folder.file("taken"), "svg", checkpoint,
                                      kernel_strfs(checkpoint), {});
                       }),
                       folder.file("taken")));
}

}  // namespace
}  // namespace strffit
