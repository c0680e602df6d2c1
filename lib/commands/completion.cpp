// Completion for shells. Everything is written into the script, so that a key press starts no
// program.
#include <algorithm>
#include <cctype>

#include "commands/config_keys.hpp"
#include "commands/shell.hpp"
#include "util/errors.hpp"

namespace strffit {

namespace {

// What completes an option's value or an argument: words, or one of the kinds of places "@path",
// "@run" (run folders and HDF5 files), "@h5", "@yaml", "@keys" (KEY=VALUE), "@key"; "@none".
std::string wanted(const DescribedOption& option) {
  std::string text;
  for (const auto& word : words_of(option)) text += (text.empty() ? "" : " ") + word;
  if (!text.empty()) return text;
  const auto is = [&](const char* name) { return option.name == name; };
  if (is("RUN") || is("FILE")) return "@run";
  if (is("--data") || is("--truth")) return "@h5";
  if (is("CONFIG") || is("MANIFEST")) return "@yaml";
  if (is("KEY=VALUE")) return "@keys";
  if (is("KEY")) return "@key";
  return option.value == "TEXT" || option.value.empty() ? "@path" : "@none";
}

// In single quotes; zsh, bash.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? "'\\''" : std::string(1, c);
  return result + "'";
}

std::string names(const std::vector<DescribedOption>& options) {
  std::string text;
  for (const auto& option : options) text += (text.empty() ? "" : " ") + option.name;
  return text;
}

std::string words_in_one(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

constexpr const char* kBash = R"bash(
_strffit_paths() {  # a pattern that files match; folders always do
  local path
  compopt -o filenames
  while IFS= read -r path; do
    # shellcheck disable=SC2053
    if [[ -d $path || $path == $1 ]]; then COMPREPLY+=("$path"); fi
  done < <(compgen -f -- "$cur")
}

# Run folders, folders that may hold some, and HDF5 files.
_strffit_runs() {
  local path inner
  compopt -o filenames
  while IFS= read -r path; do
    if [[ $path == *.h5 || -e $path/config.yaml || -d $path/shards ]]; then
      COMPREPLY+=("$path")
    elif [[ -d $path ]]; then
      for inner in "$path"/*; do
        if [[ -d $inner || $inner == *.h5 ]]; then
          COMPREPLY+=("$path")
          break
        fi
      done
    fi
  done < <(compgen -f -- "$cur")
}

_strffit() {
  local line=${COMP_LINE:0:COMP_POINT} cur='' command='' option='' prefix='' want='' word i
  local -a words
  local number=0
  COMPREPLY=()
  read -ra words <<<"$line"
  if [[ $line != *[[:space:]] ]]; then
    cur=${words[${#words[@]} - 1]}
    unset "words[${#words[@]} - 1]"
  fi
  for ((i = 1; i < ${#words[@]}; i++)); do
    word=${words[i]}
    if [[ -n $option ]]; then
      option=''
    elif [[ $word == -* ]]; then
      _strffit_value "$command" "$word"
      [[ $word == *=* || -z $want ]] || option=$word
    elif [[ -z $command ]]; then
      command=$word
    else
      number=$((number + 1))
    fi
  done
  want=''
  if [[ -n $option ]]; then
    _strffit_value "$command" "$option"
  elif [[ $cur == --*=* ]]; then
    prefix=${cur%%=*}=
    _strffit_value "$command" "${cur%%=*}"
    cur=${cur#*=}
  elif [[ $cur == -* ]]; then
    _strffit_options "$command"
  elif [[ -z $command ]]; then
    want=$_strffit_commands
  else
    _strffit_argument "$command" "$number"
  fi
  case $want in
    '' | @none) ;;
    @path) _strffit_paths '*' ;;
    @h5) _strffit_paths '*.h5' ;;
    @yaml) _strffit_paths '*.y?(a)ml' ;;
    @run) _strffit_runs ;;
    @key) mapfile -t COMPREPLY < <(compgen -W "$_strffit_all_keys" -- "$cur") ;;
    @keys)
      if [[ $cur == *=* ]]; then
        prefix=${cur%%=*}=
        _strffit_words "${cur%%=*}"
        mapfile -t COMPREPLY < <(compgen -W "$want" -- "${cur#*=}")
      else
        compopt -o nospace
        mapfile -t COMPREPLY < <(compgen -S = -W "$_strffit_all_keys" -- "$cur")
      fi
      ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$want" -- "$cur") ;;
  esac
  # Where = ends a word for bash, it stands before the reply already.
  if [[ -n $prefix && $COMP_WORDBREAKS != *=* ]]; then
    for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]=$prefix${COMPREPLY[i]}; done
  fi
}

complete -F _strffit strffit
)bash";

std::string bash(const DescribedProgram& program) {
  std::string text = "# Completion of strffit for bash, written by `strffit completion bash`.\n";
  std::vector<std::string> commands, keys;
  for (const auto& command : program.commands) commands.push_back(command.name);
  for (const auto& key : config_keys()) {
    if (!key.mapping) keys.push_back(key.path);
  }
  text += "_strffit_commands=" + quoted(words_in_one(commands)) + "\n";
  text += "_strffit_all_keys=" + quoted(words_in_one(keys)) + "\n\n";

  text += "# These set `want` of their caller.\n_strffit_options() {  # command\n  case $1 in\n";
  text += "    '') want='" + names(program.program.options) + "' ;;\n";
  for (const auto& command : program.commands) {
    text += "    " + command.name + ") want='" + names(command.options) + "' ;;\n";
  }
  text +=
      "  esac\n}\n\n_strffit_value() {  # command, option; '' for a flag\n  want=''\n"
      "  case $1$2 in\n";
  for (const auto& command : program.commands) {
    for (const auto& option : command.options) {
      if (option.value.empty()) continue;
      text += "    " + command.name + option.name + ") want='" + wanted(option) + "' ;;\n";
    }
  }
  text += "  esac\n}\n\n_strffit_argument() {  # command, number from 0\n  case $1.$2 in\n";
  for (const auto& command : program.commands) {
    for (std::size_t i = 0; i < command.arguments.size(); ++i) {
      const auto& argument = command.arguments[i];
      text += "    " + command.name + "." + (argument.repeats ? "*" : std::to_string(i)) +
              ") want='" + wanted(argument) + "' ;;\n";
    }
  }
  text += "  esac\n}\n\n_strffit_words() {  # key\n  want=''\n  case $1 in\n";
  for (const auto& key : config_keys()) {
    const auto words = key.words();
    if (words.empty() || key.mapping) continue;
    text += "    " + key.path + ") want='" + words_in_one(words) + "' ;;\n";
  }
  return text + "  esac\n}\n" + kBash;
}

// A text inside the brackets of zsh's _arguments.
std::string bracketed(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string zsh_action(const DescribedOption& option) {
  const std::string want = wanted(option);
  if (want == "@none") return " ";
  if (want == "@path") return "_files";
  if (want == "@h5") return "_files -g \"*.h5(-.)\"";
  if (want == "@yaml") return "_files -g \"*.(yaml|yml)(-.)\"";
  if (want == "@run") return "_strffit_runs";
  if (want == "@keys") return "_strffit_keys";
  if (want == "@key") return "_strffit_key";
  return "(" + want + ")";
}

constexpr const char* kZsh = R"zsh(
_strffit_runs() {
  _alternative \
    'runs:run folder:_path_files -g "*(-/)"' \
    'files:HDF5 file:_path_files -g "*.h5(-.)"'
}

_strffit_key() {
  _describe -t keys 'key of the configuration' _strffit_all_keys
}

_strffit_keys() {
  if [[ $PREFIX == *=* ]]; then
    local key=${PREFIX%%=*}
    compset -P '*='
    compadd -- ${=_strffit_words[$key]}
  else
    _describe -t keys 'key of the configuration' _strffit_all_keys -S '=' -q
  fi
}

_strffit() {
  local curcontext=$curcontext command
  if (( CURRENT == 2 )); then
    _describe -t commands 'command' _strffit_commands
    _arguments $_strffit_options
    return
  fi
  command=$words[2]
  shift words
  (( CURRENT-- ))
  _strffit_of_command $command
}

if [[ $funcstack[1] == _strffit ]]; then
  _strffit "$@"
else
  compdef _strffit strffit
fi
)zsh";

std::string zsh_option(const DescribedOption& option) {
  if (option.value.empty()) {
    return quoted(option.name + "[" + bracketed(option.meaning) + "]");
  }
  return quoted((option.repeats ? "*" : "") + option.name + "=[" + bracketed(option.meaning) +
                "]:" + bracketed(option.value) + ":" + zsh_action(option));
}

std::string zsh(const DescribedProgram& program) {
  std::string text =
      "#compdef strffit\n# Completion of strffit for zsh, written by `strffit completion zsh`.\n\n"
      "typeset -ga _strffit_commands=(\n";
  for (const auto& command : program.commands) {
    text += "  " + quoted(command.name + ":" + command.meaning) + "\n";
  }
  text += ")\ntypeset -ga _strffit_options=(\n";
  for (const auto& option : program.program.options) text += "  " + zsh_option(option) + "\n";
  text += ")\ntypeset -ga _strffit_all_keys=(\n";
  for (const auto& key : config_keys()) {
    if (!key.mapping) text += "  " + quoted(key.path + ":" + key.doc()) + "\n";
  }
  text += ")\ntypeset -gA _strffit_words=(\n";
  for (const auto& key : config_keys()) {
    if (key.mapping || key.words().empty()) continue;
    text += "  " + key.path + " " + quoted(words_in_one(key.words())) + "\n";
  }
  text += ")\n\n_strffit_of_command() {\n  case $1 in\n";
  for (const auto& command : program.commands) {
    text += "    " + command.name + ")\n      _arguments";
    for (const auto& option : command.options) text += " \\\n        " + zsh_option(option);
    for (std::size_t i = 0; i < command.arguments.size(); ++i) {
      const auto& argument = command.arguments[i];
      text += " \\\n        " + quoted((argument.repeats ? "*" : std::to_string(i + 1)) + ":" +
                                       bracketed(argument.name) + ":" + zsh_action(argument));
    }
    text += "\n      ;;\n";
  }
  return text + "  esac\n}\n" + kZsh;
}

// In single quotes of fish, where \ is no plain character.
std::string fish_quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

std::string fish_action(const DescribedOption& option) {
  const std::string want = wanted(option);
  if (want == "@none") return " -x";
  if (want == "@path") return " -r -F";
  if (want == "@h5") return " -x -a '(__strffit_files .h5)'";
  if (want == "@yaml") return " -x -a '(__strffit_files .yaml .yml)'";
  if (want == "@run") return " -x -a '(__strffit_runs)'";
  if (want == "@keys") return " -x -a '(__strffit_keys)'";
  if (want == "@key") return " -x -a '(__strffit_key)'";
  return " -x -a " + fish_quoted(want);
}

constexpr const char* kFish = R"fish(
# The command that was given; fails where none was.
function __strffit_command
    for word in (commandline -opc)[2..-1]
        if not string match -q -- '-*' $word
            echo $word
            return 0
        end
    end
    return 1
end

# Whether the command is $argv[1] and, with $argv[2], the argument number $argv[2] from 0 (or a
# later one, with "+") is next.
function __strffit_at
    set -l name ''
    set -l number 0
    set -l value 0
    for word in (commandline -opc)[2..-1]
        if test $value = 1
            set value 0
        else if string match -q -- '-*' $word
            if contains -- $word $__strffit_valued
                set value 1
            end
        else if test -z "$name"
            set name $word
        else
            set number (math $number + 1)
        end
    end
    test "$name" = $argv[1]; or return 1
    if test (count $argv) -ge 2
        test $value = 0; or return 1
        if test (count $argv) -ge 3
            test $number -ge $argv[2]
        else
            test $number -eq $argv[2]
        end
    end
end

# Files whose names end so, and folders.
function __strffit_files
    for path in (commandline -ct)*
        if test -d $path
            echo $path/
            continue
        end
        for ending in $argv
            string match -q -- "*$ending" $path; and echo $path
        end
    end
end

# Run folders, folders on the way to some, HDF5 files.
function __strffit_runs
    set -l token (commandline -ct)
    for path in $token*
        if test -e $path/config.yaml -o -d $path/shards
            printf '%s\trun\n' $path
        else if test -d $path
            echo $path/
        else if string match -q -- '*.h5' $path
            echo $path
        end
    end
end
)fish";

std::string fish(const DescribedProgram& program) {
  std::string text = "# Completion of strffit for fish, written by `strffit completion fish`.\n";
  std::vector<std::string> valued;
  for (const auto& command : program.commands) {
    for (const auto& option : command.options) {
      if (!option.value.empty() &&
          std::find(valued.begin(), valued.end(), option.name) == valued.end()) {
        valued.push_back(option.name);
      }
    }
  }
  text += "set -g __strffit_valued " + words_in_one(valued) + "\n" + kFish;
  text += "\nfunction __strffit_key\n    printf '%s\\t%s\\n' \\\n";
  std::string keys, words;
  for (const auto& key : config_keys()) {
    if (key.mapping) continue;
    text += "        " + fish_quoted(key.path) + " " + fish_quoted(key.doc()) + " \\\n";
    keys +=
        "                " + fish_quoted(key.path + "=") + " " + fish_quoted(key.doc()) + " \\\n";
    if (key.words().empty()) continue;
    words += "        case " + fish_quoted(key.path + "=*") + "\n            printf '%s\\n'";
    for (const auto& word : key.words()) words += " " + fish_quoted(key.path + "=" + word);
    words += "\n";
  }
  text.erase(text.size() - 2, 1);
  keys.erase(keys.size() - 2, 1);
  text += "end\n\nfunction __strffit_keys\n    switch (commandline -ct)\n" + words +
          "        case '*=*'\n        case '*'\n            printf '%s\\t%s\\n' \\\n" + keys +
          "    end\nend\n\ncomplete -c strffit -f\n";
  const auto add = [&](const std::string& condition, const std::string& rest,
                       const std::string& meaning) {
    text += "complete -c strffit -n " + fish_quoted(condition) + rest + " -d " +
            fish_quoted(meaning) + "\n";
  };
  for (const auto& option : program.program.options) {
    add("not __strffit_command >/dev/null", " -l " + option.name.substr(2), option.meaning);
  }
  for (const auto& command : program.commands) {
    add("not __strffit_command >/dev/null", " -a " + command.name, command.meaning);
  }
  for (const auto& command : program.commands) {
    for (const auto& option : command.options) {
      add("__strffit_at " + command.name,
          " -l " + option.name.substr(2) + (option.value.empty() ? "" : fish_action(option)),
          option.meaning);
    }
    for (std::size_t i = 0; i < command.arguments.size(); ++i) {
      const auto& argument = command.arguments[i];
      add("__strffit_at " + command.name + " " + std::to_string(i) + (argument.repeats ? " +" : ""),
          fish_action(argument), argument.meaning);
    }
  }
  return text;
}

}  // namespace

const std::vector<std::string>& shells() {
  static const std::vector<std::string> names = {"bash", "zsh", "fish"};
  return names;
}

std::string completion_script(const DescribedProgram& program, const std::string& shell) {
  if (shell == "bash") return bash(program);
  if (shell == "zsh") return zsh(program);
  if (shell == "fish") return fish(program);
  throw ConfigError("", "no completion for \"" + shell + "\"; expected bash, zsh or fish");
}

}  // namespace strffit
