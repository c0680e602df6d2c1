// Every kind of file that strffit reads, broken at every place that it reads, in every way that
// HDF5 allows: refused by file and path, within seconds, never followed out of the file.
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "commands/train.hpp"
#include "dataset/dataset.hpp"
#include "files/temporary_file.hpp"
#include "formats/checkpoint.hpp"
#include "formats/last.hpp"
#include "formats/results.hpp"
#include "support/fate.hpp"
#include "support/make_h5.hpp"
#include "support/small_study.hpp"
#include "util/random.hpp"

// After everything of LibTorch.
#include <doctest/doctest.h>

namespace strffit {
namespace {

using test::File;
using test::PredType;
using test::SmallStudy;
namespace fs = std::filesystem;

// A kind of file and its reader.
struct Kind {
  std::string file;
  std::function<void(const std::string&)> read;
  std::vector<std::string> places;      // one of each role
  std::vector<std::string> attributes;  // of "/", beside format and version
};

std::vector<Kind> kinds(const SmallStudy& study) {
  return {{study.data_file(),
           [](const auto& file) { read_dataset(file); },
           {"/frequencies_hz", "/units/id", "/stimuli/sound_03/spectrogram",
            "/stimuli/sound_03/responses"},
           {"dt_ms"}},
          {study.run() + "/checkpoint.h5",
           [](const auto& file) { read_checkpoint(file); },
           {"/frequencies_hz", "/units/id", "/members/unit", "/members/seed", "/members/fold",
            "/standardise/mean", "/standardise/std", "/parameters/strf/weight",
            "/parameters/prefilter/d_on"},
           {"dt_ms", "config", "model"}},
          {study.run() + "/last.h5",
           [](const auto& file) { read_last(file); },
           {"/members/status", "/members/best_score", "/members/best_epoch",
            "/members/learning_rate", "/members/plateau_since"},
           {"config", "dataset_sha256", "started", "epoch"}},
          {study.run() + "/results.h5",
           [](const auto& file) { read_results(file); },
           {"/frequencies_hz", "/units/id", "/members/unit"},
           {"dt_ms"}}};
}

struct Way {
  std::string name;
  std::function<void(File&, const std::string& path)> apply;  // the path is free
};

std::vector<Way> ways() {
  const auto of_type = [](auto make_type) {
    return [make_type](File& f, const std::string& path) {
      f.createDataSet(path, make_type(), test::space_of({2}));
    };
  };
  const auto claim = [](const std::vector<hsize_t>& shape, const H5::DSetCreatPropList& layout) {
    return [shape, layout](File& f, const std::string& path) {
      f.createDataSet(path, PredType::NATIVE_FLOAT, test::space_of(shape), layout);
    };
  };
  const hsize_t huge = hsize_t{1} << 60, tera = hsize_t{1} << 40;
  H5::DSetCreatPropList compressed = test::chunked({1000});
  compressed.setDeflate(1);
  H5::DSetCreatPropList elsewhere;
  elsewhere.setExternal("/etc/passwd", 0, 8);
  return {
      {"nothing there", [](File&, const std::string&) {}},
      {"a group", [](File& f, const std::string& path) { f.createGroup(path); }},
      {"a type",
       [](File& f, const std::string& path) {
         H5::IntType type(PredType::NATIVE_INT);
         type.commit(f, path);
       }},
      {"compound values", of_type([] {
         H5::CompType type(sizeof(double));
         type.insertMember("x", 0, PredType::NATIVE_DOUBLE);
         return type;
       })},
      {"lists of variable length", of_type([] { return H5::VarLenType(PredType::NATIVE_INT); })},
      {"references", of_type([] { return PredType::STD_REF_OBJ; })},
      {"opaque bytes", of_type([] { return H5::DataType(H5T_OPAQUE, 4); })},
      {"seven axes", claim({1, 1, 1, 1, 1, 1, 1}, {})},
      {"2^60 numbers", claim({huge}, {})},
      {"2^60 numbers in chunks", claim({huge}, test::chunked({64}))},
      {"terabytes of compressed nothing", claim({tera}, compressed)},
      {"an endless table without columns", claim({tera, 0}, {})},
      {"an endless table without rows", claim({0, tera}, {})},
      {"no dataspace",
       [](File& f, const std::string& path) {
         f.createDataSet(path, PredType::NATIVE_FLOAT, H5::DataSpace(H5S_NULL));
       }},
      {"data in another file", claim({2}, elsewhere)},
      {"a virtual dataset",
       [](File& f, const std::string& path) {
         const H5::DSetCreatPropList layout;
         const H5::DataSpace space = test::space_of({2});
         H5Pset_virtual(layout.getId(), space.getId(), "/etc/other.h5", "/x", space.getId());
         f.createDataSet(path, PredType::NATIVE_FLOAT, space, layout);
       }},
      {"a link to another file",
       [](File& f, const std::string& path) {
         H5Lcreate_external("/etc/other.h5", "/x", f.getId(), path.c_str(), H5P_DEFAULT,
                            H5P_DEFAULT);
       }},
      {"a link to nothing",
       [](File& f, const std::string& path) { f.link(H5L_TYPE_SOFT, "/nowhere", path); }},
      {"links in a circle",
       [](File& f, const std::string& path) {
         f.link(H5L_TYPE_SOFT, "/circle", path);
         f.link(H5L_TYPE_SOFT, path, "/circle");
       }},
  };
}

// Attributes that are wrong in every way.
std::vector<Way> attribute_ways() {
  const auto root = [](File& f) { return f.openGroup("/"); };
  return {
      {"none", [](File&, const std::string&) {}},
      {"two numbers",
       [=](File& f, const std::string& name) {
         test::set_number(root(f), name, 1, PredType::NATIVE_INT, {2});
       }},
      {"no number",
       [=](File& f, const std::string& name) {
         root(f).createAttribute(name, PredType::NATIVE_INT, H5::DataSpace(H5S_NULL));
       }},
      {"compound",
       [=](File& f, const std::string& name) {
         H5::CompType type(sizeof(double));
         type.insertMember("x", 0, PredType::NATIVE_DOUBLE);
         root(f).createAttribute(name, type, test::space_of({}));
       }},
      {"bytes that are no text",
       [=](File& f, const std::string& name) { test::set_text(root(f), name, "\xff\xfe"); }},
  };
}

class Refusals {
 public:
  void check(const Kind& kind, const std::string& file, const std::string& path) {
    const auto start = std::chrono::steady_clock::now();
    const std::string message = test::message_of([&] { kind.read(file); });
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    CHECK(seconds.count() < 5);
    CHECK_MESSAGE(message.starts_with(file + ": "), message);
    CHECK_MESSAGE(message.find(path) != std::string::npos, message);
    ++count;
  }
  int count = 0;
};

TEST_CASE("malformed: every kind of file, at every place, in every way") {
  const SmallStudy study("{kind: ln, context: 5, prefilter: {kind: adaptrans}}",
                         "{mode: independent, max_epochs: 2}");
  TrainRequest request;
  request.config = study.config();
  TrainObserver silent;
  train_run(request, silent);
  const std::string file = study.file("broken.h5");
  Refusals refusals;
  for (const Kind& kind : kinds(study)) {
    CAPTURE(kind.file);
    CHECK_NOTHROW(kind.read(kind.file));
    const auto broken = [&](const auto& change) {
      fs::copy_file(kind.file, file, fs::copy_options::overwrite_existing);
      H5::H5File h5(file, H5F_ACC_RDWR);
      change(h5);
    };
    for (const std::string& path : kind.places) {
      for (const Way& way : ways()) {
        // Then nobody has recorded this sound, and it is left out.
        if (way.name == "nothing there" && path.ends_with("/responses")) continue;
        CAPTURE(path);
        CAPTURE(way.name);
        broken([&](File& h5) {
          h5.unlink(path);
          way.apply(h5, path);
        });
        refusals.check(kind, file, path);
      }
    }
    std::vector<std::string> attributes = kind.attributes;
    attributes.insert(attributes.end(), {"format", "version"});
    for (const std::string& name : attributes) {
      for (const Way& way : attribute_ways()) {
        CAPTURE(name);
        CAPTURE(way.name);
        broken([&](File& h5) {
          h5.openGroup("/").removeAttr(name);
          way.apply(h5, name);
        });
        refusals.check(kind, file, name);
      }
    }
  }
  CHECK(refusals.count > 400);
  CHECK(test::peak_kilobytes() < test::kMostKilobytes);
}

TEST_CASE("malformed: every kind of file, torn and with damaged bytes, is read or refused") {
  const SmallStudy study("{kind: ln, context: 5}", "{mode: independent, max_epochs: 2}");
  TrainRequest request;
  request.config = study.config();
  TrainObserver silent;
  train_run(request, silent);
  const std::string file = study.file("broken.h5");
  Random random(0);
  for (const Kind& kind : kinds(study)) {
    CAPTURE(kind.file);
    const std::string whole = test::read_text(kind.file);
    for (int i = 0; i < 15; ++i) {
      const std::size_t place = random.integer(whole.size());
      CAPTURE(place);
      CAPTURE(i);
      test::write_text(file, whole.substr(0, place));
      CHECK(test::fate_of([&] { kind.read(file); }) == "refused");
      std::string bytes = whole;
      if (i % 3 == 0) bytes[place] = static_cast<char>(bytes[place] ^ (1 << random.integer(8)));
      if (i % 3 == 1) bytes[place] = static_cast<char>(random.integer(256));
      if (i % 3 == 2) bytes.replace(place, 4, 4, '\xff');
      test::write_text(file, bytes);
      const std::string fate = test::fate_of([&] { kind.read(file); });
      CHECK_MESSAGE((fate == "read" || fate == "refused"), fate);
    }
  }
}

}  // namespace
}  // namespace strffit
