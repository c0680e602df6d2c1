#include "export/provenance.hpp"

#include <ATen/Context.h>
#include <torch/version.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "files/library_version.hpp"
#include "ops/gemm.hpp"
#include "util/version.hpp"

namespace strffit {

namespace {

// "11.8, 1 device", "none".
std::string cuda() {
  if (!at::hasCUDA()) return "none";
  const long version = at::detail::getCUDAHooks().versionCUDART();  // 11080
  const auto devices = at::getNumGPUs();
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10) + ", " +
         std::to_string(devices) + (devices == 1 ? " device" : " devices");
}

}  // namespace

std::vector<std::pair<std::string, std::string>> library_versions() {
  return {{"strffit", version()},
          {"LibTorch", TORCH_VERSION},
          {"BLAS", ops::blas_name()},
          {"HDF5", files::hdf5_version()},
          {"CUDA", cuda()}};
}

std::string now_utc() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string host_name() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

void put_provenance(files::Writer& writer, const Provenance& provenance) {
  for (auto [name, version] : library_versions()) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    writer.attribute("/", name + "_version", version);
  }
  writer.attribute("/", "command_line", provenance.command_line);
  writer.attribute("/", "device", provenance.device);
  writer.attribute("/", "threads", provenance.threads);
  writer.attribute("/", "host", host_name());
  writer.attribute("/", "dataset", provenance.dataset);
  writer.attribute("/", "dataset_sha256", provenance.dataset_sha256);
  writer.attribute("/", "start", provenance.start);
  writer.attribute("/", "end", provenance.end);
  if (!provenance.shard.empty()) writer.attribute("/", "shard", provenance.shard);
}

}  // namespace strffit
