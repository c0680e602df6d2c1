#include "commands/predict.hpp"

#include <numeric>

#include "evaluation/average_run.hpp"
#include "evaluation/averaging.hpp"
#include "evaluation/fitted.hpp"
#include "files/paths.hpp"
#include "formats/results.hpp"
#include "study/run_folder.hpp"
#include "study/study.hpp"
#include "training/device.hpp"
#include "util/errors.hpp"
#include "util/machine.hpp"

namespace strffit {

namespace {

std::vector<std::size_t> all_of(const Dataset& dataset) {
  std::vector<std::size_t> all(dataset.stimuli.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

// What both kinds of run write beside predictions.
Results results_of(const PredictRequest& request, const Dataset& dataset, const RunOptions& run,
                   const std::string& start) {
  Results results;
  results.provenance = {request.command_line,
                        device_of(run).str(),
                        threads_of(run),
                        absolute(dataset.file),
                        dataset.sha256,
                        start,
                        now_utc()};
  return results;
}

// Of an average of runs: as of one member that predicts all units.
PredictOutcome predict_average_of_runs(const std::string& file, const PredictRequest& request,
                                       Observer& observer) {
  const std::string start = now_utc();
  const RunOptions run = run_options(request.device, request.threads);
  refuse_to_replace(request.out, "strffit-results");
  const AverageRun average = read_average_run(file);
  const Dataset dataset = read_stimuli_for(average.parts.front(), request.data, observer);
  std::vector<std::vector<Partition>> partitions;
  for (const auto& part : average.parts) partitions.push_back(partitions_of_fit(part, dataset));
  Results results = results_of(request, dataset, run, start);
  results.roster = average.roster();
  const auto all = all_of(dataset);
  const auto stop_if_asked = [&observer] {
    if (observer.stop_requested()) throw Stopped("stopped on request; nothing was written");
  };
  const Average mean = average.average(partitions);
  write_results(request.out, results, [&](files::Writer& writer) {
    if (!request.averaged) {
      put_mean_predictions(writer, mean, dataset, all, run, stop_if_asked);
      return;
    }
    Averaged averaged = averages_in(results.roster);
    averaged.members = average.members_of_units();
    put_averaged(writer, averaged);
    put_averaged_predictions(writer, mean, averaged, dataset, all, run, stop_if_asked);
  });
  return {request.out, static_cast<std::int64_t>(all.size()), average.members(),
          results.roster.units(), true};
}

}  // namespace

PredictOutcome predict_file(const PredictRequest& request, Observer& observer) {
  const std::string average = average_file_of(request.path);
  if (!average.empty()) return predict_average_of_runs(average, request, observer);
  const std::string start = now_utc();
  const RunOptions run = run_options(request.device, request.threads);
  refuse_to_replace(request.out, "strffit-results");
  const Checkpoint checkpoint = read_checkpoint(checkpoint_of(request.path));
  const Dataset dataset = read_stimuli_for(checkpoint, request.data, observer);
  const auto all = all_of(dataset);
  Results results = results_of(request, dataset, run, start);
  results.roster = checkpoint.roster;
  results.config = checkpoint.config;
  const auto stop_if_asked = [&observer] {
    if (observer.stop_requested()) throw Stopped("stopped on request; nothing was written");
  };
  write_results(request.out, results, [&](files::Writer& writer) {
    if (!request.averaged) {
      put_predictions(writer, checkpoint, dataset, all, run, stop_if_asked);
      return;
    }
    const Averaged averaged = averages_in(checkpoint.roster);
    put_averaged(writer, averaged);
    put_averaged_predictions(writer, average_of(checkpoint, partitions_of_fit(checkpoint, dataset)),
                             averaged, dataset, all, run, stop_if_asked);
  });
  return {request.out, static_cast<std::int64_t>(all.size()),
          static_cast<std::int64_t>(checkpoint.roster.members.size()), checkpoint.roster.units(),
          request.averaged};
}

}  // namespace strffit
