# SPDX-License-Identifier: MIT
"""Every C++ file is laid out as .clang-format says; names the first line of each that is not.

usage: check_format.py [ROOT]
"""

import shutil
import subprocess
import sys

import tree

_GENERATED = "registry_data"


def problems(root):
    files = [path for path in tree.files(root, "*.cpp", "*.hpp") if _GENERATED not in path.name]
    done = subprocess.run(["clang-format-19", "--dry-run", "-Werror", "--style=file", *files], capture_output=True,
                          text=True, check=False)
    if done.returncode == 0:
        return []
    places = [line for line in done.stderr.splitlines() if ": error: " in line]
    first = {place.split(":", 1)[0]: place for place in reversed(places)}
    return sorted(first.values()) or done.stderr.splitlines()


if __name__ == "__main__":
    if shutil.which("clang-format-19") is None:
        tree.skip("not installed: clang-format-19")
    tree.finish(problems(sys.argv[1] if len(sys.argv) > 1 else tree.ROOT))
