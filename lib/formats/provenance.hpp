// Provenance: versions, device and dataset. It starts each log and is stored with each result.
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
  std::string shard = {};  // such as "3/8"; "" for a run without shards
  // Only after reading: program versions and host that wrote the file. Key: attribute name, such as
  // "strffit_version", "cpu", "host".
  std::map<std::string, std::string> written_by = {};
};

// Pairs of name and version: {"strffit", "0.1.0"}, {"LibTorch", ...}, {"BLAS", ...}, {"HDF5", ...},
// {"CUDA", "none"}, {"compiler", ...}, {"CPU", ...}.
std::vector<std::pair<std::string, std::string>> library_versions();

// Writes the provenance as attributes of the root group. Versions, processor and host are those of
// this process.
void put_provenance(files::Writer& writer, const Provenance& provenance);

// Reads the attributes of the root group. Missing attributes stay empty.
Provenance read_provenance(const files::Reader& reader);

}  // namespace strffit
