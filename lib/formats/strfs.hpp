// Receptive fields as files hold them: formats.md, /strf.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "files/writer.hpp"
#include "util/array.hpp"

namespace strffit {

// Fields and their measures; the last two axes of `fields` are F and L, and each measure has the
// axes before them.
struct Fields {
  Array<float> fields;
  std::map<std::string, Array<float>> summary;  // by the names of kStrfMeasures
};

struct Strfs {
  std::optional<Fields> kernel;    // (M, K, C, F, L); nothing for kinds without kernels
  std::optional<Fields> gradient;  // (M, N, F, L), when asked for
  std::map<std::string, Array<float>> dynamic;   // stimulus key -> (M, N, T, F, L), when asked for
  std::map<std::string, Array<float>> measures;  // Model::measures, by name
  std::vector<std::string> channels;             // (C)
  std::vector<double> frequencies_hz;            // (F)
  std::vector<double> lags_ms;                   // (L), below 0 in the future
};

// Below /strf and /measures.
void put_strfs(files::Writer& writer, const Strfs& strfs);

}  // namespace strffit
