#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the completions for bash, zsh and fish from what the binary's own help says.

usage: packaging/generate_completions.py TCPBOX [DIRECTORY]

What a value looks like is not in the help: the tables below say it. A check run by ctest fails when the files in
completions/ are not what this makes of the binary that was built.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import help_text

# The words an option takes. By command where the same name means different things.
WORDS = {
    "--color": "auto always never",
    "scan --technique": "auto syn connect fin null xmas maimon ack window list",
    "handshake-trace --technique": "auto raw connect",
    "--protocol": "tcp udp sctp dccp any",
    "--range": "well-known registered dynamic",
}
# Options whose value is a file of the user's, beside those whose help calls the value FILE.
FILES = {"--read", "--write", "--services"}
# What the positionals are.
POSITIONALS = {"listen": "none", "connect": "host", "scan": "host", "ports": "service", "handshake-trace": "host"}


def value_kind(command, option):
    """none, words, file or any."""
    if not option.value:
        return "none", ""
    for name in option.names:
        words = WORDS.get(f"{command} {name}", WORDS.get(name))
        if words:
            return "words", words
    if "FILE" in option.value or any(name in FILES for name in option.names):
        return "file", ""
    return "any", ""


# --- bash

BASH = r'''# SPDX-License-Identifier: MIT
# bash completion for tcpbox; written by packaging/generate_completions.py

_tcpbox() {
  # shellcheck disable=SC2034  # split: for _init_completion
  local cur prev words cword split
  if declare -F _init_completion >/dev/null; then
    _init_completion -s || return
  else
    cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
  fi
  COMPREPLY=()
  if ((cword == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '@COMMANDS@ --help --version' -- "$cur")
    return
  fi
  local command=${words[1]}
  case "$command $prev" in
@VALUES@  esac
  if [[ $cur == -* ]]; then
    local options=
    case $command in
@OPTIONS@    esac
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    return
  fi
  case $command in
@POSITIONALS@  esac
}

complete -F _tcpbox tcpbox
'''

BASH_POSITIONAL = {
    "host": "compgen -A hostname -- \"$cur\"",
    "service": "compgen -A service -- \"$cur\"",
}


def bash(table):
    values = options = positionals = ""
    for command, listed in table.items():
        for option in listed:
            kind, words = value_kind(command, option)
            if kind == "none":
                continue
            pattern = " | ".join(f"'{command} {name}'" for name in option.names)
            action = {"words": f"mapfile -t COMPREPLY < <(compgen -W '{words}' -- \"$cur\")",
                      "file": "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")", "any": ":"}[kind]
            values += f"    {pattern})\n      {action}\n      return\n      ;;\n"
        names = " ".join(name for option in listed for name in option.names)
        options += f"      {command}) options='{names}' ;;\n"
        source = BASH_POSITIONAL.get(POSITIONALS.get(command, ""))
        if source:
            positionals += f"    {command}) mapfile -t COMPREPLY < <({source}) ;;\n"
    positionals += f"    help) mapfile -t COMPREPLY < <(compgen -W '{' '.join(table)}' -- \"$cur\") ;;\n"
    return (BASH.replace("@COMMANDS@", " ".join([*table, "help"])).replace("@VALUES@", values)
            .replace("@OPTIONS@", options).replace("@POSITIONALS@", positionals))


# --- zsh

ZSH = r'''#compdef tcpbox
# SPDX-License-Identifier: MIT
# zsh completion for tcpbox; written by packaging/generate_completions.py

_tcpbox() {
  local context state state_descr line
  typeset -A opt_args
  _arguments -C '(- *)--help[show the help]' '(- *)--version[show the version]' '1: :->command' '*:: :->arguments'
  case $state in
    command)
      local -a commands=(
@COMMANDS@      )
      _describe -t commands 'tcpbox command' commands
      ;;
    arguments)
      case $words[1] in
@ARGUMENTS@      esac
      ;;
  esac
}

_tcpbox "$@"
'''

ZSH_POSITIONAL = {"host": "*:host:_hosts", "service": "*:port or service:_ports"}


def zsh_escape(text):
    return re.sub(r"([\[\]:\\])", r"\\\1", text).replace("'", "'\\''")


def zsh_option(command, option):
    kind, words = value_kind(command, option)
    action = {"none": "", "words": f":{option.value}:({words})", "file": f":{option.value}:_files",
              "any": f":{option.value}: "}[kind]
    # An equals sign after a long name: the value may be the next word or follow '='.
    listed = [name + ("=" if kind != "none" and name.startswith("--") else "") for name in option.names]
    described = zsh_escape(f"{option.text}")
    if len(listed) == 1:
        return f"'{listed[0]}[{described}]{action}'"
    return f"'({' '.join(option.names)})'{{{','.join(listed)}}}'[{described}]{action}'"


def zsh(table, summaries):
    commands = "".join(f"        '{name}:{zsh_escape(summary)}'\n" for name, summary in summaries.items())
    arguments = ""
    for command, listed in table.items():
        words = [zsh_option(command, option) for option in listed]
        positional = ZSH_POSITIONAL.get(POSITIONALS.get(command, ""))
        words += [f"'{positional}'"] if positional else []
        lines = "".join(f" \\\n            {word}" for word in words)
        arguments += f"        {command})\n          _arguments -s -S{lines}\n          ;;\n"
    return ZSH.replace("@COMMANDS@", commands).replace("@ARGUMENTS@", arguments)


# --- fish

FISH = '''# SPDX-License-Identifier: MIT
# fish completion for tcpbox; written by packaging/generate_completions.py

complete -c tcpbox -f
complete -c tcpbox -n __fish_use_subcommand -l help -d 'Show the help'
complete -c tcpbox -n __fish_use_subcommand -l version -d 'Show the version'
'''

FISH_POSITIONAL = {"host": "(__fish_print_hostnames)", "service": r"(string match -rg '^([\w-]+)\s' </etc/services)"}


def fish_quote(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_option(command, option):
    words = [f"complete -c tcpbox -n '__fish_seen_subcommand_from {command}'"]
    for name in option.names:
        words.append(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}")
    kind, listed = value_kind(command, option)
    words += {"none": [], "words": ["-x", f"-a '{listed}'"], "file": ["-r", "-F"], "any": ["-x"]}[kind]
    return " ".join(words) + f" -d {fish_quote(option.text)}\n"


def fish(table, summaries):
    text = FISH
    for name, summary in summaries.items():
        text += f"complete -c tcpbox -n __fish_use_subcommand -a {name} -d {fish_quote(summary)}\n"
    for command, listed in table.items():
        text += "\n" + "".join(fish_option(command, option) for option in listed)
        source = FISH_POSITIONAL.get(POSITIONALS.get(command, ""))
        if source:
            text += f"complete -c tcpbox -n '__fish_seen_subcommand_from {command}' -a {fish_quote(source)}\n"
    return text


def generate(binary):
    """File name → its text."""
    summaries = help_text.commands(binary)
    table = {command: help_text.options(binary, command) for command in summaries}
    return {"tcpbox.bash": bash(table), "_tcpbox": zsh(table, summaries), "tcpbox.fish": fish(table, summaries)}


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    directory = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "completions"
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in generate(sys.argv[1]).items():
        (directory / name).write_text(text)


if __name__ == "__main__":
    main()
