#include "formats/strfs.hpp"

namespace strffit {

namespace {

// `of`: readable description of the values, such as "drive per unit of the standardised input".
void put_values(files::Writer& writer, const Array<float>& fields, const std::string& path,
                const std::string& of, const Strfs& strfs) {
  writer.put(path, fields.shape, fields.data());
  writer.attribute(path, "lag_ms", strfs.lags_ms);
  writer.attribute(path, "frequency_hz", strfs.frequencies_hz);
  writer.attribute(path, "long_name", of);
}

constexpr const char* kPer = " per ";

std::string per(const std::string& value, Weights weights) {
  return value + kPer +
         (weights == Weights::raw ? "unit of the standardised input"
                                  : "standard deviation of the band in training");
}

void put_fields(files::Writer& writer, const Fields& fields, const std::string& path,
                const std::string& summary, const std::string& value, const Strfs& strfs) {
  put_values(writer, fields.fields, path, per(value, Weights::raw), strfs);
  if (fields.per_sd.size() > 0) {
    put_values(writer, fields.per_sd, path + "_per_sd", per(value, Weights::per_sd), strfs);
  }
  put_unit_means(writer, fields, path, value, strfs);
  for (const auto& [name, values] : fields.summary) {
    writer.put(summary + "/" + name, values);
    writer.attribute(summary + "/" + name, "weights", to_string(fields.weights));
  }
}

}  // namespace

void put_unit_means(files::Writer& writer, const Fields& fields, const std::string& path,
                    const std::string& value, const Strfs& strfs) {
  if (fields.mean.size() == 0) return;
  const std::string of = per(value, fields.weights);
  put_values(writer, fields.mean, path + "_mean", of + ", mean over seeds and folds", strfs);
  put_values(writer, fields.standard_error, path + "_standard_error",
             of + ", standard error: " + fields.standard_error_of, strfs);
}

std::string value_of(const std::string& long_name) {
  return long_name.substr(0, long_name.find(kPer));
}

std::optional<Weights> weights_named(const std::string& word) {
  for (const auto weights : {Weights::raw, Weights::per_sd}) {
    if (word == to_string(weights)) return weights;
  }
  return std::nullopt;
}

std::string value_label(const std::string& value, Weights weights) {
  return value + (weights == Weights::per_sd ? " per s.d. of band" : " per unit of input");
}

std::string to_string(Weights weights) { return weights == Weights::raw ? "raw" : "per_sd"; }

void put_strfs(files::Writer& writer, const Strfs& strfs) {
  if (strfs.kernel) {
    put_fields(writer, *strfs.kernel, "/strf/kernel", "/strf/summary", strfs.value, strfs);
    writer.attribute("/strf/kernel", "channel", strfs.channels);
    writer.attribute("/strf/kernel", "kernels_of", strfs.kernel_a_unit ? "units" : "hidden units");
    if (strfs.kernel->per_sd.size() > 0) {
      writer.attribute("/strf/kernel_per_sd", "channel", strfs.channels);
    }
  }
  if (strfs.gradient) {
    put_fields(writer, *strfs.gradient, "/strf/gradient", "/strf/gradient_summary", "response",
               strfs);
  }
  for (const auto& [name, values] : strfs.measures) writer.put("/measures/" + name, values);
  for (const auto& [key, fields] : strfs.dynamic) {
    put_values(writer, fields, "/strf/dynamic/" + key, per("response", Weights::raw), strfs);
  }
}

}  // namespace strffit
