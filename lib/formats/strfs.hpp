// Receptive fields as stored in files: formats.md, /strf.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "files/writer.hpp"
#include "util/array.hpp"

namespace strffit {

// The scale of the values of a field. raw: the weights as fitted, for the standardised input.
// per_sd: the raw weight times the standard deviation of its band in training, which is the
// response per standard deviation of the band.
enum class Weights { raw, per_sd };
// The value for "raw" or "per_sd"; nothing for any other word.
std::optional<Weights> weights_named(const std::string& word);
std::string to_string(Weights weights);
// Label of a colour bar: "drive per s.d. of band" or "drive per unit of input".
std::string value_label(const std::string& value, Weights weights);

// Receptive fields and their measures. The last two axes of `fields` are F and L. Each measure has
// the other axes.
struct Fields {
  Array<float> fields;  // raw weights
  // Key: one of kStrfMeasures, or kAtEdge. kAtEdge is 1 if the best frequency is in the lowest or
  // highest band, so that the true one may be outside the range; otherwise 0.
  std::map<std::string, Array<float>> summary;
  // shape of `fields`; empty if the standard deviations of the bands are unknown
  Array<float> per_sd = {};
  Weights weights = Weights::raw;  // the scale of `summary`, and of figures

  // Only if the fields belong to units and each unit has several fits (unit_mean.hpp): mean and
  // standard error of shown(), (N_all, ...) with the axes after K. Otherwise empty.
  Array<float> mean = {}, standard_error = {};
  std::string standard_error_of = {};  // such as "jackknife over 5 folds"

  const Array<float>& shown() const { return weights == Weights::per_sd ? per_sd : fields; }
};
inline constexpr const char* kAtEdge = "best_frequency_at_edge";

struct Strfs {
  std::optional<Fields> kernel;    // (M, K, C, F, L); nothing if the model has no kernels
  std::optional<Fields> gradient;  // (M, N, F, L), only if requested
  // stimulus key -> (M, N, T, F, L), only if requested
  std::map<std::string, Array<float>> dynamic;
  std::map<std::string, Array<float>> measures;  // Model::measures, by name
  std::vector<std::string> channels;             // (C)
  std::vector<double> frequencies_hz;            // (F)
  std::vector<double> lags_ms;                   // (L), negative in the future
  bool kernel_a_unit = false;  // true if kernel k belongs to output k of the member
  std::string value =
      "drive";  // the quantity that the kernels predict: "response", "drive" or "hidden drive"
};

// Writes <path>_mean and <path>_standard_error if the fields have a mean. `value`: the quantity
// that the fields predict. Lags and bands are taken from `strfs`.
void put_unit_means(files::Writer& writer, const Fields& fields, const std::string& path,
                    const std::string& value, const Strfs& strfs);

// The quantity that the values of /strf/kernel predict: the text of the attribute long_name before
// " per ". "" if `long_name` is empty.
std::string value_of(const std::string& long_name);

// Writes everything below /strf and /measures. RunError if the file cannot be written.
void put_strfs(files::Writer& writer, const Strfs& strfs);

}  // namespace strffit
