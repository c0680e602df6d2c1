#include "commands/simulate.hpp"

#include <filesystem>

#include "util/errors.hpp"

namespace strffit {

void simulate_file(const SimulateOptions& options, const std::string& out, bool overwrite) {
  std::error_code ignored;
  if (!overwrite && std::filesystem::exists(out, ignored)) {
    throw RunError(out + " is there already: --overwrite replaces it");
  }
  const Simulation simulation = simulate(options);
  write_dataset(out, simulation.dataset, &simulation.truth);
}

}  // namespace strffit
