// Short descriptions of the models in docs/models.md.
#include <map>

#include "report/report_page.hpp"

namespace strffit {

ModelWords model_words(const std::string& kind) {
  static const std::map<std::string, ModelWords> kWords = {
      {"linear",
       {"a linear receptive field",
        "r[t] = b + Σ k[c, f, l] x[c, f, t − l], summed over channels c, bands f and lags l"}},
      {"ln",
       {"a linear receptive field and an output nonlinearity g",
        "r[t] = g(b + Σ k[c, f, l] x[c, f, t − l])"}},
      {"nrf",
       {"a network receptive field: hidden units with receptive fields of their own, a weighted "
        "sum, "
        "an output nonlinearity g",
        "r[t] = g(b + Σ w[h] φ(norm(z[h, t]))), z[h, t] = b[h] + Σ k[h, c, f, l] x[c, f, t − l]"}},
      {"dnet",
       {"a dynamic network: a network receptive field whose hidden and output units are leaky "
        "integrators",
        "r[t] = D(g(b + Σ w[h] D(φ(norm(z[h, t]))))), D: y[t] = (1 − 1/τ) y[t − 1] + s[t]/τ"}},
      {"conv2d",
       {"a convolutional network: three layers of two-dimensional convolutions, a dense layer, an "
        "output nonlinearity g",
        "r[t] = g(b + Σ w[h] φ(dense(conv3(conv2(conv1(x)))))[h, t])"}},
      {"statenet",
       {"a locally connected layer along frequency and a recurrent layer, an output nonlinearity g",
        "r[t] = g(b + Σ w[h] s[h, t]), s[·, t] = cell(φ(norm(local(x[·, t]))), s[·, t − 1])"}}};
  const auto found = kWords.find(kind);
  return found == kWords.end() ? ModelWords{} : found->second;
}

}  // namespace strffit
