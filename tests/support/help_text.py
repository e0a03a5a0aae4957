# SPDX-License-Identifier: MIT
"""Reads what `tcpbox --help` and `tcpbox COMMAND --help` say."""

import dataclasses
import re
import subprocess

_COMMAND = re.compile(r"^  ([a-z][a-z-]*)  +(\S.*)$")
_OPTION = re.compile(r"^  (-[^ ]*)(?: ([A-Z\[][^ ]*))?(?:  +(\S.*))?$")
_MORE = re.compile(r"^ {20,}(\S.*)$")


@dataclasses.dataclass
class Option:
    """One line of the help: its names ("-n", "--numeric"), the name of its value or "", what it does."""
    names: list
    value: str
    text: str


def ask(binary, *arguments):
    return subprocess.run([binary, *arguments], capture_output=True, text=True, check=True, timeout=60).stdout


def commands(binary):
    """The commands with their summaries, in the order of the help."""
    listed = ask(binary, "--help").partition("Commands:\n")[2].partition("\n\n")[0]
    found = {}
    for line in listed.splitlines():
        match = _COMMAND.match(line)
        more = _MORE.match(line)
        if match:
            found[match[1]] = match[2]
        elif more and found:
            found[next(reversed(found))] += " " + more[1]
    return found


def options(binary, command):
    found = []
    for line in ask(binary, command, "--help").splitlines():
        match = _OPTION.match(line)
        more = _MORE.match(line)
        if match:
            found.append(Option(match[1].split(","), match[2] or "", match[3] or ""))
        elif more and found:
            found[-1].text = (found[-1].text + " " + more[1]).strip()
    return found


def option_names(binary, command):
    return {name for option in options(binary, command) for name in option.names}
