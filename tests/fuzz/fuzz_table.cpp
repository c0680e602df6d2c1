// libFuzzer target: no bytes make the reader of tables do anything but read them, or refuse them as
// a DataError.
#include <cmath>
#include <cstdlib>

#include "fuzz/hdf5_input.hpp"
#include "readers/table.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  strffit::test::with_file(data, size, [&](const std::string& file) {
    strffit::import::Table table(file, size % 2 == 1);
    while (table.next()) {
      for (std::size_t i = 0; i < table.header().size(); ++i) {
        if (strffit::import::is_missing(table.cell(i))) continue;
        if (!std::isfinite(table.number(i))) std::abort();
      }
    }
  });
  return 0;
}
