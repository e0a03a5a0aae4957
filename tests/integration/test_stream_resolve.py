# SPDX-License-Identifier: MIT
"""Names of connect against a name server of our own: two look-ups side by side (RFC 8305 section 3)."""

import contextlib
import json
import pathlib
import socket
import struct
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from lab.process import wait_for
from lab.stream import PATIENCE, StreamCase

A, AAAA = 1, 28
SERVFAIL, NXDOMAIN = 2, 3


class NameServer:
    """Answers on 127.0.0.1:53 what `answers` says for (name, type): addresses, a code, or an event to wait for first.

    What it has no answer for gets none.
    """

    def __init__(self, answers):
        self.answers = answers
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def close(self):
        stop = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        stop.sendto(b"", ("127.0.0.1", 53))
        stop.close()
        self.thread.join(PATIENCE)
        self.socket.close()

    def serve(self):
        while True:
            query, client = self.socket.recvfrom(4096)
            if not query:
                return
            name, kind, end = self.question(query)
            if (name, kind) not in self.asked:
                self.asked.append((name, kind))
            answer = self.answers.get((name, kind))
            if isinstance(answer, tuple):
                event, answer = answer
                held = (event, query, end, answer, client)
                threading.Thread(target=self.answer_after, args=held, daemon=True).start()
            elif answer is not None:
                self.answer(query, end, answer, client)

    @staticmethod
    def question(query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        return ".".join(labels), struct.unpack("!H", query[at + 1:at + 3])[0], at + 5

    def answer_after(self, event, *answer):
        if event.wait(PATIENCE):
            with contextlib.suppress(OSError):
                self.answer(*answer)

    def answer(self, query, end, answer, client):
        code, addresses = (answer, []) if isinstance(answer, int) else (0, answer)
        header = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(addresses), 0, 0)
        records = b""
        for address in addresses:
            family, kind = (socket.AF_INET6, AAAA) if ":" in address else (socket.AF_INET, A)
            data = socket.inet_pton(family, address)
            records += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data
        self.socket.sendto(header + query[12:end] + records, client)


class Resolve(StreamCase):
    def setUp(self):
        super().setUp()
        self.bind("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n")
        self.bind("/etc/hosts", "127.0.0.1 localhost only4.test\n::1 only6.test both.hosts\n127.0.0.1 both.hosts\n")
        self.bind("/etc/nsswitch.conf", "hosts: files dns\n")
        self.released = threading.Event()
        self.addCleanup(self.released.set)

    def bind(self, path, text):
        source = self.scratch / pathlib.Path(path).name
        source.write_text(text)
        subprocess.run(["mount", "--bind", source, path], check=True)
        self.addCleanup(subprocess.run, ["umount", path], check=True)

    def name_server(self, answers):
        server = NameServer(answers)
        self.addCleanup(server.close)
        return server

    def both_families(self):
        """Listeners on one port of both loopback addresses."""
        for _ in range(100):
            four, port = self.server()
            six = socket.socket(socket.AF_INET6)
            self.addCleanup(six.close)
            try:
                six.bind(("::1", port))
            except OSError:
                continue
            six.listen()
            six.settimeout(PATIENCE)
            return four, six, port
        self.fail("no port that is free in both families")

    def connect(self, name, port, *words):
        return self.start(self.tcpbox, "connect", "-z", "--ndjson", "--timeout", "60s", f"{name}:{port}", *words,
                          stdin=subprocess.DEVNULL, text=True)

    def connected_to(self, process):
        out, err = self.ends(process, 0)
        events = [json.loads(line) for line in err.splitlines()]
        return next(event for event in events if event["type"] == "connected")["remote_address"]

    def test_both_are_asked(self):
        """Neither waits for the answer to the other."""
        server = self.name_server({("x.test", A): (self.released, ["127.0.0.1"]),
                                   ("x.test", AAAA): (self.released, ["::1"])})
        _, _, port = self.both_families()
        process = self.connect("x.test", port)
        wait_for(lambda: {kind for _, kind in server.asked} == {A, AAAA}, "two questions")
        self.released.set()
        self.connected_to(process)  # to either: AAAA may be late on a busy machine

    def test_a_late_aaaa_is_not_waited_for(self):
        """It comes only after the connection is there."""
        self.name_server({("x.test", A): ["127.0.0.1"], ("x.test", AAAA): (self.released, ["::1"])})
        four, _, port = self.both_families()
        process = self.connect("x.test", port)
        four.accept()[0].close()
        self.assertFalse(self.released.is_set())
        self.assertEqual(self.connected_to(process), "127.0.0.1")

    def test_a_late_a_is_not_waited_for(self):
        self.name_server({("x.test", A): (self.released, ["127.0.0.1"]), ("x.test", AAAA): ["::1"]})
        _, six, port = self.both_families()
        process = self.connect("x.test", port)
        six.accept()[0].close()
        self.assertFalse(self.released.is_set())
        self.assertEqual(self.connected_to(process), "::1")

    def test_a_late_answer_joins_the_race(self):
        """What came first refuses; the connection is made with what comes then."""
        for early, late, kinds in (("127.0.0.1", "::1", (A, AAAA)), ("::1", "127.0.0.1", (AAAA, A))):
            with self.subTest(late=late):
                released = threading.Event()
                _, port = self.server(late)
                taken = self.enterContext(socket.socket(socket.AF_INET6 if ":" in early else socket.AF_INET))
                taken.bind((early, port))  # so that nobody listens there
                answers = {("x.test", kinds[0]): [early], ("x.test", kinds[1]): (released, [late])}
                with contextlib.closing(NameServer(answers)):
                    process = self.connect("x.test", port)
                    self.assertEqual(json.loads(process.stderr.readline())["type"], "start")
                    failed = json.loads(process.stderr.readline())
                    self.assertEqual((failed["type"], failed["remote_address"]), ("attempt_failed", early))
                    released.set()
                    self.assertEqual(self.connected_to(process), late)

    def test_a_look_up_that_fails_while_the_other_one_succeeds_is_no_failure(self):
        four, six, port = self.both_families()
        for bad, good, kinds in ((SERVFAIL, "127.0.0.1", (AAAA, A)), (NXDOMAIN, "127.0.0.1", (AAAA, A)),
                                 ([], "127.0.0.1", (AAAA, A)), (SERVFAIL, "::1", (A, AAAA))):
            with self.subTest(bad=bad, good=good), contextlib.closing(
                    NameServer({("x.test", kinds[0]): bad, ("x.test", kinds[1]): [good]})):
                self.assertEqual(self.connected_to(self.connect("x.test", port)), good)

    def test_no_such_name_is_one_line(self):
        self.name_server({("x.test", A): NXDOMAIN, ("x.test", AAAA): NXDOMAIN})
        done = self.run_for(self.tcpbox, "connect", "-z", "x.test:1", text=True)
        self.assertEqual((done.returncode, done.stderr),
                         (3, "tcpbox: resolve x.test: name does not resolve (name or service not known)\n"))

    def test_each_family_has_its_reason(self):
        self.name_server({("x.test", A): [], ("x.test", AAAA): SERVFAIL})
        done = self.run_for(self.tcpbox, "connect", "-z", "x.test:1", text=True)
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (3, 1), done.stderr)
        self.assertIn("IPv6: name does not resolve (temporary failure", done.stderr)
        self.assertIn("; IPv4: name does not resolve (no address", done.stderr)

    def test_no_answer_at_all_and_the_timeout_holds(self):
        """The resolver would wait for minutes, and does so in threads that are left behind."""
        server = self.name_server({})
        done = self.run_for(self.tcpbox, "connect", "-z", "--timeout", "2s", "x.test:1", text=True)
        self.assertEqual((done.returncode, done.stderr), (1, "tcpbox: resolve x.test: timed out\n"))
        self.assertEqual({kind for _, kind in server.asked}, {A, AAAA})

    def test_one_family_is_one_look_up(self):
        server = self.name_server({("x.test", A): ["127.0.0.1"], ("x.test", AAAA): ["::1"]})
        _, _, port = self.both_families()
        for words, kind, address in ((["-4"], A, "127.0.0.1"), (["-6"], AAAA, "::1"), (["-s", "::1"], AAAA, "::1")):
            with self.subTest(words=words):
                server.asked.clear()
                self.assertEqual(self.connected_to(self.connect("x.test", port, *words)), address)
                self.assertEqual(server.asked, [("x.test", kind)])
        server.asked.clear()
        done = self.run_for(self.tcpbox, "connect", "-n", "-z", f"x.test:{port}")
        self.assertEqual((done.returncode, server.asked), (2, []), done.stderr)

    def test_names_of_the_hosts_file_are_asked_of_nobody(self):
        server = self.name_server({})
        _, _, port = self.both_families()
        for name, address in (("localhost", "127.0.0.1"), ("only4.test", "127.0.0.1"), ("only6.test", "::1"),
                              ("both.hosts", "::1"), ("LOCALHOST", "127.0.0.1")):
            with self.subTest(name=name):
                self.assertEqual(self.connected_to(self.connect(name, port)), address)
        self.assertEqual(server.asked, [])

    def test_a_name_of_the_hosts_file_with_a_server_of_the_other_family_only(self):
        self.name_server({})
        _, port = self.server()
        self.assertEqual(self.connected_to(self.connect("both.hosts", port)), "127.0.0.1")


if __name__ == "__main__":
    lab.main()
