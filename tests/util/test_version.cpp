#include <doctest/doctest.h>

#include <fstream>
#include <regex>
#include <sstream>
#include <string>

#include "util/version.hpp"

using namespace strffit;

TEST_CASE("version: that of CMakeLists.txt, and the compiler with its version") {
  std::ifstream file(STRFFIT_SOURCE_DIR "/CMakeLists.txt");
  std::stringstream text;
  text << file.rdbuf();
  CHECK(text.str().find("project(strffit VERSION " + std::string(version()) + " ") !=
        std::string::npos);
  CHECK(std::regex_match(compiler(), std::regex(R"([A-Za-z]+ \d+[.\d]*, (native|portable))")));
}
