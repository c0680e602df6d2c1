// What a shell and `man` know of the program: completion, man pages, the nearest name to a mistyped
// one. All from a description of the command line, which app/described.cpp takes from CLI11.
#pragma once

#include <string>
#include <vector>

namespace strffit {

struct DescribedOption {
  std::string name;     // "--out"; of an argument its name, "RUN"
  std::string value;    // what follows it, "TEXT"; "" for a flag
  std::string meaning;  // "png, svg or pdf"
  std::string fallback = {};
  bool required = false;
  bool repeats = false;  // takes several values
};

struct DescribedCommand {
  std::string name;     // "train"; "" of the program itself
  std::string meaning;  // a sentence without a full stop
  std::vector<DescribedOption> arguments;
  std::vector<DescribedOption> options;
  std::string footer;  // examples
};

struct DescribedProgram {
  DescribedCommand program;
  std::vector<DescribedCommand> commands;
};

// The words that an option takes, where its meaning is nothing but these: "png, svg or pdf",
// "Model: linear, ln". Empty otherwise.
std::vector<std::string> words_of(const DescribedOption& option);

// How to mend a command line that was refused: "no command "trian"; did you mean "train"?"; ""
// where its names are all known.
std::string unknown_name(const DescribedProgram& program,
                         const std::vector<std::string>& arguments);

// "bash", "zsh", "fish".
const std::vector<std::string>& shells();

// A script for a shell. ConfigError for another one.
std::string completion_script(const DescribedProgram& program, const std::string& shell);

// strffit(1).
std::string man_page(const DescribedProgram& program);
// strffit-train(1), ...
std::string man_page(const DescribedCommand& command);

// Writes, below `folder`, all man pages and completion scripts where an installation has them:
// man/man1, bash-completion/completions, zsh/site-functions, fish/vendor_completions.d. RunError.
void write_shell_files(const DescribedProgram& program, const std::string& folder);

}  // namespace strffit
