// Every example of docs/import.md, on a recording made for it; every manifest of configs/import.
#include <H5Cpp.h>
#include <doctest/doctest.h>

#include <filesystem>
#include <map>

#include "import/assemble.hpp"
#include "import/recording_files.hpp"
#include "support/make_h5.hpp"
#include "util/errors.hpp"

namespace strffit::import {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using test::write_file;

constexpr int kDocsRate = 16000;
constexpr double kSeconds = 0.4;
constexpr int kSounds = 3, kTrials = 2, kUnits = 2;

// Spikes of a unit to a sound and trial, ms from its onset, in the middle of frames of 5 ms.
std::vector<double> spikes_ms(int unit, int sound, int trial) {
  return {10.0 * sound + 2.5, 100 + 5.0 * unit + 2.5, 200 + 10.0 * trial + 2.5};
}

double onset_s(int sound, int trial) { return 1 + 0.75 * (trial * kSounds + sound); }

void write_tables(const TemporaryFolder& folder) {
  std::string events = "stimulus,onset_s,note\n", by_trial = "unit,sound,trial,t_ms\n";
  std::vector<std::pair<double, int>> spikes;
  for (int trial = 0; trial < kTrials; ++trial) {
    for (int sound = 0; sound < kSounds; ++sound) {
      const std::string name = "song" + std::to_string(sound + 1);
      events += name + ".wav," + std::to_string(onset_s(sound, trial)) + ",\n";
      for (int unit = 0; unit < kUnits; ++unit) {
        for (const double time : spikes_ms(unit, sound, trial)) {
          spikes.emplace_back(onset_s(sound, trial) + time / 1000, unit);
          by_trial += "n" + std::to_string(unit + 1) + "," + name + "," +
                      std::to_string(trial + 1) + "," + std::to_string(time) + "\n";
        }
      }
    }
  }
  std::sort(spikes.begin(), spikes.end());
  write_file(folder.file("events.csv"), events + "beep,0.2,target\n");
  write_file(folder.file("spikes_by_trial.csv"), by_trial);
  write_file(folder.file("stimuli.csv"), "name,class\nsong1,song\nsong2,song\nsong3,noise\n");
  std::string on_clock = "unit,t\n";
  std::vector<std::uint64_t> samples;
  std::vector<std::int32_t> clusters;
  for (const auto& [time, unit] : spikes) {
    on_clock += "n" + std::to_string(unit + 1) + "," + std::to_string(time) + "\n";
    // The speaker of that example is 1.2 ms late.
    samples.push_back(static_cast<std::uint64_t>(std::llround((time + 0.0012) * 30000)));
    clusters.push_back(unit);
  }
  write_file(folder.file("spikes.csv"), on_clock);
  test::write_npy(folder.file("kilosort/spike_times.npy"), "<u8", samples);
  test::write_npy(folder.file("kilosort/spike_clusters.npy"), "<i4", clusters);
  write_file(folder.file("kilosort/params.py"), "sample_rate = 30000.\n");
  write_file(folder.file("kilosort/cluster_info.tsv"), "cluster_id\tgroup\n0\tgood\n1\tgood\n");
}

void write_by_trial(const TemporaryFolder& folder) {
  for (int unit = 0; unit < kUnits; ++unit) {
    const std::string name = "n" + std::to_string(unit + 1);
    std::string json = "{\"unitname\": \"" + name + "\", \"depth_um\": 5, \"pprox\": [";
    for (int sound = 0; sound < kSounds; ++sound) {
      std::string text;
      const std::string song = "song" + std::to_string(sound + 1);
      for (int trial = 0; trial < kTrials; ++trial) {
        json += std::string(sound + trial > 0 ? "," : "") + "{\"stimulus\": \"" + song +
                "\", \"events\": [";
        for (const double time : spikes_ms(unit, sound, trial)) {
          text += std::to_string(time) + " ";
          json += std::to_string(time / 1000) + (time > 190 ? "]}" : ",");
        }
        text += "\n";
      }
      write_file(folder.file("spikes/" + name + "/" + song + ".txt"), text);
    }
    write_file(folder.file("units/" + name + ".json"), json + "]}");
  }
}

H5::DataSet put_values(H5::H5File& file, const std::string& path, const std::vector<hsize_t>& sizes,
                       const std::vector<double>& values) {
  H5::DataSet dataset =
      file.createDataSet(path, H5::PredType::NATIVE_DOUBLE, test::space_of(sizes));
  dataset.write(values.data(), H5::PredType::NATIVE_DOUBLE);
  return dataset;
}

void write_nwb(const TemporaryFolder& folder) {
  H5::H5File file(folder.file("session.nwb"), H5F_ACC_TRUNC);
  for (const char* group :
       {"/stimulus", "/stimulus/templates", "/intervals", "/intervals/trials", "/units"}) {
    file.createGroup(group);
  }
  std::vector<double> starts;
  std::vector<std::string> names;
  for (int sound = 0; sound < kSounds; ++sound) {
    const std::string series = "/stimulus/templates/song" + std::to_string(sound + 1);
    file.createGroup(series);
    const auto samples = test::noise(kSeconds, kDocsRate, static_cast<std::uint64_t>(sound + 1));
    put_values(file, series + "/data", {samples.size()}, samples);
    test::set_number(put_values(file, series + "/starting_time", {}, {0}), "rate", kDocsRate);
  }
  std::vector<double> times, ends;
  for (int trial = 0; trial < kTrials; ++trial) {
    for (int sound = 0; sound < kSounds; ++sound) {
      starts.push_back(onset_s(sound, trial));
      names.push_back("song" + std::to_string(sound + 1));
    }
  }
  for (int unit = 0; unit < kUnits; ++unit) {
    for (int trial = 0; trial < kTrials; ++trial) {
      for (int sound = 0; sound < kSounds; ++sound) {
        for (const double time : spikes_ms(unit, sound, trial)) {
          times.push_back(onset_s(sound, trial) + time / 1000);
        }
      }
    }
    ends.push_back(static_cast<double>(times.size()));
  }
  put_values(file, "/intervals/trials/start_time", {starts.size()}, starts);
  test::put_texts(file, "/intervals/trials/stimuli_name", names, {names.size()});
  put_values(file, "/units/spike_times", {times.size()}, times);
  const auto integers = [&](const std::string& path, const std::vector<double>& values) {
    file.createDataSet(path, H5::PredType::NATIVE_UINT16, test::space_of({values.size()}))
        .write(values.data(), H5::PredType::NATIVE_DOUBLE);
  };
  integers("/units/spike_times_index", ends);
  integers("/units/id", {0, 1});
}

// Of MATLAB 7.3: the elements of a cell array, or one field of a struct array.
H5::DataSet put_references(H5::H5File& file, const std::string& path,
                           const std::vector<std::string>& targets) {
  const H5::PredType reference(H5::PredType::STD_REF_OBJ);
  std::vector<hobj_ref_t> references(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) file.reference(&references[i], targets[i]);
  H5::DataSet dataset = file.createDataSet(path, reference, test::space_of({targets.size(), 1}));
  dataset.write(references.data(), reference);
  return dataset;
}

void put_cells(H5::H5File& file, const std::string& path, const std::vector<std::string>& cells) {
  test::set_text(put_references(file, path, cells), "MATLAB_class", "cell");
}

// MATLAB 7.3: data.repeats, a struct array of a cell array t.
void write_mat(const TemporaryFolder& folder) {
  H5::H5File file(folder.file("spikes.mat"), H5F_ACC_TRUNC);
  file.createGroup("/#refs#");
  file.createGroup("/data");
  file.createGroup("/data/repeats");
  std::vector<std::string> cells;
  for (int sound = 0; sound < kSounds; ++sound) {
    std::vector<std::string> trials;
    for (int trial = 0; trial < kTrials; ++trial) {
      trials.push_back("/#refs#/s" + std::to_string(sound) + "t" + std::to_string(trial));
      const auto spikes = spikes_ms(0, sound, trial);
      put_values(file, trials.back(), {spikes.size(), 1}, spikes);
    }
    cells.push_back("/#refs#/c" + std::to_string(sound));
    put_cells(file, cells.back(), trials);
  }
  put_references(file, "/data/repeats/t", cells);
}

void put_characters(H5::H5File& file, const std::string& path, const std::string& text) {
  const std::vector<std::uint16_t> characters(text.begin(), text.end());
  H5::DataSet dataset =
      file.createDataSet(path, H5::PredType::NATIVE_UINT16, test::space_of({characters.size(), 1}));
  dataset.write(characters.data(), H5::PredType::NATIVE_UINT16);
  test::set_text(dataset, "MATLAB_class", "char");
}

// One trial of BAPHY plays all sounds; its spikes are pairs of a trial and a sample from 1.
void write_baphy(const TemporaryFolder& folder) {
  constexpr double kBaphyRate = 30000, kSpacing = 0.75;
  H5::H5File file(folder.file("abc012d05_p_SPN.spk.mat"), H5F_ACC_TRUNC);
  for (const char* group : {"/#refs#", "/exptevents", "/#refs#/units"}) file.createGroup(group);
  put_values(file, "/rate", {1, 1}, {kBaphyRate});
  put_values(file, "/npoint", {kTrials, 1},
             std::vector<double>(kTrials, kSounds * kSpacing * kBaphyRate));
  std::vector<std::string> notes, starts, trials;
  for (int trial = 0; trial < kTrials; ++trial) {
    for (int sound = 0; sound < kSounds; ++sound) {
      for (const char* part : {"PreStimSilence", "Stim"}) {
        const std::string name = "/#refs#/e" + std::to_string(notes.size());
        notes.push_back(name + "n");
        starts.push_back(name + "s");
        trials.push_back(name + "t");
        put_characters(file, notes.back(),
                       std::string(part) + " , song" + std::to_string(sound + 1) + " , Reference");
        const double silence = part[0] == 'P' ? 0.25 : 0;
        put_values(file, starts.back(), {1, 1}, {0.3 + sound * kSpacing - silence});
        put_values(file, trials.back(), {1, 1}, {trial + 1.0});
      }
    }
  }
  put_references(file, "/exptevents/Note", notes);
  put_references(file, "/exptevents/StartTime", starts);
  put_references(file, "/exptevents/Trial", trials);
  std::vector<std::string> units;
  for (int unit = 0; unit < kUnits; ++unit) {
    std::vector<double> pairs;
    for (int trial = 0; trial < kTrials; ++trial) {
      for (int sound = 0; sound < kSounds; ++sound) {
        for (const double time : spikes_ms(unit, sound, trial)) {
          const double second = 0.3 + sound * kSpacing + time / 1000;
          pairs.insert(pairs.end(), {trial + 1.0, std::round(second * kBaphyRate) + 1});
        }
      }
    }
    units.push_back("/#refs#/u" + std::to_string(unit));
    put_values(file, units.back(), {pairs.size() / 2, 2}, pairs);
  }
  put_references(file, "/#refs#/units/unitSpikes", units);
  put_cells(file, "/#refs#/channel", {"/#refs#/units"});
  put_cells(file, "/sortinfo", {"/#refs#/channel"});
}

void write_frames(const TemporaryFolder& folder) {
  H5::H5File file(folder.file("frames.h5"), H5F_ACC_TRUNC);
  for (int sound = 0; sound < kSounds; ++sound) {
    const std::string group = "/song" + std::to_string(sound + 1);
    file.createGroup(group);
    std::vector<double> values(3 * 80);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<double>((i * 7 + static_cast<std::size_t>(sound)) % 11);
    put_values(file, group + "/spec", {3, 80}, values);
    std::vector<double> counts;
    for (int unit = 0; unit < kUnits; ++unit) {
      for (int trial = 0; trial < kTrials; ++trial) {
        std::vector<double> row(80, 0);
        for (const double time : spikes_ms(unit, sound, trial))
          ++row[static_cast<std::size_t>(time / 5)];
        counts.insert(counts.end(), row.begin(), row.end());
      }
    }
    put_values(file, group + "/resp", {kUnits, kTrials, 80}, counts);
  }
}

void add_to_tar(std::string& tar, const std::string& name, const std::string& text) {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, const std::string& value) {
    header.replace(at, value.size(), value);
  };
  const auto octal = [](std::size_t number, int digits) {
    std::string text8;
    for (; digits > 0; --digits, number /= 8)
      text8.insert(text8.begin(), static_cast<char>('0' + number % 8));
    return text8;
  };
  put(0, name);
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, octal(text.size(), 11));
  put(136, "00000000000");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar");
  put(263, "00");
  std::size_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(148, octal(sum, 6) + std::string("\0 ", 2));
  tar += header + text + std::string((512 - text.size() % 512) % 512, '\0');
}

// In frames of 5 ms on one clock: responses are counts of the same spikes.
void write_nems(const TemporaryFolder& folder) {
  const std::size_t frames = 1200;
  std::vector<std::vector<int>> counts(frames, std::vector<int>(kUnits, 0));
  std::string epochs = "start,end,name\n", stim;
  for (int trial = 0; trial < kTrials; ++trial) {
    for (int sound = 0; sound < kSounds; ++sound) {
      const double onset = onset_s(sound, trial);
      epochs += std::to_string(onset) + "," + std::to_string(onset + kSeconds) + ",STIM_song" +
                std::to_string(sound + 1) + "\n";
      for (int unit = 0; unit < kUnits; ++unit) {
        for (const double time : spikes_ms(unit, sound, trial)) {
          ++counts[static_cast<std::size_t>(std::llround(onset * 200)) +
                   static_cast<std::size_t>(time / 5)][static_cast<std::size_t>(unit)];
        }
      }
    }
  }
  std::string resp;
  for (std::size_t i = 0; i < frames; ++i) {
    resp += std::to_string(counts[i][0]) + "," + std::to_string(counts[i][1]) + "\n";
    stim += std::to_string(i % 7) + "," + std::to_string(i % 5) + ".5\n";
  }
  std::string tar;
  add_to_tar(tar, "made/made.resp.csv", resp);
  add_to_tar(tar, "made/made.resp.json", "{\"fs\": 200, \"chans\": [\"n1\", \"n2\"]}");
  add_to_tar(tar, "made/made.resp.epoch.csv", epochs);
  add_to_tar(tar, "made/made.stim.csv", stim);
  add_to_tar(tar, "made/made.stim.json", "{\"fs\": 200}");
  add_to_tar(tar, "made/made.stim.epoch.csv", epochs);
  write_file(folder.file("recording.tgz"), tar + std::string(1024, '\0'));
}

std::map<std::string, std::string> examples() {
  std::map<std::string, std::string> found;
  std::ifstream file(std::string(STRFFIT_SOURCE_DIR) + "/docs/import.md");
  std::string line, name;
  while (std::getline(file, line)) {
    if (line.starts_with("# example: ")) name = line.substr(11);
    if (line.starts_with("```")) name.clear();
    if (!name.empty()) found[name] += line + "\n";
  }
  return found;
}

TEST_CASE("every example of docs/import.md gives the spikes that were made") {
  // Reference: spikes_ms(), placed by hand: the same in every format.
  const TemporaryFolder folder;
  for (int sound = 0; sound < kSounds; ++sound) {
    test::write_wave(folder.file("stimuli/song" + std::to_string(sound + 1) + ".wav"),
                     test::noise(kSeconds, kDocsRate, static_cast<std::uint64_t>(sound + 1)),
                     kDocsRate);
  }
  write_tables(folder);
  write_by_trial(folder);
  write_nwb(folder);
  write_mat(folder);
  write_baphy(folder);
  write_frames(folder);
  write_nems(folder);
  const auto all = examples();
  CHECK(all.size() == 10);
  for (const auto& [name, text] : all) {
    CAPTURE(name);
    Dataset dataset;
    try {
      dataset = test::imported(text, folder.path());
    } catch (const std::exception& error) {
      FAIL(std::string(error.what()));
    }
    REQUIRE(dataset.stimuli.size() == kSounds);
    for (int sound = 0; sound < kSounds; ++sound) {
      const Stimulus& stimulus = dataset.stimuli[static_cast<std::size_t>(sound)];
      REQUIRE(stimulus.frames() == 80);
      REQUIRE(stimulus.trials() == kTrials);
      for (std::int64_t unit = 0; unit < dataset.units(); ++unit) {
        for (int trial = 0; trial < kTrials; ++trial) {
          std::vector<float> expected(80, 0);
          for (const double time : spikes_ms(static_cast<int>(unit), sound, trial)) {
            ++expected[static_cast<std::size_t>(time / 5)];
          }
          const float* row = stimulus.responses.data() + (unit * kTrials + trial) * 80;
          CHECK(std::vector<float>(row, row + 80) == expected);
        }
      }
    }
  }
}

TEST_CASE("a manifest for a public recording can be read, and says whether it was tried") {
  int n = 0;
  for (const auto& entry :
       fs::directory_iterator(std::string(STRFFIT_SOURCE_DIR) + "/configs/import")) {
    CAPTURE(entry.path().string());
    CHECK_NOTHROW(read_manifest(entry.path().string()));
    std::ifstream file(entry.path());
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    CHECK((text.find("Tried") != std::string::npos || text.find("NOT tried") != std::string::npos));
    ++n;
  }
  CHECK(n >= 8);
}

}  // namespace
}  // namespace strffit::import
