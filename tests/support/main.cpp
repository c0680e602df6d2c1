// Runs the tests of a room. A test case without assertions fails unless it explains itself by
// MESSAGE: if a LibTorch header is included after doctest, LibTorch's CHECK replaces doctest's.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <iostream>
#include <string>
#include <vector>

namespace {

std::vector<std::string> checked_nothing;

struct Listener : doctest::IReporter {
  explicit Listener(const doctest::ContextOptions&) {}

  void test_case_start(const doctest::TestCaseData& data) override {
    name = data.m_name;
    explained = false;
  }
  void log_message(const doctest::MessageData&) override { explained = true; }
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    if (stats.numAssertsCurrentTest == 0 && !explained) checked_nothing.push_back(name);
  }

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

  std::string name;
  bool explained = false;
};
REGISTER_LISTENER("checked_nothing", 1, Listener);

}  // namespace

int main(int argc, char** argv) {
  const int result = doctest::Context(argc, argv).run();
  for (const std::string& name : checked_nothing) {
    std::cerr << "ERROR: the test \"" << name << "\" checked nothing\n";
  }
  return checked_nothing.empty() ? result : 1;
}
