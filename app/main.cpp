// The command line: which command, and what its errors mean to the shell.
#ifdef STRFFIT_WHEEL
#include <dlfcn.h>
#include <unistd.h>
#endif

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <new>
#include <string>

#include "commands.hpp"
#include "described.hpp"
#include "exit_codes.hpp"
#include "formats/provenance.hpp"
#include "help.hpp"
#include "import/library_versions.hpp"
#include "signals.hpp"
#include "util/errors.hpp"

namespace strffit::app {

namespace {

constexpr const char* kNoOutput = "cannot write to the standard output";

std::string joined(int argc, char** argv) {
  std::string line;
  for (int i = 0; i < argc; ++i) {
    if (i > 0) line += ' ';
    line += argv[i];
  }
  return line;
}

constexpr const char* kNoMemory =
    "out of memory: fit fewer units, seeds or folds at once, set run.chunk, or take a smaller "
    "model";

std::string versions() {
  std::string text;
  for (const auto& libraries : {library_versions(), import_library_versions()}) {
    for (const auto& [name, version] : libraries) text += name + " " + version + "\n";
  }
  text.pop_back();
  return text;
}

int run(const Session& session) {
  session.command();
  std::cout.flush();
  if (!std::cout) throw RunError(kNoOutput);
  return kDone;
}

int guarded(Session& session) {
  try {
    return run(session);
  } catch (const ConfigError& error) {
    session.console.error(error.what());
    return kUsage;
  } catch (const DataError& error) {
    session.console.error(error.what());
    return kBadData;
  } catch (const Stopped& stopped) {
    session.console.began(stopped.what());
    return kStopped;
  } catch (const RunError& error) {
    session.console.error(error.what());
  } catch (const std::bad_alloc&) {
    session.console.error(kNoMemory);
  } catch (const std::exception& error) {
    const std::string what = first_line(error);
    if (what.find("can't allocate memory") != std::string::npos) {  // LibTorch's bad_alloc
      session.console.error(kNoMemory);
      return kFailed;
    }
    session.console.error(what +
                          "\nThis is a bug in strffit: please report it with "
                          "the command and this message");
  }
  return kFailed;
}

// A wheel's program is linked against LibTorch's CPU half alone. Where this machine has NVIDIA's
// driver, the CUDA half that stands beside it registers its devices.
void load_gpu_half() {
#ifdef STRFFIT_WHEEL
  if (access("/dev/nvidiactl", F_OK) == 0) dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
#endif
}

void set_up(CLI::App& app, Session& session) {
  app.formatter(std::make_shared<HelpOfAScreen>());  // of the commands too, which come after it
  app.set_version_flag("--version", versions, "Print the versions of strffit and its libraries");
  app.require_subcommand(0, 1);
  app.get_option("--version")->group("");  // so that all commands fit a terminal
  app.footer("Example:\n  strffit init ln > fit.yaml; strffit train fit.yaml --help");
  add_init(app, session);
  add_train(app, session);
  add_merge(app, session);
  add_best(app, session);
  add_average(app, session);
  add_eval(app, session);
  add_compare(app, session);
  add_predict(app, session);
  add_export_strfs(app, session);
  add_plot(app, session);
  add_report(app, session);
  add_inspect(app, session);
  add_slurm(app, session);
  add_status(app, session);
  add_simulate(app, session);
  add_import(app, session);
  add_config(app, session);
  add_completion(app, session);
  for (auto* command : app.get_subcommands({})) {
    if (command->get_name() != "init") add_volume_options(*command, session);
  }
}

// Everything is written and closed by now. What LibTorch does in its static destructors takes
// longer than many a command; a sanitizer looks for leaks where a process ends by itself.
int finish(int code) {
  if (!std::cout.flush() && code == kDone) {  // --help and --version; commands look for themselves
    std::cerr << "error: " << kNoOutput << '\n';
    code = kFailed;
  }
#ifndef __SANITIZE_ADDRESS__
  std::fflush(nullptr);
  std::quick_exit(code);
#endif
  return code;
}

int command_line(int argc, char** argv) {
  load_gpu_half();
  Session session;
  session.command_line = joined(argc, argv);
  CLI::App app("Fits models of auditory neurons (STRFs and beyond) to recorded responses.",
               "strffit");
  set_up(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) {
      const std::string unknown = unknown_name(described(app), {argv + 1, argv + argc});
      if (!unknown.empty()) {
        session.console.error(unknown);
        return kUsage;
      }
    }
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  if (!session.command) {
    std::cerr << app.help();
    return kUsage;
  }
  return guarded(session);
}

}  // namespace

void add_volume_options(CLI::App& command, Session& session) {
  auto* quiet = command.add_flag_callback(
      "--quiet", [&session] { session.console.set_volume(Volume::quiet); },
      "Warnings and errors alone on the screen");
  auto* verbose = command.add_flag_callback(
      "--verbose", [&session] { session.console.set_volume(Volume::verbose); },
      "Every epoch and every warning");
  verbose->excludes(quiet);
  // Where most is told; elsewhere the help would no longer fit a terminal.
  const bool shown = command.get_name() == "train" || command.get_name() == "merge";
  for (auto* option : {quiet, verbose}) {
    if (!shown) option->group("");
  }
}

void add_run_options(CLI::App& command, std::string& device, std::int64_t& threads) {
  command.add_option("--device", device, "cpu, cuda or auto")->capture_default_str();
  command.add_option("--threads", threads, "Threads (default: all)");
}

}  // namespace strffit::app

int main(int argc, char** argv) {
  strffit::app::fail_writes_at_size_limit();
  return strffit::app::finish(strffit::app::command_line(argc, argv));
}
