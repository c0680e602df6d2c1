// Man pages, in the macros of man(7).
#include <algorithm>
#include <cctype>

#include "commands/shell.hpp"
#include "util/version.hpp"

namespace strffit {

namespace {

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// A text that roff prints as it stands.
std::string roff(const std::string& text) {
  std::string escaped;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) escaped += "\\&";
    escaped += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
    line_begins = c == '\n';
  }
  return escaped;
}

std::string bold(const std::string& text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + roff(text) + "\\fR"; }

std::string head(const std::string& name, const std::string& meaning) {
  return ".TH " + upper(name) + " 1 \"\" \"strffit " + version() + "\" \"User Commands\"\n" +
         ".SH NAME\n" + roff(name) + " \\- " + roff(meaning) + "\n";
}

std::string shown(const DescribedOption& option) {
  return bold(option.name) + (option.value.empty() ? "" : " " + italic(option.value));
}

std::string entries(const std::vector<DescribedOption>& options) {
  std::string text;
  for (const auto& option : options) {
    const std::string fallback = option.fallback.empty() ? "" : "; default " + option.fallback;
    text += ".TP\n" + shown(option) + "\n" +
            roff(option.meaning + fallback + (option.required ? "; required" : "")) + "\n";
  }
  return text;
}

// "Example:\n  strffit init ln > fit.yaml": what is indented is code.
std::string footer(const std::string& text) {
  if (text.empty()) return "";
  std::string result = ".SH EXAMPLE\n";
  bool code = false;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    std::string line = text.substr(start, end - start);
    start = end + 1;
    if (line == "Example:" || line.empty()) continue;
    const bool indented = line.starts_with("  ");
    if (indented != code) {
      const std::string between = result.ends_with(".SH EXAMPLE\n") ? "" : ".PP\n";
      result += indented ? between + ".nf\n" : ".fi\n" + between;
    }
    code = indented;
    result += roff(indented ? line.substr(2) : line) + "\n";
  }
  return result + (code ? ".fi\n" : "");
}

constexpr const char* kExitStatus =
    ".SH EXIT STATUS\n"
    ".TP\n0\ndone\n.TP\n1\nsomething failed while running: a full disk, too little memory\n"
    ".TP\n2\na wrong command line or configuration\n.TP\n3\na file that cannot be used\n"
    ".TP\n75\nstopped on request, or before a time limit; "
    "\\fBstrffit train \\-\\-resume\\fR goes on\n";

}  // namespace

std::string man_page(const DescribedProgram& program) {
  std::string text = head("strffit", "fit models of auditory neurons to recorded responses");
  text += ".SH SYNOPSIS\n" + bold("strffit") + " " + italic("COMMAND") + " [" + italic("ARGUMENT") +
          "]...\n";
  text += ".SH DESCRIPTION\n" + roff(program.program.meaning) +
          "\nA YAML file says what to fit; "
          "one command fits all units side by side and writes scores, predictions, receptive "
          "fields and figures.\n";
  text += ".SH COMMANDS\n";
  std::string also;
  for (const auto& command : program.commands) {
    text += ".TP\n" + bold("strffit-" + command.name) + "(1)\n" + roff(command.meaning) + "\n";
    also += (also.empty() ? "" : ",\n") + bold("strffit-" + command.name) + "(1)";
  }
  text += ".SH OPTIONS\n" + entries(program.program.options) + footer(program.program.footer);
  return text + kExitStatus + ".SH SEE ALSO\n" + also + "\n";
}

std::string man_page(const DescribedCommand& command) {
  std::string text = head("strffit-" + command.name, command.meaning);
  text += ".SH SYNOPSIS\n" + bold("strffit " + command.name) + " [" + italic("OPTION") + "]...";
  for (const auto& argument : command.arguments) {
    const std::string name = italic(argument.name) + (argument.repeats ? "..." : "");
    text += " " + (argument.required ? name : "[" + name + "]");
  }
  text += "\n.SH DESCRIPTION\n" + roff(command.meaning) + ".\n";
  if (!command.arguments.empty()) text += ".SH ARGUMENTS\n" + entries(command.arguments);
  text += ".SH OPTIONS\n" + entries(command.options) + footer(command.footer) + kExitStatus;
  return text + ".SH SEE ALSO\n" + bold("strffit") + "(1)\n";
}

}  // namespace strffit
