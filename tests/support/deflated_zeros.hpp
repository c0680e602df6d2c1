// Compressed zeros: a thousandth of their size in a file.
#pragma once

#include <H5Cpp.h>
#include <zlib.h>

#include <algorithm>
#include <string>

namespace strffit::test {

// `head` and then `megabytes` MiB of zeros, compressed by zlib to about a thousandth.
inline std::string deflated_zeros(const std::string& head, int megabytes) {
  z_stream stream{};
  deflateInit(&stream, 1);
  std::string out, buffer(1 << 20, '\0'), zeros(1 << 20, '\0');
  const auto put = [&](const std::string& bytes, int flush) {
    // zlib does not write into its input.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      deflate(&stream, flush);
      out.append(buffer, 0, buffer.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  };
  put(head, Z_NO_FLUSH);
  for (int i = 0; i < megabytes; ++i) put(zeros, Z_NO_FLUSH);
  put("", Z_FINISH);
  deflateEnd(&stream);
  return out;
}

// Writes a dataset of `chunks` chunks of 16 MiB of doubles and stores the first `written` of them.
// Returns the number of doubles.
inline hsize_t put_deflated_zeros(H5::H5File& file, const std::string& path, hsize_t chunks,
                                  hsize_t written) {
  const hsize_t chunk = hsize_t{1} << 21, n = chunks * chunk;
  H5::DSetCreatPropList packed;
  packed.setChunk(1, &chunk);
  packed.setDeflate(1);
  const H5::DataSet dataset =
      file.createDataSet(path, H5::PredType::NATIVE_DOUBLE, H5::DataSpace(1, &n), packed);
  const std::string zeros = deflated_zeros("", 16);
  for (hsize_t place = 0; place < std::min(chunks, written) * chunk; place += chunk) {
    H5Dwrite_chunk(dataset.getId(), H5P_DEFAULT, 0, &place, zeros.size(), zeros.data());
  }
  return n;
}

}  // namespace strffit::test
