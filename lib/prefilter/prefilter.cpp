#include "prefilter/prefilter.hpp"

#include <cmath>

#include "util/errors.hpp"
#include "util/frequency.hpp"
#include "util/text.hpp"

namespace strffit {

#define STRFFIT_PREFILTER(name) PrefilterSpec name##_prefilter(config::Node& node);
#include "prefilter/kinds.inc"
#undef STRFFIT_PREFILTER

const std::vector<std::string>& prefilter_kinds() {
  static const std::vector<std::string> kinds = {
#define STRFFIT_PREFILTER(name) #name,
#include "prefilter/kinds.inc"
#undef STRFFIT_PREFILTER
  };
  return kinds;
}

PrefilterSpec read_prefilter(config::Node& node) {
  const auto kind = node.choice("kind", prefilter_kinds().front(), prefilter_kinds(),
                                "applied to the spectrogram before the receptive field");
#define STRFFIT_PREFILTER(name) \
  if (kind == #name) return name##_prefilter(node);
#include "prefilter/kinds.inc"
#undef STRFFIT_PREFILTER
  throw Bug("prefilter kind " + kind + " is listed but not built");
}

std::vector<double> colliculus_time_constants_ms(const std::vector<double>& frequencies_hz) {
  std::vector<double> result;
  for (std::size_t band = 0; band < frequencies_hz.size(); ++band) {
    const double tau_ms = 500 - 105 * std::log10(frequencies_hz[band]);
    if (!(tau_ms > 0) || std::isinf(tau_ms)) {
      throw DataError("prefilter", fmt::format("band {}", band),
                      "its centre of " + frequency_text(frequencies_hz[band]) +
                          " gives no time constant above 0 ms; the formula 500 - 105 log10(f) "
                          "holds above 0 Hz and "
                          "up to 57 kHz: give min_freq_hz, max_freq_hz and scale");
    }
    result.push_back(tau_ms);
  }
  return result;
}

}  // namespace strffit
