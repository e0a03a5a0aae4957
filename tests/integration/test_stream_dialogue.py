# SPDX-License-Identifier: MIT
"""connect's own dialogue: --expect and --send in their order, --until, and what is said when something does not come."""

import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema
from lab.certificates import Authority
from lab.process import wait_for
from lab.starttls import StartTlsServer
from lab.stream import PATIENCE, StreamCase

lab.require("openssl", "strace")

ABORT = b"\1\0\0\0\0\0\0\0"  # struct linger: reset at close


class DialogueCase(StreamCase):
    def connect(self, port, *words, code=0, **run):
        done = self.run_for(self.tcpbox, "connect", f"127.0.0.1:{port}", *words,
                            **{"stdin": subprocess.DEVNULL, **run})
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def complains(self, done, pattern):
        lines = done.stderr.decode().splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], pattern)


def hear(client, expected):
    got = b""
    while len(got) < len(expected):
        piece = client.recv(len(expected) - len(got))
        if not piece:
            break
        got += piece
    assert got == expected, got


def login(client):
    """A prompt at a time, in odd pieces; what follows depends on what came before."""
    for piece in (b"\xff\xfe host lo", b"g", b"in:", b" "):
        client.sendall(piece)
        time.sleep(0.01)  # segments of their own, mostly: the result is the same if not
    hear(client, b"root\n")
    client.sendall(b"Password: ")
    hear(client, b"x\n")
    client.sendall(b"welcome [y/n] $ ")


LOGIN = ["--expect", "login:", "--send", r"root\n", "--expect", "Password:", "--send", r"x\n"]


class Steps(DialogueCase):
    def test_in_the_order_of_the_words_and_then_the_local_input(self):
        def talk(client):
            login(client)
            hear(client, b"typed\n")
            client.sendall(b"bye")

        done = self.connect(self.serves_one(talk), *LOGIN, input=b"typed\n", stdin=None)
        self.assertEqual(done.stdout, b"\xff\xfe host login: Password: welcome [y/n] $ bye")

    def test_what_is_received_is_written_as_it_comes(self):
        proceed = threading.Event()

        def talk(client):
            client.sendall(b"banner")
            proceed.wait(PATIENCE)
            client.sendall(b"#")
            hear(client, b"go")

        port = self.serves_one(talk)
        process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}", "--expect", "#", "--send", "go")
        self.assertEqual(process.stdout.read(6), b"banner")
        proceed.set()
        self.ends(process, 0)

    def test_all_that_is_waited_for_in_one_segment(self):
        def talk(client):
            client.sendall(b"login:Password:ok")
            hear(client, b"root\nx\nmore")

        done = self.connect(self.serves_one(talk), *LOGIN, "--expect", "ok", input=b"more", stdin=None)
        self.assertEqual(done.stdout, b"login:Password:ok")

    def test_what_met_a_step_meets_no_other(self):
        port = self.serves_one(lambda client: client.sendall(b"aaa"))
        self.complains(self.connect(port, "--expect", "aa", "--expect", "aa", code=4), "^tcpbox: step 2 of 2")

    def test_sending_comes_first_where_it_is_written_first(self):
        def talk(client):
            hear(client, b"EHLO me\r\n")
            client.sendall(b"250 ok\r\n")
            hear(client, b"QUIT\r\n")
            client.sendall(b"221 bye\r\n")

        done = self.connect(self.serves_one(talk), "--crlf", "--send", r"EHLO me\n", "--expect", r"250 ok\r\n", "--send",
                            r"QUIT\n", "--expect=221")
        self.assertEqual(done.stdout, b"250 ok\r\n221 bye\r\n")

    def test_all_bytes_can_be_written_as_escapes(self):
        everything = bytes(range(256))

        def talk(client):
            hear(client, b"\r\n\t\x1b\0\\-\xff[y/n]")
            client.sendall(everything)

        done = self.connect(self.serves_one(talk), "--send", r"\r\n\t\e\0\\-\xff", "--send", "[y/n]", "--until", r"\xfe\xff")
        self.assertEqual(done.stdout, everything)

    def test_a_long_text_to_send_and_much_to_wait_through(self):
        said = "x" * 100_000

        def talk(client):
            client.sendall(bytes(5_000_000) + b"go")
            hear(client, said.encode())

        done = self.connect(self.serves_one(talk), "--expect", "go", "--send", said)
        self.assertEqual(len(done.stdout), 5_000_002)

    def test_afterwards_the_kernel_moves_the_bytes_again(self):
        def talk(client):
            client.sendall(b"go")
            hear(client, b"now")
            client.sendall(bytes(3_000_000))

        port = self.serves_one(talk)
        trace = self.scratch / "calls"
        done = self.run_for("strace", "-o", trace, "-e", "trace=splice", self.tcpbox, "connect", f"127.0.0.1:{port}",
                            "--expect", "go", "--send", "now", stdin=subprocess.DEVNULL,
                            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        self.assertEqual((done.returncode, len(done.stdout)), (0, 3_000_002), done.stderr)
        self.assertRegex(trace.read_text(), r"splice\(.* = \d{3}")


class Secrets(DialogueCase):
    def test_from_the_environment_and_from_a_file_and_in_no_argument_or_error(self):
        file = self.scratch / "secret"
        file.write_bytes(b"of a file\r\n")

        def talk(client):
            client.sendall(b"?")
            hear(client, b"of the environment\\n+of a file\n")

        self.connect(self.serves_one(talk), "--expect", "?", "--send-secret", "env:PW", "--send", "+", "--send-secret",
                     f"file:{file}", "--send", r"\n", env={"PW": "of the environment\\n"})

    def test_what_is_wrong_with_them_is_told_before_anything_is_sent(self):
        _, port = self.server()
        big = self.scratch / "big"
        big.write_bytes(bytes(70_000))
        for words, code, pattern in (
                (["env:NOT_THERE"], 2, "^tcpbox: --send-secret env:NOT_THERE: the environment has no such variable$"),
                ([f"file:{self.scratch}/none"], 3, "none: No such file"),
                ([f"file:{big}"], 3, "larger than 64 KiB")):
            with self.subTest(words=words):
                done = self.connect(port, "--send", "a", "--send-secret", *words, code=code)
                self.assertRegex(done.stderr.decode().splitlines()[0], pattern)


class Vain(DialogueCase):
    def test_too_late(self):
        gone = threading.Event()

        def talk(client):
            client.sendall(b"\x1b[31mlogin: ")
            hear(client, b"root\n")
            client.sendall(b"Login incorrect\r\n")
            gone.wait(PATIENCE)

        done = self.connect(self.serves_one(talk), *LOGIN, "--expect-timeout", "300ms", code=4)
        gone.set()
        self.complains(done, r"^tcpbox: step 3 of 4, --expect 'Password:': was not received within 300 ms; last "
                             r'received: "\\e\[31mlogin: Login incorrect\\r\\n"$')
        self.assertEqual(done.stdout, b"\x1b[31mlogin: Login incorrect\r\n")

    def test_the_time_is_that_of_each_step(self):
        def talk(client):
            for _ in range(4):
                time.sleep(0.4)
                client.sendall(b"?")
                hear(client, b"!")

        self.connect(self.serves_one(talk), "--expect-timeout", "1s", *["--expect", "?", "--send", "!"] * 4)

    def test_the_peer_ends_before(self):
        port = self.serves_one(lambda client: client.sendall(b"x" * 1000 + b"busy\n"))
        done = self.connect(port, *LOGIN, "--ndjson", code=4)
        closed = schema.validate_ndjson(done.stderr.decode(), "connect")[-2]
        self.assertEqual(closed["reason"], "expectation_failed")
        self.assertEqual(closed["error"], "step 1 of 4, --expect 'login:': the peer ended before it was received; last "
                                          'received: "' + "x" * 59 + r'busy\n"')

    def test_the_peer_ends_before_although_our_input_is_open(self):
        port = self.serves_one(lambda client: None)
        process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}", "--expect", "login:")
        self.assertEqual(process.wait(PATIENCE), 4)
        self.assertIn(b"nothing was received", process.stderr.read())

    def test_a_reset_names_the_step_too(self):
        def talk(client):
            client.sendall(b"log")
            time.sleep(0.1)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)

        done = self.connect(self.serves_one(talk), *LOGIN, code=3)
        self.complains(done, r"reset the connection; step 1 of 4, --expect 'login:': .*last received: \"log\"$")

    def test_a_signal_while_waiting(self):
        port = self.serves_one(lambda client: client.recv(1))
        process = self.start(self.tcpbox, "connect", "-v", f"127.0.0.1:{port}", "--expect", "x")
        process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), -signal.SIGTERM)

    def peak_kibibytes(self, *words, **popen):
        process = self.start(self.tcpbox, *words, stdout=subprocess.DEVNULL, **popen)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        return usage.ru_maxrss

    def test_a_peer_that_never_says_it_costs_no_memory(self):
        least = self.peak_kibibytes("connect", "--help")
        port = self.serves_one(lambda client: [client.sendall(b"logi" * 16384) for _ in range(1024)])
        peak = self.peak_kibibytes("connect", f"127.0.0.1:{port}", "--expect", "login", "--until", "x")
        self.assertLess(peak, least + 32 * 1024)  # of 64 MiB that came


class Until(DialogueCase):
    def test_up_to_and_with_the_text_and_no_further(self):
        for pieces in ([b"one END two"], [b"one E", b"ND", b" two"], [b"one E", b"N", b"D two"]):
            with self.subTest(pieces=pieces):
                done_with = threading.Event()

                def talk(client, pieces=pieces, done_with=done_with):
                    for piece in pieces:
                        client.sendall(piece)
                        time.sleep(0.02)
                    done_with.wait(PATIENCE)

                port = self.serves_one(talk)
                process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}", "--until", "END")
                self.assertEqual(process.wait(PATIENCE), 0)  # although both sides would go on
                done_with.set()
                self.assertEqual(process.stdout.read(), b"one END")

    def test_the_peer_ends_before(self):
        port = self.serves_one(lambda client: client.sendall(b"one EN"))
        process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}", "--until", "END", "--ndjson")
        self.assertEqual(process.wait(PATIENCE), 1)  # although its standard input is still open
        self.assertEqual(process.stdout.read(), b"one EN")
        closed = schema.validate_ndjson(process.stderr.read().decode(), "connect")[-2]
        self.assertEqual((closed["reason"], closed["received_bytes"]), ("incomplete", 6))
        self.assertEqual(closed["error"], "--until 'END': the peer ended before it was received; last received: "
                                          '"one EN"')

    def test_nobody_says_it_and_nobody_hangs_up(self):
        gone = threading.Event()
        port = self.serves_one(lambda client: gone.wait(PATIENCE))
        process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}", "--until", "END", "--idle-timeout", "200ms",
                             "--timeout", "5s")
        self.assertEqual(process.wait(PATIENCE), 1)
        gone.set()
        self.assertRegex(process.stderr.read().decode(), "idle for too long; --until 'END': ")

    def test_only_after_the_steps(self):
        def talk(client):
            client.sendall(b"$ login:")
            hear(client, b"root\n")
            client.sendall(b"Password:")
            hear(client, b"x\n")
            client.sendall(b"welcome $ more")
            client.recv(1)

        done = self.connect(self.serves_one(talk), *LOGIN, "--until", "$ ", stdin=None)
        self.assertEqual(done.stdout, b"$ login:Password:welcome $ ")

    def test_all_is_sent_although_the_text_came_early(self):
        def talk(client):
            client.sendall(b"ready $ and more")
            hear(client, b"first" + b"x" * 100_000)
            client.recv(1)

        done = self.connect(self.serves_one(talk), "--expect", "ready", "--send", "first", "--send", "x" * 100_000, "--until",
                            "$", stdin=None)
        self.assertEqual(done.stdout, b"ready $")

    def test_the_end_of_the_local_input_is_kept_back_until_then(self):
        """As from cron: many servers would say nothing more."""
        heard = []

        def talk(client):
            client.sendall(b"login:")
            hear(client, b"root\n")
            client.settimeout(0.3)
            try:
                heard.append(client.recv(1))
            except TimeoutError:
                client.settimeout(PATIENCE)
                client.sendall(b"$ ")
                heard.append(client.recv(1))

        words = ["--expect", "login:", "--send", r"root\n", "--until", "$ "]
        self.assertEqual(self.connect(self.serves_one(talk), *words).stdout, b"login:$ ")
        self.assertEqual(wait_for(lambda: heard, "the end of what the client sends", PATIENCE), [b""])

    def test_but_not_without_steps(self):
        port = self.serves_one(lambda client: client.sendall(b"".join(iter(lambda: client.recv(100), b"")) + b"!"))
        done = self.connect(port, "--until", "!", input=b"all", stdin=None)
        self.assertEqual(done.stdout, b"all!")

    def test_the_peer_ends_while_the_end_is_kept_back(self):
        def talk(client):
            client.sendall(b"login:")
            hear(client, b"root\n")
            time.sleep(0.2)

        self.complains(self.connect(self.serves_one(talk), "--expect", "login:", "--send", r"root\n", "--until", "$", code=1),
                       "^tcpbox: --until .*the peer ended before")

    def test_receiving_only(self):
        port = self.serves_one(lambda client: (client.sendall(b"a\nb\n"), client.recv(1)))
        self.assertEqual(self.connect(port, "--recv-only", "--until", r"\n").stdout, b"a\n")

    def test_with_what_stands_in_the_way_of_the_bytes(self):
        for words in (["--rate", "1MB/s"], ["--record", str(self.scratch / "talk.pcapng")], ["--hexdump"],
                      ["--delay", "1ms"], ["--progress"]):
            with self.subTest(words=words):
                def talk(client):
                    login(client)
                    client.recv(1)

                done = self.connect(self.serves_one(talk), *LOGIN, "--until", "[y/n]", *words)
                self.assertEqual(done.stdout, b"\xff\xfe host login: Password: welcome [y/n]")


class Secure(DialogueCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        done = subprocess.run([lab.binary(), "connect", "--tls", "-z", "127.0.0.1:1"], capture_output=True, check=False)
        if b"this build has no TLS" in done.stderr:
            raise unittest.SkipTest("this build has no TLS")
        cls.authority = Authority(pathlib.Path(directory.name))
        cls.certificate = cls.authority.issue("server")

    def test_tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate.pem, self.certificate.key)

        def talk(client):
            with context.wrap_socket(client, server_side=True) as secure:
                login(secure)
                secure.recv(1)

        done = self.connect(self.serves_one(talk), "--tls", "--tls-ca", self.authority.pem, *LOGIN, "--until", "[y/n]")
        self.assertEqual(done.stdout, b"\xff\xfe host login: Password: welcome [y/n]")

    def test_starttls(self):
        server = StartTlsServer("smtp", self.certificate)
        self.addCleanup(server.close)
        done = self.connect(server.port, "--starttls", "smtp", "--tls-ca", self.authority.pem, "--send", "inside",
                            "--expect", "inside")  # an echo
        self.assertEqual(done.stdout, b"inside")


class Words(DialogueCase):
    def test_what_does_not_go_together(self):
        for words, what in (
                (["--expect-timeout", "1s"], "--expect-timeout"), (["--until", "a", "--until", "b"], "--until"),
                (["--zero", "--expect", "a"], "--zero"), (["--send", "a", "--shell", "true"], "--send"),
                (["--until", "a", "--exec", "cat"], "--until"),
                (["--expect", "a", "--recv-only"], "--recv-only"), (["--send", "a", "--recv-only"], "--recv-only"),
                (["--expect", "a", "--send-only"], "--send-only"), (["--until", "a", "--send-only"], "--send-only"),
                (["--send-file", "x", "--expect", "a"], "--send-file"),
                (["--fastopen", "--expect", "a"], "--fastopen and --expect"),
                (["--send", "a"] * 1001, "--expect and --send")):
            with self.subTest(words=words[:4]):
                done = self.connect(1, *words, code=2)
                self.assertTrue(done.stderr.decode().startswith(f"tcpbox: {what}"), done.stderr)


if __name__ == "__main__":
    lab.main()
