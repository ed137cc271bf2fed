"""Shell completion for bash, zsh and fish, from what the program itself says: completion.py WEIR FOLDER.

Sub-commands, options and the words they take are completed, files where an option takes one. Arguments that name
something of the running gateway (a flow, a bypass) are the user's to say: nothing is offered, and nothing is asked.
"""

import dataclasses
import pathlib
import re
import subprocess
import sys


@dataclasses.dataclass
class Option:
    names: list       # "-c", "--config"
    takes: str        # "" for a flag, else what its help calls it: FILE, TEXT, …
    choices: list     # where only some words will do
    about: str


@dataclasses.dataclass
class Command:
    path: list        # ["weir", "bypass", "add"]
    about: str
    options: list
    arguments: list
    commands: list

    def each(self):
        yield self
        for command in self.commands:
            yield from command.each()

    @property
    def name(self):
        return " ".join(self.path)


def sections(text):
    """{"options": ["-c,--config FILE … the configuration"]}: a line for each entry, however it was broken."""
    found, section = {}, None
    for line in text.splitlines():
        if heading := re.fullmatch(r"(\w+):", line):
            section = found.setdefault(heading[1].lower(), [])
        elif re.match(r"  \S", line) and section is not None:
            section.append(line.strip())
        elif re.match(r"   +\S", line) and section:
            section[-1] += "  " + line.strip()
    return found


def split(entry):
    """What an entry is, and what is said about it: there are two blanks between at least."""
    what, _, about = entry.partition("  ")
    return what, about.strip()


def option(entry):
    # "--admin ADDR:PORT Excludes: --config  where …", "--sort TEXT:{age,bytes}=age  youngest first"
    what, about = split(entry)
    names, _, rest = what.partition(" ")
    rest = re.sub(r"\s*(Excludes|Needs): .*| REQUIRED| \.\.\.", "", rest)
    choices = re.search(r"\{([^}]*)\}", rest)
    takes = re.sub(r"(:\{|:\w+ in|=).*", "", rest)  # without what CLI11 says of its range and default
    return Option(re.split(r",\s*", names), takes, choices[1].split(",") if choices else [], about)


def read(program, path=("weir",), about=""):
    text = subprocess.run([program, *path[1:], "--help"], check=True, capture_output=True, text=True).stdout
    parts = sections(text)
    below = [split(entry) for entry in parts.get("subcommands", [])]
    return Command(list(path), about or text.partition("\n")[0], [option(entry) for entry in parts.get("options", [])],
                   [entry.split()[0] for entry in parts.get("positionals", [])],
                   [read(program, (*path, name), what) for name, what in below])


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


BASH = """\
# bash completion for weir; made by packaging/completion.py.
_weir() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} at=weir skip= i commands= options=
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ ${COMP_WORDS[i]} == = ]] && continue
    if [[ $skip ]]; then
      skip=
      continue
    fi
    case "$at ${COMP_WORDS[i]}" in
      @PATHS@) at+=" ${COMP_WORDS[i]}" ;;
      @VALUED@) skip=1 ;;
    esac
  done
  # "--option=value" comes as three words.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case "$at $previous" in
    @FILES@)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return ;;
@CHOICES@
    @VALUED@) return ;;
  esac
  case $at in
@WORDS@
  esac
  [[ $current == -* ]] && commands=$options
  mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
}
complete -F _weir weir
"""


def bash(root):
    def pattern(takes):
        return "|".join(quoted(f"{command.name} {name}") for command in root.each() for option in command.options
                        if takes(option) for name in option.names)

    words, choices = [], []
    for command in root.each():
        below = " ".join(below.path[-1] for below in command.commands)
        names = " ".join(name for option in command.options for name in option.names)
        words.append(f"    {quoted(command.name)}) commands={quoted(below)} options={quoted(names)} ;;")
        for option in command.options:
            if option.choices:
                at = "|".join(quoted(f"{command.name} {name}") for name in option.names)
                offered = quoted(" ".join(option.choices))
                choices.append(f"    {at}) mapfile -t COMPREPLY < <(compgen -W {offered} -- \"$current\"); return ;;")
    return (BASH.replace("@PATHS@", "|".join(quoted(command.name) for command in root.each() if len(command.path) > 1))
            .replace("@VALUED@", pattern(lambda option: option.takes))
            .replace("@FILES@", pattern(lambda option: option.takes == "FILE"))
            .replace("@CHOICES@", "\n".join(choices)).replace("@WORDS@", "\n".join(words)))


def zsh(root):
    def spec(option):
        about = re.sub(r"([\[\]:\\])", r"\\\1", option.about)
        value = ""
        if option.takes:
            action = f"({' '.join(option.choices)})" if option.choices else "_files" if option.takes == "FILE" else " "
            value = f":{option.takes.replace(':', chr(92) + ':')}:{action}"
        names = "{" + ",".join(option.names) + "}" if len(option.names) > 1 else option.names[0]
        # Where there are two names, either keeps the other from being offered again.
        return f"{quoted('(' + ' '.join(option.names) + ')')}{names}{quoted('[' + about + ']' + value)}"

    def function(command):
        name = "_".join(["", *command.path])
        lines = [f"{name}() {{", "  local -a commands", "  local state line", "  _arguments -C \\"]
        lines += [f"    {spec(option)} \\" for option in command.options]
        if not command.commands:
            return lines + [f"    '*:{' '.join(command.arguments) or 'nothing'}: '", "}"]
        lines += ["    '1:command:->command' '*::argument:->rest'", "  case $state in", "    command)", "      commands=("]
        lines += [f"        {quoted(below.path[-1] + ':' + below.about.replace(':', chr(92) + ':'))}"
                  for below in command.commands]
        lines += ["      )", "      _describe command commands ;;", "    rest)", "      case $words[1] in"]
        lines += [f"        {below.path[-1]}) {'_'.join(['', *below.path])} ;;" for below in command.commands]
        return lines + ["      esac ;;", "  esac", "}"]

    functions = [line for command in root.each() for line in function(command)]
    return "\n".join(["#compdef weir", "# zsh completion for weir; made by packaging/completion.py.", *functions,
                      "_weir \"$@\"", ""])


FISH = """\
# fish completion for weir; made by packaging/completion.py.
function __weir_at
    set -l at weir
    set -l words (commandline -opc)
    for word in $words[2..]
        if contains -- "$at $word" @PATHS@
            set at "$at $word"
        end
    end
    test "$at" = "$argv"
end
complete -c weir -f
"""


def fish(root):
    lines = []
    for command in root.each():
        begin = f"complete -c weir -n '__weir_at {command.name}'"
        lines += [f"{begin} -a {below.path[-1]} -d {quoted(below.about)}" for below in command.commands]
        for option in command.options:
            names = "".join(f" -l {name[2:]}" if name.startswith("--") else f" -s {name[1:]}" for name in option.names)
            takes = "" if not option.takes else " -r -F" if option.takes == "FILE" else " -x"
            if option.choices:
                takes += f" -a {quoted(' '.join(option.choices))}"
            lines.append(f"{begin}{names}{takes} -d {quoted(option.about)}")
    paths = " ".join(quoted(command.name) for command in root.each())
    return FISH.replace("@PATHS@", paths) + "\n".join(lines) + "\n"


def main(program, folder):
    root = read(program)
    for file, text in (("weir.bash", bash(root)), ("_weir", zsh(root)), ("weir.fish", fish(root))):
        (pathlib.Path(folder) / file).write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
