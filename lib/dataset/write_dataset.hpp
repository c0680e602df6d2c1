// Writes a dataset one stimulus at a time, so that memory never holds all
// responses.
#pragma once

#include <string>

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
  void commit() { writer_.commit(); }

 private:
  files::Writer writer_;
};

}  // namespace strffit
