// A dataset written one stimulus after the other, so that its responses are never in memory all at
// once.
#pragma once

#include <string>

#include "dataset/dataset.hpp"
#include "files/writer.hpp"

namespace strffit {

class DatasetWriter {
 public:
  // Everything of `dataset` but its stimuli. Errors as of files::Writer.
  DatasetWriter(const std::string& path, const Dataset& dataset);

  void add(const Stimulus& stimulus);
  // For what else the file is to hold.
  files::Writer& file() { return writer_; }
  void commit() { writer_.commit(); }

 private:
  files::Writer writer_;
};

}  // namespace strffit
