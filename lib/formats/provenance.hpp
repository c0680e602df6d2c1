// Where numbers come from: what a log begins with and every result carries.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "files/reader.hpp"
#include "files/writer.hpp"

namespace strffit {

struct Provenance {
  std::string command_line;
  std::string device;
  std::int64_t threads = 0;
  std::string dataset;  // absolute path
  std::string dataset_sha256;
  std::string start;  // ISO 8601, UTC
  std::string end;
  std::string shard = {};  // "3/8"; "" for a run in one piece
  // Of a file that was read: who wrote it and where, by attribute ("strffit_version", "cpu",
  // "host").
  std::map<std::string, std::string> written_by = {};
};

// {"strffit", "0.1.0"}, {"LibTorch", ...}, {"BLAS", ...}, {"HDF5", ...}, {"CUDA", "none"}.
std::vector<std::pair<std::string, std::string>> library_versions();

// As attributes of the root. Versions, processor and host are those of this program.
void put_provenance(files::Writer& writer, const Provenance& provenance);

// What is missing is left empty.
Provenance read_provenance(const files::Reader& reader);

}  // namespace strffit
