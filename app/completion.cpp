#include <iostream>
#include <memory>

#include "commands.hpp"
#include "described.hpp"

namespace strffit::app {

void add_completion(CLI::App& app, Session& session) {
  auto shell = std::make_shared<std::string>();
  auto* command = app.add_subcommand("completion", "Print completion for a shell");
  command->add_option("SHELL", *shell, CLI::detail::join(shells(), ", "))->required();
  command->footer("Example:\n  strffit completion fish | source");
  command->callback([shell, &app, &session] {
    session.command = [shell, &app] { std::cout << completion_script(described(app), *shell); };
  });

  // For installations and packages; no user calls it.
  auto folder = std::make_shared<std::string>();
  auto* files = app.add_subcommand("shell-files", "Write man pages and completion")->group("");
  files->add_option("FOLDER", *folder, "Such as /usr/share")->required();
  files->callback([folder, &app, &session] {
    session.command = [folder, &app] { write_shell_files(described(app), *folder); };
  });
}

}  // namespace strffit::app
