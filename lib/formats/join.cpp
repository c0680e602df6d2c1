#include "formats/join.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <type_traits>

#include "config/document.hpp"
#include "dataset/options.hpp"
#include "files/dimensions.hpp"
#include "files/reader.hpp"
#include "files/writer.hpp"
#include "formats/axis_names.hpp"
#include "formats/roster.hpp"
#include "formats/strfs.hpp"
#include "formats/unit_mean.hpp"
#include "util/errors.hpp"

namespace strffit {

namespace {

constexpr const char* kCheckpoint = "strffit-checkpoint";
constexpr const char* kResults = "strffit-results";

struct Source {
  std::string file;
  const std::vector<std::int64_t>* numbers;
};

template <class T>
Array<T> read(const files::Reader& reader, const std::string& path) {
  if constexpr (std::is_same_v<T, float>) return reader.floats(path);
  if constexpr (std::is_same_v<T, double>) return reader.doubles(path);
  if constexpr (std::is_same_v<T, std::int64_t>) return reader.integers(path);
  if constexpr (std::is_same_v<T, std::string>) return reader.strings(path);
}

class Join {
 public:
  Join(files::Writer& writer, const char* format, std::vector<Source> sources)
      : writer_(writer), format_(format), sources_(std::move(sources)) {
    for (const auto& source : sources_) {
      members_ += static_cast<std::int64_t>(source.numbers->size());
    }
    const std::size_t kept = files_to_keep_open(sources_.size());
    for (std::size_t i = 0; i < kept; ++i) readers_.push_back(open(sources_[i]));
  }

  const files::Reader& first() const { return readers_.front(); }

  // Calls use(source, reader) for every source, in order.
  template <class Use>
  void each(Use use) const {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (i < readers_.size()) {
        use(sources_[i], readers_[i]);
      } else {
        use(sources_[i], open(sources_[i]));
      }
    }
  }

  // Joins every dataset below the root.
  void all() { below(first(), ""); }

  // Writes the mean and standard error of each unit over seeds and folds. A single shard does not
  // have all seeds and folds, so only the merge can compute them.
  void unit_means(bool nested) {
    if (nested || !first().exists("/strf/kernel")) return;
    if (first().optional_string_attribute("/strf/kernel", "kernels_of") != "units") return;
    const Roster roster = whole_roster();
    if (!has_several_fits(roster)) return;
    const bool per_sd = first().exists("/strf/kernel_per_sd");
    const std::string path = per_sd ? "/strf/kernel_per_sd" : "/strf/kernel";
    const Shape all = first().shape(path);
    Shape shape(all.begin() + 1, all.end());
    shape.front() = roster.units();
    Fields fields;
    fields.weights = per_sd ? Weights::per_sd : Weights::raw;
    fields.mean = Array<float>(shape);
    fields.standard_error = Array<float>(shape);
    fields.standard_error_of = standard_error_of(roster);
    // Loop over shards, so that each file that cannot stay open is opened only once.
    const auto outputs = outputs_of_units(roster);
    const auto row = count(all) / std::max<std::int64_t>(1, all.front()), size = row / all.at(1);
    std::vector<Array<float>> held;
    std::vector<const float*> of_member(roster.members.size());
    each([&](const Source& source, const files::Reader& reader) {
      held.push_back(reader.floats(path));
      for (std::size_t i = 0; i < source.numbers->size(); ++i) {
        of_member[static_cast<std::size_t>((*source.numbers)[i])] =
            held.back().data() + static_cast<std::int64_t>(i) * row;
      }
    });
    for (std::size_t unit = 0; unit < outputs.size(); ++unit) {
      std::vector<MemberField> members;
      for (const auto& one : outputs[unit]) {
        members.push_back(
            {one.fold, of_member[static_cast<std::size_t>(one.member)] + one.output * size});
      }
      const auto place = static_cast<std::int64_t>(unit) * size;
      mean_and_standard_error(members, size, fields.mean.data() + place,
                              fields.standard_error.data() + place);
    }
    Strfs strfs;
    strfs.lags_ms = first().numbers_attribute("/strf/kernel", "lag_ms");
    strfs.frequencies_hz = first().numbers_attribute("/strf/kernel", "frequency_hz");
    put_unit_means(writer_, fields, "/strf/kernel",
                   value_of(first().string_attribute("/strf/kernel", "long_name")), strfs);
  }

 private:
  // The roster of the first source, with the members of all sources.
  Roster whole_roster() const {
    Roster whole = read_roster(first());
    whole.members.resize(static_cast<std::size_t>(members_));
    each([&](const Source& source, const files::Reader& reader) {
      const auto some = read_roster(reader).members;
      for (std::size_t i = 0; i < some.size(); ++i) {
        whole.members.at(static_cast<std::size_t>((*source.numbers)[i])) = some[i];
      }
    });
    return whole;
  }

  // Returns how many files may stay open. Opening a file checks it in a child process, which takes
  // longer than reading most of its content. So as many files as possible are opened only once.
  static std::size_t files_to_keep_open(std::size_t wanted) {
    constexpr std::size_t kOthers = 64;  // reserve for other open files
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
    limit.rlim_cur = std::max(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, wanted + kOthers));
    setrlimit(RLIMIT_NOFILE, &limit);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= kOthers) return 1;
    return std::min<std::size_t>(wanted, limit.rlim_cur - kOthers);
  }

  files::Reader open(const Source& source) const { return {source.file, {format_}}; }

  void below(const files::Reader& reader, const std::string& group) {
    for (const auto& name : reader.children(group.empty() ? "/" : group)) {
      const std::string path = group + "/" + name;
      if (reader.is_group(path)) {
        below(reader, path);
      } else if (path != "/members/number" && !files::is_scale(reader, path)) {
        by_type(reader, path);
      }
    }
  }

  void by_type(const files::Reader& reader, const std::string& path) {
    switch (reader.stored(path)) {
      case files::Stored::integer:
        return one<std::int64_t>(reader, path);
      case files::Stored::single:
        return one<float>(reader, path);
      case files::Stored::real:
        return one<double>(reader, path);
      case files::Stored::text:
        return one<std::string>(reader, path);
    }
  }

  template <class T>
  void one(const files::Reader& reader, const std::string& path) {
    if (path.starts_with("/history/")) {
      if constexpr (std::is_same_v<T, double>) writer_.put(path, history(path));
    } else if (of_members(path, reader.shape(path))) {
      if constexpr (std::is_same_v<T, float>) {
        copy_rows(path, reader.shape(path));
      } else {
        writer_.put(path, rows<T>(path, reader.shape(path)));
      }
    } else {
      writer_.put(path, read<T>(reader, path));
    }
    for (const char* name : {"lag_ms", "frequency_hz"}) {
      if (reader.has_attribute(path, name)) {
        writer_.attribute(path, name, reader.numbers_attribute(path, name));
      }
    }
    if (reader.has_attribute(path, "channel")) {
      writer_.attribute(path, "channel", reader.strings_attribute(path, "channel"));
    }
    for (const char* name : {"long_name", "weights", "kernels_of"}) {
      if (const auto text = reader.optional_string_attribute(path, name)) {
        writer_.attribute(path, name, *text);
      }
    }
  }

  // True if the first axis of this dataset is the axis of members (formats.md).
  static bool of_members(const std::string& path, const Shape& shape) {
    if (path.starts_with("/measures/") || path.starts_with("/standardise/")) {
      return shape.size() > 1;
    }
    for (const char* group : {"/members/", "/metrics/", "/ridge/", "/strf/", "/predictions/",
                              "/parameters/", "/buffers/", "/inputs/"}) {
      if (path.starts_with(group)) return true;
    }
    return false;
  }

  // DataError unless the source has this dataset, with one row per member of the source. `shape`:
  // the shape in the whole run.
  void check_rows(const Source& source, const files::Reader& reader, const std::string& path,
                  Shape shape) const {
    shape.at(0) = static_cast<std::int64_t>(source.numbers->size());
    if (reader.exists(path) && reader.shape(path) == shape) return;
    throw DataError(source.file, path,
                    "expected the shape " + to_string(shape) + ", as in " + sources_.front().file);
  }

  // Copies large datasets (predictions, tensors, receptive fields), some members at a time.
  void copy_rows(const std::string& path, Shape shape) {
    constexpr std::int64_t kBytesAtOnce = std::int64_t{1} << 26;
    shape.at(0) = 1;
    const auto row = count(shape);
    const auto step = std::max<std::int64_t>(
        1, kBytesAtOnce / std::max<std::int64_t>(1, row * std::int64_t{sizeof(float)}));
    shape[0] = members_;
    writer_.begin_rows(path, shape);
    each([&](const Source& source, const files::Reader& reader) {
      check_rows(source, reader, path, shape);
      const auto& numbers = *source.numbers;
      const auto size = static_cast<std::int64_t>(numbers.size());
      for (std::int64_t first = 0; first < size; first += step) {
        std::vector<std::int64_t> some(static_cast<std::size_t>(std::min(step, size - first)));
        std::iota(some.begin(), some.end(), first);
        const auto part = reader.float_rows(path, some);
        for (std::size_t i = 0; i < some.size(); ++i) {
          writer_.put_rows(path, numbers[static_cast<std::size_t>(some[i])], 1,
                           part.data() + static_cast<std::int64_t>(i) * row);
        }
      }
    });
  }

  template <class T>
  Array<T> rows(const std::string& path, Shape shape) const {
    shape.at(0) = members_;
    Array<T> all(shape);
    const auto row = members_ > 0 ? all.size() / members_ : 0;
    each([&](const Source& source, const files::Reader& reader) {
      check_rows(source, reader, path, shape);
      const Array<T> part = read<T>(reader, path);
      for (std::size_t i = 0; i < source.numbers->size(); ++i) {
        const auto from = part.values.begin() + static_cast<std::int64_t>(i) * row;
        std::copy(from, from + row, all.values.begin() + (*source.numbers)[i] * row);
      }
    });
    return all;
  }

  // Shards end after different numbers of epochs. Missing values of a member are NaN. Seconds (one
  // number per epoch) are added over shards.
  Array<double> history(const std::string& path) const {
    const bool single = path == "/history/seconds";
    std::int64_t epochs = 0;
    each([&](const Source&, const files::Reader& reader) {
      epochs = std::max(epochs, reader.shape(path).at(0));
    });
    Array<double> all(single ? Shape{epochs} : Shape{epochs, epochs > 0 ? members_ : 0},
                      single ? 0 : std::numeric_limits<double>::quiet_NaN());
    each([&](const Source& source, const files::Reader& reader) {
      const auto part = read<double>(reader, path);
      const auto columns = single ? 1 : static_cast<std::int64_t>(source.numbers->size());
      if (part.size() != part.dim(0) * columns) {
        throw DataError(source.file, path, "expected a column for each member");
      }
      for (std::int64_t epoch = 0; epoch < part.dim(0); ++epoch) {
        for (std::int64_t i = 0; i < columns; ++i) {
          const double value = part.data()[epoch * columns + i];
          if (single) {
            all.data()[epoch] += value;
          } else {
            all.data()[epoch * members_ + (*source.numbers)[static_cast<std::size_t>(i)]] = value;
          }
        }
      }
    });
    return all;
  }

  files::Writer& writer_;
  std::string format_;
  std::vector<Source> sources_;
  // for the first sources; for all if enough files may be open
  std::vector<files::Reader> readers_;
  std::int64_t members_ = 0;
};

std::vector<Source> sources_of(const std::vector<ShardFiles>& shards,
                               std::string ShardFiles::*file) {
  std::vector<Source> sources;
  for (const auto& shard : shards) sources.push_back({shard.*file, &shard.numbers});
  return sources;
}

bool is_nested(const std::string& config) {
  auto document = config::Document::of_run(config, "/ attribute config");
  config::Node data = document.root().map("data", "");
  return read_data_options(data).split.outer > 0;
}

// The coordinates of the axes of the whole run, read from one shard.
AxisValues axis_values(const files::Reader& reader) {
  const Roster roster = read_roster(reader);
  AxisValues values{roster.axes.dt_ms, roster.unit_ids, roster.axes.frequencies_hz, {}, {}, {}};
  for (const char* fields : {"/strf/gradient", "/strf/kernel"}) {
    if (reader.exists(fields)) values.lags_ms = reader.numbers_attribute(fields, "lag_ms");
  }
  if (!reader.exists("/strf/kernel")) return values;
  values.channels = reader.strings_attribute("/strf/kernel", "channel");
  values.kernel_a_unit = reader.optional_string_attribute("/strf/kernel", "kernels_of") == "units";
  return values;
}

}  // namespace

std::vector<std::int64_t> member_numbers(const std::string& results) {
  return files::Reader(results, {kResults}).integers("/members/number", {{-1}, "(M)"}).values;
}

void join_checkpoints(const std::string& path, const std::vector<ShardFiles>& shards,
                      const std::string& config) {
  files::Writer writer(path, kCheckpoint);
  Join join(writer, kCheckpoint, sources_of(shards, &ShardFiles::checkpoint));
  const files::Reader& first = join.first();
  std::int64_t epoch = 0;
  join.each([&](const Source& source, const files::Reader& reader) {
    epoch = std::max(epoch, reader.integer_attribute("/", "epoch"));
    for (const char* name : {"model", "dataset_sha256"}) {
      if (reader.string_attribute("/", name) == first.string_attribute("/", name)) continue;
      throw DataError(
          source.file, std::string("/ attribute ") + name,
          "expected that of " + first.file() + ", " + first.string_attribute("/", name));
    }
  });
  writer.attribute("/", "model", first.string_attribute("/", "model"));
  writer.attribute("/", "config", config);
  writer.attribute("/", "epoch", epoch);
  writer.attribute("/", "dataset", first.string_attribute("/", "dataset"));
  writer.attribute("/", "dataset_sha256", first.string_attribute("/", "dataset_sha256"));
  writer.attribute("/", "dt_ms", first.number_attribute("/", "dt_ms"));
  join.all();
  writer.commit();
}

void join_results(const std::string& path, const std::vector<ShardFiles>& shards,
                  const std::string& config, const Provenance& provenance,
                  const std::function<void(files::Writer&)>& more) {
  files::Writer writer(path, kResults);
  Join join(writer, kResults, sources_of(shards, &ShardFiles::results));
  put_provenance(writer, provenance);
  writer.attribute("/", "config", config);
  writer.attribute("/", "dt_ms", join.first().number_attribute("/", "dt_ms"));
  join.all();
  join.unit_means(is_nested(config));
  if (more) more(writer);
  name_axes(writer, axis_values(join.first()));
  writer.commit();
}

}  // namespace strffit
