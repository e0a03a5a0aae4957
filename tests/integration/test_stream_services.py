# SPDX-License-Identifier: MIT
"""Services of listen that have a conversation with each client: a file, a banner."""

import os
import pathlib
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema
from lab.stream import PATIENCE, StreamCase, digest

lab.require("nc")


def read_all(client):
    return b"".join(iter(lambda: client.recv(1 << 20), b""))


class ServiceCase(StreamCase):
    def serve(self, what, *words, **popen):
        """A listener whose events are read line by line."""
        return self.listen("--ndjson", "--serve", what, *words, stdin=subprocess.DEVNULL, **popen)

    def refused(self, *words, code=2):
        ended = self.run_for(self.tcpbox, "listen", "127.0.0.1:0", *words, stdin=subprocess.DEVNULL)
        self.assertEqual(ended.returncode, code, ended.stderr)
        return ended.stderr.decode()

    def file(self, data, name="file"):
        path = self.scratch / name
        path.write_bytes(data)
        return path


class Files(ServiceCase):
    def test_each_client_gets_the_file_and_its_end(self):
        data = os.urandom(3 << 20)
        listener = self.serve(f"file:{self.file(data)}", "-k")
        answers = [None] * 8
        def ask(number):
            nc = self.run_for("nc", "127.0.0.1", listener.ports[0], stdin=subprocess.DEVNULL)
            answers[number] = digest(nc.stdout)
        threads = [threading.Thread(target=ask, args=[number]) for number in range(len(answers))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [digest(data)] * 8)
        served = self.event(listener, "served", id=1)
        self.assertEqual((served["file_bytes"], served["path"]), (len(data), str(self.scratch / "file")))

    def test_the_file_may_change_between_clients(self):
        path = self.file(b"one")
        listener = self.serve(f"file:{path}", "-k")
        self.assertEqual(read_all(self.client(listener)), b"one")
        path.with_suffix(".new").write_bytes(b"another")
        path.with_suffix(".new").rename(path)
        self.assertEqual(read_all(self.client(listener)), b"another")
        self.assertEqual(self.event(listener, "served", id=2)["file_bytes"], 7)

    def test_what_the_client_sends_cuts_nothing_off(self):
        data = os.urandom(8 << 20)
        listener = self.serve(f"file:{self.file(data)}")
        client = self.client(listener)
        client.sendall(b"x" * (4 << 20))  # would not get through if nobody read it
        got = b""
        while len(got) < len(data):
            some = client.recv(1 << 16)
            self.assertTrue(some, "the end came early")
            got += some
            client.send(b"more")
        self.assertEqual(client.recv(1), b"")
        client.sendall(b"and even now")
        client.close()
        self.assertEqual(digest(got), digest(data))
        self.assertEqual(listener.wait(PATIENCE), 0)
        closed = self.event(listener, "closed")
        self.assertEqual((closed["reason"], closed["sent_bytes"]), ("finished", len(data)))

    def test_a_client_that_has_ended_gets_all_of_it(self):
        listener = self.serve(f"file:{self.file(b'data' * 1000)}")
        client = self.client(listener)
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(read_all(client), b"data" * 1000)
        self.assertEqual(listener.wait(PATIENCE), 0)

    def test_records(self):
        path = self.file(b"12345")
        listener = self.serve(f"file:{path}")
        with self.client(listener) as client:
            self.assertEqual(read_all(client), b"12345")
        _, err = self.ends(listener, 0)
        lines = schema.validate_ndjson(err.decode(), "listen")
        served = next(line for line in lines if line["type"] == "served")
        self.assertEqual(served, {"type": "served", "id": 1, "path": str(path), "file_bytes": 5})

    def test_an_empty_file_is_an_end(self):
        self.assertEqual(read_all(self.client(self.serve(f"file:{self.file(b'')}"))), b"")

    def test_a_file_that_has_gone_is_a_reset_and_a_warning(self):
        path = self.file(b"data")
        listener = self.serve(f"file:{path}", "-k")
        path.unlink()
        with self.assertRaises(ConnectionResetError):
            self.client(listener).recv(1)
        self.assertIn("No such file", self.event(listener, "warning")["message"])
        path.write_bytes(b"again")
        self.assertEqual(read_all(self.client(listener)), b"again")

    def test_only_regular_files(self):
        fifo = self.scratch / "fifo"
        os.mkfifo(fifo)
        with socket.socket(socket.AF_UNIX) as unix:
            unix.bind(str(self.scratch / "socket"))
            for path, message in ((fifo, "is a FIFO"), (self.scratch, "is a directory"), ("/dev/null", "is a device"),
                                  (self.scratch / "socket", "is a socket")):
                with self.subTest(message=message):
                    self.assertIn(f"serve {path}: {message}: only regular files are served", self.refused("--serve", f"file:{path}"))
        self.assertIn("No such file", self.refused("--serve", f"file:{self.scratch}/none", code=3))

    def test_rate(self):
        listener = self.serve(f"file:{self.file(b'x' * 4096)}", "--rate", "1MB")
        self.assertEqual(read_all(self.client(listener)), b"x" * 4096)


class Banners(ServiceCase):
    def test_the_text_at_once_and_no_end_until_the_client_ends(self):
        listener = self.serve(r"banner:220 \x41\t\0\\ ready\r\n")
        client = self.client(listener)
        want = b"220 A\t\0\\ ready\r\n"
        self.assertEqual(client.recv(100), want)
        client.sendall(b"HELO\r\n")
        client.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            client.recv(1)
        client.shutdown(socket.SHUT_WR)
        client.settimeout(PATIENCE)
        self.assertEqual(client.recv(1), b"")
        self.assertEqual(listener.wait(PATIENCE), 0)
        closed = self.event(listener, "closed")
        self.assertEqual((closed["reason"], closed["sent_bytes"], closed["received_bytes"]), ("finished", len(want), 6))

    def test_idle_timeout(self):
        listener = self.serve("banner:hello", "--idle-timeout", "300ms")
        self.assertEqual(read_all(self.client(listener)), b"hello")
        self.assertEqual(listener.wait(PATIENCE), 1)
        self.assertEqual(self.event(listener, "closed")["reason"], "idle")

    def test_many_at_the_same_time(self):
        listener = self.serve("banner:hello", "-k")
        clients = [self.client(listener) for _ in range(50)]
        self.assertEqual([client.recv(9) for client in clients], [b"hello"] * 50)


class Faults(ServiceCase):
    """A listener that misbehaves on purpose."""

    # A reset that comes before connect(2) returns takes with it what came first.
    LATER = ("--delay-accept", "200ms")

    def until_reset(self, client, begin=b""):
        """What came before the reset; an end instead of one is a failure."""
        got = b""
        try:
            client.sendall(begin)
        except (ConnectionResetError, BrokenPipeError):
            return got
        while True:
            try:
                some = client.recv(1 << 16)
            except ConnectionResetError:
                return got
            self.assertTrue(some, f"an end after {len(got)} bytes, no reset")
            got += some

    def stalled(self, client):
        """What comes before nothing comes any more."""
        got = b""
        client.settimeout(1)
        try:
            while True:
                some = client.recv(1 << 16)
                self.assertTrue(some, f"an end after {len(got)} bytes")
                got += some
        except TimeoutError:
            return got

    def every_service(self, data):
        """Each service, the number of bytes after which it fails, and what a client begins with."""
        (self.scratch / "www").mkdir()
        path = self.file(data, "www/file")
        return ((f"file:{path}", 100_000, b""), (f"file:{path}", 0, b""), ("banner:0123456789", 4, b""),
                (f"http:{self.scratch}/www", 5000, b"GET /file HTTP/1.0\r\n\r\n"), ("echo", 7, b"x" * 100),
                ("chargen", 1 << 20, b""), ("daytime", 10, b""), ("discard", 0, b"x"))

    def test_reset_of_every_service(self):
        data = os.urandom(300_000)
        for what, size, begin in self.every_service(data):
            with self.subTest(what=what, size=size):
                listener = self.serve(what, "-k", "--reset-after", size, *self.LATER)
                client = self.client(listener)
                got = self.until_reset(client, begin)
                self.assertEqual(len(got), size)
                if what.startswith("file"):
                    self.assertEqual(digest(got), digest(data[:size]))
                closed = self.event(listener, "closed")
                self.assertEqual((closed["reason"], closed["error"], closed["sent_bytes"]), ("reset_on_purpose", None, size))

    def test_reset_on_the_wire(self):
        """Fewer bytes than the service has, all of them acknowledged, and then RST and no FIN."""
        listener = self.serve("banner:0123456789", "--reset-after", "5", *self.LATER)
        client = self.client(listener)
        self.assertEqual(self.until_reset(client), b"01234")
        self.assertEqual(listener.wait(PATIENCE), 0)

    def test_reset_of_standard_input_programs_and_targets(self):
        data = self.file(b"a" * 50_000)
        with data.open("rb") as stdin:
            listener = self.listen("--reset-after", "10KB", *self.LATER, stdin=stdin)
            self.assertEqual(len(self.until_reset(self.client(listener))), 10_000)
            self.assertEqual(listener.wait(PATIENCE), 0)
        listener = self.listen("-k", "--reset-after", "2KiB", *self.LATER, "--exec", "cat", data,
                               stdin=subprocess.DEVNULL)
        self.assertEqual(len(self.until_reset(self.client(listener))), 2048)
        target = self.serve(f"file:{data}", "-k")
        listener = self.listen("-k", "--reset-after", "123", *self.LATER, "--forward", f"127.0.0.1:{target.ports[0]}",
                               stdin=subprocess.DEVNULL)
        self.assertEqual(len(self.until_reset(self.client(listener))), 123)

    def test_less_than_that_is_a_regular_end(self):
        listener = self.serve("banner:0123456789", "--reset-after", "11")
        client = self.client(listener)
        self.assertEqual(client.recv(100), b"0123456789")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(client.recv(1), b"")
        self.assertEqual(listener.wait(PATIENCE), 0)

    def test_stall_of_every_service(self):
        data = os.urandom(300_000)
        for what, size, begin in self.every_service(data):
            with self.subTest(what=what, size=size):
                listener = self.serve(what, "-k", "--stall-after", size)
                client = self.client(listener)
                client.sendall(begin)
                self.assertEqual(len(self.stalled(client)), size)
                usage = pathlib.Path(f"/proc/{listener.pid}/stat").read_text().split()[13:15]
                client.sendall(b"and more")
                self.assertEqual(len(self.stalled(client)), 0)
                after = pathlib.Path(f"/proc/{listener.pid}/stat").read_text().split()[13:15]
                spent = sum(map(int, after)) - sum(map(int, usage))
                self.assertLess(spent, 50, "it must wait, not spin")  # of 100 ticks
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                client.close()
                closed = self.event(listener, "closed")  # a client that goes away is noticed
                self.assertEqual(closed["sent_bytes"], size)

    def test_nothing_is_read_after_a_stall(self):
        listener = self.serve("discard", "--stall-after", "0")
        client = self.client(listener)
        client.settimeout(1)
        with self.assertRaises(TimeoutError):
            for _ in range(1000):
                client.sendall(b"x" * (1 << 20))

    def test_idle_timeout_ends_a_stall(self):
        for what in ("banner:hello", "echo"):
            listener = self.serve(what, "--stall-after", "3", "--idle-timeout", "500ms")
            client = self.client(listener)
            client.sendall(b"world")
            self.assertEqual(len(client.recv(9)), 3)
            self.assertEqual(self.event(listener, "closed")["reason"], "idle")

    def test_under_tls(self):
        data = self.file(os.urandom(300_000))
        for what in (f"file:{data}", "chargen"):
            listener = self.serve(what, "-k", "--tls", "--reset-after", "70000")
            got = self.run_for(self.tcpbox, "connect", "--tls", "--tls-insecure", f"127.0.0.1:{listener.ports[0]}",
                               stdin=subprocess.DEVNULL)
            self.assertEqual(got.returncode, 3)
            self.assertEqual(len(got.stdout), 70_000)
            self.assertEqual(self.event(listener, "closed")["reason"], "reset_on_purpose")

    def test_delay_accept(self):
        listener = self.serve("banner:hello", "-k", "--delay-accept", "700ms")
        for _ in range(2):
            begin = time.monotonic()
            clients = [self.client(listener) for _ in range(20)]  # their handshakes are the kernel's: at once
            self.assertEqual([client.recv(9) for client in clients], [b"hello"] * 20)
            self.assertGreaterEqual(time.monotonic() - begin, 0.7)
            for client in clients:
                client.close()

    def test_an_early_client_of_a_delayed_accept_is_there_already(self):
        listener = self.serve("banner:hello", "--delay-accept", "1h")
        client = self.client(listener)
        client.sendall(b"data")  # acknowledged by the kernel
        client.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            client.recv(1)
        listener.terminate()
        _, err = listener.communicate(timeout=PATIENCE)
        self.assertNotIn(b'"connected"', err)

    def test_bad_words(self):
        for words, message in (
                (["--reset-after", "1", "--stall-after", "2"], "--reset-after and --stall-after: choose one of them"),
                (["--reset-after", "much"], "--reset-after: "), (["--stall-after", "-1"], "--stall-after: "),
                (["--delay-accept", "soon"], "--delay-accept: ")):
            with self.subTest(words=words):
                self.assertIn(message, self.refused(*words))
        ended = self.run_for(self.tcpbox, "listen", f"unix:{self.scratch}/s", "--reset-after", "1")
        self.assertIn("--reset-after: a Unix-domain socket knows no reset", ended.stderr.decode())


class Words(ServiceCase):
    def test_bad_words(self):
        for words, message in (
                (["--serve", "file"], "--serve 'file': must be file:PATH"),
                (["--serve", "file:"], "--serve 'file:': must be file:PATH"),
                (["--serve", "banner:"], "--serve 'banner:': must be banner:TEXT"),
                (["--serve", r"banner:a\q"], r"--serve banner: '\q': must be \r, \n, \t, \0, \\ or \xHH"),
                (["--serve", "echo:7"], "--serve 'echo:7': echo takes nothing after it"),
                (["--serve", "bannre:x"], "did you mean 'banner:TEXT'?"),
                (["--serve", "discrad"], "did you mean 'discard'?"),
                (["--serve", ""], "--serve: needs a value"),
                (["--serve", "banner:x", "--recv-only"], "--recv-only: is about standard input and output"),
                (["--serve", "banner:x", "--send-only"], "--send-only: is about standard input and output"),
                (["--serve", "banner:x", "--broker"], "choose one of them"),
                (["--serve", "echo", "--broker"], "choose one of them"),
                (["--serve", "banner:x", "--forward", "localhost:1"], "choose one of them")):
            with self.subTest(words=words):
                self.assertIn(message, self.refused(*words))


if __name__ == "__main__":
    unittest.main()
