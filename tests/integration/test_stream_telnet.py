# SPDX-License-Identifier: MIT
"""connect --telnet with servers of our own that negotiate, well or not, and with a real one where it is found."""

import os
import pathlib
import shutil
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
from lab.certificates import Authority
from lab.stream import PATIENCE, StreamCase, free_port

lab.require("openssl")

IAC, DONT, DO, WONT, WILL, SB, SE, NOP = (bytes([value]) for value in (255, 254, 253, 252, 251, 250, 240, 241))
TELNETD = next(filter(None, map(shutil.which, ("in.telnetd", "telnetd"))), None)


class TelnetCase(StreamCase):
    def serve(self, talk):
        listener, port = self.server()
        heard = []

        def run():
            client, _ = listener.accept()
            client.settimeout(PATIENCE)
            with client:
                try:
                    heard.append(talk(client))
                except OSError as error:
                    heard.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join, PATIENCE)

        def join():
            thread.join(PATIENCE)
            return heard[0]
        return port, join

    def connect(self, port, *words, code=0, **run):
        done = self.run_for(self.tcpbox, "connect", "--telnet", f"127.0.0.1:{port}", *words,
                            **{"stdin": subprocess.DEVNULL, **run})
        self.assertEqual(done.returncode, code, done.stderr)
        return done


def read_all(client):
    return b"".join(iter(lambda: client.recv(65536), b""))


def in_pieces(client, data, size):
    for at in range(0, len(data), size):
        client.sendall(data[at:at + size])
        time.sleep(0.002)


NEGOTIATION = (IAC + WILL + b"\1" + IAC + WILL + b"\3" + IAC + DO + b"\x18" + IAC + SB + b"\x18\1" + IAC + IAC + IAC + SE +
               b"lo" + IAC + NOP + b"gin: \r\0\r\n" + IAC + IAC + IAC + WONT + b"\1" + IAC + DONT + b"\1")
REFUSAL = IAC + DONT + b"\1" + IAC + DONT + b"\3" + IAC + WONT + b"\x18"
PAYLOAD = b"login: \r\r\n\xff"


class Scripted(TelnetCase):
    def test_commands_are_not_written_and_options_are_refused(self):
        for size in (1, 2, 1000):
            with self.subTest(size=size):
                def talk(client, size=size):
                    in_pieces(client, NEGOTIATION, size)
                    client.shutdown(socket.SHUT_WR)
                    return read_all(client)

                port, heard = self.serve(talk)
                done = self.connect(port, "--recv-only")
                self.assertEqual(done.stdout, PAYLOAD)
                self.assertEqual(heard(), REFUSAL)

    def test_what_is_sent(self):
        for words, expected in (([], b"a\xff\xffb\n\r\0c\r\nd\r\0"), (["--crlf"], b"a\xff\xffb\r\n\r\0c\r\nd\r\0")):
            with self.subTest(words=words):
                port, heard = self.serve(read_all)
                self.connect(port, *words, input=b"a\xffb\n\rc\r\nd\r", stdin=None)
                self.assertEqual(heard(), expected)

    def test_every_byte_arrives_as_it_was(self):
        data = os.urandom(1 << 20).replace(b"\r", b"\n")

        def talk(client):
            got = read_all(client)
            client.sendall(got)
            return got

        port, heard = self.serve(talk)
        done = self.connect(port, input=data, stdin=None)
        self.assertEqual(heard(), data.replace(b"\xff", b"\xff\xff"))
        self.assertEqual(done.stdout, data)

    def test_with_steps_and_through_tls(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        authority = Authority(pathlib.Path(directory.name))
        certificate = authority.issue("server")

        def talk(client):
            if words:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate.pem, certificate.key)
                client = context.wrap_socket(client, server_side=True)
            in_pieces(client, NEGOTIATION[:-13], 3)  # in the midst of "login: "
            in_pieces(client, NEGOTIATION[-13:], 3)
            got = b""
            while not got.endswith(b"root\r\n"):
                got += client.recv(100)
            client.sendall(b"# " + IAC + NOP + b"welcome")
            client.recv(1)
            client.close()
            return got

        probe = self.run_for(self.tcpbox, "connect", "--tls", "-z", "127.0.0.1:1")
        for words in ([], ["--tls", "--tls-ca", authority.pem]):
            if words and b"this build has no TLS" in probe.stderr:
                continue
            with self.subTest(words=words):
                port, heard = self.serve(talk)
                done = self.connect(port, *words, "--crlf", "--expect", r"login: \r\r\n", "--send", r"root\n", "--until",
                                    "# wel", stdin=None)
                self.assertEqual(done.stdout, PAYLOAD + b"# wel")
                self.assertEqual(heard(), REFUSAL + b"root\r\n")

    def test_it_is_refused_where_it_has_no_use(self):
        done = self.run_for(self.tcpbox, "connect", "--telnet", "-z", "127.0.0.1:1")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"--telnet has no use", done.stderr)


class Hostile(TelnetCase):
    def test_a_peer_that_takes_no_refusal(self):
        """It asks again whenever it is refused: the two would go on for ever."""
        def talk(client):
            client.sendall(IAC + WILL + b"\1")
            refusals = 0
            while refusals < 100:
                client.settimeout(1)
                try:
                    answer = client.recv(3)
                except TimeoutError:
                    break
                assert answer == IAC + DONT + b"\1", answer
                refusals += 1
                client.sendall(IAC + WILL + b"\1")
            client.sendall(b"after all")
            return refusals

        port, heard = self.serve(talk)
        self.assertEqual(self.connect(port, "--recv-only").stdout, b"after all")
        self.assertEqual(heard(), 16)

    def test_a_flood_of_requests_that_nobody_reads_the_answers_to(self):
        flood = b"".join(IAC + verb + bytes([option]) for verb in (WILL, DO) for option in range(256)) * 2000

        def talk(client):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            client.sendall(flood + b"end")
            client.shutdown(socket.SHUT_WR)
            return len(read_all(client))

        port, heard = self.serve(talk)
        self.assertEqual(self.connect(port, "--recv-only").stdout, b"end")
        self.assertEqual(heard(), 16 * 512 * 3)

    def test_a_subnegotiation_that_never_ends(self):
        port, _ = self.serve(lambda client: client.sendall(b"before" + IAC + SB + b"\x18" + bytes(4_000_000)))
        self.assertEqual(self.connect(port).stdout, b"before")

    def test_an_end_in_the_midst_of_a_command(self):
        for rest in (IAC, IAC + WILL, IAC + SB, IAC + SB + b"\1" + IAC):
            port, _ = self.serve(lambda client, rest=rest: client.sendall(b"a" + rest))
            self.assertEqual(self.connect(port).stdout, b"a")


@unittest.skipUnless(TELNETD and shutil.which("socat"), "no telnetd or socat")
class Real(TelnetCase):
    """A telnetd that gives a shell instead of a login."""

    def test_a_session(self):
        shell = self.scratch / "login"
        shell.write_text("#!/bin/sh\nprintf 'Pass''word: '\nread line\necho \"heard $line\"\n"
                         "printf 'go> '; read line; echo \"$line\" | tr a-z A-Z; printf 'go> '; read line\n")
        shell.chmod(0o755)
        port = free_port()
        self.peer_listens(["socat", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr",
                           f"EXEC:{TELNETD} -h -E {shell},nofork"], port)
        done = self.connect(port, "--crlf", "--expect", "Password: ", "--send", r"swordfish\n", "--expect",
                            "heard swordfish", "--expect", "go> ", "--send", r"shout\n", "--expect", "SHOUT", "--until",
                            "go> ", stdin=None)
        self.assertNotIn(b"\xff", done.stdout)
        self.assertIn(b"SHOUT", done.stdout)


if __name__ == "__main__":
    lab.main()
