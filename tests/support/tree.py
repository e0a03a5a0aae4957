# SPDX-License-Identifier: MIT
"""What the checks share: the files of the project, and how a check ends."""

import fnmatch
import pathlib
import subprocess
import sys

SKIPPED = 77
ROOT = pathlib.Path(__file__).resolve().parents[2]


def files(root, *patterns):
    """The project's own files that match, sorted; of a checkout, the tracked ones."""
    root = pathlib.Path(root)
    git = ["git", "-c", f"safe.directory={root}", "-C", str(root)]
    listed = subprocess.run([*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
                            capture_output=True, text=True, check=False) if (root / ".git").exists() else None
    if listed is not None and listed.returncode == 0:
        found = {root / name for name in listed.stdout.split("\0") if name}
    else:
        names = {path: path.relative_to(root).as_posix() for path in root.rglob("*")}
        found = {path for path, name in names.items() if not name.startswith("build/")
                 and any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)}
    return sorted(path for path in found if path.is_file())


def finish(problems):
    """Prints the problems and ends the process."""
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)
