#include "formats/last.hpp"

#include <ATen/Functions.h>

#include <algorithm>
#include <limits>

#include "files/reader.hpp"
#include "files/writer.hpp"
#include "formats/results.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

constexpr const char* kLastFormat = "strffit-last";

Array<std::int64_t> numbers(const std::vector<MemberStatus>& status) {
  Array<std::int64_t> array({static_cast<std::int64_t>(status.size())});
  std::transform(status.begin(), status.end(), array.values.begin(),
                 [](MemberStatus one) { return static_cast<std::int64_t>(one); });
  return array;
}

template <class T>
Array<T> as_array(const std::vector<T>& values) {
  return {{static_cast<std::int64_t>(values.size())}, values};
}

// A table epochs x members. NaN if a member has no value for an epoch.
Array<double> history_table(const std::vector<std::vector<double>>& rows) {
  const auto columns = rows.empty() ? 0 : rows.front().size();
  Array<double> table({static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(columns)});
  table.values.clear();
  for (const auto& row : rows) table.values.insert(table.values.end(), row.begin(), row.end());
  return table;
}

// Reads all datasets below a group; the key is the path relative to this group. The depth is
// limited, because groups of a damaged file can contain each other.
void read_state_tensors(const files::Reader& reader, const std::string& group,
                        const std::string& prefix, int depth, Tensors& tensors) {
  constexpr int kDeepest = 4;  // names have up to three levels, such as "best/strf/weight"
  if (depth > kDeepest) throw DataError(reader.file(), group, "expected no groups as deep as this");
  for (const auto& name : reader.children(group)) {
    const std::string path = group + "/" + name;
    if (reader.is_group(path)) {
      read_state_tensors(reader, path, prefix + name + "/", depth + 1, tensors);
    } else {
      auto array = reader.floats(path);
      tensors[prefix + name] = at::from_blob(array.data(), array.shape, at::kFloat).clone();
    }
  }
}

std::int64_t read_epoch(const files::Reader& reader) {
  const auto epoch = reader.integer_attribute("/", "epoch");
  if (epoch < 0) throw DataError(reader.file(), "/ attribute epoch", "expected 0 or more");
  return epoch;
}

std::int64_t read_refit_since(const files::Reader& reader) {
  if (!reader.has_attribute("/", "refit_since")) return TrainerState::kNoRefit;
  const auto since = reader.integer_attribute("/", "refit_since");
  if (since < 0) throw DataError(reader.file(), "/ attribute refit_since", "expected 0 or more");
  return since;
}

std::vector<MemberStatus> read_status(const files::Reader& reader) {
  std::vector<MemberStatus> status;
  for (const auto value : reader.integers("/members/status", {{-1}, "(M)"}).values) {
    if (value < 0 || value > static_cast<std::int64_t>(MemberStatus::failed)) {
      throw DataError(reader.file(), "/members/status",
                      fmt::format("expected a status from 0 to 3; found {}", value));
    }
    status.push_back(static_cast<MemberStatus>(value));
  }
  return status;
}

}  // namespace

void write_last(const std::string& path, const LastState& last) {
  files::Writer writer(path, kLastFormat);
  const TrainerState& state = last.trainer;
  writer.attribute("/", "config", last.config);
  writer.attribute("/", "dataset_sha256", last.dataset_sha256);
  if (!last.core_sha256.empty()) writer.attribute("/", "core_sha256", last.core_sha256);
  writer.attribute("/", "started", last.started);
  writer.attribute("/", "epoch", state.epoch);
  if (state.refitting()) writer.attribute("/", "refit_since", state.refit_since);
  writer.put("/members/status", numbers(state.status));
  writer.put("/members/best_score", as_array(state.best_score));
  writer.put("/members/best_epoch", as_array(state.best_epoch));
  writer.put("/members/learning_rate", as_array(state.learning_rate));
  writer.put("/members/plateau_since", as_array(state.plateau_since));
  writer.group("/tensors");
  Tensors values;  // keeps contiguous copies alive until commit()
  for (const auto& [name, tensor] : state.tensors) {
    const auto& own = values[name] = tensor.contiguous();
    writer.put("/tensors/" + name, own.sizes().vec(), own.data_ptr<float>());
  }
  put_ridge(writer, state.ridge);
  writer.group("/history");
  for (const auto& [name, rows] : state.history)
    writer.put("/history/" + name, history_table(rows));
  writer.commit();
}

LastState read_last(const std::string& path) {
  const files::Reader reader(path, {kLastFormat});
  LastState last;
  TrainerState& state = last.trainer;
  state.file = path;
  last.config = reader.string_attribute("/", "config");
  last.dataset_sha256 = reader.string_attribute("/", "dataset_sha256");
  last.core_sha256 = reader.optional_string_attribute("/", "core_sha256").value_or("");
  last.started = reader.string_attribute("/", "started");
  state.epoch = read_epoch(reader);
  state.status = read_status(reader);
  const auto members = static_cast<std::int64_t>(state.status.size());
  const files::Expected each({members}, "(M)");
  state.best_score = reader.doubles("/members/best_score", each).values;
  state.best_epoch = reader.integers("/members/best_epoch", each).values;
  state.learning_rate = reader.doubles("/members/learning_rate", each).values;
  state.plateau_since = reader.integers("/members/plateau_since", each).values;
  read_state_tensors(reader, "/tensors", "", 0, state.tensors);
  state.refit_since = read_refit_since(reader);
  state.ridge = read_ridge(reader, members);
  for (const auto& name : reader.children("/history")) {
    state.history[name] = read_history(reader, name, {{state.epoch, -1}, "(epochs, M)"}, members);
  }
  return last;
}

LastProgress read_last_progress(const std::string& path) {
  const files::Reader reader(path, {kLastFormat});
  TrainerState state;
  state.epoch = read_epoch(reader);
  state.status = read_status(reader);
  state.refit_since = read_refit_since(reader);
  state.best_epoch = reader
                         .integers("/members/best_epoch",
                                   {{static_cast<std::int64_t>(state.status.size())}, "(M)"})
                         .values;
  LastProgress progress{reader.string_attribute("/", "config"), state.epoch, state.status, {}, {}};
  if (state.refitting()) {
    progress.refit_left = state.refit_epochs_left();
    for (std::size_t m = 0; m < state.status.size(); ++m) {
      if (state.is_active(m)) progress.status[m] = MemberStatus::running;
    }
  }
  if (reader.exists("/history/seconds")) {
    progress.seconds = reader.doubles("/history/seconds", {{-1, -1}, "(epochs, 1)"}).values;
  }
  return progress;
}

}  // namespace strffit
