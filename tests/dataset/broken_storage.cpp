// Types, sizes and links that no dataset may have.
#include "broken_file.hpp"

namespace strffit::test {

namespace {

void add_types(std::vector<Breakage>& all) {
  const auto of_type = [&](const std::string& name, auto make_type, const std::string& found) {
    all.push_back({name,
                   [make_type](File& f) {
                     f.unlink(kResponses);
                     f.createDataSet(kResponses, make_type(), space_of({2, 2, 6}));
                   },
                   kResponses + ": expected numbers; found " + found});
  };
  of_type(
      "compound responses",
      [] {
        H5::CompType type(sizeof(double));
        type.insertMember("x", 0, PredType::NATIVE_DOUBLE);
        return type;
      },
      "compound values");
  of_type(
      "responses as lists", [] { return H5::VarLenType(PredType::NATIVE_DOUBLE); },
      "lists of variable length");
  of_type(
      "responses as references", [] { return PredType::STD_REF_OBJ; }, "references");
  of_type(
      "responses as bit fields", [] { return PredType::STD_B8LE; }, "bit fields");
  of_type(
      "responses as arrays",
      [] {
        const hsize_t size = 3;
        return H5::ArrayType(PredType::NATIVE_FLOAT, 1, &size);
      },
      "an array in each element");
  of_type(
      "opaque responses", [] { return H5::DataType(H5T_OPAQUE, 4); }, "opaque bytes");
  of_type(
      "integers of 12 bits",
      [] {
        H5::IntType type(PredType::STD_I16LE);
        type.setPrecision(12);
        return type;
      },
      "16-bit integers");
  of_type(
      "floats with an exponent of their own",
      [] {
        H5::FloatType type(PredType::IEEE_F32LE);
        type.setEbias(100);
        return type;
      },
      "32-bit floating-point numbers");
}

void add_sizes(std::vector<Breakage>& all) {
  const auto breakage = [&](const std::string& name, std::function<void(File&)> apply,
                            const std::string& message) {
    all.push_back({name, std::move(apply), message});
  };
  const hsize_t huge = hsize_t{1} << 60;
  breakage(
      "2^60 frames of which nothing is stored",
      [=](File& f) {
        claim(f, kSpectrogram, {3, huge});
      },
      kSpectrogram + ": expected shape");
  breakage(
      "2^60 frames in chunks",
      [=](File& f) {
        claim(f, kSpectrogram, {3, huge}, chunked({3, 64}));
      },
      kSpectrogram + ": expected");
  breakage(
      "terabytes of compressed nothing",
      [](File& f) {
        H5::DSetCreatPropList layout = chunked({3, 1000});
        layout.setDeflate(1);
        claim(f, kSpectrogram, {3, hsize_t{1} << 40}, layout);
      },
      kSpectrogram + ": expected");
  breakage(
      "terabytes of a chosen fill value",
      [](File& f) {
        H5::DSetCreatPropList layout = chunked({3, 1000});
        layout.setDeflate(1);
        const float fill = 1;
        layout.setFillValue(PredType::NATIVE_FLOAT, &fill);
        claim(f, kSpectrogram, {3, hsize_t{1} << 40}, layout);
      },
      kSpectrogram + ": expected");
  breakage(
      "2^31 ids of which nothing is stored",
      [](File& f) {
        f.unlink(kIds);
        f.createDataSet(kIds, text_type(), space_of({hsize_t{1} << 31}));
      },
      kIds + ": expected shape (2147483648) to hold what the file stores");
  breakage(
      "data never written",
      [](File& f) {
        claim(f, kSpectrogram, {3, 6});
      },
      kSpectrogram + ": expected shape (3, 6) to hold what the file stores; found 0 bytes");
  breakage(
      "a chunk never written",
      [](File& f) {
        H5::DSetCreatPropList layout = chunked({3, 3});
        layout.setDeflate(1);
        claim(f, kSpectrogram, {3, 6}, layout);
        const H5::DataSet dataset = f.openDataSet(kSpectrogram);
        H5::DataSpace first = dataset.getSpace();
        const hsize_t size[] = {3, 3}, start[] = {0, 0};
        first.selectHyperslab(H5S_SELECT_SET, size, start);
        const float values[9] = {};
        dataset.write(values, PredType::NATIVE_FLOAT, space_of({9}), first);
      },
      kSpectrogram + ": expected 2 chunks of data; found 1: the others were never written");
  breakage(
      "no dataspace",
      [](File& f) {
        f.unlink(kSpectrogram);
        f.createDataSet(kSpectrogram, PredType::NATIVE_FLOAT, H5::DataSpace(H5S_NULL));
      },
      kSpectrogram + ": expected values; found none");
  breakage(
      "a filter that is not read here",
      [](File& f) {
        H5::DSetCreatPropList layout = chunked({3, 6});
        layout.setNbit();
        claim(f, kSpectrogram, {3, 6}, layout);
        const float values[18] = {};
        f.openDataSet(kSpectrogram).write(values, PredType::NATIVE_FLOAT);
      },
      "expected uncompressed data, or data compressed by deflate (gzip); found the filter 5");
}

void add_links(std::vector<Breakage>& all) {
  const auto breakage = [&](const std::string& name, std::function<void(File&)> apply,
                            const std::string& message) {
    all.push_back({name, std::move(apply), message});
  };
  const auto link_outside = [](File& f, const std::string& path) {
    f.unlink(path);
    H5Lcreate_external("/etc/other.h5", "/x", f.getId(), path.c_str(), H5P_DEFAULT, H5P_DEFAULT);
  };
  const std::string elsewhere =
      ": expected data in this file; found a link to the file /etc/other.h5: copy the data into "
      "this "
      "one";
  breakage(
      "a dataset linked from outside", [=](File& f) { link_outside(f, kSpectrogram); },
      kSpectrogram + elsewhere);
  breakage(
      "a stimulus linked from outside", [=](File& f) { link_outside(f, "/stimuli/a"); },
      "/stimuli/a" + elsewhere);
  breakage(
      "units linked from outside", [=](File& f) { link_outside(f, "/units"); },
      "/units/id" + elsewhere);
  breakage(
      "a link to a pipe",
      [](File& f) {
        f.unlink(kSpectrogram);
        H5Lcreate_external("/dev/stdin", "/x", f.getId(), kSpectrogram.c_str(), H5P_DEFAULT,
                           H5P_DEFAULT);
      },
      "found a link to the file /dev/stdin");
  breakage(
      "a link to nothing",
      [](File& f) {
        f.unlink(kSpectrogram);
        f.link(H5L_TYPE_SOFT, "/nowhere", kSpectrogram);
      },
      kSpectrogram +
          ": expected data in this file; found a link to /nowhere, which leads to nothing");
  breakage(
      "links in a circle",
      [](File& f) {
        f.unlink(kSpectrogram);
        f.link(H5L_TYPE_SOFT, "/loop", kSpectrogram);
        f.link(H5L_TYPE_SOFT, kSpectrogram, "/loop");
      },
      kSpectrogram + ": expected data in this file; found a link to /loop");
  breakage(
      "a group that holds itself as stimulus",
      [](File& f) { f.link(H5L_TYPE_HARD, "/stimuli", "/stimuli/c"); },
      "/stimuli/c/spectrogram: expected a dataset or group; found nothing");
  breakage(
      "raw data in another file",
      [](File& f) {
        H5::DSetCreatPropList layout;
        layout.setExternal("/etc/passwd", 0, 72);
        claim(f, kSpectrogram, {3, 6}, layout);
      },
      kSpectrogram + ": expected data in this file; found data stored in another file");
  breakage(
      "a virtual dataset",
      [](File& f) {
        const H5::DSetCreatPropList layout;
        const H5::DataSpace space = space_of({3, 6});
        H5Pset_virtual(layout.getId(), space.getId(), "/etc/other.h5", "/x", space.getId());
        claim(f, kSpectrogram, {3, 6}, layout);
      },
      kSpectrogram +
          ": expected data in this file; found a virtual dataset: copy the data into it");
  breakage(
      "a type where data should be",
      [](File& f) {
        f.unlink(kSpectrogram);
        H5::IntType type(PredType::NATIVE_INT);
        type.commit(f, kSpectrogram);
      },
      kSpectrogram + ": expected a dataset; found a group or type");
}

}  // namespace

void add_storage_breakages(std::vector<Breakage>& all) {
  add_types(all);
  add_sizes(all);
  add_links(all);
}

}  // namespace strffit::test
