# SPDX-License-Identifier: MIT
"""What holds for the program as a whole: help, version, slips of the finger, closed and full outputs, garbage."""

import os
import pathlib
import random
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import help_text
import lab

BINARY = str(lab.binary())
COMMANDS = list(help_text.commands(BINARY))


def tcpbox(*arguments, **more):
    more.setdefault("stdout", subprocess.PIPE)
    more.setdefault("stderr", subprocess.PIPE)
    return subprocess.run([BINARY, *arguments], stdin=subprocess.DEVNULL, text=True, errors="replace", timeout=30,
                          check=False, **more)


class Help(unittest.TestCase):
    def test_version(self):
        done = tcpbox("--version")
        self.assertRegex(done.stdout, r"\Atcpbox [0-9]+\.[0-9]+\.[0-9]+\n\Z")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_help_fits_a_terminal(self):
        for arguments in ([], *([command] for command in COMMANDS)):
            done = tcpbox(*arguments, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            for line in done.stdout.splitlines():
                self.assertLessEqual(len(line), 80, line)

    def test_ways_to_ask(self):
        self.assertEqual(tcpbox("help").stdout, tcpbox("--help").stdout)
        for command in COMMANDS:
            asked = tcpbox(command, "--help").stdout
            self.assertEqual(tcpbox("help", command).stdout, asked)
            self.assertEqual(tcpbox(command, "-h").stdout, asked)

    def test_every_option_is_described(self):
        for command in COMMANDS:
            options = help_text.options(BINARY, command)
            self.assertIn("--help", {name for option in options for name in option.names})
            for option in options:
                self.assertTrue(option.text, f"{command} {option.names}")

    def test_commands_in_order(self):
        wanted = ["listen", "connect", "scan", "ports", "handshake-trace"]
        self.assertEqual(COMMANDS[:len(wanted)], wanted)


class Slips(unittest.TestCase):
    def assert_usage(self, *arguments, naming):
        done = tcpbox(*arguments)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done)
        self.assertTrue(done.stderr.startswith("tcpbox: "), done.stderr)
        self.assertIn(naming, done.stderr)
        self.assertLessEqual(done.stderr.count("\n"), 2, done.stderr)

    def test_nothing(self):
        self.assert_usage(naming="missing")

    def test_unknown_command(self):
        self.assert_usage("scna", naming="did you mean 'scan'?")
        self.assert_usage("frobnicate", naming="'frobnicate'")

    def test_unknown_option(self):
        self.assert_usage("scan", "--jsno", "127.0.0.1", naming="did you mean '--json'?")
        for command in COMMANDS:
            self.assert_usage(command, "--no-such-thing", naming="'--no-such-thing'")

    def test_formats_exclude_each_other(self):
        self.assert_usage("ports", "443", "--json", "--ndjson", naming="--json and --ndjson")

    def test_colour(self):
        self.assert_usage("ports", "443", "--color", "sometimes", naming="auto, always or never")

    def test_control_characters_are_escaped(self):
        done = tcpbox("\x1b[2J")
        self.assertEqual(done.returncode, 2)
        self.assertNotIn("\x1b", done.stderr)


class Outputs(unittest.TestCase):
    LONG = ["ports", "1-20000"]

    def test_closed_pipe_ends_it_quietly(self):
        for words in (["--help"], self.LONG, [*self.LONG, "--json"], [*self.LONG, "--ndjson"]):
            reader, writer = os.pipe()
            os.close(reader)
            done = tcpbox(*words, stdout=writer)
            os.close(writer)
            self.assertEqual((done.returncode, done.stderr), (-signal.SIGPIPE, ""), words)

    def test_head(self):
        done = subprocess.run(["bash", "-c", '"$0" ports 1-20000 | head -n 1', BINARY], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual((done.stderr, done.stdout.count("\n")), ("", 1))

    def test_full_disk_is_an_error(self):
        for words in (["--help"], ["--version"], self.LONG, ["ports", "443", "--json"], ["ports", "443", "--ndjson"]):
            with open("/dev/full", "w") as full:
                done = tcpbox(*words, stdout=full)
            self.assertEqual(done.returncode, 3, words)
            self.assertIn("standard output: No space left on device", done.stderr)

    def test_closed_stdout_is_no_crash(self):
        done = subprocess.run(["bash", "-c", '"$0" ports 443 >&-', BINARY], capture_output=True, text=True, timeout=30,
                              check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("standard output", done.stderr)

    def test_colour(self):
        escape = "\x1b["
        self.assertNotIn(escape, tcpbox("ports", "443").stdout)
        self.assertIn(escape, tcpbox("ports", "443", "--color", "always").stdout)
        self.assertNotIn(escape, on_terminal(["ports", "443"], NO_COLOR="1"))
        self.assertNotIn(escape, on_terminal(["ports", "443", "--color", "never"]))
        self.assertIn(escape, on_terminal(["ports", "443"]))


def on_terminal(arguments, **environment):
    leader, follower = os.openpty()
    variables = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    variables.update(TERM="xterm", **environment)
    process = subprocess.Popen([BINARY, *arguments], stdin=subprocess.DEVNULL, stdout=follower,
                               stderr=subprocess.DEVNULL, env=variables)
    os.close(follower)
    text = b""
    while chunk := read_terminal(leader):
        text += chunk
    os.close(leader)
    process.wait(30)
    return text.decode(errors="replace")


def read_terminal(leader):
    try:
        return os.read(leader, 65536)
    except OSError:
        return b""  # the other end is closed


class Garbage(unittest.TestCase):
    """Random words: every run ends by itself with an exit code of ours, and never by a signal."""

    WORDS = ["--json", "--ndjson", "--color", "always", "-p", "--timeout", "0", "-1", "65535", "65536", "1-", "-", "--",
             "", "::1", "[::1", "127.0.0.1/33", "9" * 400, "%s%n", "\xff\xfe", "\x01", "1e99", "nan", "=", "--=", "---",
             "-4", "-6", "a" * 5000, "host:port:port", "١٢٣", "--help=1", "1,2,,3", "0x10"]
    # What is generated must not send: these names cannot be resolved and these commands only look up.
    RUN = ["ports", "help"]

    def test_garbage(self):
        random.seed(20240229)
        for _ in range(150):
            words = [random.choice(self.WORDS) for _ in range(random.randint(0, 6))]
            self.assert_survives([random.choice(self.RUN), *words])

    def test_garbage_before_it_runs(self):
        random.seed(42)
        for _ in range(100):
            words = [random.choice(self.WORDS) for _ in range(random.randint(0, 6))]
            self.assert_survives([random.choice(COMMANDS), "--no-such-option", *words], codes={0, 2})  # 0: help was asked

    def assert_survives(self, words, codes=frozenset({0, 1, 2})):
        done = tcpbox(*(os.fsencode(word) for word in words))
        self.assertIn(done.returncode, codes, f"{words}: {done.stderr[-2000:]}")


if __name__ == "__main__":
    lab.main(private_namespaces=False)
