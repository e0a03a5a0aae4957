# SPDX-License-Identifier: MIT
"""Every option of listen and connect that takes a value, with a wrong one; and what short names say, said in full."""

import pathlib
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from help_text import options
from lab.stream import PATIENCE, StreamCase

COMMANDS = {"listen": ["127.0.0.1:0"], "connect": ["127.0.0.1:1"]}

# A value that cannot be meant.
WRONG = {
    **dict.fromkeys(("--accept-timeout", "--delay", "--delay-accept", "--expect-timeout", "--handshake-timeout", "--http-timeout",
                     "--idle-timeout", "--keepalive", "--proxy-protocol-timeout", "--quit-after", "--request-timeout",
                     "--retry-delay", "--stuck-timeout", "--timeout", "--user-timeout", "--wait"), "soon"),
    **dict.fromkeys(("--reset-after", "--stall-after"), "much"),
    **dict.fromkeys(("--dscp", "--json-fd", "--linger", "--mark", "--max-connections", "--max-per-host", "--min-ttl",
                     "--mss", "--notsent-lowat", "--pty-size", "--queue", "--rate", "--ready-fd", "--recv-buffer", "--retry",
                     "--send-buffer", "--source-port", "--ttl", "--until-bytes"), "many"),
    **dict.fromkeys(("--balance", "--color", "--send-proxy", "--serve", "--starttls", "--stderr",
                     "--when-full"), "somehow"),
    "--proxy-auth": "nobody",
    **dict.fromkeys(("--allow", "--allow-target", "--deny", "--deny-target", "--proxy-protocol-from", "--forward",
                     "--source"), "1.2.3"),
    **dict.fromkeys(("--tls-min", "--tls-max"), "9"),
    **dict.fromkeys(("--expect", "--send", "--until"), r"\q"),
    "--send-secret": "swordfish",
    **dict.fromkeys(("--chroot", "--group", "--user"), "/not/there"),
    "--tls-alpn": "h2,,h3",
    "--tls-pin": "sha256:short",
    "--tls-ciphers": "nonsense",
}
# What forwarding says of its targets takes the same values.
FORWARD_TLS = ["--forward", "tls:127.0.0.1:1"]
WRONG.update({name.replace("--tls-", "--forward-tls-"): value
              for name, value in WRONG.items() if name.startswith("--tls-")})
PROXY_TLS = ["--proxy", "https://127.0.0.1:1"]
WRONG.update({name.replace("--tls-", "--proxy-tls-"): value
              for name, value in WRONG.items() if name.startswith("--tls-")})
WRONG["--proxy"] = "127.0.0.1:1"
WRONG["--code"] = "password"
# Names of things that may exist: they fail in their own time, and only nothing at all is wrong by itself.
NAMES = {"--congestion", "--exec", "--interface", "--md5", "--record", "--shell", "--tls-ca", "--tls-cert",
         "--tls-client-ca", "--tls-key", "--tls-name", "--forward-tls-ca", "--forward-tls-cert", "--forward-tls-key",
         "--forward-tls-name", "--proxy-tls-ca", "--proxy-tls-cert", "--proxy-tls-key", "--proxy-tls-name",
         "--code-file", "--proxy-auth-file", "--receive", "--send-file"}
TRANSFER = {"listen": ["--receive", "."], "connect": ["--send-file", "."]}
NEEDS = {
    **dict.fromkeys(("--proxy-auth", "--allow-target", "--deny-target", "--request-timeout"), ["--serve", "socks"]),
    "--proxy-tls-key": [*PROXY_TLS, "--proxy-tls-cert", "/dev/null"],
    "--balance": ["--forward", "127.0.0.1:1"],
    "--fsync": ["--receive", "."],
    "--overwrite": ["--receive", "."],
    "--proxy-protocol-from": ["--proxy-protocol"],
    "--proxy-protocol-timeout": ["--proxy-protocol", "--proxy-protocol-from", "127.0.0.1"],
    "--send-proxy": ["--forward", "127.0.0.1:1"],
    "--forward-tls-key": [*FORWARD_TLS, "--forward-tls-cert", "/dev/null"],
    "--expect-timeout": ["--expect", "login:"],
    "--json-fd": ["--json"],
    "--pty": ["--shell", "true"],
    "--pty-size": ["--pty", "--shell", "true"],
    "--queue": ["--broker"],
    "--retry-delay": ["--wait", "1s"],
    "--stderr": ["--shell", "true"],
    "--stuck-timeout": ["--broker"],
    "--tls-key": ["--tls", "--tls-cert", "/dev/null"],
    "--when-full": ["--max-connections", "1"],
}


def long_name(option):
    return next(name for name in option.names if name.startswith("--"))


def needs(name, command):
    if name in ("--code", "--code-file"):
        return TRANSFER[command]
    if name == "--proxy-auth-file":
        return ["--serve", "socks"] if command == "listen" else ["--proxy", "http://127.0.0.1:1"]
    if name.startswith("--forward-tls-"):
        return NEEDS.get(name, FORWARD_TLS)
    return NEEDS.get(name, ["--tls"] if name.startswith("--tls-") or name == "--handshake-timeout" else [])


class Values(StreamCase):
    def refuses(self, command, words, name):
        with self.subTest(command=command, words=words):
            done = self.run_for(self.tcpbox, command, *COMMANDS[command], *words, stdin=subprocess.DEVNULL, text=True)
            if "this build has no TLS" in done.stderr:
                return
            self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
            complaint, *hints = done.stderr.splitlines()
            self.assertIn("ciphers" if name.endswith("tls-ciphers") else name, complaint)
            self.assertTrue(all(line.startswith("hint: ") for line in hints), done.stderr)

    def test_each_wrong_value_is_one_line_that_names_it(self):
        for command in COMMANDS:
            for option in options(self.tcpbox, command):
                name = long_name(option)
                if option.value and name not in NAMES:
                    self.assertIn(name, WRONG, "a new option: what is a wrong value of it?")
                    self.refuses(command, [*needs(name, command), name, WRONG[name]], name)

    def test_no_value_and_a_value_too_many(self):
        for command in COMMANDS:
            for option in options(self.tcpbox, command):
                name = long_name(option)
                if name not in ("--exec", "--help") and (command, name) != ("listen", "--code"):
                    words = [*needs(name, command), f"{name}=" if option.value else f"{name}=x"]
                    self.refuses(command, words, name)


class Effects(StreamCase):
    def test_colour(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            for argv in (["connect", "127.0.0.1:1"], ["listen", address]):
                for when, coloured in (("always", True), ("never", False), ("auto", False)):
                    done = self.run_for(self.tcpbox, *argv, "--color", when, stdin=subprocess.DEVNULL)
                    self.assertIn(done.returncode, (1, 3))
                    self.assertEqual(b"\x1b[31mtcpbox:" in done.stderr, coloured, done.stderr)

    def test_a_listener_dumps_too(self):
        listening = self.listen("--hexdump", stdin=subprocess.DEVNULL)
        done = self.run_for(self.tcpbox, "connect", f"127.0.0.1:{listening.ports[0]}", input=b"Hello")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"< 00000000  48 65 6c 6c 6f", listening.communicate(timeout=PATIENCE)[1])


class LongNames(StreamCase):
    def test_families(self):
        for family, any_address in (("--ipv4", "0.0.0.0:"), ("--ipv6", "[::]:")):
            self.assertTrue(self.listen_on("0", family).ready[0].startswith(any_address))
        _, port = self.server()
        for family, codes in (("--ipv4", {0}), ("--ipv6", {1, 3})):  # refused, or localhost has no such address
            done = self.run_for(self.tcpbox, "connect", "--zero", family, f"localhost:{port}")
            self.assertIn(done.returncode, codes, done.stderr)

    def test_numeric(self):
        for command, address in (("listen", "localhost:0"), ("connect", "localhost:1")):
            done = self.run_for(self.tcpbox, command, "--numeric", address, stdin=subprocess.DEVNULL)
            self.assertEqual((done.returncode, done.stderr),
                             (2, b"tcpbox: host 'localhost': only numeric addresses are wanted\n"))

    def test_keep_open_and_verbose(self):
        listening = self.listen("--keep-open", "--verbose", stdin=subprocess.DEVNULL)
        for text in (b"first", b"second"):
            done = self.run_for(self.tcpbox, "connect", "--verbose", f"127.0.0.1:{listening.ports[0]}", input=text)
            self.assertEqual(done.returncode, 0)
            self.assertIn(b"RTT", done.stderr)
            self.assertEqual(listening.stdout.read(len(text)), text)
        listening.terminate()
        self.assertEqual(listening.communicate()[1].count(b"RTT"), 2)


if __name__ == "__main__":
    lab.main(private_namespaces=False)
