# SPDX-License-Identifier: MIT
"""listen --forward between real clients and real servers on loopback."""

import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema
from lab.forward import ForwardCase, reset
from lab.stream import PATIENCE, digest, free_port

lab.require("nc", "ncat", "socat")

PAYLOAD_BYTES = 32 << 20


class Forward(ForwardCase):
    def test_each_end_ends_by_itself(self):
        for first in ("client", "target"):
            with self.subTest(ends_first=first):
                client, target, listening = self.pair()
                leader, follower = (client, target) if first == "client" else (target, client)
                leader.sendall(b"question")
                leader.shutdown(socket.SHUT_WR)
                self.assertEqual(self.read_all(follower), b"question")
                follower.sendall(b"answer")
                follower.close()
                self.assertEqual(self.read_all(leader), b"answer")
                leader.close()
                self.ends(listening, 0)

    def test_unchanged_between_real_tools(self):
        source = self.scratch / "source"
        source.write_bytes(os.urandom(1 << 20) * (PAYLOAD_BYTES >> 20))
        want = digest(source.read_bytes())
        servers = {"nc": ["nc", "-l", "-N", "127.0.0.1"], "ncat": ["ncat", "-l", "127.0.0.1"]}
        clients = {"nc": ["nc", "-N", "127.0.0.1"], "ncat": ["ncat", "127.0.0.1"]}
        for server, serve in servers.items():
            for client, dial in clients.items():
                with self.subTest(server=server, client=client):
                    port = free_port()
                    peer = self.peer_listens([*serve, port], port, stdin=subprocess.DEVNULL if server == "nc" else
                                             subprocess.PIPE)
                    listening = self.listen("--forward", f"127.0.0.1:{port}")
                    with source.open("rb") as data:
                        sender = self.start(*dial, listening.ports[0], stdin=data)
                    self.assertEqual(digest(peer.stdout.read()), want)
                    if peer.stdin:
                        peer.stdin.close()
                    self.ends(listening, 0)
                    self.assertEqual(sender.wait(PATIENCE), 0)

    def test_a_reset_is_passed_on(self):
        """The other side must not take the end of what came for the end of all."""
        for first in ("client", "target"):
            with self.subTest(resets=first):
                client, target, listening = self.pair()
                leader, follower = (client, target) if first == "client" else (target, client)
                leader.sendall(b"half of it")
                self.assertEqual(follower.recv(100), b"half of it")
                reset(leader)
                with self.assertRaises(ConnectionResetError):
                    follower.recv(100)
                out, err = listening.communicate(timeout=PATIENCE)
                self.assertEqual(listening.returncode, 3, err)
                self.assertIn(b"reset", err)

    def test_a_reset_after_a_half_close_is_passed_on(self):
        """Nothing is expected from that side any more, and yet that it is gone is noticed."""
        for first in ("client", "target"):
            with self.subTest(resets=first):
                client, target, listening = self.pair()
                leader, follower = (client, target) if first == "client" else (target, client)
                leader.sendall(b"all of it")
                leader.shutdown(socket.SHUT_WR)
                self.assertEqual(self.read_all(follower), b"all of it")
                reset(leader)
                follower.settimeout(PATIENCE)
                with self.assertRaises((ConnectionResetError, BrokenPipeError)):
                    while True:
                        follower.sendall(b"?")
                        time.sleep(0.01)
                _, err = listening.communicate(timeout=PATIENCE)
                self.assertEqual(listening.returncode, 3, err)
                self.assertIn(b"reset", err)

    def test_unix_sockets_on_both_sides(self):
        target = socket.socket(socket.AF_UNIX)
        self.addCleanup(target.close)
        target.bind(str(self.scratch / "target"))
        target.listen()
        target.settimeout(PATIENCE)
        address = str(self.scratch / "front")
        listening = self.listen_on(f"unix:{address}", "--forward", f"unix:{self.scratch / 'target'}")
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.connect(address)
        served = self.accepted(target)
        client.sendall(b"question")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(self.read_all(served), b"question")
        served.sendall(b"answer")
        served.close()
        self.assertEqual(self.read_all(client), b"answer")
        client.close()
        self.ends(listening, 0)

    def test_a_name_is_looked_up(self):
        listener, port = self.server()
        listening = self.listen("--forward", f"localhost:{port}", "-4", "--ndjson")
        client = self.client(listening)
        target = self.accepted(listener)
        client.close()
        self.assertEqual(target.recv(1), b"")
        target.close()
        _, err = self.ends(listening, 0)
        events = {event["type"]: event for event in schema.validate_ndjson(err.decode(), "listen")}
        self.assertIsNotNone(events["forwarded"]["resolve_us"])

    def test_idle_pairs_end(self):
        client, target, listening = self.pair("--idle-timeout", "300ms")
        self.assertEqual(client.recv(1), b"")
        self.assertEqual(target.recv(1), b"")
        _, err = self.ends(listening, 1)
        self.assertIn(b"idle", err)

    def test_what_the_target_said_before_it_reset_arrives(self):
        """A server that refuses an upload with an answer and a reset: the answer counts."""
        client, target, listening = self.pair()
        client.sendall(b"x" * 1000)
        self.assertEqual(len(target.recv(4096)), 1000)
        target.sendall(b"413 too large")
        self.assertEqual(client.recv(100), b"413 too large")

    def test_clients_in_parallel(self):
        listener, word = self.target()
        listening = self.listen("-k", "--forward", word)
        pairs = []
        for number in range(50):
            client = self.client(listening)
            client.sendall(b"%d" % number)
            pairs.append((client, self.accepted(listener), b"%d" % number))
        for client, target, text in reversed(pairs):
            self.assertEqual(target.recv(10), text)
            target.sendall(b"<" + text + b">")
            self.assertEqual(client.recv(10), b"<" + text + b">")

    def answering(self, name):
        """A target that tells its name and closes."""
        listener, word = self.target()

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connection.sendall(name)
                connection.close()

        listener.settimeout(None)
        threading.Thread(target=serve, daemon=True).start()
        self.addCleanup(listener.shutdown, socket.SHUT_RDWR)
        return word

    def ask(self, listening):
        connection = self.client(listening)
        answer = self.read_all(connection)
        connection.close()
        return answer

    def test_round_robin_and_a_dead_target_is_skipped_with_one_warning(self):
        words = [self.answering(b"a"), self.dead_target(), self.answering(b"b")]
        listening = self.listen("-k", *(word for target in words for word in ("--forward", target)))
        answers = [self.ask(listening) for _ in range(6)]
        self.assertEqual(set(answers), {b"a", b"b"})
        self.assertEqual(answers[0], b"a")
        listening.terminate()
        _, err = listening.communicate(timeout=PATIENCE)
        self.assertEqual(err.count(b"refused"), 1, err)

    def test_random_reaches_all(self):
        words = [self.answering(b"a"), self.answering(b"b")]
        listening = self.listen("-k", "--balance", "random", "--forward", words[0], "--forward", words[1])
        self.assertEqual({self.ask(listening) for _ in range(40)}, {b"a", b"b"})

    def test_least_goes_where_there_is_least_to_do(self):
        (first, first_word), (second, second_word) = self.target(), self.target()
        listening = self.listen("-k", "--balance", "least", "--forward", first_word, "--forward", second_word)
        held = []
        for listener in (first, second, first, second):
            held.append((self.client(listening), self.accepted(listener)))
        busy = [held[0], held[2]]
        for client, target in (held[1], held[3]):  # all at the second leave
            client.close()
            self.assertEqual(target.recv(1), b"")
            target.close()
        lab.wait_for(lambda: len(self.established(listening)) == 2 * len(busy), "the forwarder to see them go")
        for _ in busy:
            held.append((self.client(listening), self.accepted(second)))

    @staticmethod
    def established(process):
        try:
            links = [os.readlink(link) for link in pathlib.Path(f"/proc/{process.pid}/fd").iterdir()]
        except FileNotFoundError:  # closed meanwhile
            return []
        sockets = {link[8:-1] for link in links if link.startswith("socket:")}
        rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return [row for row in rows if row[3] == "01" and row[9] in sockets]

    def test_no_target_left(self):
        dead = self.dead_target()
        listening = self.listen("--forward", dead, "--ndjson")
        self.assertEqual(self.read_all(self.client(listening)), b"")
        out, err = listening.communicate(timeout=PATIENCE)
        self.assertEqual(listening.returncode, 3)
        events = schema.validate_ndjson(err.decode(), "listen")
        closed = next(event for event in events if event["type"] == "closed")
        self.assertEqual(closed["reason"], "target_failed")
        self.assertIn(dead, closed["error"])

    def test_events(self):
        client, target, listening = self.pair("--ndjson")
        client.sendall(b"12345")
        client.shutdown(socket.SHUT_WR)
        self.read_all(target)
        port = target.getsockname()[1]
        target.close()
        _, err = self.ends(listening, 0)
        events = {event["type"]: event for event in schema.validate_ndjson(err.decode(), "listen")}
        self.assertEqual(events["forwarded"]["remote_port"], port)
        self.assertEqual(events["closed"]["received_bytes"], 5)
        self.assertEqual(events["closed"]["reason"], "finished")

    def test_an_address_after_an_option_that_can_be_repeated_is_an_address(self):
        for words in (("--forward", "h:1"), ("--shell", "true"), ("--allow", "127.0.0.1"), ("--deny", "192.0.2.1")):
            with self.subTest(words=words):
                process = self.start(self.tcpbox, "listen", *words, "127.0.0.1:0")
                self.assertIn(b"listening on 127.0.0.1", process.stderr.readline())
                process.terminate()
        done = self.run_for(self.tcpbox, "scan", "--exclude", "192.0.2.1", "127.0.0.1", "-p", self.server()[1])
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_words_that_are_off(self):
        for words, want in {
            ("--forward", "nowhere"): "a port is missing",
            ("--forward", "[::1:80"): "without ']'",
            ("--forward", "host:0"): "port 0",
            ("--balance", "least"): "needs --forward",
            ("--forward", "h:1", "--balance", "best"): "round-robin, random or least",
            ("--forward", "h:1", "--send-only"): "both ways",
            ("--forward", "h:1", "--broker"): "choose one",
            ("--forward", "h:1", "--exec", "cat"): "choose one",
            ("--broker", "--crlf"): "has no use",
        }.items():
            with self.subTest(words=words):
                done = self.run_for(self.tcpbox, "listen", "127.0.0.1:0", *words)
                self.assertEqual(done.returncode, 2)
                self.assertIn(want, done.stderr.decode())


if __name__ == "__main__":
    lab.main(private_namespaces=False)
