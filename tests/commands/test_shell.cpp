// Names of the command line. What shells make of the scripts: scripts/check_shell_files.
#include <doctest/doctest.h>

#include "commands/shell.hpp"
#include "util/errors.hpp"

namespace strffit {
namespace {

const DescribedProgram kProgram = {
    {"", "Fits", {}, {{"--version", "", "Print versions"}, {"--help", "", "Print this"}}, ""},
    {{"train",
      "Fit the models of a config",
      {{"CONFIG", "", "YAML file", "", true},
       {"KEY=VALUE", "", "Keys of the config to set", "", false, true}},
      {{"--out", "TEXT", "Run folder"},
       {"--threads", "INT", "Threads"},
       {"--resume", "", "Go on"},
       {"--device", "TEXT", "cpu, cuda or auto (default: run.device)"}},
      "Example:\n  strffit train fit.yaml > it's.txt\n.dot at the start"},
     {"status", "Say how far a run is", {{"RUN", "", "Run folder", "", true}}, {}, ""}}};

std::string unknown(const std::vector<std::string>& arguments) {
  return unknown_name(kProgram, arguments);
}

TEST_CASE("shell: words that a meaning lists") {
  const auto words = [](const std::string& meaning) { return words_of({"--x", "TEXT", meaning}); };
  using Words = std::vector<std::string>;
  CHECK(words("png, svg or pdf") == Words{"png", "svg", "pdf"});
  CHECK(words("cpu, cuda or auto (default: run.device)") == Words{"cpu", "cuda", "auto"});
  CHECK(words("Model: linear, ln") == Words{"linear", "ln"});
  CHECK(words("one or two") == Words{"one", "two"});
  for (const char* text : {"", "YAML file", "Run folder or checkpoint", "seconds", "Sounds, many",
                           "1, or a type such as a100:1"}) {
    CHECK_MESSAGE(words(text).empty(), text);
  }
}

TEST_CASE("shell: the nearest to a mistyped name") {
  CHECK(unknown({"trian", "x"}) == "strffit has no command \"trian\"; did you mean \"train\"?");
  CHECK(unknown({"zzz"}) == "strffit has no command \"zzz\"; there are train and status");
  CHECK(unknown({"train", "fit.yaml", "--reusme"}) ==
        "strffit train has no option --reusme; did you mean --resume?");
  CHECK(unknown({"train", "--thread=2"}) ==
        "strffit train has no option --thread; did you mean --threads?");
  CHECK(unknown({"--vresion"}) == "strffit has no option --vresion; did you mean --version?");
  CHECK(unknown({"status", "a", "b"}) == "strffit status takes RUN; \"b\" is too much");
  // Known names, also where a value looks like an option or there are many arguments.
  CHECK(unknown({}).empty());
  CHECK(unknown({"train", "--threads", "-1", "fit.yaml", "a=1", "b=2", "c=3"}).empty());
  CHECK(unknown({"train", "--out", "--resume"}).empty());
  CHECK(unknown({"train", "-h"}).empty());
  CHECK(unknown({"train", "--", "--anything"}).empty());
}

TEST_CASE("shell: man pages escape what roff would take for its own") {
  const std::string page = man_page(kProgram.commands[0]);
  CHECK(page.starts_with(".TH STRFFIT-TRAIN 1 \"\" \"strffit 0."));
  CHECK(page.find("strffit\\-train \\- Fit the models of a config\n") != std::string::npos);
  CHECK(page.find(
            "\\fBstrffit train\\fR [\\fIOPTION\\fR]... \\fICONFIG\\fR [\\fIKEY=VALUE\\fR...]") !=
        std::string::npos);
  CHECK(page.find("\n.nf\nstrffit train fit.yaml > it's.txt\n.fi\n") != std::string::npos);
  CHECK(page.find("\n\\&.dot at the start\n") != std::string::npos);
  CHECK(page.find(".TP\n\\fB\\-\\-threads\\fR \\fIINT\\fR\nThreads\n") != std::string::npos);
  const std::string main = man_page(kProgram);
  CHECK(main.find("\\fBstrffit\\-train\\fR(1)") != std::string::npos);
}

TEST_CASE("shell: scripts name commands, options, keys and their words") {
  for (const auto& shell : shells()) {
    const std::string script = completion_script(kProgram, shell);
    CAPTURE(shell);
    for (const char* text : {"train", "resume", "cpu cuda auto", "fit.monitor", "valid_cc_norm",
                             "model.prefilter.kind"}) {
      CHECK_MESSAGE(script.find(text) != std::string::npos, text);
    }
  }
  CHECK_THROWS_AS(completion_script(kProgram, "tcsh"), ConfigError);
}

}  // namespace
}  // namespace strffit
