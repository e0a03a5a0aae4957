# SPDX-License-Identifier: MIT
"""Services of listen that have a conversation with each client: a file, a banner."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
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

    def event(self, listener, kind, **fields):
        """The next event of a kind; those before it are passed over."""
        for line in listener.stderr:
            event = json.loads(line)
            if event["type"] == kind and all(event[key] == value for key, value in fields.items()):
                return event
        self.fail(f"no event {kind} {fields}")

    def client(self, listener, address="127.0.0.1"):
        client = socket.create_connection((address, listener.ports[0]), PATIENCE)
        self.addCleanup(client.close)
        return client

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
