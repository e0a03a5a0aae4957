# SPDX-License-Identifier: MIT
"""listen --forward under load: very many clients, very much data, nobody who reads, no descriptors, targets that die."""

import hashlib
import os
import pathlib
import resource
import select
import socket
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from lab.forward import ForwardCase
from lab.process import binary, wait_for
from lab.stream import PATIENCE, free_port

lab.require("ncat")

GIB = 1 << 30
PIECE = os.urandom(1 << 20)
PAIRS = 2000
MOST_HELD = 64 << 20  # the sockets' buffers on both sides and a pipe, with much room


def memory_kib(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0])


def descriptors(process):
    return len(list(pathlib.Path(f"/proc/{process.pid}/fd").iterdir()))


class Sender(threading.Thread):
    """Sends so many pieces and its end."""

    def __init__(self, connection, pieces):
        super().__init__(daemon=True)
        self.connection, self.pieces = connection, pieces
        self.start()

    def run(self):
        for _ in range(self.pieces):
            self.connection.sendall(PIECE)
        self.connection.shutdown(socket.SHUT_WR)


class Load(ForwardCase):
    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))

    def digest_of(self, connection):
        hashed, size = hashlib.sha256(), 0
        while chunk := connection.recv(1 << 20):
            hashed.update(chunk)
            size += len(chunk)
        return hashed.hexdigest(), size

    def test_a_gibibyte_each_way_at_once_is_unchanged(self):
        client, target, listening = self.pair()
        pieces = GIB // len(PIECE)
        want = hashlib.sha256()
        for _ in range(pieces):
            want.update(PIECE)
        senders = [Sender(client, pieces), Sender(target, pieces)]
        got = []
        readers = [threading.Thread(target=lambda end=end: got.append(self.digest_of(end)), daemon=True)
                   for end in (client, target)]
        for reader in readers:
            reader.start()
        for thread in (*senders, *readers):
            thread.join(PATIENCE * 2)
        self.assertEqual(got, [(want.hexdigest(), GIB)] * 2)
        self.ends(listening, 0)

    def fill(self, connection):
        """Sends until nothing is taken any more; how much that was."""
        sent = 0
        connection.setblocking(False)
        while select.select([], [connection], [], 1)[1]:
            try:
                sent += connection.send(PIECE)
            except BlockingIOError:
                pass
            self.assertLess(sent, MOST_HELD)
        connection.setblocking(True)
        return sent

    def test_who_does_not_read_holds_bounded_memory(self):
        for way in ("to the client", "to the target"):
            with self.subTest(way=way):
                client, target, listening = self.pair()
                before = memory_kib(listening)
                source, sink = (target, client) if way == "to the client" else (client, target)
                sent = self.fill(source)
                self.assertLess(memory_kib(listening) - before, 4096)
                source.shutdown(socket.SHUT_WR)
                self.assertEqual(self.digest_of(sink)[1], sent)
                sink.close()
                self.ends(listening, 0)

    def test_very_many_at_once(self):
        if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 3 * PAIRS:
            self.skipTest("too few descriptors are permitted")
        listener, word = self.target()
        listening = self.listen("-k", "--forward", word)
        pairs = [(self.client(listening), self.accepted(listener)) for _ in range(PAIRS)]
        for number, (client, _) in enumerate(pairs):
            client.sendall(b"%06d" % number)
        for number, (_, target) in enumerate(pairs):
            self.assertEqual(target.recv(6, socket.MSG_WAITALL), b"%06d" % number)
            target.sendall(b"<%06d>" % number)
        for number, (client, target) in enumerate(pairs):
            self.assertEqual(client.recv(8, socket.MSG_WAITALL), b"<%06d>" % number)
            client.close()
        for _, target in pairs:
            self.assertEqual(target.recv(1), b"")
            target.close()
        wait_for(lambda: descriptors(listening) < 64, "all sockets to be closed", PATIENCE)

    def test_without_descriptors_those_who_are_there_go_on(self):
        if b"__ubsan_handle_dynamic_type" in binary().read_bytes():
            self.skipTest("UndefinedBehaviorSanitizer needs descriptors: a pipe to look at a type it has not seen before")
        listener, word = self.target()
        listening = self.listen("-k", "--forward", word,
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)))
        client, target = self.client(listening), self.accepted(listener)
        others = [self.client(listening) for _ in range(30)]
        wait_for(lambda: descriptors(listening) >= 38, "the descriptors to run out")
        for source, sink in ((client, target), (target, client)):
            sender = Sender(source, 8)
            self.assertEqual(self.digest_of(sink), (hashlib.sha256(PIECE * 8).hexdigest(), 8 * len(PIECE)))
            sender.join(PATIENCE)
        for number, other in enumerate(others):
            other.sendall(b"%02d" % number)
        seen = set()
        for _ in others:  # each as soon as another one has left
            served = self.accepted(listener)
            number = served.recv(2)
            seen.add(number)
            others[int(number)].close()
            served.close()
        self.assertEqual(len(seen), len(others))
        self.assertIsNone(listening.poll())

    def test_a_target_that_dies_midway(self):
        dying_port = free_port()
        dying = self.peer_listens(["ncat", "-l", "127.0.0.1", str(dying_port)], dying_port)
        listener, word = self.target()
        listening = self.listen("-k", "--forward", f"127.0.0.1:{dying_port}", "--forward", word)
        client = self.client(listening)
        client.sendall(b"begin")
        self.assertEqual(dying.stdout.read(5), b"begin")
        dying.kill()
        with self.assertRaises((ConnectionResetError, BrokenPipeError)):
            while True:
                client.sendall(PIECE)
        for _ in range(3):  # the dead one has its turn, and is passed over
            later = self.client(listening)
            later.sendall(b"x")
            served = self.accepted(listener)
            self.assertEqual(served.recv(1), b"x")
            served.close()
            self.assertEqual(later.recv(1), b"")
            later.close()
        listening.terminate()
        _, err = listening.communicate(timeout=PATIENCE)
        self.assertEqual(err.count(b"refused"), 1, err)


if __name__ == "__main__":
    lab.main(private_namespaces=False)
