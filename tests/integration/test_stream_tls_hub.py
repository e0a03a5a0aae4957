# SPDX-License-Identifier: MIT
"""TLS in front of the hub of listen: services, broker and chat for openssl, Python's ssl and our connect."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from lab.stream import PATIENCE, digest
from test_stream_tls import TlsCase

lab.require("openssl")


class Hub(TlsCase):
    def hub(self, *words):
        return self.listen_tls(*words, "--ndjson", stdin=subprocess.DEVNULL)

    def event(self, hub, kind):
        """The next event of a kind; those before it are passed over."""
        for line in hub.stderr:
            if (event := json.loads(line))["type"] == kind:
                return event
        self.fail(f"no event {kind}")

    def openssl(self, hub):
        return self.start("openssl", "s_client", "-connect", f"127.0.0.1:{hub.ports[0]}", "-CAfile", self.authority.pem,
                          "-verify_return_error", "-quiet", "-no_ign_eof", stderr=subprocess.DEVNULL)

    def ours(self, hub, *words, **popen):
        return self.connect_tls(hub.ports[0], *self.trusting(), *words, **popen)

    def ask(self, hub, data, *words):
        done = self.run_for(self.tcpbox, "connect", "--tls", *self.trusting(), *words, f"127.0.0.1:{hub.ports[0]}",
                            input=data)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    @staticmethod
    def say(process, data):
        process.stdin.write(data)
        process.stdin.flush()

    def test_echo(self):
        hub = self.hub("-k", "--serve", "echo")
        peer, ours = self.openssl(hub), self.ours(hub)
        for text in (b"one\n", b"two\n"):
            for process in (peer, ours):
                self.say(process, text)
                self.assertEqual(process.stdout.readline(), text)
        self.assertEqual(self.event(hub, "connected")["tls"]["version"], "TLSv1.3")
        peer.stdin.close()
        self.assertEqual((peer.wait(PATIENCE), peer.stdout.read()), (0, b""))
        ours.stdin.close()
        self.assertEqual((ours.wait(PATIENCE), ours.stdout.read()), (0, b""))

    def test_a_large_echo_is_unchanged_and_ends_after_the_last_byte(self):
        hub = self.hub("-k", "--serve", "echo")
        data = os.urandom(4 << 20)
        self.assertEqual(digest(self.ask(hub, data)), digest(data))
        with self.python_client(hub.ports[0]) as client:
            client.sendall(data[:100000])
            received = b""
            while len(received) < 100000:
                received += client.recv(65536)
            client.unwrap()  # with their close_notify
        self.assertEqual(received, data[:100000])

    def test_the_other_services(self):
        self.assertEqual(self.ask(self.hub("-k", "--serve", "discard"), os.urandom(1 << 20)), b"")
        self.assertRegex(self.ask(self.hub("-k", "--serve", "daytime"), b"").decode(), r"\d{4}.*\n$")
        stream = self.ask(self.hub("-k", "--serve", "chargen"), b"", "--until-bytes", "1MiB")
        self.assertEqual(len(stream), 1 << 20)
        self.assertEqual(len(stream.splitlines()[0]), 72)

    def test_a_broker_for_both(self):
        hub = self.hub("--broker")
        peer, ours = self.openssl(hub), self.ours(hub)
        for _ in range(2):
            self.event(hub, "connected")
        self.say(peer, b"from openssl\n")
        self.assertEqual(ours.stdout.readline(), b"from openssl\n")
        self.say(ours, b"from us\n")
        self.assertEqual(peer.stdout.readline(), b"from us\n")
        hub.send_signal(signal.SIGTERM)
        self.assertEqual(hub.wait(PATIENCE), -signal.SIGTERM)

    def test_chat(self):
        hub = self.hub("--chat")
        first = self.ours(hub)
        self.assertIn(b"user1", first.stdout.readline())
        second = self.openssl(hub)
        self.assertIn(b"user2 joined", first.stdout.readline())
        self.say(second, b"hello\n")
        self.assertEqual(first.stdout.readline(), b"<user2> hello\n")

    def test_who_is_not_through_the_handshake_hears_nothing_and_delays_nobody(self):
        hub = self.hub("--broker")
        silent = socket.create_connection(("127.0.0.1", hub.ports[0]), PATIENCE)
        self.addCleanup(silent.close)
        peer, ours = self.openssl(hub), self.ours(hub)
        for _ in range(2):
            self.event(hub, "connected")
        self.say(ours, b"not for everybody\n")
        self.assertEqual(peer.stdout.readline(), b"not for everybody\n")
        silent.setblocking(False)
        with self.assertRaises(BlockingIOError):
            silent.recv(1)
        with socket.create_connection(("127.0.0.1", hub.ports[0]), PATIENCE) as plain:
            plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
            self.assertIn("plain HTTP", self.event(hub, "handshake_failed")["error"])
        self.say(peer, b"still here\n")
        self.assertEqual(ours.stdout.readline(), b"still here\n")


if __name__ == "__main__":
    lab.main(private_namespaces=False)
