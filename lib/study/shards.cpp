#include "study/shards.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <optional>
#include <set>
#include <sstream>
#include <tuple>

#include "files/json.hpp"
#include "files/paths.hpp"
#include "files/temporary_file.hpp"
#include "study/run_folder.hpp"
#include "study/study.hpp"
#include "training/device.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

namespace fs = std::filesystem;

// Writes a file unless it exists. If several processes try, the first one wins.
void write_once(const std::string& path, const std::string& text, const Shard& shard) {
  if (fs::exists(path)) return;
  const std::string own = fmt::format("{}.{}", path, shard.number);
  files::write_text(own, text);
  std::error_code refused, ignored;
  fs::create_hard_link(own, path, refused);
  if (refused && !fs::exists(path, ignored)) {
    fs::rename(own, path);  // the file system has no hard links
  } else {
    fs::remove(own, ignored);
  }
}

}  // namespace

std::string shards_folder(const std::string& run) { return run + "/shards"; }

std::string shard_folder(const std::string& run, const Shard& shard) {
  return fmt::format("{}/{}-of-{}", shards_folder(run), shard.number, shard.of);
}

void refuse_run_in_one_piece(const std::string& run) {
  const RunPaths paths{run};
  // Shards make their folder before config.yaml. Checking in this order does not mistake a run
  // whose first shard is just starting for an undivided run.
  const bool begun = paths.progress() != Progress::fresh;
  if (is_there(paths.last()) || is_there(run + "/share.json") ||
      (begun && !is_there(shards_folder(run)))) {
    throw ConfigError(run, "holds a run in one piece: --out DIR writes the shards elsewhere");
  }
}

std::vector<std::string> differences_from_run(const std::string& run, const std::string& resolved) {
  const RunPaths paths{run};
  if (!is_there(paths.config())) return {};
  const StoredConfig common = read_stored_config(text_of(paths.config()), paths.config());
  const StoredConfig own = read_stored_config(resolved, "the configuration");
  auto changes = differences(common, own, false);
  // These options affect rounding, so they must be the same for all members.
  for (auto& change : differences_in({"run.chunk", "run.tf32", "run.cuda_graphs"}, common, own)) {
    changes.push_back(std::move(change));
  }
  return changes;
}

RunOptions join_run(const std::string& run, const Shard& shard, const std::string& resolved) {
  const RunPaths paths{run};
  refuse_run_in_one_piece(run);
  std::error_code error;
  fs::create_directories(shards_folder(run), error);
  if (error) throw RunError("cannot make the run folder " + run + ": " + error.message());
  const std::int64_t of = shards_in(run);
  if (of != 0 && of != shard.of) {
    throw ConfigError(
        run,
        fmt::format("holds shards of {}, not of {}: the same number for all, or remove {} first",
                    of, shard.of, shards_folder(run)));
  }
  // Threads and device affect how members are cut into chunks. So all shards use the options of the
  // first one.
  auto document = config::Document::from_text(resolved, "the configuration");
  RunOptions own;
  {
    auto copy = config::Document::from_text(resolved, "the configuration");
    config::Node node = copy.root().map("run", "");
    own = read_run_options(node);
  }
  document.set(fmt::format("run.threads={}", threads_of(own)));
  document.set(std::string("run.device=") + (device_of(own).is_cpu() ? "cpu" : "cuda"));
  Study agreed;
  read_study(agreed, std::move(document), "");
  write_once(paths.config(), agreed.resolved, shard);

  const auto changes = differences_from_run(run, resolved);
  if (!changes.empty()) {
    std::string list;
    for (const auto& change : changes) list += "\n  " + change;
    throw ConfigError(paths.config(), "the other shards are fitted with another configuration:" +
                                          list + "\nUndo that, or write elsewhere with --out DIR");
  }
  const std::string common = text_of(paths.config());
  auto found = config::Document::from_text(common, paths.config());
  config::Node node = found.root().map("run", "");
  return read_run_options(node);
}

std::int64_t Share::members() const {
  return std::accumulate(parts.begin(), parts.end(), std::int64_t{0},
                         [](std::int64_t sum, const Part& part) { return sum + part.members; });
}

void write_share(const std::string& shard_folder, const Share& share) {
  Json json = {{"shard", share.shard.number}, {"of", share.shard.of}};
  for (const auto& part : share.parts) {
    json["ensembles"].push_back({{"folder", part.folder},
                                 {"members", part.members},
                                 {"members_of_the_run", part.members_all}});
  }
  files::write_text(shard_folder + "/share.json", json.dump(2) + "\n");
}

Share read_share(const std::string& shard_folder) {
  const std::string file = shard_folder + "/share.json";
  if (!fs::exists(file)) throw DataError(file, "", "is missing: the shard has not begun");
  try {
    const auto json = Json::parse(text_of(file));
    Share share{{json.at("shard"), json.at("of")}, {}};
    for (const auto& part : json.at("ensembles")) {
      share.parts.push_back({part.at("folder"), part.at("members"), part.at("members_of_the_run")});
    }
    return share;
  } catch (const Json::exception& error) {
    throw DataError(file, "", std::string("is damaged: ") + error.what());
  }
}

std::int64_t slurm_shards(const std::string& run) {
  const std::string file = run + "/slurm/shards.json";
  if (!is_there(file)) return 0;
  try {
    const std::int64_t of = Json::parse(text_of(file)).at("of");
    if (of >= 1 && of <= kMostShards) return of;
    throw DataError(file, "of", fmt::format("expected 1 to {}", kMostShards));
  } catch (const Json::exception& error) {
    throw DataError(file, "", std::string("is damaged: ") + error.what());
  }
}

void write_slurm_shards(const std::string& run, std::int64_t of) {
  files::write_text(run + "/slurm/shards.json", Json({{"of", of}}).dump(2) + "\n");
}

std::int64_t shards_in(const std::string& run) {
  std::set<std::int64_t> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(shards_folder(run), ignored)) {
    if (const auto shard = shard_in(entry.path().filename().string(), "-of-")) {
      found.insert(shard->of);
    }
  }
  if (found.size() > 1) {
    throw ConfigError(shards_folder(run),
                      fmt::format("holds shards of {} and of {}: remove those that do not count",
                                  *found.begin(), *found.rbegin()));
  }
  return found.empty() ? 0 : *found.begin();
}

}  // namespace strffit
