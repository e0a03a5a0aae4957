# SPDX-License-Identifier: MIT
"""listen --forward with TLS towards the target, and every mix of plain, TLS and Unix-domain sockets."""

import os
import pathlib
import socket
import ssl
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema
from lab.certificates import Authority, certificate_pin, self_signed
from lab.process import missing_tools
from lab.stream import PATIENCE, free_port
from test_stream_tls import TlsCase

lab.require("openssl")

WRONG_PIN = "sha256:" + "0" * 64


class ForwardTlsCase(TlsCase):
    def trusting_targets(self, *words):
        return ("--forward-tls-ca", self.authority.pem, *words)

    def forward(self, port, *words, host="127.0.0.1", **popen):
        return self.listen("--forward", f"tls:{host}:{port}", *words, **popen)

    def told(self, process):
        """What standard error says, after the line that it listens."""
        err = process.communicate(timeout=PATIENCE)[1].decode().splitlines()
        self.assertTrue(err.pop(0).startswith("listening on "))
        return err


class Mixes(ForwardTlsCase):
    def target_words(self, kind):
        """A target that is spoken with through its standard input and output."""
        if kind == "tls":
            target = self.s_server()
            return target, ["--forward", f"tls:localhost:{target.port}", *self.trusting_targets()]
        if kind == "unix":
            address = f"unix:{self.scratch}/target"
            return self.listen_on(address), ["--forward", address]
        target = self.listen()
        return target, ["--forward", f"127.0.0.1:{target.ports[0]}"]

    def start_client(self, kind, words):
        if kind == "unix":
            forwarding = self.listen_on(f"unix:{self.scratch}/clients", *words)
            return forwarding, self.start(self.tcpbox, "connect", *forwarding.ready)
        if kind == "tls":
            forwarding = self.listen_tls(*words)
            return forwarding, self.connect_tls(forwarding.ports[0], *self.trusting())
        forwarding = self.listen(*words)
        return forwarding, self.start(self.tcpbox, "connect", *forwarding.ready)

    def test_every_mix(self):
        for client_side in ("plain", "tls", "unix"):
            for target_side in ("plain", "tls", "unix"):
                with self.subTest(client=client_side, target=target_side):
                    target, words = self.target_words(target_side)
                    forwarding, client = self.start_client(client_side, words)
                    for sender, receiver in ((client, target), (target, client)):
                        sender.stdin.write(b"a line\n")
                        sender.stdin.flush()
                        self.assertEqual(receiver.stdout.readline(), b"a line\n")
                    target.stdin.close()
                    self.assertEqual(client.stdout.read(), b"")
                    client.stdin.close()
                    self.assertEqual(client.wait(PATIENCE), 0, client.stderr.read())
                    self.ends(forwarding, 0)

    def test_a_large_payload_unchanged(self):
        data = os.urandom(1 << 20) * 16
        source = self.scratch / "source"
        source.write_bytes(data)
        made = self.server_certificate
        for sender in ("client", "target"):
            with self.subTest(sender=sender), source.open("rb") as file:
                stdin = {"client": subprocess.DEVNULL, "target": subprocess.DEVNULL, sender: file}
                target = self.listen("--tls", "--tls-cert", made.both, stdin=stdin["target"])
                forwarding = self.forward(target.ports[0], *self.trusting_targets(), "--tls", "--tls-cert", made.both)
                client = self.connect_tls(forwarding.ports[0], *self.trusting(), stdin=stdin["client"])
                receiver = target if sender == "client" else client
                self.assertEqual(receiver.stdout.read(), data)
                for process in (client, target, forwarding):
                    self.ends(process, 0)

    @unittest.skipIf(missing_tools(["nginx"]), "nginx is not installed")
    def test_nginx(self):
        port = free_port()
        (self.scratch / "index.html").write_text("the page")
        self.scratch.chmod(0o755)
        configuration = self.scratch / "nginx.conf"
        paths = " ".join(f"{name}_temp_path {self.scratch}/{name};" for name in
                         ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        configuration.write_text(f"""daemon off; master_process off; pid {self.scratch}/pid; events {{}}
            http {{ access_log off; {paths}
              server {{ listen 127.0.0.1:{port} ssl; root {self.scratch};
                ssl_certificate {self.server_certificate.pem}; ssl_certificate_key {self.server_certificate.key}; }} }}
            """)
        self.peer_listens(["nginx", "-e", self.scratch / "error.log", "-c", configuration], port)
        forwarding = self.forward(port, *self.trusting_targets(), host="localhost")
        client = self.client(forwarding)
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        self.assertTrue(self.read_all(client).endswith(b"\r\n\r\nthe page"))
        client.close()
        self.ends(forwarding, 0)


class Checks(ForwardTlsCase):
    def refused(self, port, *words, saying, host="127.0.0.1"):
        """The client gets nothing, the target no payload, standard error one line (and a hint)."""
        forwarding = self.forward(port, *words, host=host)
        self.gets_nothing(forwarding, b"secret")
        lines = self.told(forwarding)
        self.assertEqual(forwarding.returncode, 3, lines)
        self.assertIn(saying, lines[0])
        self.assertEqual(len([line for line in lines if not line.startswith("hint: ")]), 1, lines)
        return lines

    def test_the_system_s_authorities_are_the_default(self):
        peer = self.s_server()
        self.refused(peer.port, saying="authority that is not trusted here: CN=Test-CA")
        forwarding = self.forward(peer.port, env={**os.environ, "SSL_CERT_FILE": str(self.authority.pem)})
        client = self.client(forwarding)
        client.sendall(b"a line\n")
        self.assertEqual(peer.stdout.readline(), b"a line\n")

    def test_another_authority(self):
        other = Authority(self.scratch, "Other-CA")
        self.refused(self.s_server().port, "--forward-tls-ca", other.pem, saying="not trusted here: CN=Test-CA")

    def test_a_hint_names_the_option_that_there_is(self):
        alone = self_signed(self.scratch)
        lines = self.refused(self.s_server(certificate=alone).port, saying="CN=alone is self-signed")
        self.assertIn(f"--forward-tls-pin sha256:{certificate_pin(alone.pem)}", lines[1])

    def test_names(self):
        peer = self.s_server(certificate=self.authority.issue("named", san="DNS:a.example"))
        self.refused(peer.port, *self.trusting_targets(), saying="not for 127.0.0.1: it has a.example")
        self.refused(peer.port, *self.trusting_targets("--forward-tls-name", "b.example"), saying="not for b.example")
        forwarding = self.forward(peer.port, *self.trusting_targets("--forward-tls-name", "a.example"))
        self.client(forwarding).sendall(b"a line\n")
        self.assertEqual(peer.stdout.readline(), b"a line\n")

    def test_pins(self):
        alone = self_signed(self.scratch, san="DNS:somewhere.else")
        peer = self.s_server(certificate=alone)
        right = f"sha256:{certificate_pin(alone.pem)}"
        self.refused(peer.port, "--forward-tls-pin", WRONG_PIN, saying=f"the certificate's pin is another one: {right}")
        forwarding = self.forward(peer.port, "--forward-tls-pin", WRONG_PIN, "--forward-tls-pin", right)
        self.client(forwarding).sendall(b"a line\n")
        self.assertEqual(peer.stdout.readline(), b"a line\n")

    def test_insecure_says_so(self):
        peer = self.s_server(certificate=self_signed(self.scratch, san="DNS:x"))
        forwarding = self.forward(peer.port, "--forward-tls-insecure")
        self.client(forwarding).sendall(b"a line\n")
        self.assertEqual(peer.stdout.readline(), b"a line\n")
        lines = [forwarding.stderr.readline() for _ in range(2)]
        self.assertIn(b"tcpbox: warning: --forward-tls-insecure: the peer's certificate is not checked\n", lines)

    def test_a_target_that_speaks_no_tls(self):
        listener, port = self.server()
        received = []

        def serve():
            connection, _ = listener.accept()
            connection.sendall(b"220 plain.example ESMTP\r\n")
            received.append(self.read_all(connection))
            connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        self.refused(port, *self.trusting_targets(), saying="the peer does not speak TLS")
        thread.join(PATIENCE)
        self.assertNotIn(b"secret", received[0])

    def test_a_target_that_fails_the_check_is_skipped_with_one_warning(self):
        bad = self.s_server(certificate=self_signed(self.scratch))
        made = self.server_certificate
        good = self.listen("-k", "--tls", "--tls-cert", made.both, "--serve", "echo")
        forwarding = self.forward(bad.port, "-k", "--forward", f"tls:127.0.0.1:{good.ports[0]}",
                                  *self.trusting_targets())
        for _ in range(4):
            with self.client(forwarding) as client:
                client.sendall(b"echoed")
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(self.read_all(client), b"echoed")
        forwarding.terminate()
        lines = self.told(forwarding)
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(f"TLS handshake with 127.0.0.1:{bad.port}: certificate CN=alone is self-signed", lines[0])

    def test_the_only_target_of_a_service_is_reported_once(self):
        bad = self.s_server(certificate=self_signed(self.scratch))
        forwarding = self.forward(bad.port, "-k", *self.trusting_targets())
        for _ in range(3):
            self.gets_nothing(forwarding)
        forwarding.terminate()
        lines = self.told(forwarding)
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("is self-signed", lines[0])

    def test_files_are_read_before_it_listens(self):
        done = self.run_for(self.tcpbox, "listen", "127.0.0.1:0", "--forward", "tls:127.0.0.1:1", "--forward-tls-ca",
                            self.scratch / "none")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr.decode(), f"tcpbox: read {self.scratch}/none: No such file or directory\n")


class Ends(ForwardTlsCase):
    def test_half_close(self):
        """Who has ended still hears the answer, either way round."""
        made = self.server_certificate
        for first in ("client", "target"):
            with self.subTest(first=first):
                target = self.listen("--tls", "--tls-cert", made.both)
                forwarding = self.forward(target.ports[0], *self.trusting_targets())
                client = self.start(self.tcpbox, "connect", *forwarding.ready)
                leader, follower = (client, target) if first == "client" else (target, client)
                leader.stdin.write(b"question")
                leader.stdin.close()
                self.assertEqual(follower.stdout.read(), b"question")
                follower.stdin.write(b"late reply")
                follower.stdin.close()
                self.assertEqual(leader.stdout.read(), b"late reply")
                for process in (client, target):
                    self.assertEqual(process.wait(PATIENCE), 0, process.stderr.read())
                self.ends(forwarding, 0)

    def test_truncation_by_the_target_becomes_a_reset(self):
        def cut_short(secured):
            secured.sendall(b"half of it")
            socket.socket(fileno=secured.detach()).close()  # a FIN and no close_notify

        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version=version):
                forwarding = self.forward(self.python_server(cut_short, versions=version), *self.trusting_targets())
                with self.assertRaises(ConnectionResetError):
                    self.read_all(self.client(forwarding))
                _, err = self.ends(forwarding, 3)
                self.assertIn(b"the peer ended without close_notify", err)

    def test_truncation_by_the_client_is_no_end_for_the_target(self):
        ended = []

        def collect(secured):
            secured.settimeout(PATIENCE)
            try:
                while some := secured.recv(100):
                    ended.append(some)
                ended.append("a regular end")
            except OSError as error:
                ended.append(type(error).__name__)

        port = self.python_server(collect)
        made = self.server_certificate
        forwarding = self.forward(port, *self.trusting_targets(), "--tls", "--tls-cert", made.both)
        client = self.python_client(forwarding.ports[0])
        client.sendall(b"half of it")
        lab.wait_for(lambda: ended == [b"half of it"], "the target to have it")
        socket.socket(fileno=client.detach()).close()
        _, err = self.ends(forwarding, 3)
        self.assertIn(b"without close_notify", err)
        lab.wait_for(lambda: len(ended) == 2, "the target's end")
        self.assertIn(ended[1], ("ConnectionResetError", "SSLEOFError"))


class Session(ForwardTlsCase):
    def forwarded(self, port, *words, host="localhost", **popen):
        forwarding = self.forward(port, *self.trusting_targets("--ndjson", *words), host=host, **popen)
        self.client(forwarding).close()
        _, err = self.ends(forwarding, 0)
        events = schema.validate_ndjson(err.decode(), "listen")
        self.assertIsNone(next(event for event in events if event["type"] == "connected")["tls"])
        return next(event for event in events if event["type"] == "forwarded")["tls"]

    def target(self, *words):
        made = self.server_certificate
        return self.listen("-k", "--tls", "--tls-cert", made.both, "--serve", "echo", *words).ports[0]

    def test_the_event_has_the_session_with_the_target(self):
        session = self.forwarded(self.target("--tls-alpn", "h2"), "--forward-tls-alpn", "http/1.1,h2")
        self.assertEqual((session["version"], session["alpn"], session["verified"]), ("TLSv1.3", "h2", "ca"))
        self.assertEqual(session["peer_chain"][0]["subject"], "CN=server")
        self.assertIsNone(self.forwarded(self.target())["alpn"])

    def test_versions_and_ciphers(self):
        port = self.target("--tls-min", "1.0", "--tls-ciphers", "ALL:@SECLEVEL=0")
        ciphers = ("--forward-tls-ciphers", "ALL:@SECLEVEL=0")
        for words, version in ((("--forward-tls-max", "1.2"), "TLSv1.2"), (("--forward-tls-min", "1.3"), "TLSv1.3"),
                               (("--forward-tls-min", "1.1", "--forward-tls-max", "1.1", *ciphers), "TLSv1.1")):
            with self.subTest(words=words):
                self.assertEqual(self.forwarded(port, *words)["version"], version)

    def test_the_least_version(self):
        port = self.target("--tls-max", "1.2")
        self.assertEqual(self.forwarded(port)["version"], "TLSv1.2")
        forwarding = self.forward(port, *self.trusting_targets("--forward-tls-min", "1.3"))
        self.gets_nothing(forwarding)
        self.told(forwarding)
        self.assertEqual(forwarding.returncode, 3)

    def test_the_ciphers(self):
        port = self.target("--tls-max", "1.2")
        for bits in ("128", "256"):
            session = self.forwarded(port, "--forward-tls-ciphers", f"ECDHE+AES{bits}+AESGCM")
            self.assertIn(f"AES{bits}-GCM", session["cipher"])

    def test_a_plain_target_has_none(self):
        _, port = self.server()
        forwarding = self.listen("--forward", f"127.0.0.1:{port}", "--ndjson")
        forwarding.terminate()
        schema.validate_ndjson(forwarding.communicate(timeout=PATIENCE)[1].decode(), "listen")
        echo = self.listen("-k", "--serve", "echo").ports[0]
        forwarding = self.listen("--forward", f"127.0.0.1:{echo}", "--ndjson")
        self.client(forwarding).close()
        events = schema.validate_ndjson(self.ends(forwarding, 0)[1].decode(), "listen")
        self.assertIsNone(next(event for event in events if event["type"] == "forwarded")["tls"])

    def test_events_of_a_unix_target_are_valid(self):
        target = self.listen_on(f"unix:{self.scratch}/target", stdin=subprocess.DEVNULL)
        forwarding = self.listen("--forward", *target.ready, "--ndjson")
        self.client(forwarding).close()
        events = schema.validate_ndjson(self.ends(forwarding, 0)[1].decode(), "listen")
        forwarded = next(event for event in events if event["type"] == "forwarded")
        self.assertEqual((forwarded["remote_address"], forwarded["remote_port"]), (target.ready[0], None))
        forwarding = self.listen("--forward", f"unix:{self.scratch}/none", "--ndjson")
        self.gets_nothing(forwarding)
        schema.validate_ndjson(self.ends(forwarding, 3)[1].decode(), "listen")

    def test_verbose(self):
        port = self.target()
        forwarding = self.forward(port, *self.trusting_targets("-v"))
        self.client(forwarding).close()
        lines = self.ends(forwarding, 0)[1].decode().splitlines()
        at = next(i for i, line in enumerate(lines) if f"goes to 127.0.0.1:{port}" in line)
        self.assertRegex(lines[at + 1], r"^TLSv1\.3 \S+ \S+ in .*, verified by its authority$")
        self.assertRegex(lines[at + 2], r"^certificate CN=server: from CN=Test-CA, valid for ")

    def test_a_certificate_of_our_own(self):
        ours = self.authority.issue("forwarder")
        port = self.target("--tls-client-ca", self.authority.pem)
        for words in (("--forward-tls-cert", ours.both),
                      ("--forward-tls-cert", ours.pem, "--forward-tls-key", ours.key)):
            forwarding = self.forward(port, *self.trusting_targets(*words))
            client = self.client(forwarding)
            client.sendall(b"echoed")
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(self.read_all(client), b"echoed")
        forwarding = self.forward(port, *self.trusting_targets())
        self.gets_nothing(forwarding, b"lost")

    def test_key_log_of_both_sides(self):
        log = self.scratch / "keys"
        made = self.server_certificate
        port = self.target()
        forwarding = self.forward(port, *self.trusting_targets(), "--tls", "--tls-cert", made.both,
                                  env={**os.environ, "SSLKEYLOGFILE": str(log)})
        client = self.connect_tls(forwarding.ports[0], *self.trusting(), stdin=subprocess.DEVNULL)
        self.ends(client, 0)
        self.ends(forwarding, 0)
        lines = [line.split() for line in log.read_text().splitlines()]
        self.assertEqual(len({line[1] for line in lines if line[0] == "CLIENT_TRAFFIC_SECRET_0"}), 2)


class Words(ForwardTlsCase):
    def test_words_that_are_off(self):
        tls = ("--forward", "tls:h:1")
        for words, want in {
            ("--forward-tls-insecure",): "--forward-tls-insecure: needs a --forward tls:HOST:PORT",
            ("--forward", "h:1", "--forward-tls-ca", "x"): "--forward-tls-ca: needs a --forward tls:HOST:PORT",
            ("--tls", "--forward", "h:1", "--forward-tls-pin", WRONG_PIN): "--forward-tls-pin: needs a --forward tls:",
            (*tls, "--forward-tls-ca", ""): "--forward-tls-ca '': is empty",
            (*tls, "--forward-tls-pin", "sha256:12"): "--forward-tls-pin",
            (*tls, "--forward-tls-min", "1.4"): "--forward-tls-min",
            (*tls, "--forward-tls-min", "1.3", "--forward-tls-max", "1.2"): "no version is left",
            (*tls, "--forward-tls-key", "x"): "--forward-tls-key: needs --forward-tls-cert",
            (*tls, "--forward-tls-insecure", "--forward-tls-pin", WRONG_PIN): "choose one of them",
            (*tls, "--forward-tls-insecure", "--forward-tls-ca", "x"): "choose one of them",
            ("--forward", "tls:h"): "a port is missing",
            ("--forward", "tls:443"): "a port is missing",
            ("--forward", "tls:"): "--forward tls",
            ("--forward", "tls:[::1:80"): "without ']'",
            ("--forward", "tls:h:0"): "port 0",
            ("--forward", "tls:h:1,2"): "single port",
            ("--forward", "tls:unix:/x"): "needs --forward-tls-name or --forward-tls-pin",
            ("--forward", "tls:tls:h:1"): "--forward tls",
        }.items():
            with self.subTest(words=words):
                done = self.run_for(self.tcpbox, "listen", "127.0.0.1:0", *words)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(want, done.stderr.decode())
                lines = [line for line in done.stderr.splitlines() if not line.startswith(b"hint: ")]
                self.assertEqual(len(lines), 1, done.stderr)

    def test_ipv6_and_unix_targets(self):
        port = free_port("::1")
        made = self.server_certificate
        for address, target, words in (
                (f"[::1]:{port}", f"tls:[::1]:{port}", ()),
                (f"unix:{self.scratch}/t", f"tls:unix:{self.scratch}/t", ("--forward-tls-name", "localhost"))):
            with self.subTest(target=target):
                self.listen_on(address, "-k", "--tls", "--tls-cert", made.both, "--serve", "echo")
                forwarding = self.listen("--forward", target, *self.trusting_targets(*words))
                client = self.client(forwarding)
                client.sendall(b"echoed")
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(self.read_all(client), b"echoed")


if __name__ == "__main__":
    lab.main(private_namespaces=False)
