# SPDX-License-Identifier: MIT
"""The completions complete: bash is asked, zsh and fish at least read theirs."""

import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import help_text
import lab

DIRECTORY = lab.source_dir() / "completions"
BINARY = str(lab.binary())

ASK = r'''
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
_tcpbox
printf '%s\n' "${COMPREPLY[@]}"
'''


def complete(*words):
    """What bash offers for the last of the words."""
    done = subprocess.run(["bash", "--norc", "-c", ASK, "bash", DIRECTORY / "tcpbox.bash", *words], capture_output=True,
                          text=True, timeout=30, check=False)
    assert done.stderr == "", done.stderr
    return set(done.stdout.split())


class Bash(unittest.TestCase):
    def test_commands(self):
        self.assertLessEqual(set(help_text.commands(BINARY)), complete("tcpbox", ""))
        self.assertEqual(complete("tcpbox", "hand"), {"handshake-trace"})

    def test_every_option_of_every_command(self):
        for command in help_text.commands(BINARY):
            self.assertEqual(complete("tcpbox", command, "-"), help_text.option_names(BINARY, command))

    def test_values(self):
        self.assertEqual(complete("tcpbox", "scan", "--color", "a"), {"auto", "always"})
        self.assertEqual(complete("tcpbox", "scan", "--technique", ""),
                         {"auto", "syn", "connect", "fin", "null", "xmas", "maimon", "ack",
                          "window", "list"})

    def test_help_takes_a_command(self):
        self.assertEqual(complete("tcpbox", "help", "por"), {"ports"})


class Others(unittest.TestCase):
    def test_zsh_reads_its_own(self):
        self.check("zsh", "-n", DIRECTORY / "_tcpbox")

    def test_fish_reads_its_own(self):
        self.check("fish", "--no-execute", DIRECTORY / "tcpbox.fish")

    def test_fish_completes(self):
        if shutil.which("fish") is None:
            self.skipTest("not installed: fish")
        done = subprocess.run(["fish", "--no-config", "-c",
                               f"source {DIRECTORY / 'tcpbox.fish'}; complete -C 'tcpbox scan --techni'"],
                              capture_output=True, text=True, timeout=30, check=False)
        self.assertTrue(done.stdout.startswith("--technique"), done)

    def check(self, shell, *arguments):
        if shutil.which(shell) is None:
            self.skipTest(f"not installed: {shell}")
        done = subprocess.run([shell, *arguments], capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    lab.main(private_namespaces=False)
