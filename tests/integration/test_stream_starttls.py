# SPDX-License-Identifier: MIT
"""connect --starttls against servers of our own, which openssl judges, and against real ones where they are found."""

import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from lab.certificates import Authority
from lab.starttls import REFUSALS, TALKS, StartTlsServer
from lab.starttls_peers import PEERS, missing_peer_tools
from lab.stream import PATIENCE, StreamCase

lab.require("openssl")

SECRET = b"the password is 1234\r\n"
ANSWERS_FIRST = {"ldap", "xmpp", "postgres"}  # we do


class StartTlsCase(StreamCase):
    @classmethod
    def setUpClass(cls):
        done = subprocess.run([lab.binary(), "connect", "--tls", "-z", "127.0.0.1:1"], capture_output=True, check=False)
        if b"this build has no TLS" in done.stderr:
            raise unittest.SkipTest("this build has no TLS")
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.authority = Authority(pathlib.Path(directory.name))
        cls.certificate = cls.authority.issue("server")

    def serve(self, protocol, **how):
        server = StartTlsServer(protocol, self.certificate, **how)
        self.addCleanup(server.close)
        return server

    def connect(self, protocol, port, *words, **run):
        return self.run_for(self.tcpbox, "connect", "--starttls", protocol, "--tls-ca", self.authority.pem, *words,
                            f"127.0.0.1:{port}", **{"input": SECRET, **run})

    def fails(self, done, *saying, code=3):
        lines = done.stderr.decode().splitlines()
        self.assertEqual((done.returncode, done.stdout), (code, b""), lines)
        for text in saying:
            self.assertIn(text, lines[0])
        self.assertLessEqual(len([line for line in lines if not line.startswith("hint: ")]), 1, lines)

    def stays_silent(self, server):
        server.close()
        self.assertNotIn(b"password", server.cleartext)
        self.assertNotIn(b"\x16\x03", server.cleartext)  # nor is there a ClientHello
        self.assertIsNone(server.payload)


class Scripted(StartTlsCase):
    def test_payload_goes_through_tls_only(self):
        for protocol in TALKS:
            for slowly in (False, True):
                with self.subTest(protocol=protocol, slowly=slowly):
                    server = self.serve(protocol, slowly=slowly)
                    done = self.connect(protocol, server.port)
                    self.assertEqual((done.returncode, done.stdout), (0, SECRET), done.stderr)
                    server.close()
                    self.assertIsNone(server.error)
                    self.assertEqual(server.payload, SECRET)
                    self.assertNotIn(b"password", server.cleartext)

    def test_openssl_takes_our_servers_for_real_ones(self):
        for protocol in TALKS:
            with self.subTest(protocol=protocol):
                server = self.serve(protocol)
                done = self.run_for("openssl", "s_client", "-starttls", protocol, "-connect",
                                    f"127.0.0.1:{server.port}", "-CAfile", self.authority.pem, "-verify_return_error",
                                    "-quiet", "-no_ign_eof", input=SECRET)
                server.close()
                self.assertIsNone(server.error, done.stderr)
                self.assertEqual(server.payload, SECRET, done.stderr)

    def test_the_session_is_reported_and_zero_sends_nothing(self):
        server = self.serve("smtp")
        done = self.connect("smtp", server.port, "-z", "-v")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"verified by its authority", done.stderr)
        server.close()
        self.assertEqual(server.payload, b"")
        self.assertEqual(server.cleartext, b"EHLO [127.0.0.1]\r\nSTARTTLS\r\n")

    def test_it_implies_tls_with_all_its_options(self):
        server = self.serve("imap")
        self.fails(self.connect("imap", server.port, "--tls-name", "other.example.org"), "TLS handshake",
                   "not for other.example.org")
        server.close()
        server = self.serve("xmpp")
        done = self.connect("xmpp", server.port, "--tls", "--tls-name", "localhost")
        self.assertEqual((done.returncode, done.stdout), (0, SECRET), done.stderr)
        server.close()
        self.assertIn(b"to='localhost'", server.cleartext)
        server = self.serve("pop3")
        done = self.run_for(self.tcpbox, "connect", "--starttls", "pop3", f"127.0.0.1:{server.port}", input=SECRET)
        self.fails(done, "TLS handshake", "authority that is not trusted")
        server.close()

    def test_who_says_no_is_an_error_and_gets_nothing(self):
        for protocol, refusal in REFUSALS.items():
            with self.subTest(protocol=protocol):
                server = self.serve(protocol, refusal=refusal)
                self.fails(self.connect(protocol, server.port), f"STARTTLS with 127.0.0.1:{server.port}: {protocol} ",
                           "failure" if protocol == "xmpp" else "no TLS")
                self.stays_silent(server)

    def test_cleartext_that_came_with_the_go_ahead_is_refused(self):
        for protocol in TALKS:
            for early in (b"\n", b"250 injected\r\n", b"\x15\x03\x01\x00\x02\x01\x00"):
                with self.subTest(protocol=protocol, early=early):
                    server = self.serve(protocol, early=early)
                    self.fails(self.connect(protocol, server.port), f": {protocol} ", "in cleartext"
                               if protocol != "mysql" else "more than the answer")
                    self.stays_silent(server)

    def test_cleartext_that_is_not_even_read_is_refused(self):
        """The answer fills what is read at once; what follows it still waits in the kernel."""
        answer = b"220-" + b"x" * (4096 - 4 - 2 - 8) + b"\r\n220 go\r\n"
        self.assertEqual(len(answer), 4096)
        server = self.serve("smtp", refusal=answer, early=b"!")
        self.fails(self.connect("smtp", server.port), "smtp STARTTLS: 1 byte in cleartext")
        self.stays_silent(server)

    def test_unknown_protocols_and_fastopen(self):
        for words, saying in ((["--starttls", "http"], b"--starttls: protocol 'http'"),
                              (["--starttls", ""], b"--starttls"),
                              (["--starttls", "smtp", "--fastopen"], b"the server speaks first")):
            done = self.run_for(self.tcpbox, "connect", *words, "127.0.0.1:1", stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(saying, done.stderr)


class Hostile(StartTlsCase):
    def test_endless_answers(self):
        def endless(piece):
            def act(client):
                if protocol in ANSWERS_FIRST:
                    client.recv(4096)
                while True:
                    client.sendall(piece)
            return act

        cases = {"smtp": (b"220-x\r\n", "parts"), "imap": (b"x" * 4096, "longer than 8192 bytes"),
                 "xmpp": (b" " * 4096, "more than 65536 bytes"), "sieve": (b"\"x\"\r\n", "parts"),
                 "ldap": (b"\x30\x84\x7f\xff\xff\xff", "longer than 8192 bytes"),
                 "mysql": (b"\xff\xff\xff\0" * 99, "longer than 8192 bytes")}
        for protocol, (piece, saying) in cases.items():
            with self.subTest(protocol=protocol):
                port = self.serves_one(endless(piece))
                self.fails(self.connect(protocol, port), f"{protocol} ", saying)

    def test_another_protocol_answers(self):
        for protocol in TALKS:
            with self.subTest(protocol=protocol):
                def act(client):
                    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    while client.recv(4096):
                        pass
                self.fails(self.connect(protocol, self.serves_one(act)), f"{protocol} ")

    def test_a_server_that_closes(self):
        port = self.serves_one(lambda client: client.sendall(b"220 hello\r\n") or client.recv(4096))
        self.fails(self.connect("smtp", port), "smtp EHLO: the server closed the connection")

    def test_a_server_that_says_nothing(self):
        port = self.serves_one(lambda client: client.recv(4096))
        self.fails(self.connect("smtp", port, "--timeout", "1s"), "smtp greeting: no answer in time", code=1)

    def test_a_server_that_says_little_for_ever(self):
        """The time is that of all answers, not of each."""
        stop = threading.Event()
        self.addCleanup(stop.set)

        def act(client):
            while not stop.wait(0.05):
                client.sendall(b"220-x\r\n")

        self.fails(self.connect("smtp", self.serves_one(act), "--timeout", "1s"), "no answer in time", code=1)

    def test_cleartext_that_comes_later_is_no_tls(self):
        """Whether it is seen before our ClientHello or after: nothing of ours follows."""
        def act(client):
            client.sendall(b"+OK\r\n")
            client.recv(4096)
            client.sendall(b"+OK\r\n")
            client.sendall(b"+OK injected\r\n")
            while data := client.recv(65536):
                heard.append(data)

        heard = []
        done = self.connect("pop3", self.serves_one(act))
        self.fails(done)
        self.assertNotIn(b"password", b"".join(heard))

    def test_a_refusal_is_not_tried_again(self):
        server = self.serve("smtp", refusal=REFUSALS["smtp"])
        self.fails(self.connect("smtp", server.port, "--retry", "forever"), "no TLS")


class RealPeers(StartTlsCase):
    """`ask` is what a client says through TLS, `answer` is in what the server says to it."""

    def test_real_servers(self):
        for name, peer in PEERS.items():
            with self.subTest(server=name):
                missing = missing_peer_tools(peer)
                if missing:
                    self.skipTest(f"not installed: {', '.join(missing)}")
                for protocol, port in peer.start(self).items():
                    with self.subTest(protocol=protocol):
                        self.converse(peer, protocol, port)

    def converse(self, peer, protocol, port):
        ask, answer = peer.talks[protocol]
        ours = self.start(self.tcpbox, "connect", "--starttls", protocol, "--tls-ca", self.authority.pem, "-v",
                          "--quit-after", "5s", f"127.0.0.1:{port}")
        ours.stdin.write(ask)
        ours.stdin.flush()
        heard = b""
        while answer not in heard and (data := os.read(ours.stdout.fileno(), 65536)):
            heard += data
        _, err = ours.communicate(timeout=PATIENCE)
        self.assertIn(answer, heard, err)
        self.assertIn(b"TLSv1.", err)
        self.assertIn(b"verified by its authority", err)


if __name__ == "__main__":
    lab.main(private_namespaces=False)
