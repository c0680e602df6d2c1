// Where numbers come from: what a log begins with and every result carries.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

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
};

// {"strffit", "0.1.0"}, {"LibTorch", ...}, {"BLAS", ...}, {"HDF5", ...}, {"CUDA", "none"}.
std::vector<std::pair<std::string, std::string>> library_versions();

std::string now_utc();  // "2026-01-31T12:00:00Z"
std::string host_name();

// As attributes of the root.
void put_provenance(files::Writer& writer, const Provenance& provenance);

}  // namespace strffit
