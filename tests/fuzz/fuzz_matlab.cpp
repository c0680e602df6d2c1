// libFuzzer target: no bytes make the readers of MATLAB files, version 5 and 7.3, do anything but
// read them, or refuse them as a DataError.
#include <algorithm>
#include <cstdlib>

#include "fuzz/hdf5_input.hpp"
#include "readers/matlab.hpp"
#include "util/errors.hpp"

namespace {

using strffit::import::MatlabValue;

void walk(const MatlabValue& value, int depth) {
  constexpr std::int64_t kMost = 100;
  if (depth > 6) return;
  const std::int64_t n = strffit::count(value.shape());
  switch (value.kind()) {
    case MatlabValue::Kind::numbers:
      if (static_cast<std::int64_t>(value.numbers().size()) != n) std::abort();
      break;
    case MatlabValue::Kind::text:
      value.text();
      break;
    case MatlabValue::Kind::cells:
      for (std::int64_t i = 0; i < std::min(n, kMost); ++i) walk(*value.cell(i), depth + 1);
      break;
    case MatlabValue::Kind::structs:
      for (const auto& name : value.fields()) {
        for (std::int64_t i = 0; i < std::min(n, kMost); ++i)
          walk(*value.field(name, i), depth + 1);
      }
      break;
    case MatlabValue::Kind::other:
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  strffit::test::with_file(data, size, [](const std::string& name) {
    const auto file = strffit::import::open_matlab(name);
    for (const auto& variable : file->names()) walk(*file->variable(variable), 0);
    strffit::import::find_path(*file, "data.t(1).x{2}", name);
  });
  return 0;
}
