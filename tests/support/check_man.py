# SPDX-License-Identifier: MIT
"""Every man page is clean mdoc.

usage: check_man.py [ROOT]
"""

import shutil
import subprocess
import sys

import tree


def problems(root):
    pages = tree.files(root, "man/*.1", "man/*.5")
    if not pages:
        return ["man/: no page found"]
    done = subprocess.run(["mandoc", "-Tlint", "-W", "warning", *pages], capture_output=True, text=True, check=False)
    return done.stdout.splitlines() + done.stderr.splitlines()


if __name__ == "__main__":
    if shutil.which("mandoc") is None:
        tree.skip("not installed: mandoc")
    tree.finish(problems(sys.argv[1] if len(sys.argv) > 1 else tree.ROOT))
