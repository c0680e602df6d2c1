#include "formats/provenance.hpp"

#include <ATen/Context.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "files/library_version.hpp"
#include "ops/blas_core.hpp"
#include "ops/cuda/recorded.hpp"
#include "ops/gemm.hpp"
#include "ops/level.hpp"
#include "util/machine.hpp"
#include "util/text.hpp"
#include "util/version.hpp"

namespace strffit {

namespace {

// Version and devices of CUDA, such as "11.8, 1 device", or "none".
std::string cuda() {
  if (!at::hasCUDA()) return "none";
  const long version = at::detail::getCUDAHooks().versionCUDART();  // such as 11080 for 11.8
  const auto devices = at::getNumGPUs();
  return fmt::format("{}.{}, {}{}{}", version / 1000, version % 1000 / 10, devices,
                     devices == 1 ? " device" : " devices",
                     ops::records_on(at::kCUDA) ? "" : ", without kernels of our own");
}

// Such as "Intel(R) Xeon(R) Gold 6248, AVX512". LibTorch and BLAS choose their code by the
// processor, so it can affect rounding.
std::string processor() {
  const auto after = [](std::istream& text, const std::string& start) -> std::string {
    for (std::string line; std::getline(text, line);) {
      if (const auto at = line.find(start); at != std::string::npos) {
        const auto value = line.find_first_not_of(" \t:", at + start.size());
        return value == std::string::npos ? "" : line.substr(value);
      }
    }
    return "";
  };
  std::ifstream system("/proc/cpuinfo");
  std::istringstream libtorch(at::show_config());
  const std::string name = after(system, "model name");
  return (name.empty() ? "unknown" : name) + ", " + after(libtorch, "CPU capability usage:");
}

// "GNU 12.2.0, native", "GNU 12.2.0, portable, kernels for x86-64-v3".
std::string build() {
  const std::string level = ops::level();
  return compiler() + (level.empty() ? "" : ", kernels for " + level);
}

// Name of the attribute for a library: "strffit_version" for "strffit".
std::string attribute_of(std::string library) {
  std::transform(library.begin(), library.end(), library.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return library == "cpu" ? library : library + "_version";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> library_versions() {
  return {{"strffit", version()},     {"LibTorch", TORCH_VERSION},
          {"BLAS", ops::blas_name()}, {"HDF5", files::hdf5_version()},
          {"CUDA", cuda()},           {"compiler", build()},
          {"CPU", processor()}};
}

void put_provenance(files::Writer& writer, const Provenance& provenance) {
  for (const auto& [name, version] : library_versions()) {
    writer.attribute("/", attribute_of(name), version);
  }
  writer.attribute("/", "blas_core", ops::blas_core());
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

Provenance read_provenance(const files::Reader& reader) {
  const auto text = [&reader](const char* name) {
    return reader.optional_string_attribute("/", name).value_or("");
  };
  Provenance found{text("command_line"),
                   text("device"),
                   reader.optional_integer_attribute("/", "threads").value_or(0),
                   text("dataset"),
                   text("dataset_sha256"),
                   text("start"),
                   text("end"),
                   text("shard")};
  std::vector<std::string> names = {"blas_core", "host"};
  for (const auto& library : library_versions()) names.push_back(attribute_of(library.first));
  for (const auto& name : names) {
    if (const auto value = reader.optional_string_attribute("/", name))
      found.written_by[name] = *value;
  }
  return found;
}

}  // namespace strffit
