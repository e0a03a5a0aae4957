# SPDX-License-Identifier: MIT
"""Help, man pages and completions name the same options, and every command has its man page, schema and test.

usage: check_options.py TCPBOX [ROOT]
"""

import pathlib
import re
import sys

import tree
import help_text

sys.path.insert(0, str(tree.ROOT / "packaging"))
import generate_completions


def man_options(page):
    """The options that a page lists with .It."""
    names = set()
    for line in page.read_text().splitlines():
        if line.startswith(".It "):
            names |= {"-" + word for word in re.findall(r"\bFl ([\w-]+)", line)}
    return names


def compare(where, listed, wanted):
    for name in sorted(wanted - listed):
        yield f"{where}: {name} is in the help and not here"
    for name in sorted(listed - wanted):
        yield f"{where}: {name} is here and not in the help"


def command_problems(binary, root, command):
    page = root / "man" / f"tcpbox-{command}.1"
    if page.is_file():
        yield from compare(page.relative_to(root), man_options(page), help_text.option_names(binary, command))
    else:
        yield f"{page.relative_to(root)}: missing"
    if not (root / "tests" / "schema" / f"tcpbox.{command}.schema.json").is_file():
        yield f"tests/schema/tcpbox.{command}.schema.json: missing"
    pattern = f"test_*{command.replace('-', '_')}*.py"
    if not list((root / "tests" / "integration").glob(pattern)):
        yield f"tests/integration/{pattern}: no such test"


def completion_problems(binary, root):
    for name, text in generate_completions.generate(binary).items():
        file = root / "completions" / name
        if not file.is_file() or file.read_text() != text:
            yield f"completions/{name}: not what the help says; run packaging/generate_completions.py {binary}"


def overview_problems(root, commands):
    page = root / "man" / "tcpbox.1"
    text = page.read_text() if page.is_file() else ""
    for command in commands:
        if f".Xr tcpbox-{command} 1" not in text:
            yield f"man/tcpbox.1: does not point to tcpbox-{command}(1)"


def problems(binary, root):
    root = pathlib.Path(root)
    commands = help_text.commands(binary)
    for command in commands:
        yield from command_problems(binary, root, command)
    yield from overview_problems(root, commands)
    yield from completion_problems(binary, root)


if __name__ == "__main__":
    tree.finish(list(problems(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else tree.ROOT)))
