// What is wrong ends with its exit code and with a message that says what, where and how to mend
// it.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include "files/temporary_file.hpp"
#include "support/h5_edit.hpp"
#include "support/program.hpp"

namespace strffit {
namespace {

using test::Ended;
using test::run;
using test::SmallStudy;
namespace fs = std::filesystem;

constexpr int kFailed = 1, kUsage = 2, kBadData = 3;

void refused(const std::vector<std::string>& arguments, int code, const std::string& message) {
  std::string call = "strffit";
  for (const auto& argument : arguments) call += " " + argument;
  CAPTURE(call);
  const Ended ended = run(arguments);
  CHECK(ended.signal == 0);
  CHECK(ended.code == code);
  CHECK_MESSAGE(ended.err.find(message) != std::string::npos, ended.err);
  CHECK(ended.err.find("HDF5-DIAG") == std::string::npos);
  CHECK(ended.out.empty());
}

TEST_CASE("refused: the command line") {
  refused({}, kUsage, "Usage: strffit");
  refused({"trian", "x"}, kUsage, "no command \"trian\"; did you mean \"train\"?");
  refused({"fit"}, kUsage, "no command \"fit\"; there are init, train, ");
  refused({"best", "run", "--otu", "b.h5"}, kUsage, "no option --otu; did you mean --out?");
  refused({"eval", "run", "--splt=valid"}, kUsage, "no option --splt; did you mean --split?");
  refused({"status", "run", "other"}, kUsage, "strffit status takes RUN; \"other\" is too much");
  refused({"config", "model.hiden"}, kUsage, "did you mean \"model.hidden\"?");
  refused({"train"}, kUsage, "CONFIG");
  refused({"train", "a.yaml", "--resume", "--overwrite"}, kUsage, "excludes");
  refused({"eval", "run", "--threads", "many"}, kUsage, "--threads");
  refused({"eval", "run", "--threads", "-1"}, kUsage, "run.threads=-1");
  refused({"eval", "run", "--null", "0"}, kUsage, " 1000000");
  refused({"eval", "run", "--device", "tpu"}, kUsage, "run.device=tpu");
  refused({"export-strfs", "run", "--format", "gif"}, kUsage, "--format");
  refused({"init", "linaer"}, kUsage, "expected linear, ln");
}

TEST_CASE("refused: configurations, before any data is opened") {
  const SmallStudy study;
  fs::remove(study.data_file());
  const std::string config = study.config();
  refused({"train", study.file("none.yaml")}, kUsage, "none.yaml");
  refused({"train", config, "model.contxt=5"}, kUsage, "did you mean \"context\"?");
  refused({"train", config, "model.context=many"}, kUsage, "model.context=many (command line)");
  refused({"train", config, "model.context=0"}, kUsage, "from 1 to 10000");
  refused({"train", config, "model.prefilter=adaptrans"}, kUsage,
          "model.prefilter=adaptrans (command line): is a mapping; its kind is "
          "model.prefilter.kind: write model.prefilter.kind=adaptrans");
  refused({"train", config, "model.kernel=dcls"}, kUsage, "write model.kernel.kind=dcls");
  refused({"train", config, "model=ln"}, kUsage, "write model.kind=ln");
  refused({"train", config, "fit.loss"}, kUsage, "fit.loss");
  refused({"train", config, "fit.initialise=random", "fit.ridge_prior=flat"}, kUsage,
          "is only for fits that start from the closed form");
  refused({"train", config, "fit.prefilter_rate=2"}, kUsage, "is only for prefilters that learn");
  refused({"train", config, "fit.schedule_factor=0.5"}, kUsage, "is only for schedule: plateau");
  refused({"train", config, "model.kind=linear", "fit.solver=ridge", "fit.l2=1"}, kUsage,
          "the closed form (solver: ridge) chooses its penalty itself");
  const std::string rest = "\nmodel: {kind: ln}\n";
  const auto text = [&](const std::string& yaml, const std::string& message) {
    test::write_text(study.file("bad.yaml"), yaml);
    refused({"train", study.file("bad.yaml")}, kUsage, study.file("bad.yaml") + message);
  };
  text("data: {file: a.h5, fil: b.h5}" + rest, ":1:20: data.fil: unknown key");
  text("data: {file: a.h5}\ndata: {}" + rest, ":2:1: ");
  text("data:\n\tfile: a.h5" + rest, ":2:1: ");
  text("data: {file: [a.h5" + rest, ":");
  text("data: &a {file: a.h5}" + rest, ":1:");
  text("\xff\xfe", ":1:1: ");
  text(std::string(2 << 20, 'a'), ": ");
  text("data: {file: a.h5}\nmodel: {kind: ln, kernel: {kind: dcls, rank: 2}}", ":2:");
}

TEST_CASE("refused: datasets") {
  const SmallStudy study;
  const std::string data = study.data_file(), config = study.config();
  const std::string whole = test::read_text(data);
  const auto broken = [&](auto edit, const std::string& message) {
    test::write_text(data, whole);
    {
      test::H5Edit editor(data);
      edit(editor);
    }
    refused({"train", config}, kBadData, data + ": " + message);
    refused({"inspect", data}, kBadData, data + ": " + message);
    CHECK_FALSE(fs::exists(study.run()));
  };
  using test::H5Edit;
  broken([](H5Edit& e) { e.number_attribute("version", 2); }, "");
  broken([](H5Edit& e) { e.text_attribute("format", "nwb"); }, "");
  broken([](H5Edit& e) { e.drop("dt_ms"); }, "");
  broken([](H5Edit& e) { e.number_attribute("dt_ms", -5); }, "");
  broken([](H5Edit& e) { e.remove("/units/id"); }, "/units/id");
  broken([](H5Edit& e) { e.put("/frequencies_hz", {1}, {NAN}); }, "/frequencies_hz");
  broken(
      [](H5Edit& e) {
        e.put("/stimuli/sound_01/spectrogram", {2}, {1, 2});
      },
      "/stimuli/sound_01/spectrogram");
  test::write_text(data, whole.substr(0, whole.size() / 2));
  refused({"train", config}, kBadData, data);
  test::write_text(data, "not HDF5");
  refused({"inspect", data}, kBadData, data);
  fs::remove(data);
  refused({"train", config}, kBadData, data);
  test::write_text(data, whole);
  refused({"train", config, "data.units=[nobody]"}, kUsage, "nobody");
  refused({"train", config, "data.folds=9"}, kUsage,
          "data.folds=9 (command line): expected from 2 to 8 folds");
  refused({"train", config, "data.split={test: [talk]}"}, kUsage, "talk");
}

TEST_CASE("refused: checkpoints and runs") {
  const SmallStudy study("{kind: statenet, kernel_frequency: 3}", "{max_epochs: 1}");
  REQUIRE(run({"train", study.config()}).code == 0);
  const std::string fit = study.run(), checkpoint = fit + "/checkpoint.h5";
  const std::string out = study.file("out.h5");
  refused({"eval", study.file("nothing")}, kBadData, "nothing");
  refused({"eval", study.data_file()}, kBadData, study.data_file() + ": is a dataset");
  refused({"eval", fit + "/results.h5"}, kBadData, "is results, which hold no fitted models");
  refused({"eval", fit, "--split", "testing"}, kUsage, "expected train, valid, test or all");
  refused({"export-strfs", fit}, kUsage, "--gradient");
  refused({"export-strfs", fit, "--gradient", "--dynamic", "sound_1"}, kBadData,
          "no such stimulus");
  refused({"export-strfs", fit, "--gradient", "--truth", fit + "/results.h5"}, kBadData,
          "results.h5");
  refused({"train", study.config()}, kUsage, "--overwrite");
  {
    test::H5Edit editor(study.data_file());
    editor.number_attribute("dt_ms", 4);
  }
  for (const auto& call : std::vector<std::vector<std::string>>{
           {"predict", fit, "--data", study.data_file(), "--out", out},
           {"eval", fit},
           {"export-strfs", fit, "--gradient", "--out", out}}) {
    refused(call, kBadData, "/ attribute dt_ms: expected the 5 ms");
  }
  CHECK_FALSE(fs::exists(out));
  fs::resize_file(checkpoint, fs::file_size(checkpoint) / 2);
  refused({"eval", fit}, kBadData, checkpoint);
}

TEST_CASE("refused: to write in place of a dataset or of a run's own files") {
  const SmallStudy study;
  REQUIRE(run({"train", study.config()}).code == 0);
  const std::string fit = study.run(), data = study.data_file();
  const auto before = test::read_text(data);
  refused({"predict", fit, "--data", data, "--out", data}, kFailed, "is no strffit-results file");
  refused({"export-strfs", fit, "--out", data}, kFailed, "is no strffit-results file");
  refused({"export-strfs", fit, "--out", study.config()}, kFailed, "is no strffit-results file");
  CHECK(test::read_text(data) == before);
  for (const char* name : {"config.yaml", "results.h5", "checkpoint.h5", "last.h5"}) {
    const auto file = fit + "/" + name, content = test::read_text(file);
    refused({"predict", fit, "--data", data, "--out", file}, kFailed, "belongs to a run");
    refused({"export-strfs", fit, "--out", file}, kFailed, "belongs to a run");
    CHECK(test::read_text(file) == content);
  }
  // A file of their own is replaced.
  for (int i = 0; i < 2; ++i) {
    CHECK(run({"predict", fit, "--data", data, "--out", study.file("out.h5")}).code == 0);
    CHECK(run({"export-strfs", fit}).code == 0);
  }
  refused({"export-strfs", fit, "--data", data}, kUsage, "--gradient");
  refused({"export-strfs", fit, "--format", "pdf"}, kUsage, "--plot");
  refused({"eval", fit, "--null", "10", "--null-seed", "-5"}, kUsage, "--null-seed");
}

TEST_CASE("refused: places that cannot be written") {
  const SmallStudy study;
  test::write_text(study.file("file"), "");
  refused({"train", study.config(), "--out", study.file("file")}, kFailed,
          "cannot make the folder");
  refused({"train", study.config(), "--out", study.file("file") + "/run"}, kFailed,
          "cannot make the folder");
  refused({"simulate", "--out", study.file("no/where.h5")}, kFailed, "no/where.h5");
  refused({"simulate", "--out", study.data_file()}, kFailed, "--overwrite");
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"init", "ln"}, {"--version"}, {"train", "--help"}}) {
    const Ended full = run(command, [] {
      const int file = open("/dev/full", O_WRONLY);
      dup2(file, STDOUT_FILENO);
    });
    CHECK(full.code == kFailed);
    CHECK(full.err.find("standard output") != std::string::npos);
  }
}

TEST_CASE("refused: a GPU where there is none") {
  if (run({"--version"}).out.find("CUDA none") == std::string::npos) return;
  const SmallStudy study;
  refused({"train", study.config(), "--device", "cuda"}, kFailed, "device: cpu");
}

}  // namespace
}  // namespace strffit
