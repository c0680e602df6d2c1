// A small simulated recording and configurations for it, for tests that train.
#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "dataset/simulate.hpp"
#include "files/temporary_file.hpp"
#include "support/temporary_folder.hpp"

namespace strffit::test {

inline std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

// 3 units, 10 sounds (6 train, 2 valid, 2 test) of 120 frames, 6 bands: an epoch takes
// milliseconds.
inline Simulation small_recording(std::uint64_t seed = 0) {
  SimulateOptions options;
  options.units = 3;
  options.stimuli = 10;
  options.seconds = 0.6;
  options.bands = 6;
  options.trials = 4;
  options.seed = seed;
  return simulate(options);
}

class SmallStudy {
 public:
  explicit SmallStudy(const std::string& model = "{kind: ln, context: 5}",
                      const std::string& fit = "{mode: independent, max_epochs: 8, patience: 5}",
                      const std::string& data = "") {
    const auto simulation = small_recording();
    write_dataset(data_file(), simulation.dataset, &simulation.truth);
    const bool has_epochs = fit.find("solver: ridge") == std::string::npos;
    write_text(config(), "data: {file: " + data_file() + data + "}\nmodel: " + model +
                             "\nfit: " + fit + "\noutput: {folder: " + run() +
                             (has_epochs ? ", checkpoint_every: 0" : "") +
                             "}\nrun: {threads: 1, device: cpu}\n");
  }
  std::string data_file() const { return folder_.file("data.h5"); }
  std::string config() const { return folder_.file("fit.yaml"); }
  std::string run() const { return folder_.file("run"); }
  std::string file(const std::string& name) const { return folder_.file(name); }

 private:
  TemporaryFolder folder_;
};

}  // namespace strffit::test
