#include "evaluation/figures.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>

#include "files/paths.hpp"
#include "metrics/strf_summary.hpp"
#include "plot/figures.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {

void check_figure_format(const std::string& format) {
  if (format == "png" || format == "svg" || format == "pdf") return;
  throw ConfigError("--format", "expected png, svg or pdf; found \"" + format + "\"");
}

Show show_named(const std::string& word) {
  if (word == "member") return Show::member;
  if (word == "mean") return Show::mean;
  if (word == "z") return Show::z;
  throw ConfigError("--show", "expected member, mean or z; found \"" + word + "\"");
}

Weights weights_shown(const std::string& word) {
  if (const auto weights = weights_named(word)) return *weights;
  throw ConfigError("--weights",
                    "expected per_sd (response per standard deviation of the band) or raw; found "
                    "\"" +
                        word + "\"");
}

namespace {

struct Drawing {
  std::string name;  // file name without folder and extension
  plot::StrfFigure figure;
};

class Figures {
 public:
  Figures(const FittedModel& fitted, const Strfs& strfs, const Array<double>& cc_norm)
      : fitted_(fitted), strfs_(strfs), cc_norm_(cc_norm) {
    const auto& members = fitted.roster.members;
    several_ = std::any_of(members.begin(), members.end(), [&](const Member& member) {
      return member.seed != members.front().seed || member.fold != members.front().fold;
    });
  }

  // One figure per output if each unit has a kernel; otherwise one grid per member with the kernels
  // of all its hidden units.
  std::vector<Drawing> kernels() const {
    if (!strfs_.kernel) return {};
    const Array<float>& all = strfs_.kernel->shown();  // (M, K, C, F, L)
    const bool a_unit = fitted_.model->backbone().response_kernel() != nullptr;
    std::vector<Drawing> drawings;
    for (std::int64_t m = 0; m < all.dim(0); ++m) {
      const std::int64_t outputs = a_unit ? all.dim(1) : 1;
      for (std::int64_t n = 0; n < outputs; ++n) {
        Shape shape(all.shape.begin() + 1, all.shape.end());
        if (a_unit) shape.front() = 1;
        const bool one_unit = a_unit || fitted_.roster.independent();
        Drawing drawing = begun(m, one_unit ? n : -1, "");
        drawing.figure.channels = strfs_.channels;
        drawing.figure.value_label = value_label(strfs_.value, strfs_.kernel->weights);
        fill(drawing.figure, all, m * outputs + n, shape);
        drawings.push_back(std::move(drawing));
      }
    }
    return drawings;
  }

  std::vector<Drawing> gradients() const {
    if (!strfs_.gradient) return {};
    const Array<float>& all = strfs_.gradient->shown();  // (M, N, F, L)
    std::vector<Drawing> drawings;
    for (std::int64_t i = 0; i < all.dim(0) * all.dim(1); ++i) {
      Drawing drawing = begun(i / all.dim(1), i % all.dim(1), "gradient-");
      drawing.figure.value_label = value_label("gradient: response", strfs_.gradient->weights);
      fill(drawing.figure, all, i, {1, 1, all.dim(2), all.dim(3)});
      drawings.push_back(std::move(drawing));
    }
    return drawings;
  }

  // One figure per unit that shows the mean field. fields.mean is (N_all, ..., F, L). If `z` is
  // true, shows the mean divided by its standard error.
  std::vector<Drawing> means(const Fields& fields, const std::string& value,
                             const std::string& prefix, bool z) const {
    const Roster& roster = fitted_.roster;
    const Array<float>& mean = fields.mean;
    Shape shape = {1, mean.shape.size() == 4 ? mean.dim(1) : 1, mean.dim(mean.shape.size() - 2),
                   mean.shape.back()};
    Array<float> shown = mean;
    for (std::size_t i = 0; z && i < shown.values.size(); ++i) {
      shown.values[i] /= fields.standard_error.values[i];
    }
    std::vector<Drawing> drawings;
    for (std::int64_t unit = 0; unit < roster.units(); ++unit) {
      const std::string& id = roster.unit_ids[static_cast<std::size_t>(unit)];
      Drawing drawing;
      drawing.name = prefix + (z ? "z-unit-" : "mean-unit-") + file_name(id);
      drawing.figure.unit_id = "unit " + id;
      drawing.figure.frequencies_hz = strfs_.frequencies_hz;
      drawing.figure.lags_ms = strfs_.lags_ms;
      if (mean.shape.size() == 4) drawing.figure.channels = strfs_.channels;
      drawing.figure.value_label =
          (z ? "mean / standard error" : "mean of " + value_label(value, fields.weights)) + " (" +
          fields.standard_error_of + ")";
      fill(drawing.figure, shown, unit, shape);
      drawings.push_back(std::move(drawing));
    }
    return drawings;
  }

 private:
  // Starts a drawing for member m. If `output` is -1, the drawing shows all outputs of the member.
  Drawing begun(std::int64_t m, std::int64_t output, const std::string& prefix) const {
    const Roster& roster = fitted_.roster;
    const Member& member = roster.members[static_cast<std::size_t>(m)];
    const std::string id =
        output < 0 ? "all units"
                   : roster.unit_ids[static_cast<std::size_t>(roster.unit_of(member, output))];
    Drawing drawing;
    drawing.name = prefix + (output < 0 ? fmt::format("member-{}", m) : "unit-" + file_name(id));
    drawing.figure.unit_id = output < 0 ? id : "unit " + id;
    if (several_) {
      const std::string seed = std::to_string(member.seed), fold = std::to_string(member.fold);
      drawing.name += "-seed" + seed + "-fold" + fold;
      drawing.figure.unit_id += ", seed " + seed + ", fold " + fold;
    }
    drawing.figure.frequencies_hz = strfs_.frequencies_hz;
    drawing.figure.lags_ms = strfs_.lags_ms;
    if (output >= 0 && cc_norm_.size() > 0) {
      drawing.figure.cc_norm =
          cc_norm_.values.at(static_cast<std::size_t>(m * roster.outputs() + output));
    }
    return drawing;
  }

  void fill(plot::StrfFigure& figure, const Array<float>& all, std::int64_t index,
            const Shape& shape) const {
    const std::int64_t size = count(shape);
    const auto begin = all.values.begin() + index * size;
    figure.kernel = {shape, {begin, begin + size}};
    if (shape[0] != 1 || shape[1] != 1) return;
    const StrfSummary summary =
        strf_summary(figure.kernel.values, fitted_.roster.axes, fitted_.model->ahead());
    figure.best_frequency_hz = summary.best_frequency_hz;
    figure.latency_ms = summary.latency_ms;
    figure.at_edge = summary.at_edge;
  }

  const FittedModel& fitted_;
  const Strfs& strfs_;
  const Array<double>& cc_norm_;
  bool several_ = false;
};

// Fitted and initial time constants. Nothing if the prefilter has no time constants.
std::optional<plot::TimeConstantsFigure> time_constants(const Strfs& strfs) {
  const auto of = [&](const std::string& name) -> Array<double> {
    const auto found = strfs.measures.find("prefilter/" + name);
    if (found == strfs.measures.end()) return {};
    return {found->second.shape, {found->second.values.begin(), found->second.values.end()}};
  };
  plot::TimeConstantsFigure figure{
      "adaptation to the mean level", strfs.frequencies_hz, of("time_constant_on_ms"),
      of("time_constant_off_ms"),     of("weight"),         of("start_time_constant_ms").values,
      of("start_weight").values};
  if (figure.on_ms.size() == 0) return std::nullopt;
  return figure;
}

}  // namespace

std::vector<std::string> draw_figures(const std::string& folder, const std::string& format,
                                      const FittedModel& fitted, const Strfs& strfs,
                                      const Array<double>& cc_norm, Show show) {
  const auto has_mean = [](const std::optional<Fields>& fields) {
    return fields && fields->mean.size() > 0;
  };
  if (show != Show::member && !has_mean(strfs.kernel) && !has_mean(strfs.gradient)) {
    throw ConfigError(
        "--show",
        "there is no mean: it needs units with several seeds or folds, of one setting "
        "and without nested folds, and kernels of units or --gradient");
  }
  make_folder(folder);
  const Figures figures(fitted, strfs, cc_norm);
  std::vector<std::string> files;
  std::set<std::string> taken;  // two unit ids can give the same file name
  const auto draw = [&](std::vector<Drawing> drawings, const std::string& sheet) {
    if (drawings.empty()) return;
    std::vector<plot::StrfFigure> all;
    for (auto& drawing : drawings) {
      std::string name = drawing.name;
      for (int i = 2; !taken.insert(name).second; ++i) name = fmt::format("{}-{}", drawing.name, i);
      const auto written = plot::draw_strfs(folder + "/" + name + "." + format, drawing.figure);
      files.insert(files.end(), written.begin(), written.end());
      all.push_back(std::move(drawing.figure));
    }
    const auto written = plot::draw_contact_sheet(folder + "/" + sheet + "." + format, all);
    files.insert(files.end(), written.begin(), written.end());
  };
  if (show == Show::member) {
    draw(figures.kernels(), "contact-sheet");
    draw(figures.gradients(), "gradient-contact-sheet");
  } else {
    const bool z = show == Show::z;
    const std::string sheet = z ? "z-contact-sheet" : "mean-contact-sheet";
    if (has_mean(strfs.kernel)) draw(figures.means(*strfs.kernel, strfs.value, "", z), sheet);
    if (has_mean(strfs.gradient)) {
      draw(figures.means(*strfs.gradient, "gradient: response", "gradient-", z),
           "gradient-" + sheet);
    }
  }
  if (const auto adaptation = time_constants(strfs)) {
    files.push_back(folder + "/time-constants." + format);
    plot::draw_time_constants(files.back(), *adaptation);
  }
  return files;
}

}  // namespace strffit
