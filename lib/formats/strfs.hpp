// Receptive fields as files hold them: formats.md, /strf.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "files/writer.hpp"
#include "util/array.hpp"

namespace strffit {

// What a value of a field is: the weight as fitted, of the standardised input; or the response per
// standard deviation of its band in training, the weight times that.
enum class Weights { raw, per_sd };
// "raw", "per_sd"; nothing for another word.
std::optional<Weights> weights_named(const std::string& word);
std::string to_string(Weights weights);
// Label of a colour bar: "drive per s.d. of band" or "drive per unit of input".
std::string value_label(const std::string& value, Weights weights);

// Fields and their measures; the last two axes of `fields` are F and L, and each measure has the
// axes before them.
struct Fields {
  Array<float> fields;  // raw weights
  // By the names of kStrfMeasures, and kAtEdge: 1 where the best frequency is that of the lowest or
  // highest band, beyond which it may lie, else 0.
  std::map<std::string, Array<float>> summary;
  Array<float> per_sd = {};        // as `fields`; empty where the bands' spread is not known
  Weights weights = Weights::raw;  // which of both the summary is of, and figures show

  // Where fields are those of units and these have several fits (unit_mean.hpp): of what is shown,
  // (N_all, ...) with the axes after K; else empty.
  Array<float> mean = {}, standard_error = {};
  std::string standard_error_of = {};  // "jackknife over 5 folds"

  const Array<float>& shown() const { return weights == Weights::per_sd ? per_sd : fields; }
};
inline constexpr const char* kAtEdge = "best_frequency_at_edge";

struct Strfs {
  std::optional<Fields> kernel;    // (M, K, C, F, L); nothing for kinds without kernels
  std::optional<Fields> gradient;  // (M, N, F, L), when asked for
  std::map<std::string, Array<float>> dynamic;   // stimulus key -> (M, N, T, F, L), when asked for
  std::map<std::string, Array<float>> measures;  // Model::measures, by name
  std::vector<std::string> channels;             // (C)
  std::vector<double> frequencies_hz;            // (F)
  std::vector<double> lags_ms;                   // (L), below 0 in the future
  bool kernel_a_unit = false;                    // kernel k is that of output k of the member
  std::string value =
      "drive";  // what the kernels' values are of: "response", "drive", "hidden drive"
};

// The mean and standard error of units, as <path>_mean and <path>_standard_error; `value`, lags and
// bands as of Strfs.
void put_unit_means(files::Writer& writer, const Fields& fields, const std::string& path,
                    const std::string& value, const Strfs& strfs);

// What the values of /strf/kernel are of, by its attribute long_name; "" where it has none.
std::string value_of(const std::string& long_name);

// Below /strf and /measures.
void put_strfs(files::Writer& writer, const Strfs& strfs);

}  // namespace strffit
