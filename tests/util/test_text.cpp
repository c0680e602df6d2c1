#include <doctest/doctest.h>

#include "util/text.hpp"

using namespace strffit;

TEST_CASE("text: what is counted is one or many") {
  CHECK(counted(0, "member") == "0 members");
  CHECK(counted(1, "member") == "1 member");
  CHECK(counted(2, "member") == "2 members");
  CHECK(counted(1, "stimulus", "stimuli") == "1 stimulus");
  CHECK(counted(20, "stimulus", "stimuli") == "20 stimuli");
}

TEST_CASE("text: the article goes by how a word is spoken") {
  for (const char* word : {"linear", "dnet", "statenet", "conv2d", "unit"}) {
    CHECK(with_article(word) == "a " + std::string(word));
  }
  for (const char* word : {"ln", "nrf", "ensemble", "epoch", "outer fold"}) {
    CHECK(with_article(word) == "an " + std::string(word));
  }
}

TEST_CASE("text: numbers as short as they are exact") {
  CHECK(fmt::format("{}", 0.5) == "0.5");
  CHECK(fmt::format("{} {}", std::int64_t{-3}, "x") == "-3 x");
}
