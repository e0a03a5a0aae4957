# SPDX-License-Identifier: MIT
"""The recipes of a manual page: each literal block under EXAMPLES, with the sentence before it as its title."""

import pathlib
import re
import subprocess

_SECTION = re.compile(r"^\.Sh EXAMPLES\n(.*?)(?=^\.Sh )", re.MULTILINE | re.DOTALL)
_RECIPE = re.compile(r"(?:^\.Pp\n)?((?:^[^.\n][^\n]*\n)+)^\.Bd -literal -offset indent\n(.*?)^\.Ed\n",
                     re.MULTILINE | re.DOTALL)


def recipes(page):
    """A dictionary of texts by title. Raises ValueError when the section has anything else."""
    section = _SECTION.search(pathlib.Path(page).read_text())
    if section is None:
        raise ValueError(f"{page}: no section EXAMPLES")
    rest = _RECIPE.sub("", section[1])
    if rest:
        raise ValueError(f"{page}: neither a title nor a literal block: {rest}")
    found = [(" ".join(title.split()), _plain(text)) for title, text in _RECIPE.findall(section[1])]
    if len(dict(found)) != len(found):
        raise ValueError(f"{page}: two recipes have one title")
    return dict(found)


def rendered(page, columns=80):
    """The page as man(1) shows it on a terminal, without bold and underline."""
    text = subprocess.run(["mandoc", "-Tutf8", "-O", f"width={columns - 2}", page], check=True, capture_output=True,
                          text=True).stdout
    return re.sub(".\b", "", text)


def _plain(text):
    """mdoc's escapes in a literal block: a backslash is written backslash e, and a first dot is protected."""
    return text.replace("\\&", "").replace("\\e", "\\")
