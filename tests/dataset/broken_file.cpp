#include "broken_file.hpp"

#include <limits>
#include <utility>

#include "util/nan.hpp"

namespace strffit::test {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void add_root(std::vector<Breakage>& all) {
  const auto root = [&](const std::string& name, auto change, const std::string& message) {
    all.push_back({name, [change](File& f) { change(f.openGroup("/")); }, message});
  };
  using Group = H5::Group;
  root(
      "no format", [](Group g) { g.removeAttr("format"); },
      "/: expected an attribute format; found none");
  root(
      "another format", [](Group g) { set_text(g, "format", "strffit-results"); },
      "/: expected format \"strffit-dataset\"; found \"strffit-results\"");
  root(
      "format as number", [](Group g) { set_number(g, "format", 1); },
      "/: attribute format: expected text; found 64-bit floating-point numbers");
  root(
      "no version", [](Group g) { g.removeAttr("version"); },
      "/: expected an attribute version; found none");
  root(
      "version of the future", [](Group g) { set_number(g, "version", 2, PredType::NATIVE_INT); },
      "a newer strffit wrote this file, update to read it");
  root(
      "version 0", [](Group g) { set_number(g, "version", 0, PredType::NATIVE_INT); },
      "/: expected version 1 or higher; found 0");
  root(
      "fractional version", [](Group g) { set_number(g, "version", 1.5); },
      "/: attribute version: expected whole numbers; found 1.5");
  root(
      "version as text", [](Group g) { set_text(g, "version", "1"); },
      "/: attribute version: expected integers; found text");
  root(
      "two versions", [](Group g) { set_number(g, "version", 1, PredType::NATIVE_INT, {2}); },
      "/: attribute version: expected one value; found 2");
  root(
      "no dt_ms", [](Group g) { g.removeAttr("dt_ms"); },
      "/: expected an attribute dt_ms; found none");
  const std::pair<double, std::string> widths[] = {
      {0.0, "0"}, {-5.0, "-5"}, {kNaN, "nan"}, {kInfinity, "inf"}};
  for (const auto& [dt, text] : widths) {
    root(
        "dt_ms " + text, [dt = dt](Group g) { set_number(g, "dt_ms", dt); },
        "/: attribute dt_ms: expected a frame width above 0 ms; found " + text);
  }
  root(
      "dt_ms as text", [](Group g) { set_text(g, "dt_ms", "5"); },
      "/: attribute dt_ms: expected numbers; found text");
  root(
      "dt_ms as a table",
      [](Group g) {
        set_number(g, "dt_ms", 5, PredType::NATIVE_INT, {2, 2});
      },
      "/: attribute dt_ms: expected a value or a short list; found shape (2, 2)");
  root(
      "name as number", [](Group g) { set_number(g, "name", 5); },
      "/: attribute name: expected text; found 64-bit floating-point numbers");
  root(
      "name in Latin-1", [](Group g) { set_text(g, "name", "Geh\xf6r"); },
      "/: attribute name: expected text in UTF-8; found other bytes");
}

void add_axes(std::vector<Breakage>& all) {
  const auto breakage = [&](const std::string& name, std::function<void(File&)> apply,
                            const std::string& message) {
    all.push_back({name, std::move(apply), message});
  };
  breakage(
      "no frequencies", [](File& f) { f.unlink(kFrequencies); },
      "/frequencies_hz: expected a dataset or group; found nothing");
  breakage(
      "no bands", [](File& f) { replace(f, kFrequencies, {0}); },
      "/frequencies_hz: expected one band or more; found none");
  breakage(
      "descending frequencies", [](File& f) { poke(f, kFrequencies, 1, 5000); },
      "expected finite band centres above 0 Hz, ascending; found 3000 Hz in band 2");
  breakage(
      "equal frequencies", [](File& f) { poke(f, kFrequencies, 1, 1000); }, "in band 1");
  breakage(
      "frequency 0", [](File& f) { poke(f, kFrequencies, 0, 0); }, "in band 0");
  breakage(
      "negative frequency", [](File& f) { poke(f, kFrequencies, 0, -1); }, "in band 0");
  breakage(
      "NaN frequency", [](File& f) { poke(f, kFrequencies, 1, kNaN); }, "in band 1");
  breakage(
      "infinite frequency", [](File& f) { poke(f, kFrequencies, 2, kInfinity); }, "in band 2");
  breakage(
      "a table of frequencies",
      [](File& f) {
        replace(f, kFrequencies, {3, 2});
      },
      "/frequencies_hz: expected shape (any), axes (F); found (3, 2)");
  breakage(
      "a single frequency, no list",
      [](File& f) { replace(f, kFrequencies, {}, PredType::NATIVE_DOUBLE, 500); },
      kSpectrogram + ": expected shape (1, any), axes (F, T); found (3, 6)");
  breakage(
      "a band too many", [](File& f) { replace(f, kFrequencies, {4}, PredType::NATIVE_INT); },
      "in band 0");
  breakage(
      "frequencies as text",
      [](File& f) {
        replace_texts(f, kFrequencies, {"1", "2", "3"});
      },
      "/frequencies_hz: expected numbers; found text");
  breakage(
      "frequencies as a group",
      [](File& f) { f.unlink(kFrequencies), f.createGroup(kFrequencies); },
      "/frequencies_hz: expected a dataset; found a group or type");

  breakage(
      "no units", [](File& f) { f.unlink("/units"); },
      "/units/id: expected a dataset or group; found no /units");
  breakage(
      "no ids", [](File& f) { f.unlink(kIds); },
      "/units/id: expected a dataset or group; found nothing");
  breakage(
      "an empty list of ids", [](File& f) { replace_texts(f, kIds, {}); },
      "/units/id: expected one unit or more; found none");
  breakage(
      "duplicate id",
      [](File& f) {
        replace_texts(f, kIds, {"u", "u"});
      },
      "/units/id: expected unique ids; found \"u\" twice");
  breakage(
      "empty id",
      [](File& f) {
        replace_texts(f, kIds, {"u", ""});
      },
      "expected ids of printable characters");
  breakage(
      "an id that moves the cursor",
      [](File& f) {
        replace_texts(f, kIds, {"u", "\x1b[2J"});
      },
      "expected ids of printable characters");
  breakage(
      "ids in Latin-1",
      [](File& f) {
        replace_texts(f, kIds, {"u", "\xf6"});
      },
      "/units/id: expected text in UTF-8; found other bytes");
  breakage(
      "ids as fractions", [](File& f) { replace(f, kIds, {2}), poke(f, kIds, 1, 1.5); },
      "/units/id: expected whole numbers; found 1.5");
  breakage(
      "ids as equal numbers", [](File& f) { replace(f, kIds, {2}), poke(f, kIds, 1, 0); },
      "/units/id: expected unique ids; found \"0\" twice");
  breakage(
      "a table of ids",
      [](File& f) {
        f.unlink(kIds), put_texts(f, kIds, {"u", "v", "w", "x"}, {2, 2});
      },
      "/units/id: expected shape (any), axes (N); found (2, 2)");
  breakage(
      "an id too many",
      [](File& f) {
        replace_texts(f, kIds, {"u", "v", "w"});
      },
      "expected shape (3, any, 6), axes (N, R, T); found (2, 2, 6)");
  breakage(
      "a fact of other length", [](File& f) { put(f, "/units/depth", {3}); },
      "/units/depth: expected one row for each of the 2 units; found shape (3)");
  breakage(
      "a fact of one value", [](File& f) { put(f, "/units/depth", {}); },
      "/units/depth: expected one row for each of the 2 units; found shape ()");
  breakage(
      "a group of facts", [](File& f) { f.createGroup("/units/more"); },
      "/units/more: expected a dataset; found a group or type");
}

void add_stimuli(std::vector<Breakage>& all) {
  const auto breakage = [&](const std::string& name, std::function<void(File&)> apply,
                            const std::string& message) {
    all.push_back({name, std::move(apply), message});
  };
  breakage(
      "no stimuli", [](File& f) { f.unlink("/stimuli"); },
      "/stimuli: expected a dataset or group; found nothing");
  breakage(
      "no stimulus", [](File& f) { f.unlink("/stimuli"), f.createGroup("/stimuli"); },
      "/stimuli: expected one stimulus or more; found none");
  breakage(
      "stimuli as a dataset", [](File& f) { f.unlink("/stimuli"), put(f, "/stimuli", {2}); },
      "/stimuli: expected a group; found a dataset or type");
  breakage(
      "a stimulus that is a dataset", [](File& f) { put(f, "/stimuli/c", {2}); },
      "/stimuli/c: expected a group with spectrogram and responses; found something else");
  breakage(
      "an empty stimulus", [](File& f) { f.createGroup("/stimuli/c"); },
      "/stimuli/c/spectrogram: expected a dataset or group; found nothing");
  breakage(
      "no responses at all",
      [](File& f) { f.unlink(kResponses), f.unlink("/stimuli/b/responses"); },
      "/stimuli: expected responses; found stimuli without responses: predict");
  breakage(
      "R's missing integer",
      [](File& f) {
        replace(f, kResponses, {2, 2, 6}, PredType::STD_I32LE);
        poke(f, kResponses, 23, -2147483648.0);
      },
      kResponses + ": expected counts or rates, NaN where missing; found -2147483648 at [1, 1, 5]");
  breakage(
      "unknown split", [](File& f) { set_text(f.openGroup("/stimuli/a"), "split", "Test"); },
      "/stimuli/a: attribute split: expected train, valid or test; found \"Test\"");
  breakage(
      "split as number", [](File& f) { set_number(f.openGroup("/stimuli/a"), "split", 1); },
      "/stimuli/a: attribute split: expected text; found 64-bit floating-point numbers");
  breakage(
      "category as number", [](File& f) { set_number(f.openGroup("/stimuli/a"), "category", 1); },
      "attribute category: expected text");

  breakage(
      "spectrogram with a band too many",
      [](File& f) {
        replace(f, kSpectrogram, {4, 6});
      },
      kSpectrogram + ": expected shape (3, any), axes (F, T); found (4, 6)");
  breakage(
      "spectrogram (T, F)",
      [](File& f) {
        replace(f, kSpectrogram, {6, 3});
      },
      kSpectrogram +
          ": expected shape (3, any), axes (F, T); found (6, 3), the same axes in reverse");
  breakage(
      "spectrogram of rank 3",
      [](File& f) {
        replace(f, kSpectrogram, {1, 3, 6});
      },
      "found (1, 3, 6)");
  breakage(
      "spectrogram of no frame",
      [](File& f) {
        replace(f, kSpectrogram, {3, 0});
      },
      kSpectrogram + ": expected one frame or more; found none");
  breakage(
      "NaN in a spectrogram", [](File& f) { poke(f, kSpectrogram, 13, kNaN); },
      kSpectrogram + ": expected finite numbers; found nan at [2, 1]");
  breakage(
      "infinity in a spectrogram", [](File& f) { poke(f, kSpectrogram, 0, -kInfinity); },
      kSpectrogram + ": expected finite numbers; found -inf at [0, 0]");
  breakage(
      "beyond float32 in a spectrogram", [](File& f) { poke(f, kSpectrogram, 5, 1e300); },
      kSpectrogram + ": expected finite numbers; found inf at [0, 5]");
  breakage(
      "spectrogram as text", [](File& f) { replace_texts(f, kSpectrogram, {"a"}); }, "found (1)");
  breakage(
      "spectrogram as a group",
      [](File& f) { f.unlink(kSpectrogram), f.createGroup(kSpectrogram); },
      kSpectrogram + ": expected a dataset; found a group or type");

  breakage(
      "responses (R, T)",
      [](File& f) {
        replace(f, kResponses, {2, 6});
      },
      kResponses + ": expected shape (2, any, 6), axes (N, R, T); found (2, 6)");
  breakage(
      "responses (T, R, N)",
      [](File& f) {
        replace(f, kResponses, {6, 3, 2});
      },
      kResponses +
          ": expected shape (2, any, 6), axes (N, R, T); found (6, 3, 2), the same axes in "
          "reverse");
  breakage(
      "responses of a frame less",
      [](File& f) {
        replace(f, kResponses, {2, 2, 5});
      },
      kResponses + ": expected shape (2, any, 6), axes (N, R, T); found (2, 2, 5)");
  breakage(
      "responses of a unit less",
      [](File& f) {
        replace(f, kResponses, {1, 2, 6});
      },
      "found (1, 2, 6)");
  breakage(
      "responses of no trial",
      [](File& f) {
        replace(f, kResponses, {2, 0, 6});
      },
      kResponses + ": expected one trial or more; found none");
  breakage(
      "infinite response", [](File& f) { poke(f, kResponses, 23, kInfinity); },
      kResponses +
          ": expected finite numbers, or NaN where missing; found an infinity at [1, 1, 5]");
}

}  // namespace

void make_sound_dataset(const std::string& path) {
  File file(path, H5F_ACC_TRUNC);
  const H5::Group root = file.openGroup("/");
  set_text(root, "format", "strffit-dataset");
  set_number(root, "version", 1, PredType::NATIVE_INT);
  set_number(root, "dt_ms", 5);
  set_text(root, "name", "sound");
  put(file, kFrequencies, {3}, PredType::NATIVE_DOUBLE);
  for (const std::size_t band : {0, 1, 2}) {
    poke(file, kFrequencies, band, 1000.0 * static_cast<double>(band + 1));
  }
  file.createGroup("/units");
  put_texts(file, kIds, {"unit 1", "unit 2"}, {2});
  file.createGroup("/stimuli");
  file.createGroup("/stimuli/a");
  put(file, kSpectrogram, {3, 6});
  put(file, kResponses, {2, 2, 6});
  set_text(file.openGroup("/stimuli/a"), "split", "train");
  file.createGroup("/stimuli/b");
  put(file, "/stimuli/b/spectrogram", {3, 4}, PredType::NATIVE_FLOAT);
  put(file, "/stimuli/b/responses", {2, 1, 4}, PredType::NATIVE_UCHAR);
}

std::vector<Breakage> breakages() {
  std::vector<Breakage> all;
  add_root(all);
  add_axes(all);
  add_stimuli(all);
  add_storage_breakages(all);
  return all;
}

}  // namespace strffit::test
