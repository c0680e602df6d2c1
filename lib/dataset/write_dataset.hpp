// Writes a dataset one stimulus at a time, so that memory never holds all
// responses.
#pragma once

#include <string>
#include <vector>

#include "dataset/dataset.hpp"
#include "files/writer.hpp"

namespace strffit {

class DatasetWriter {
 public:
  // Writes everything of `dataset` except its stimuli. Errors: see files::Writer.
  DatasetWriter(const std::string& path, const Dataset& dataset);

  void add(const Stimulus& stimulus);
  // For additional content of the file.
  files::Writer& file() { return writer_; }
  // Gives all axes their names (formats.md), and the file its own.
  void commit();

 private:
  files::Writer writer_;
  double dt_ms_;
  std::vector<double> frequencies_hz_;
  std::vector<std::string> unit_ids_;
};

}  // namespace strffit
