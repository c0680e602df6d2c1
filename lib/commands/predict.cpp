#include "commands/predict.hpp"

#include <numeric>

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

PredictOutcome predict_file(const PredictRequest& request, Observer& observer) {
  const std::string start = now_utc();
  const RunOptions run = run_options(request.device, request.threads);
  refuse_to_replace(request.out, "strffit-results");
  const Checkpoint checkpoint = read_checkpoint(checkpoint_of(request.path));
  const Dataset dataset = read_stimuli_for(checkpoint, request.data, observer);
  std::vector<std::size_t> all(dataset.stimuli.size());
  std::iota(all.begin(), all.end(), std::size_t{0});

  Results results;
  results.roster = checkpoint.roster;
  results.config = checkpoint.config;
  results.provenance = {request.command_line,
                        device_of(run).str(),
                        threads_of(run),
                        absolute(dataset.file),
                        dataset.sha256,
                        start,
                        now_utc()};
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
