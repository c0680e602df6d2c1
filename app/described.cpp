#include "described.hpp"

namespace strffit::app {

namespace {

DescribedOption described(const CLI::Option& option) {
  const bool flag = option.get_items_expected_max() == 0;
  const bool positional = !option.nonpositional();
  // "INT bounded to [1 - 9]" of a validator.
  const std::string type = option.get_type_name();
  return {.name = positional                    ? option.get_name(true)
                  : option.get_lnames().empty() ? "-" + option.get_snames().front()
                                                : "--" + option.get_lnames().front(),
          .value = flag || positional ? "" : type.substr(0, type.find_first_of(": ")),
          .meaning = option.get_description(),
          .fallback = option.get_default_str(),
          .required = option.get_required(),
          .repeats = option.get_items_expected_max() > 1};
}

DescribedCommand described_command(const CLI::App& app, const std::string& name) {
  DescribedCommand command{name, app.get_description(), {}, {}, app.get_footer()};
  for (const auto* option : app.get_options()) {
    auto& list = option->nonpositional() ? command.options : command.arguments;
    list.push_back(described(*option));
  }
  return command;
}

}  // namespace

DescribedProgram described(const CLI::App& app) {
  DescribedProgram program{described_command(app, ""), {}};
  for (const auto* command : app.get_subcommands({})) {
    if (command->get_group().empty()) continue;  // hidden
    program.commands.push_back(described_command(*command, command->get_name()));
  }
  return program;
}

}  // namespace strffit::app
