# SPDX-License-Identifier: MIT
"""Every shell script parses; ShellCheck, when installed, has nothing to say.

usage: check_shell.py [ROOT]
"""

import shutil
import subprocess
import sys

import tree


def problems(root):
    scripts = tree.files(root, "*.sh", ".ci/run", "completions/tcpbox.bash")
    if not scripts:
        return ["no shell script found"]
    commands = [["bash", "-n", script] for script in scripts]
    if shutil.which("shellcheck") is not None:
        commands.append(["shellcheck", "-x", "-s", "bash", "-f", "gcc", *scripts])
    found = []
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            found += (done.stdout + done.stderr).splitlines()
    return found


if __name__ == "__main__":
    tree.finish(problems(sys.argv[1] if len(sys.argv) > 1 else tree.ROOT))
