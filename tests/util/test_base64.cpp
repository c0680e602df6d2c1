#include <doctest/doctest.h>

#include "util/base64.hpp"

namespace strffit {

TEST_CASE("base64: the vectors of RFC 4648, section 10, and bytes beyond ASCII") {
  const char* const expected[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  for (std::size_t n = 0; n < std::size(expected); ++n) {
    CHECK(base64(std::string("foobar").substr(0, n)) == expected[n]);
  }
  CHECK(base64(std::string("\xff\x00\xfe", 3)) == "/wD+");
}

}  // namespace strffit
