#include "commands/shell.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>

#include "config/suggest.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace strffit {

namespace {

std::vector<std::string> names_of(const std::vector<DescribedOption>& options) {
  std::vector<std::string> names;
  for (const auto& option : options) names.push_back(option.name);
  return names;
}

template <class T>
const T* named(const std::vector<T>& all, const std::string& name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const T& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string listed_names(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  }
  return text;
}

std::string unknown_command(const DescribedProgram& program, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& command : program.commands) names.push_back(command.name);
  const std::string cure = config::did_you_mean(name, names, "; there are " + listed_names(names));
  return "strffit has no command \"" + name + "\"" + cure;
}

std::string unknown_option(const DescribedCommand& command, const std::string& name) {
  const auto names = names_of(command.options);
  const std::string nearest = config::nearest(name, names);
  const std::string cure =
      nearest.empty() ? "; there are " + listed_names(names) : "; did you mean " + nearest + "?";
  return "strffit " + (command.name.empty() ? "" : command.name + " ") + "has no option " + name +
         cure;
}

// The mistake among the arguments behind the name of a command, "" where names are right.
std::string unknown_in(const DescribedCommand& command, const std::vector<std::string>& arguments) {
  std::size_t given = 0;
  const bool any_number = std::any_of(command.arguments.begin(), command.arguments.end(),
                                      [](const auto& argument) { return argument.repeats; });
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& text = arguments[i];
    if (text == "--") return "";
    if (text.size() < 2 || text[0] != '-') {
      if (++given <= command.arguments.size() || any_number) continue;
      return "strffit " + command.name + " takes " +
             (command.arguments.empty() ? "no argument"
                                        : listed_names(names_of(command.arguments))) +
             "; \"" + text + "\" is too much";
    }
    const auto equals = text.find('=');
    const std::string name = text.substr(0, equals);
    if (name == "-h") continue;
    const auto* option = named(command.options, name);
    if (option == nullptr) return unknown_option(command, name);
    if (!option->value.empty() && equals == std::string::npos) ++i;
  }
  return "";
}

}  // namespace

std::vector<std::string> words_of(const DescribedOption& option) {
  std::string text = option.meaning.substr(0, option.meaning.find(" ("));
  if (text.starts_with("Model: ")) text = text.substr(std::string("Model: ").size());
  if (const auto last = text.find(" or "); last != std::string::npos) text.replace(last, 4, ", ");
  std::vector<std::string> words;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(", ", start), text.size());
    const std::string word = text.substr(start, end - start);
    const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
      return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_' || c == '-';
    });
    if (!plain) return {};
    words.push_back(word);
    start = end + 2;
  }
  return words.size() > 1 ? words : std::vector<std::string>{};
}

std::string unknown_name(const DescribedProgram& program,
                         const std::vector<std::string>& arguments) {
  if (arguments.empty()) return "";
  const std::string& first = arguments.front();
  if (first.size() > 1 && first[0] == '-') return unknown_in(program.program, {first});
  const auto* command = named(program.commands, first);
  if (command == nullptr) return unknown_command(program, first);
  return unknown_in(*command, {arguments.begin() + 1, arguments.end()});
}

void write_shell_files(const DescribedProgram& program, const std::string& folder) {
  const auto write = [&](const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder + "/" + name;
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    std::ofstream file(path);
    file << text;
    file.close();
    if (!file) throw RunError(fmt::format("{}: cannot be written", path.string()));
  };
  write("man/man1/strffit.1", man_page(program));
  for (const auto& command : program.commands) {
    write("man/man1/strffit-" + command.name + ".1", man_page(command));
  }
  write("bash-completion/completions/strffit", completion_script(program, "bash"));
  write("zsh/site-functions/_strffit", completion_script(program, "zsh"));
  write("fish/vendor_completions.d/strffit.fish", completion_script(program, "fish"));
}

}  // namespace strffit
