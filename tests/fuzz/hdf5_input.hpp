// Bytes as an HDF5 file, and what a reader of such may do with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace strffit::test {

// Calls `read` with the name of a file of these bytes. It may refuse the file as a DataError, whose
// message begins with the file's name; everything else ends the fuzzer, as does an HDF5 object that
// is open still when it returns.
void with_file(const std::uint8_t* data, std::size_t size,
               const std::function<void(const std::string& file)>& read);

}  // namespace strffit::test
