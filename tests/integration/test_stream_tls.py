# SPDX-License-Identifier: MIT
"""TLS of listen and connect against each other and against openssl, ncat, nginx and curl on loopback."""

import os
import pathlib
import re
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from lab.certificates import Authority, certificate_pin, public_key_pin, self_signed
from lab.process import missing_tools, wait_for
from lab.stream import PATIENCE, StreamCase, digest, free_port

lab.require("openssl", "ncat")

PAYLOAD_BYTES = 64 << 20


class TlsCase(StreamCase):
    @classmethod
    def setUpClass(cls):
        done = subprocess.run([lab.binary(), "connect", "--tls", "-z", "127.0.0.1:1"], capture_output=True, check=False)
        if b"this build has no TLS" in done.stderr:
            raise unittest.SkipTest("this build has no TLS")
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.authority = Authority(pathlib.Path(directory.name))
        cls.server_certificate = cls.authority.issue("server")

    def listen_tls(self, *words, certificate=None, **popen):
        made = certificate or self.server_certificate
        return self.listen("--tls", "--tls-cert", made.pem, "--tls-key", made.key, *words, **popen)

    def connect_tls(self, port, *words, host="127.0.0.1", **popen):
        return self.start(self.tcpbox, "connect", "--tls", *words, f"{host}:{port}", **popen)

    def trusting(self, *words):
        return ("--tls-ca", self.authority.pem, *words)

    def s_server(self, *words, certificate=None, **popen):
        made = certificate or self.server_certificate
        port = free_port()
        peer = self.peer_listens(["openssl", "s_server", "-accept", port, "-cert", made.pem, "-key", made.key, "-quiet",
                                  *words], port, **popen)
        peer.port = port
        return peer

    def python_server(self, act, certificate=None, versions=None):
        """Serves one client with act(tls socket), in a thread."""
        made = certificate or self.server_certificate
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.pem, made.key)
        if versions:
            context.minimum_version = context.maximum_version = versions

        def serve(client):
            with context.wrap_socket(client, server_side=True, suppress_ragged_eofs=False) as secured:
                act(secured)

        return self.serves_one(serve)

    def python_client(self, port, **options):
        context = ssl.create_default_context(cafile=self.authority.pem)
        for name, value in options.items():
            setattr(context, name, value)
        plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        secured = context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)
        self.addCleanup(secured.close)
        return secured

    def session(self, process):
        """The tls object of the connected record of an --ndjson report."""
        import schema
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0, err)
        events = schema.validate_ndjson(err.decode(), process.args[1])
        return next(event for event in events if event["type"] == "connected")["tls"]

    def refused(self, port, *words, saying, code=3, host="127.0.0.1"):
        """Ours does not get through, says why in one line (and a hint), and sends no payload."""
        done = self.run_for(self.tcpbox, "connect", "--tls", *words, f"{host}:{port}", input=b"secret")
        lines = done.stderr.decode().splitlines()
        self.assertEqual((done.returncode, done.stdout), (code, b""), lines)
        self.assertIn(saying, lines[0])
        self.assertLessEqual(len([line for line in lines if not line.startswith("hint: ")]), 1, lines)
        return lines


class Peers(TlsCase):
    def converse(self, ours, peer):
        peer.stdin.write(b"from the peer\n")
        peer.stdin.flush()
        self.assertEqual(ours.stdout.readline(), b"from the peer\n")
        ours.stdin.write(b"from us\n")
        ours.stdin.flush()
        self.assertEqual(peer.stdout.readline(), b"from us\n")

    def ended_like(self, peer, ours):
        """ncat ends with a FIN and no close_notify."""
        code, why = (3, b"without close_notify") if peer == "ncat" else (0, b"")
        ended = ours.wait(PATIENCE)
        err = ours.stderr.read()
        self.assertEqual(ended, code, err)
        self.assertIn(why, err)

    def test_connect_to_openssl_and_ncat(self):
        made = self.server_certificate
        for version in ("1.2", "1.3"):
            for name in ("openssl", "ncat", "tcpbox"):
                with self.subTest(peer=name, version=version):
                    port = free_port()
                    argv = {"openssl": ["openssl", "s_server", "-accept", port, "-cert", made.pem, "-key", made.key,
                                        "-quiet"],
                            "ncat": ["ncat", "-l", "--ssl", "--ssl-cert", made.pem, "--ssl-key", made.key, "127.0.0.1",
                                     port],
                            "tcpbox": [self.tcpbox, "listen", "--tls", "--tls-cert", made.both, f"127.0.0.1:{port}"]}
                    peer = self.peer_listens(argv[name], port)
                    ours = self.connect_tls(port, *self.trusting("--tls-max", version))
                    self.converse(ours, peer)
                    peer.stdin.close()
                    self.assertEqual(ours.stdout.read(), b"")
                    ours.stdin.close()
                    self.ended_like(name, ours)

    def test_listen_for_openssl_and_ncat(self):
        for version in ("1.2", "1.3"):
            for name in ("openssl", "ncat"):
                with self.subTest(peer=name, version=version):
                    ours = self.listen_tls("--tls-max", version)
                    port = ours.ports[0]
                    argv = {"openssl": ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile",
                                        self.authority.pem, "-verify_return_error", "-quiet", "-no_ign_eof"],
                            "ncat": ["ncat", "--ssl-verify", "--ssl-trustfile", self.authority.pem, "localhost", port]}
                    peer = self.start(*argv[name])
                    self.converse(ours, peer)
                    peer.stdin.close()
                    self.assertEqual(ours.stdout.read(), b"")
                    ours.stdin.close()
                    self.ended_like(name, ours)

    @unittest.skipIf(missing_tools(["curl"]), "curl is not installed")
    def test_curl(self):
        ours = self.listen_tls()
        curl = self.start("curl", "-s", "--cacert", self.authority.pem, f"https://localhost:{ours.ports[0]}/")
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += ours.stdout.readline()
        ours.stdin.write(b"HTTP/1.0 200 OK\r\n\r\nthe page")
        ours.stdin.close()
        out, _ = self.ends(curl, 0)
        self.assertEqual(out, b"the page")
        self.assertEqual(ours.wait(PATIENCE), 0, ours.stderr.read())

    @unittest.skipIf(missing_tools(["nginx"]), "nginx is not installed")
    def test_nginx(self):
        port = free_port()
        (self.scratch / "index.html").write_text("the page")
        self.scratch.chmod(0o755)
        configuration = self.scratch / "nginx.conf"
        configuration.write_text(f"""daemon off; master_process off; pid {self.scratch}/pid;
            events {{}}
            http {{ access_log off; client_body_temp_path {self.scratch}/b; proxy_temp_path {self.scratch}/p;
              fastcgi_temp_path {self.scratch}/f; uwsgi_temp_path {self.scratch}/u; scgi_temp_path {self.scratch}/s;
              server {{ listen 127.0.0.1:{port} ssl http2; root {self.scratch};
                ssl_certificate {self.server_certificate.pem}; ssl_certificate_key {self.server_certificate.key}; }} }}
            """)
        self.peer_listens(["nginx", "-e", self.scratch / "error.log", "-c", configuration], port)
        done = self.run_for(self.tcpbox, "connect", "--tls", *self.trusting("--tls-alpn", "h2,http/1.1"), "-z",
                            f"localhost:{port}", "--ndjson")
        self.assertIn(b'"alpn":"h2"', done.stderr)
        # Our end comes after nginx's: it sends no close_notify to whoever sent one before.
        ours = self.start(self.tcpbox, "connect", "--tls", *self.trusting(), f"localhost:{port}")
        ours.stdin.write(b"GET / HTTP/1.0\r\n\r\n")
        ours.stdin.flush()
        self.assertTrue(ours.stdout.read().endswith(b"\r\n\r\nthe page"))
        self.ends(ours, 0)

    def test_64_mib_unchanged_both_ways(self):
        data = os.urandom(1 << 20) * (PAYLOAD_BYTES >> 20)
        source = self.scratch / "source"
        source.write_bytes(data)
        want = digest(data)
        made = self.server_certificate
        for name in ("ncat", "tcpbox"):
            for upload in (True, False):
                with self.subTest(peer=name, upload=upload):
                    file = self.enterContext(source.open("rb"))
                    port = free_port()
                    argv = {"ncat": ["ncat", "-l", "--ssl", "--ssl-cert", made.pem, "--ssl-key", made.key, "127.0.0.1",
                                     port],
                            "tcpbox": [self.tcpbox, "listen", "--tls", "--tls-cert", made.both, f"127.0.0.1:{port}"]}
                    receiver = subprocess.PIPE if name == "ncat" else subprocess.DEVNULL
                    peer = self.peer_listens(argv[name], port, stdin=receiver if upload else file)
                    ours = self.connect_tls(port, *self.trusting(), stdin=file if upload else receiver)
                    sink = peer.stdout if upload else ours.stdout
                    self.assertEqual(digest(sink.read()), want)
                    for process in (ours, peer):
                        if process.stdin:
                            process.stdin.close()
                    self.ended_like("tcpbox" if upload else name, ours)  # ncat answers a close_notify


class Ends(TlsCase):
    def test_half_close(self):
        """After our close_notify the peer still answers; a late reply is not lost, either way round."""
        for first in ("connect", "listen"):
            with self.subTest(first=first):
                listening = self.listen_tls()
                connecting = self.connect_tls(listening.ports[0], *self.trusting())
                leader, follower = ((connecting, listening) if first == "connect" else (listening, connecting))
                leader.stdin.write(b"question")
                leader.stdin.close()
                self.assertEqual(follower.stdout.read(), b"question")  # returns only because the end came
                follower.stdin.write(b"late reply")
                follower.stdin.close()
                self.assertEqual(leader.stdout.read(), b"late reply")
                for process in (leader, follower):
                    self.assertEqual(process.wait(PATIENCE), 0, process.stderr.read())

    def test_truncation_is_a_failure_after_what_had_arrived(self):
        def cut_short(secured):
            secured.sendall(b"half of it")
            socket.socket(fileno=secured.detach()).close()  # a FIN and no close_notify

        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version=version):
                port = self.python_server(cut_short, versions=version)
                ours = self.connect_tls(port, *self.trusting("--recv-only"))
                out, err = self.ends(ours, 3)
                self.assertEqual(out, b"half of it")
                self.assertIn(b"the peer ended without close_notify: what arrived may be cut short", err)

    def test_truncation_by_a_client(self):
        ours = self.listen_tls("--recv-only")
        client = self.python_client(ours.ports[0])
        client.sendall(b"half of it")
        socket.socket(fileno=client.detach()).close()
        out, err = self.ends(ours, 3)
        self.assertEqual(out, b"half of it")
        self.assertIn(b"without close_notify", err)

    def test_large_writes_against_a_peer_that_stalls(self):
        data = os.urandom(8 << 20)
        go_on, received = threading.Event(), []

        def stall(secured):
            go_on.wait(PATIENCE)
            while some := secured.recv(1 << 16):
                received.append(some)

        port = self.python_server(stall)
        ours = self.connect_tls(port, *self.trusting("--send-only"))
        feeder = threading.Thread(target=lambda: (ours.stdin.write(data), ours.stdin.close()), daemon=True)
        feeder.start()
        go_on.set()
        feeder.join(PATIENCE)
        self.assertEqual(ours.wait(PATIENCE), 0, ours.stderr.read())
        wait_for(lambda: sum(map(len, received)) == len(data), "all of it")
        self.assertEqual(digest(b"".join(received)), digest(data))

    def test_garbage_after_the_handshake(self):
        def break_it(secured):
            raw = socket.socket(fileno=secured.detach())
            raw.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
            raw.close()

        port = self.python_server(break_it)
        _, err = self.ends(self.connect_tls(port, *self.trusting("--recv-only")), 3)
        self.assertIn(b"no valid TLS", err)

    def test_zero_ends_with_close_notify(self):
        ended = []
        port = self.python_server(lambda secured: ended.append(secured.recv(1)))
        done = self.run_for(self.tcpbox, "connect", "--tls", *self.trusting(), "-z", f"127.0.0.1:{port}")
        self.assertEqual((done.returncode, done.stdout.decode()), (0, f"127.0.0.1:{port} connected\n"), done.stderr)
        wait_for(lambda: ended == [b""], "a close_notify")


class Verification(TlsCase):
    def test_the_system_s_authorities_are_the_default(self):
        peer = self.s_server()
        self.refused(peer.port, saying="CN=server is from an authority that is not trusted here: CN=Test-CA")
        done = self.run_for(self.tcpbox, "connect", "--tls", "-z", f"127.0.0.1:{peer.port}",
                            env={**os.environ, "SSL_CERT_FILE": str(self.authority.pem)})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_directory_of_authorities(self):
        directory = self.scratch / "authorities"
        directory.mkdir()
        shutil.copy(self.authority.pem, directory)
        subprocess.run(["openssl", "rehash", directory], check=True)
        peer = self.s_server()
        done = self.run_for(self.tcpbox, "connect", "--tls", "--tls-ca", directory, "-z", f"127.0.0.1:{peer.port}")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_unknown_authority_and_self_signed(self):
        other = Authority(self.scratch, "Other-CA")
        self.refused(self.s_server().port, "--tls-ca", other.pem, saying="not trusted here: CN=Test-CA")
        alone = self_signed(self.scratch)
        lines = self.refused(self.s_server(certificate=alone).port, saying="CN=alone is self-signed")
        self.assertEqual(lines[1], f"hint: to trust just this certificate: --tls-pin sha256:{certificate_pin(alone.pem)}")

    def test_expired(self):
        expired = self.authority.issue("expired", days=-1)
        self.refused(self.s_server(certificate=expired).port, *self.trusting(),
                     saying="certificate CN=expired expired on ")

    def test_wrong_name(self):
        named = self.authority.issue("named", san="DNS:a.example,DNS:*.b.example,IP:192.0.2.1")
        peer = self.s_server(certificate=named)
        names = "it has a.example, *.b.example, 192.0.2.1"
        self.refused(peer.port, *self.trusting(), saying=f"not for 127.0.0.1: {names}")
        self.refused(peer.port, *self.trusting(), host="localhost", saying=f"not for localhost: {names}")
        self.refused(peer.port, *self.trusting("--tls-name", "x.y.b.example"), saying="not for x.y.b.example")
        for name in ("a.example", "a.example.", "x.b.example", "192.0.2.1"):
            done = self.run_for(self.tcpbox, "connect", "--tls", *self.trusting("--tls-name", name), "-z",
                                f"127.0.0.1:{peer.port}")
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_certificate_without_names(self):
        peer = self.s_server(certificate=self.authority.issue("localhost", san=None))
        self.refused(peer.port, *self.trusting(), host="localhost", saying="it has no names at all")

    def test_the_name_goes_into_sni_and_an_address_does_not(self):
        peer = self.s_server("-servername", "a.example", "-cert2", self.server_certificate.pem, "-key2",
                             self.server_certificate.key, "-servername_fatal")
        self.refused(peer.port, *self.trusting("--tls-name", "localhost"), saying="unrecognized name")
        done = self.run_for(self.tcpbox, "connect", "--tls", *self.trusting(), "-z", f"127.0.0.1:{peer.port}")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_pins(self):
        alone = self_signed(self.scratch, san="DNS:somewhere.else")
        peer = self.s_server(certificate=alone)
        right = certificate_pin(alone.pem)
        colons = ":".join(right[i:i + 2] for i in range(0, 64, 2)).upper()
        wrong = "sha256:" + "0" * 64
        for pins in ([f"sha256:{right}"], [f"sha256:{colons}"], [f"sha256//{public_key_pin(alone.pem)}"],
                     [wrong, f"sha256:{right}"]):
            with self.subTest(pins=pins):
                words = [word for pin in pins for word in ("--tls-pin", pin)]
                ours = self.start(self.tcpbox, "connect", "--tls", *words, "-z", "--ndjson", f"127.0.0.1:{peer.port}")
                self.assertEqual(self.session(ours)["verified"], "pin")
        self.refused(peer.port, "--tls-pin", wrong, saying=f"the certificate's pin is another one: sha256:{right}")

    def test_a_wrong_pin_is_not_healed_by_an_authority(self):
        peer = self.s_server()
        self.refused(peer.port, *self.trusting("--tls-pin", "sha256:" + "0" * 64), saying="pin is another one")

    def test_insecure_says_so(self):
        peer = self.s_server(certificate=self_signed(self.scratch, san="DNS:x"))
        done = self.run_for(self.tcpbox, "connect", "--tls", "--tls-insecure", "-z", f"127.0.0.1:{peer.port}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"warning: --tls-insecure: the peer's certificate is not checked", done.stderr)

    def test_nothing_is_sent_before_the_certificate_is_right(self):
        received = []

        def collect(secured):
            received.append(secured.recv(100))

        port = self.python_server(collect)
        self.refused(port, saying="not trusted")
        self.assertEqual(received, [])


class Settings(TlsCase):
    def test_versions(self):
        for least, most, version in (("1.0", "1.0", "TLSv1"), ("1.1", "1.1", "TLSv1.1"), ("1.2", "1.2", "TLSv1.2"),
                                     ("1.3", "1.3", "TLSv1.3"), ("1.0", "1.3", "TLSv1.3")):
            with self.subTest(least=least, most=most):
                listening = self.listen_tls("--tls-min", least, "--tls-max", most, "--tls-ciphers", "ALL:@SECLEVEL=0",
                                            stdin=subprocess.DEVNULL)
                ours = self.connect_tls(listening.ports[0], *self.trusting("--ndjson", "--tls-min", "1.0",
                                                                           "--tls-ciphers", "ALL:@SECLEVEL=0"),
                                        stdin=subprocess.DEVNULL)
                self.assertEqual(self.session(ours)["version"], version)

    def test_no_version_in_common(self):
        listening = self.listen_tls("--tls-min", "1.3", "-k", stdin=subprocess.DEVNULL)
        self.refused(listening.ports[0], *self.trusting("--tls-max", "1.2"), saying="protocol version")
        port = self.python_server(lambda secured: None, versions=ssl.TLSVersion.TLSv1_2)
        self.refused(port, *self.trusting("--tls-min", "1.3"), saying="protocol version")
        listening.terminate()
        self.assertIn(b"no TLS version that both sides allow", listening.communicate(timeout=PATIENCE)[1])

    def test_ciphers(self):
        listening = self.listen_tls("-k", stdin=subprocess.DEVNULL)
        port = listening.ports[0]
        for words, cipher in ((["--tls-ciphers", "TLS_CHACHA20_POLY1305_SHA256"], "TLS_CHACHA20_POLY1305_SHA256"),
                              (["--tls-ciphers", "TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256"],
                               "TLS_AES_128_GCM_SHA256"),
                              (["--tls-ciphers", "TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256",
                                "--tls-max", "1.2"], "ECDHE-ECDSA-AES128-GCM-SHA256")):
            with self.subTest(words=words):
                ours = self.connect_tls(port, *self.trusting("--ndjson", *words), stdin=subprocess.DEVNULL)
                self.assertEqual(self.session(ours)["cipher"], cipher)
        self.refused(port, *self.trusting("--tls-max", "1.2", "--tls-ciphers", "ECDHE-RSA-AES128-GCM-SHA256"),
                     saying="handshake failure")
        listening.terminate()
        self.assertIn(b"no cipher that both sides allow", listening.communicate(timeout=PATIENCE)[1])
        listening = self.listen_tls("--tls-ciphers", "TLS_AES_128_GCM_SHA256", stdin=subprocess.DEVNULL)
        ours = self.connect_tls(listening.ports[0], *self.trusting("--ndjson"), stdin=subprocess.DEVNULL)
        self.assertEqual(self.session(ours)["cipher"], "TLS_AES_128_GCM_SHA256")

    def test_alpn_is_the_servers_choice(self):
        listening = self.listen_tls("-k", "--tls-alpn", "h2,http/1.1", stdin=subprocess.DEVNULL)
        port = listening.ports[0]
        for words, chosen in ((["--tls-alpn", "http/1.1,h2"], "h2"), (["--tls-alpn", "http/1.1"], "http/1.1"),
                              ([], None)):
            with self.subTest(words=words):
                ours = self.connect_tls(port, *self.trusting("--ndjson", *words), stdin=subprocess.DEVNULL)
                self.assertEqual(self.session(ours)["alpn"], chosen)
        self.refused(port, *self.trusting("--tls-alpn", "smtp"), saying="no application protocol")

    def test_client_certificates(self):
        client, stranger = self.authority.issue("client"), Authority(self.scratch, "Other-CA").issue("stranger")
        for version in ("1.2", "1.3"):
            for optional in (False, True):
                with self.subTest(version=version, optional=optional):
                    words = ["--tls-client-ca", self.authority.pem, *(["--tls-client-optional"] if optional else [])]
                    listening = self.listen_tls("-k", *words, stdin=subprocess.DEVNULL)
                    port = listening.ports[0]
                    common = self.trusting("--tls-max", version)
                    ours = self.connect_tls(port, *common, "--tls-cert", client.both, stdin=subprocess.DEVNULL)
                    self.ends(ours, 0)
                    self.refused(port, *common, "--tls-cert", stranger.pem, "--tls-key", stranger.key,
                                 saying="unknown CA")
                    if optional:
                        self.ends(self.connect_tls(port, *common, stdin=subprocess.DEVNULL), 0)
                    else:
                        why = "certificate required" if version == "1.3" else "handshake failure"
                        self.refused(port, *common, saying=why)

    def test_what_the_server_knows_of_a_client(self):
        client = self.authority.issue("client", san="DNS:client.example")
        listening = self.listen_tls("--tls-client-ca", self.authority.pem, "--ndjson", stdin=subprocess.DEVNULL)
        self.ends(self.connect_tls(listening.ports[0], *self.trusting("--tls-cert", client.both),
                                   stdin=subprocess.DEVNULL), 0)
        session = self.session(listening)
        self.assertEqual(session["verified"], "ca")
        self.assertEqual((session["peer_chain"][0]["subject"], session["peer_chain"][0]["names"]),
                         ("CN=client", ["client.example"]))

    def test_a_certificate_made_for_the_run(self):
        listening = self.listen("--tls", stdin=subprocess.DEVNULL)
        line = listening.stderr.readline().decode()
        words = re.search(r"(--tls --tls-pin sha256:[0-9a-f]{64})$", line.strip())[1].split()
        self.ends(self.start(self.tcpbox, "connect", *words, f"127.0.0.1:{listening.ports[0]}",
                             stdin=subprocess.DEVNULL), 0)
        self.ends(listening, 0)
        import schema
        listening = self.listen("--tls", "--ndjson", stdin=subprocess.DEVNULL)
        listening.terminate()
        events = schema.validate_ndjson(listening.communicate(timeout=PATIENCE)[1].decode(), "listen")
        made = next(event for event in events if event["type"] == "certificate_made")
        self.assertRegex(made["pin"], r"^sha256:[0-9a-f]{64}$")

    def test_key_log(self):
        log = self.scratch / "keys"
        log.write_text("# before\n")
        environment = {**os.environ, "SSLKEYLOGFILE": str(log)}
        listening = self.listen_tls(stdin=subprocess.DEVNULL)
        self.ends(self.connect_tls(listening.ports[0], *self.trusting(), stdin=subprocess.DEVNULL, env=environment), 0)
        lines = log.read_text().splitlines()
        self.assertEqual(lines[0], "# before")
        self.assertTrue(any(line.startswith("CLIENT_TRAFFIC_SECRET_0 ") for line in lines), lines)
        fresh = self.scratch / "fresh"
        listening = self.listen_tls(stdin=subprocess.DEVNULL, env={**os.environ, "SSLKEYLOGFILE": str(fresh)})
        self.ends(self.connect_tls(listening.ports[0], *self.trusting(), stdin=subprocess.DEVNULL), 0)
        self.ends(listening, 0)
        self.assertEqual(stat.S_IMODE(fresh.stat().st_mode), 0o600)
        self.assertIn("SERVER_TRAFFIC_SECRET_0 ", fresh.read_text())
        done = self.run_for(self.tcpbox, "connect", "--tls", "-z", "127.0.0.1:1",
                            env={**os.environ, "SSLKEYLOGFILE": "/nonexistent/keys"})
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"write the TLS keys to /nonexistent/keys", done.stderr)

    @unittest.skipIf(missing_tools(["tshark", "tcpdump"]) or os.geteuid() != 0, "needs tshark, tcpdump and root")
    def test_the_key_log_opens_a_capture(self):
        log, capture = self.scratch / "keys", self.scratch / "wire.pcap"
        listening = self.listen_tls(stdin=subprocess.DEVNULL)
        port = listening.ports[0]
        dump = self.start("tcpdump", "-i", "lo", "-U", "-Z", "root", "-w", capture, f"tcp port {port}")
        while b"listening on" not in dump.stderr.readline():
            self.assertIsNone(dump.poll())
        done = self.run_for(self.tcpbox, "connect", "--tls", *self.trusting(), f"127.0.0.1:{port}",
                            input=b"the secret words", env={**os.environ, "SSLKEYLOGFILE": str(log)})
        self.assertEqual(done.returncode, 0, done.stderr)

        def decrypted():
            found = self.run_for("tshark", "-r", capture, "-o", f"tls.keylog_file:{log}", "-d", f"tcp.port=={port},tls",
                                 "-z", f"follow,tls,ascii,0", "-q")
            return b"the secret words" in found.stdout

        wait_for(decrypted, "tshark to read it", timeout=PATIENCE)


class Report(TlsCase):
    def test_session(self):
        listening = self.listen_tls("--ndjson", stdin=subprocess.DEVNULL)
        ours = self.connect_tls(listening.ports[0], *self.trusting("--ndjson"), host="localhost",
                                stdin=subprocess.DEVNULL)
        session = self.session(ours)
        chain = session.pop("peer_chain")
        self.assertGreater(session.pop("handshake_us"), 0)
        self.assertEqual(session, {"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "group": "x25519",
                                   "alpn": None, "verified": "ca"})
        self.assertEqual(len(chain), 1)
        self.assertRegex(chain[0].pop("not_after"), r"^\d{4}-\d\d-\d\dT")
        self.assertEqual(chain[0], {"subject": "CN=server", "issuer": "CN=Test-CA", "days_left": 29,
                                    "names": ["localhost", "127.0.0.1", "::1"],
                                    "sha256": certificate_pin(self.server_certificate.pem)})
        theirs = self.session(listening)
        self.assertEqual((theirs["verified"], theirs["peer_chain"]), ("none", []))

    def test_verbose(self):
        peer = self.s_server()
        done = self.run_for(self.tcpbox, "connect", "--tls", *self.trusting("-v", "-z"), f"127.0.0.1:{peer.port}")
        lines = done.stderr.decode().splitlines()
        self.assertRegex(lines[1], r"^TLSv1\.3 TLS_AES_256_GCM_SHA384 x25519 in .*, verified by its authority$")
        self.assertRegex(lines[2], r"^certificate CN=server: from CN=Test-CA, valid for 29 more days \(until [\d-]+\), "
                                   r"for localhost, 127\.0\.0\.1, ::1, sha256:[0-9a-f]{64}$")

    def test_without_tls_the_object_is_null(self):
        import schema
        _, port = self.server()
        done = self.run_for(self.tcpbox, "connect", "-z", "--ndjson", f"127.0.0.1:{port}")
        events = schema.validate_ndjson(done.stderr.decode(), "connect")
        self.assertIsNone(next(event for event in events if event["type"] == "connected")["tls"])


class Clients(TlsCase):
    """Who never gets through the handshake disturbs nobody."""

    def failures(self, process):
        import schema
        err = process.communicate(timeout=PATIENCE)[1]
        events = schema.validate_ndjson(err.decode(), "listen")
        return [event for event in events if event["type"] == "handshake_failed"]

    def test_a_silent_client_delays_nobody(self):
        for words in ((), ("-k",)):
            with self.subTest(words=words):
                listening = self.listen_tls(*words, stdin=subprocess.DEVNULL)
                with socket.create_connection(("127.0.0.1", listening.ports[0])):
                    done = self.run_for(self.tcpbox, "connect", "--tls", *self.trusting(),
                                        f"127.0.0.1:{listening.ports[0]}", input=b"served")
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertEqual(listening.stdout.read(6), b"served")
                    if not words:
                        self.ends(listening, 0)

    def test_a_silent_client_while_another_one_is_served(self):
        listening = self.listen_tls("-k", stdin=subprocess.DEVNULL)
        port = listening.ports[0]
        first = self.connect_tls(port, *self.trusting())
        first.stdin.write(b"first")
        first.stdin.flush()
        self.assertEqual(listening.stdout.read(5), b"first")
        with socket.create_connection(("127.0.0.1", port)):
            first.stdin.write(b" again")
            first.stdin.close()
            self.assertEqual(listening.stdout.read(6), b" again")
            self.assertEqual(first.wait(PATIENCE), 0)

    def test_a_failed_handshake_does_not_use_up_the_one_conversation(self):
        listening = self.listen_tls("--ndjson", stdin=subprocess.DEVNULL)
        port = listening.ports[0]
        self.refused(port, saying="not trusted")
        self.ends(self.connect_tls(port, *self.trusting(), stdin=subprocess.DEVNULL), 0)
        failures = self.failures(listening)
        self.assertEqual(listening.returncode, 0)
        self.assertEqual(len(failures), 1)
        self.assertIn("unknown CA", failures[0]["error"])
        self.assertEqual(failures[0]["remote_address"], "127.0.0.1")

    def test_others_are_refused_once_the_one_has_come(self):
        listening = self.listen_tls(stdin=subprocess.DEVNULL)
        port = listening.ports[0]
        late = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.addCleanup(late.close)
        first = self.connect_tls(port, *self.trusting())
        first.stdin.write(b"x")
        first.stdin.flush()
        self.assertEqual(listening.stdout.read(1), b"x")
        self.assertEqual(late.recv(1), b"")  # turned away at once, while the first is being served
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        first.stdin.close()
        self.ends(listening, 0)

    def test_handshake_timeout(self):
        patient = self.listen_tls("-k", stdin=subprocess.DEVNULL)
        listening = self.listen_tls("--handshake-timeout", "50ms", "-k", stdin=subprocess.DEVNULL)
        with socket.create_connection(("127.0.0.1", patient.ports[0])) as waiting, \
                socket.create_connection(("127.0.0.1", listening.ports[0]), timeout=PATIENCE) as silent:
            self.assertEqual(silent.recv(1), b"")
            waiting.setblocking(False)
            self.assertRaises(BlockingIOError, waiting.recv, 1)  # the default is longer
        listening.stderr.readline()
        self.assertRegex(listening.stderr.readline(), rb"warning: TLS handshake with 127.0.0.1:\d+: timed out")

    def test_accept_timeout(self):
        listening = self.listen_tls("--accept-timeout", "100ms", stdin=subprocess.DEVNULL)
        _, err = self.ends(listening, 1)
        self.assertIn(b"no client came in time", err)

    def test_plain_clients(self):
        listening = self.listen_tls("-k", stdin=subprocess.DEVNULL)
        listening.stderr.readline()
        for said, why in ((b"GET / HTTP/1.0\r\n\r\n", b"not TLS: the client speaks plain HTTP"), (b"HELO x\r\n", b"not TLS")):
            with self.subTest(said=said):
                with socket.create_connection(("127.0.0.1", listening.ports[0]), timeout=PATIENCE) as plain:
                    plain.sendall(said)
                    self.assertRegex(listening.stderr.readline(), rb"TLS handshake with 127.0.0.1:\d+: " + why + rb"\n")

    def test_many_at_once(self):
        listening = self.listen_tls("-k", "--recv-only")
        clients = [self.connect_tls(listening.ports[0], *self.trusting("--send-only")) for _ in range(20)]
        for client in clients:
            client.stdin.write(b"12345")
            client.stdin.close()
        self.assertEqual(listening.stdout.read(100), b"12345" * 20)
        for client in clients:
            self.assertEqual(client.wait(PATIENCE), 0, client.stderr.read())


class Servers(TlsCase):
    """Servers that are no TLS server, or none for long."""

    def test_no_tls(self):
        for said, why in ((b"SSH-2.0-OpenSSH_9.2\r\n", "the peer does not speak TLS"),
                          (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak TLS but plain HTTP"),
                          (b"+", "the peer does not speak TLS")):
            with self.subTest(said=said):
                port = self.serves_one(lambda client: (client.recv(4096), client.sendall(said), client.recv(4096)))
                self.refused(port, saying=why)

    def test_a_peer_that_closes(self):
        port = self.serves_one(lambda client: client.recv(4096))
        self.refused(port, saying="the peer closed the connection")

    def test_timeout_bounds_the_handshake(self):
        _, port = self.server()  # the kernel accepts, nobody answers
        self.refused(port, "--timeout", "100ms", saying=f"TLS handshake with 127.0.0.1:{port}: timed out", code=1)

    def test_a_late_alert_is_told(self):
        """With TLS 1.3 our handshake is over before the server has judged our certificate."""
        listening = self.listen_tls("--tls-client-ca", self.authority.pem, "-k", stdin=subprocess.DEVNULL)
        for data in (b"", bytes(8 << 20)):
            with self.subTest(size=len(data)):
                ours = self.connect_tls(listening.ports[0], *self.trusting())
                _, err = self.ends(ours, 3, data)
                self.assertIn(b"certificate required", err)


class Words(TlsCase):
    def test_words_that_are_off(self):
        for words, complaint in (
                (["connect", "--tls-ca", "x", "h:1"], "--tls-ca: needs --tls"),
                (["connect", "--tls-name", "x", "h:1"], "--tls-name: needs --tls"),
                (["connect", "--tls-pin", "x", "h:1"], "--tls-pin: needs --tls"),
                (["connect", "--tls-cert", "x", "h:1"], "--tls-cert: needs --tls"),
                (["connect", "--tls-key", "x", "h:1"], "--tls-key: needs --tls"),
                (["connect", "--tls-alpn", "x", "h:1"], "--tls-alpn: needs --tls"),
                (["connect", "--tls-min", "1.2", "h:1"], "--tls-min: needs --tls"),
                (["connect", "--tls-max", "1.2", "h:1"], "--tls-max: needs --tls"),
                (["connect", "--tls-ciphers", "x", "h:1"], "--tls-ciphers: needs --tls"),
                (["connect", "--tls-insecure", "h:1"], "--tls-insecure: needs --tls"),
                (["listen", "--tls-client-ca", "x", "1"], "--tls-client-ca: needs --tls"),
                (["listen", "--tls-client-optional", "1"], "--tls-client-optional: needs --tls"),
                (["listen", "--handshake-timeout", "1s", "1"], "--handshake-timeout: needs --tls"),
                (["connect", "--tls", "--tls-key", "x", "h:1"], "--tls-key: needs --tls-cert"),
                (["connect", "--tls", "--tls-pin", "sha256:12", "h:1"], "--tls-pin: pin 'sha256:12': must be"),
                (["connect", "--tls", "--tls-pin", "md5:12", "h:1"], "--tls-pin: pin 'md5:12': must be"),
                (["connect", "--tls", "--tls-alpn", "h2,,x", "h:1"], "--tls-alpn: protocols 'h2,,x': must be"),
                (["connect", "--tls", "--tls-min", "1.4", "h:1"], "--tls-min: TLS version '1.4': must be 1.0"),
                (["connect", "--tls", "--tls-max", "ssl3", "h:1"], "--tls-max: TLS version 'ssl3': must be 1.0"),
                (["connect", "--tls", "--tls-min", "1.3", "--tls-max", "1.2", "h:1"], "no version is left"),
                (["connect", "--tls", "--tls-insecure", "--tls-ca", "x", "h:1"], "choose one"),
                (["connect", "--tls", "--tls-insecure", "--tls-pin", "sha256:" + "0" * 64, "h:1"], "choose one"),
                (["connect", "--tls", "--tls-ciphers", "nonsense", "127.0.0.1:1"], "TLS ciphers 'nonsense': must be"),
                (["connect", "--tls", "--tls-ciphers", "TLS_NONSENSE", "127.0.0.1:1"], "TLS ciphers 'TLS_NONSENSE'"),
                (["connect", "--tls", "--tls-ca", "", "h:1"], "--tls-ca '': is empty"),
                (["listen", "--tls", "--tls-client-ca", "", "1"], "--tls-client-ca '': is empty"),
                (["listen", "--tls", "--tls-client-optional", "1"], "needs --tls-client-ca"),
                (["listen", "--tls", "--handshake-timeout", "-1", "1"], "--handshake-timeout"),
                (["listen", "--tls", "--tls-ciphers", "nonsense", "127.0.0.1:0"], "TLS ciphers 'nonsense': must be")):
            with self.subTest(words=words):
                done = self.run_for(self.tcpbox, *words, stdin=subprocess.DEVNULL)
                self.assertEqual((done.returncode, done.stdout), (2, b""), done.stderr)
                self.assertIn(complaint, done.stderr.decode().splitlines()[0])

    def test_files_that_are_off(self):
        """Nothing is sent: no connection is even tried."""
        listener, port = self.server()
        listener.settimeout(0)
        junk, made, other = self.scratch / "junk", self.server_certificate, self.authority.issue("other")
        junk.write_text("no PEM\n")
        locked = self.scratch / "locked.key"
        subprocess.run(["openssl", "ec", "-in", made.key, "-aes128", "-passout", "pass:x", "-out", locked], check=True,
                       capture_output=True)
        for words, complaint in (
                (["--tls-ca", "/nonexistent"], "read /nonexistent: No such file or directory"),
                (["--tls-ca", junk], "junk: holds no valid certificate in PEM format"),
                (["--tls-cert", "/nonexistent"], "read /nonexistent: No such file"),
                (["--tls-cert", self.scratch], ": Is a directory"),
                (["--tls-cert", junk], "junk: holds no valid certificate"),
                (["--tls-cert", made.pem], "server.pem: holds no valid private key"),
                (["--tls-cert", made.pem, "--tls-key", "/nonexistent"], "read /nonexistent"),
                (["--tls-cert", made.pem, "--tls-key", junk], "junk: holds no valid private key"),
                (["--tls-cert", made.pem, "--tls-key", locked], "locked.key: the key has a passphrase"),
                (["--tls-cert", made.pem, "--tls-key", other.key], "other.key: the key does not belong to "),
                (["--tls-client-ca", "/nonexistent"], "read /nonexistent"),
                (["--tls-client-ca", junk], "junk: holds no valid certificate")):
            for command in (["connect", f"127.0.0.1:{port}"], ["listen", "127.0.0.1:0"]):
                if (words[0] == "--tls-ca" and command[0] == "listen") or \
                        (words[0] == "--tls-client-ca" and command[0] == "connect"):
                    continue
                with self.subTest(words=words, command=command[0]):
                    done = self.run_for(self.tcpbox, *command, "--tls", *words, stdin=subprocess.DEVNULL)
                    lines = done.stderr.decode().splitlines()
                    self.assertEqual((done.returncode, done.stdout, len(lines)), (3, b"", 1), lines)
                    self.assertIn(complaint, lines[0])
        with self.assertRaises(BlockingIOError):
            listener.accept()


if __name__ == "__main__":
    lab.main(private_namespaces=False)
