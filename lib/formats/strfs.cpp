#include "formats/strfs.hpp"

namespace strffit {

namespace {

void put_fields(files::Writer& writer, const Fields& fields, const std::string& path,
                const std::string& summary, const Strfs& strfs) {
  writer.put(path, fields.fields.shape, fields.fields.data());
  writer.attribute(path, "lag_ms", strfs.lags_ms);
  writer.attribute(path, "frequency_hz", strfs.frequencies_hz);
  for (const auto& [name, values] : fields.summary) writer.put(summary + "/" + name, values);
}

}  // namespace

void put_strfs(files::Writer& writer, const Strfs& strfs) {
  if (strfs.kernel) {
    put_fields(writer, *strfs.kernel, "/strf/kernel", "/strf/summary", strfs);
    writer.attribute("/strf/kernel", "channel", strfs.channels);
  }
  if (strfs.gradient) {
    put_fields(writer, *strfs.gradient, "/strf/gradient", "/strf/gradient_summary", strfs);
  }
  for (const auto& [name, values] : strfs.measures) writer.put("/measures/" + name, values);
  for (const auto& [key, fields] : strfs.dynamic) {
    put_fields(writer, {fields, {}}, "/strf/dynamic/" + key, "", strfs);
  }
}

}  // namespace strffit
