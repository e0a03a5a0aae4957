# SPDX-License-Identifier: MIT
"""listen --serve http-proxy and --serve socks: real clients through them, and clients that do not behave."""

import base64
import contextlib
import http.server
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema
from lab.stream import PATIENCE, StreamCase, echo, serve_each

lab.require("curl", "nc", "ncat", "openssl")

BODY = os.urandom(1 << 20)


class Origin(http.server.BaseHTTPRequestHandler):
    """Says what it was asked, so that the tests see what a proxy makes of a request."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body, status=200, chunked=False):
        self.send_response(status)
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if not chunked:
            self.wfile.write(body)
            return
        for at in range(0, len(body), 100_000):
            part = body[at:at + 100_000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def do_GET(self):
        self.server.seen.append((self.command, self.path, self.headers, self.client_address[1]))
        if self.path == "/body":
            return self.answer(BODY)
        if self.path == "/chunked":
            return self.answer(BODY, chunked=True)
        if self.path == "/until-close":
            self.close_connection = True
            self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + BODY)
            return None
        return self.answer(b"hello")

    do_HEAD = do_GET
    do_OPTIONS = do_GET

    def do_POST(self):
        self.server.seen.append((self.command, self.path, self.headers, self.client_address[1]))
        self.answer(self.body())

    do_PUT = do_POST
    do_DELETE = do_POST


class Server6(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6


class ProxyCase(StreamCase):
    def origin(self, address="127.0.0.1"):
        kind = Server6 if ":" in address else http.server.ThreadingHTTPServer
        server = kind((address, 0), Origin)
        server.daemon_threads = True
        server.seen = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        server.port = server.server_address[1]
        return server

    def echo(self, address="127.0.0.1"):
        return serve_each(self, echo, address)

    def proxy(self, kind, *words, **popen):
        process = self.listen("--serve", kind, "--ndjson", *words, **popen)
        process.port = process.ports[0]
        return process

    def records(self, process, count=1, kind="proxy_request"):
        """The next ones of a kind; each line is checked against the schema."""
        found = []
        while len(found) < count:
            line = process.stderr.readline()
            self.assertTrue(line, found)
            record = json.loads(line)
            schema.validator("listen")[0].validate(record)
            if record["type"] == kind:
                found.append(record)
        return found

    def dial(self, port, data=b""):
        connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.addCleanup(connection.close)
        if data:
            connection.sendall(data)
        return connection

    @staticmethod
    def read_all(connection):
        data = b""
        with contextlib.suppress(ConnectionResetError):
            while some := connection.recv(65536):
                data += some
        return data

    @staticmethod
    def read_exactly(connection, size):
        data = b""
        while len(data) < size:
            some = connection.recv(size - len(data))
            assert some, data
            data += some
        return data

    def curl(self, *words, code=0):
        result = self.run_for("curl", "-s", "-S", "--noproxy", "", *words)
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stdout

    def head(self, port, request):
        """The status line of the answer to a raw request."""
        return self.read_all(self.dial(port, request)).split(b"\r\n")[0].decode()


class Socks(ProxyCase):
    def test_every_version_and_family(self):
        hosts = {"127.0.0.1": self.origin(), "::1": self.origin("::1")}
        proxy = self.proxy("socks")
        for scheme in ("socks4", "socks4a", "socks5", "socks5h"):
            for address, origin in hosts.items():
                if scheme.startswith("socks4") and ":" in address:
                    continue
                with self.subTest(scheme=scheme, address=address):
                    host = f"[{address}]" if ":" in address else address
                    got = self.curl("-x", f"{scheme}://127.0.0.1:{proxy.port}", f"http://{host}:{origin.port}/body")
                    self.assertEqual(got, BODY)
                    record, = self.records(proxy)
                    self.assertEqual((record["protocol"][:6], record["method"], record["host"], record["error"]),
                                     (scheme[:6], "CONNECT", address, None))
        with self.subTest("a name is resolved here"):
            got = self.curl("-x", f"socks5h://127.0.0.1:{proxy.port}", f"http://localhost:{hosts['127.0.0.1'].port}/")
            self.assertEqual(got, b"hello")
            self.assertEqual(self.records(proxy)[0]["host"], "localhost")
            got = self.curl("-x", f"socks4a://127.0.0.1:{proxy.port}", f"http://localhost:{hosts['127.0.0.1'].port}/")
            self.assertEqual(got, b"hello")
            self.assertEqual(self.records(proxy)[0]["protocol"], "socks4a")

    def test_user_and_password(self):
        origin = self.origin()
        secret = self.scratch / "secret"
        secret.write_text("me:pa:ss\n")
        ways = {"option": (["--proxy-auth", "me:pa:ss"], {}), "file": (["--proxy-auth-file", secret], {}),
                "environment": ([], {"TCPBOX_PROXY_AUTH": "me:pa:ss"})}
        for way, (words, env) in ways.items():
            with self.subTest(way):
                proxy = self.proxy("socks", *words, env={**os.environ, **env})
                shown = pathlib.Path(f"/proc/{proxy.pid}/cmdline").read_bytes()
                self.assertNotIn(b"pa:ss", shown)
                url = f"http://127.0.0.1:{origin.port}/"
                self.assertEqual(self.curl("-x", f"socks5://me:pa%3ass@127.0.0.1:{proxy.port}", url), b"hello")
                self.assertEqual(self.records(proxy)[0]["user"], "me")
                for wrong in ("socks5://me:other@", "socks5://you:pa%3ass@", "socks5://", "socks4://me@"):
                    self.curl("-x", f"{wrong}127.0.0.1:{proxy.port}", url, code=97)
                    self.assertIsNotNone(self.records(proxy)[0]["error"])

    def reply5(self, port, target, number):
        """SOCKS5's reply code for a target, by its address or name."""
        connection = self.dial(port, b"\x05\x01\x00" + b"\x05\x01\x00" + target + struct.pack(">H", number))
        self.assertEqual(self.read_exactly(connection, 2), b"\x05\x00")
        return self.read_exactly(connection, 4)[1]

    def test_replies_say_why(self):
        listener, port = self.server()
        listener.close()
        proxy = self.proxy("socks", "--deny-target", "127.0.0.2")
        address = lambda text: b"\x01" + socket.inet_aton(text)
        name = lambda text: b"\x03" + bytes([len(text)]) + text
        self.assertEqual(self.reply5(proxy.port, address("127.0.0.1"), port), 5, "refused")
        self.assertEqual(self.reply5(proxy.port, address("127.0.0.2"), port), 2, "denied")
        self.assertEqual(self.reply5(proxy.port, address("203.0.113.1"), port), 3, "no route")
        self.assertEqual(self.reply5(proxy.port, name(b"no-such-name.invalid"), port), 4, "no such name")
        self.assertEqual(self.reply5(proxy.port, address("127.0.0.1"), 0), 1)
        connection = self.dial(proxy.port, b"\x05\x01\x00\x05\x03\x00" + address("127.0.0.1") + b"\x00\x35")
        self.assertEqual(self.read_all(connection)[3], 7, "UDP ASSOCIATE")
        connection = self.dial(proxy.port, b"\x05\x01\x00\x05\x01\x00\x09ab")
        self.assertEqual(self.read_all(connection)[3], 8, "address type")
        request = b"\x04\x01" + struct.pack(">H", port) + socket.inet_aton("127.0.0.1") + b"\0"
        connection = self.dial(proxy.port, request)
        self.assertEqual(self.read_all(connection)[:2], b"\x00\x5b")

    def test_bytes_behind_the_request_are_payload(self):
        port = self.echo()
        proxy = self.proxy("socks")
        request = b"\x05\x01\x00\x05\x01\x00\x01" + socket.inet_aton("127.0.0.1") + struct.pack(">H", port)
        connection = self.dial(proxy.port, request + b"early")
        self.assertEqual(self.read_exactly(connection, 12)[:4], b"\x05\x00\x05\x00")
        self.assertEqual(self.read_exactly(connection, 5), b"early")
        request = b"\x04\x01" + struct.pack(">H", port) + b"\0\0\0\1me\0localhost\0"
        connection = self.dial(proxy.port, request + BODY[:3000])
        self.assertEqual(self.read_exactly(connection, 8)[:2], b"\x00\x5a")
        self.assertEqual(self.read_exactly(connection, 3000), BODY[:3000])

    def test_a_byte_at_a_time(self):
        port = self.echo()
        proxy = self.proxy("socks")
        for request, reply in ((b"\x05\x01\x00\x05\x01\x00\x03\x09localhost", 12), (b"\x04\x01", 8)):
            number = struct.pack(">H", port)
            request = request + number if reply == 12 else request + number + b"\0\0\0\1\0localhost\0"
            connection = self.dial(proxy.port)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in request:
                connection.sendall(bytes([byte]))
                time.sleep(0.002)
            self.read_exactly(connection, reply)
            connection.sendall(b"x")
            self.assertEqual(connection.recv(10), b"x")

    def test_one_that_never_ends_is_ended(self):
        proxy = self.proxy("socks", "--request-timeout", "300ms")
        for begin in (b"", b"\x05", b"\x05\x01\x00", b"\x04\x01\x00\x50\x7f\x00\x00\x01name"):
            connection = self.dial(proxy.port, begin)
            self.read_all(connection)
            self.assertIn("in time", self.records(proxy)[0]["error"])
        connection = self.dial(proxy.port, b"\x04\x01\x00\x50\x7f\x00\x00\x01" + b"u" * 300)
        self.assertEqual(self.read_all(connection)[:2], b"\x00\x5b")
        connection = self.dial(proxy.port, b"GET / HTTP/1.1\r\n\r\n")
        self.assertEqual(self.read_all(connection), b"")

    def test_bind(self):
        proxy = self.proxy("socks")
        asked = {5: b"\x05\x01\x00\x05\x02\x00\x01" + socket.inet_aton("127.0.0.1") + b"\0\0",
                 4: b"\x04\x02\0\0" + socket.inet_aton("127.0.0.1") + b"\0"}
        for version, request in asked.items():
            with self.subTest(version=version):
                connection = self.dial(proxy.port, request)
                if version == 5:
                    self.assertEqual(self.read_exactly(connection, 2), b"\x05\0")
                size, at = (10, 8) if version == 5 else (8, 2)
                reply = self.read_exactly(connection, size)
                self.assertEqual(reply[1], 0 if version == 5 else 90)
                port, = struct.unpack(">H", reply[at:at + 2])
                with contextlib.suppress(ConnectionResetError):  # before connect(2) returns, or after
                    with socket.create_connection(("127.0.0.1", port), 10, source_address=("127.0.0.3", 0)) as stranger:
                        self.assertEqual(self.read_all(stranger), b"", "only who was named is let in")
                with socket.create_connection(("127.0.0.1", port), 10) as peer:
                    reply = self.read_exactly(connection, size)
                    self.assertEqual(struct.unpack(">H", reply[at:at + 2])[0], peer.getsockname()[1])
                    peer.sendall(b"from outside")
                    self.assertEqual(self.read_exactly(connection, 12), b"from outside")
                    connection.sendall(b"from inside")
                    connection.shutdown(socket.SHUT_WR)
                    self.assertEqual(self.read_all(peer), b"from inside")

    def test_half_close(self):
        listener, port = self.server()
        proxy = self.proxy("socks")
        request = b"\x05\x01\x00\x05\x01\x00\x01" + socket.inet_aton("127.0.0.1") + struct.pack(">H", port)
        connection = self.dial(proxy.port, request + b"question")
        connection.shutdown(socket.SHUT_WR)
        target, _ = listener.accept()
        with target:
            self.assertEqual(self.read_all(target), b"question")
            target.sendall(b"answer")
        self.assertEqual(self.read_all(connection)[12:], b"answer")


class Http(ProxyCase):
    def test_bodies_both_ways(self):
        origin = self.origin()
        proxy = self.proxy("http-proxy")
        at = f"http://127.0.0.1:{origin.port}"
        through = ["-x", f"http://127.0.0.1:{proxy.port}"]
        body = self.scratch / "body"
        body.write_bytes(BODY)
        for path in ("/body", "/chunked", "/until-close"):
            with self.subTest(path):
                self.assertEqual(self.curl(*through, at + path), BODY)
        for method in ("POST", "PUT", "DELETE"):
            for coding in ([], ["-H", "Transfer-Encoding: chunked"]):
                with self.subTest(method=method, coding=coding):
                    self.assertEqual(self.curl(*through, "-X", method, "--data-binary", f"@{body}", *coding, at), BODY)
        self.assertIn(b"200", self.curl(*through, "-I", at).split(b"\r\n")[0])
        self.assertEqual(self.curl(*through, "-X", "OPTIONS", at), b"hello")
        self.assertEqual(self.curl(*through, "--http1.0", at + "/body"), BODY)

    def test_what_is_passed_on(self):
        origin = self.origin()
        proxy = self.proxy("http-proxy", "--proxy-auth", "me:secret")
        basic = base64.b64encode(b"me:secret").decode()
        request = (f"GET http://user@127.0.0.1:{origin.port}/path?q=1 HTTP/1.1\r\nHost: elsewhere\r\n"
                   f"Proxy-Authorization: Basic {basic}\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
                   "TE: trailers\r\nProxy-Connection: close\r\nUpgrade: h2c\r\nX-End: 2\r\n\r\n")
        answer = self.read_all(self.dial(proxy.port, request.encode()))
        method, path, headers, _ = origin.seen[0]
        self.assertEqual((method, path), ("GET", "/path?q=1"))
        self.assertEqual(headers["Host"], f"127.0.0.1:{origin.port}")
        self.assertEqual(headers["X-End"], "2")
        self.assertEqual(headers["Via"], "1.1 tcpbox")
        for gone in ("Proxy-Authorization", "X-Hop", "Keep-Alive", "TE", "Proxy-Connection", "Upgrade"):
            self.assertIsNone(headers[gone], gone)
        self.assertIn(b"\r\nVia: 1.1 tcpbox\r\n", answer)
        self.assertIn(b"\r\nConnection: close\r\n", answer)
        record, = self.records(proxy)
        self.assertEqual((record["method"], record["user"], record["code"]), ("GET", "me", 200))

    def test_one_connection_for_several_requests(self):
        origin, other = self.origin(), self.origin()
        proxy = self.proxy("http-proxy")
        urls = [f"http://127.0.0.1:{port}/" for port in (origin.port, origin.port, other.port)]
        self.assertEqual(self.curl("-x", f"http://127.0.0.1:{proxy.port}", *urls), b"hello" * 3)
        self.assertEqual(len({seen[3] for seen in origin.seen}), 1, "the target's connection is used again")
        self.assertEqual({record["id"] for record in self.records(proxy, 3)}, {1})
        pipelined = "".join(f"GET {url} HTTP/1.1\r\nHost: x\r\n\r\n" for url in urls[:2])
        last = f"GET {urls[0]} HTTP/1.1\r\nConnection: close\r\n\r\n"
        answer = self.read_all(self.dial(proxy.port, (pipelined + last).encode()))
        self.assertEqual(answer.count(b"HTTP/1.1 200"), 3)

    def test_tls_through_it(self):
        self.run_for("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.scratch / "key",
                     "-out", self.scratch / "cert", "-days", "2", "-subj", "/CN=localhost")
        server, port = self.server()
        server.close()
        self.peer_listens(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-www", "-key", self.scratch / "key",
                           "-cert", self.scratch / "cert"], port, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for kind, scheme in (("http-proxy", "http"), ("socks", "socks5h")):
            proxy = self.proxy(kind)
            got = self.curl("-k", "-x", f"{scheme}://127.0.0.1:{proxy.port}", f"https://localhost:{port}/")
            self.assertIn(b"Ciphers supported", got)

    def test_basic_and_digest(self):
        origin = self.origin()
        proxy = self.proxy("http-proxy", "--proxy-auth", "me:pass word")
        at = f"http://127.0.0.1:{origin.port}/"
        for tunnel in ([], ["-p"]):
            for scheme in ("--proxy-basic", "--proxy-digest", "--proxy-anyauth"):
                with self.subTest(scheme=scheme, tunnel=tunnel):
                    words = ["-x", f"http://127.0.0.1:{proxy.port}", scheme, *tunnel]
                    self.assertEqual(self.curl(*words, "-U", "me:pass word", at), b"hello")
                    for wrong in ("me:other", "you:pass word"):
                        result = self.run_for("curl", "-s", "--noproxy", "", *words, "-f", "-U", wrong, at)
                        self.assertIn(result.returncode, (22, 56))
                        self.assertEqual(result.stdout, b"")
        answer = self.read_all(self.dial(proxy.port, b"CONNECT a:1 HTTP/1.0\r\n\r\n"))
        self.assertTrue(answer.startswith(b"HTTP/1.1 407 "), answer)
        self.assertEqual(answer.count(b"\r\nProxy-Authenticate: Digest "), 2)
        self.assertEqual(answer.count(b"\r\nProxy-Authenticate: Basic "), 1)

    def test_a_digest_is_for_one_request_only(self):
        """What was overheard opens no other target."""
        proxy = self.proxy("http-proxy", "--proxy-auth", "me:secret")
        said = []
        listener, port = self.server()

        def listen():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            upstream = socket.create_connection(("127.0.0.1", proxy.port))
            with client, upstream:
                for _ in range(2):
                    request = client.recv(65536)
                    said.append(request)
                    upstream.sendall(request)
                    client.sendall(upstream.recv(65536))

        thread = threading.Thread(target=listen)
        thread.start()
        target = self.echo()
        self.run_for(self.tcpbox, "connect", "--proxy", f"http://me:secret@127.0.0.1:{port}", f"127.0.0.1:{target}",
                     "--timeout", "5s", input=b"", timeout=PATIENCE)
        listener.close()
        thread.join(1)
        digests = [line for request in said for line in request.split(b"\r\n") if b"Authorization: Digest" in line]
        if not digests:
            self.skipTest("the client came on a connection of its own")
        replay = b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n%s\r\nConnection: close\r\n\r\n" % (target + 1, digests[0])
        self.assertTrue(self.read_all(self.dial(proxy.port, replay)).startswith(b"HTTP/1.1 407"))

    def test_statuses(self):
        closed, port = self.server()
        closed.close()
        proxy = self.proxy("http-proxy", "--deny-target", "127.0.0.2", "--request-timeout", "500ms")
        cases = {
            f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n": 502,
            f"GET http://127.0.0.1:{port}/ HTTP/1.1\r\n\r\n": 502,
            "CONNECT 127.0.0.2:1 HTTP/1.1\r\n\r\n": 403,
            "GET http://127.0.0.2/ HTTP/1.1\r\n\r\n": 403,
            "GET http://no-such-name.invalid/ HTTP/1.1\r\n\r\n": 502,
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n": 400,
            "GET https://a/ HTTP/1.1\r\n\r\n": 400,
            "CONNECT 127.0.0.1 HTTP/1.1\r\n\r\n": 400,
            "CONNECT 127.0.0.1:0 HTTP/1.1\r\n\r\n": 400,
            "GET http://127.0.0.1:99999/ HTTP/1.1\r\n\r\n": 400,
            "nonsense\r\n\r\n": 400,
            "GET http://a/ HTTP/1.1\r\nX: " + "y" * 70000: 431,
            "GET http://a/ HTTP/1.1\r\n" + "X: y\r\n" * 300 + "\r\n": 431,
            "GET http://a/ HTTP/1.1\r\nX: y": 408,
        }
        for request, status in cases.items():
            with self.subTest(request=request[:40]):
                answer = self.read_all(self.dial(proxy.port, request.encode()))
                self.assertEqual(answer.split(b" ")[1:2], [str(status).encode()], answer)
                body = answer.split(b"\r\n\r\n", 1)[1]
                self.assertEqual(body.count(b"\n"), 1, "one line")

    def test_smuggling_is_refused(self):
        origin = self.origin()
        proxy = self.proxy("http-proxy")
        begin = f"POST http://127.0.0.1:{origin.port}/ HTTP/1.1\r\nHost: a\r\n"
        hidden = "0\r\n\r\nGET http://127.0.0.1/hidden HTTP/1.1\r\n\r\n"
        heads = ["Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 5\r\nContent-Length: 6\r\n",
                 "Content-Length: +5\r\n", "Content-Length: 5, 6\r\n", "Transfer-Encoding: chunked, chunked\r\n",
                 "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding : chunked\r\n",
                 " Transfer-Encoding: chunked\r\n",
                 "Transfer-Encoding:\x0bchunked\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
                 "Content-Length: 5\r\nX: \0\r\n", "Content-Length: 5\r\nX: a\rb\r\n"]
        for head in heads:
            with self.subTest(head=head):
                answer = self.read_all(self.dial(proxy.port, (begin + head + "\r\n" + hidden).encode("latin-1")))
                self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)
                self.assertEqual(answer.count(b"HTTP/1.1"), 1)
        self.assertEqual(origin.seen, [])
        chunked = begin + "Transfer-Encoding: chunked\r\n\r\n"
        for body in ("5\nabcde\r\n0\r\n\r\n", "g\r\n", "5\r\nabcdeXX0\r\n\r\n", "0;\n\r\n\r\n", "fffffffffffffffff\r\n",
                     "-1\r\n", "5 \n", "0\r\nX: y\n\r\n"):
            with self.subTest(body=body):
                answer = self.read_all(self.dial(proxy.port, (chunked + body).encode()))
                self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)

    def test_a_bad_response_is_told_apart(self):
        answers = {b"nonsense\r\n\r\n": b"502", b"": b"502",
                   b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n": b"502",
                   b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab": b"502",
                   b"HTTP/1.1 200 OK\r\nX: " + b"y" * 80000: b"502",
                   b"HTTP/1.1 101 Switching\r\n\r\n": b"502"}
        proxy = self.proxy("http-proxy")
        for answer, status in answers.items():
            with self.subTest(answer=answer[:30]):
                listener, port = self.server()

                def serve():
                    connection, _ = listener.accept()
                    with contextlib.suppress(OSError), connection:
                        connection.recv(65536)
                        connection.sendall(answer)

                threading.Thread(target=serve, daemon=True).start()
                got = self.read_all(self.dial(proxy.port, b"GET http://127.0.0.1:%d/ HTTP/1.1\r\n\r\n" % port))
                self.assertEqual(got.split(b" ")[1:2], [status], got)

    def test_a_cut_response_is_not_whole(self):
        listener, port = self.server()

        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

        threading.Thread(target=serve, daemon=True).start()
        proxy = self.proxy("http-proxy")
        self.curl("-x", f"http://127.0.0.1:{proxy.port}", f"http://127.0.0.1:{port}/", code=56)

    def test_a_byte_at_a_time(self):
        port = self.echo()
        proxy = self.proxy("http-proxy")
        connection = self.dial(proxy.port)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"CONNECT localhost:%d HTTP/1.1\r\nHost: x\r\n\r\nearly" % port:
            connection.sendall(bytes([byte]))
            time.sleep(0.002)
        self.read_exactly(connection, len(b"HTTP/1.1 200 Connection established\r\n\r\n"))
        self.assertEqual(self.read_exactly(connection, 5), b"early")

    def test_a_target_that_says_nothing(self):
        listener, port = self.server()
        proxy = self.proxy("http-proxy", "--idle-timeout", "300ms")
        client = self.dial(proxy.port, f"GET http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        with listener.accept()[0]:
            answer = self.read_all(client)
        self.assertEqual(answer.split(b"\r\n")[0], b"HTTP/1.1 504 Gateway Timeout")
        self.assertIn(b"did not come in time", answer)

    def test_a_long_way_up_is_not_silence(self):
        """The target has nothing to say until it has all of it."""
        origin = self.origin()
        proxy = self.proxy("http-proxy", "--idle-timeout", "1s")
        client = self.dial(proxy.port, f"POST http://127.0.0.1:{origin.port}/ HTTP/1.1\r\nHost: h\r\n"
                                       "Connection: close\r\nContent-Length: 15\r\n\r\n".encode())
        for _ in range(15):
            time.sleep(0.1)
            client.sendall(b"x")
        self.assertTrue(self.read_all(client).endswith(b"\r\n\r\n" + b"x" * 15))

    def test_a_client_that_takes_nothing(self):
        """Ended, and the response is not taken for a whole one."""
        listener, port = self.server()
        proxy = self.proxy("http-proxy", "--idle-timeout", "300ms")
        client = self.dial(proxy.port, f"GET http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        with listener.accept()[0] as connection, contextlib.suppress(ConnectionError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while True:
                connection.sendall(bytes(1 << 20))
        closed, = self.records(proxy, 1, "closed")
        self.assertLess(closed["sent_bytes"], 1_000_000_000)
        self.assertLess(len(self.read_all(client)), 1_000_000_000)

    def test_endless_heads_take_no_memory(self):
        proxy = self.proxy("http-proxy")
        for _ in range(20):
            connection = self.dial(proxy.port, b"GET http://a/ HTTP/1.1\r\n")
            with contextlib.suppress(OSError):
                for _ in range(64):
                    connection.sendall(b"X: " + b"y" * 65536 + b"\r\n")
            connection.close()
        self.assertEqual(len(self.records(proxy, 20)), 20)


class Both(ProxyCase):
    def through(self, *words, data=b"through"):
        process = self.start(self.tcpbox, "connect", "--until-bytes", len(data), "--timeout", "20s", *words)
        process.stdin.write(data)
        process.stdin.flush()
        out, err = process.stdout.read(), process.stderr.read()
        self.assertEqual((process.wait(PATIENCE), out), (0, data), err)

    def test_our_own_client_and_chains(self):
        ports = {"127.0.0.1": self.echo(), "[::1]": self.echo("::1")}
        socks = self.proxy("socks", "--proxy-auth", "me:secret")
        web = self.proxy("http-proxy", "--proxy-auth", "me:secret")
        urls = [f"socks5://me:secret@127.0.0.1:{socks.port}", f"socks5h://me:secret@127.0.0.1:{socks.port}",
                f"http://me:secret@127.0.0.1:{web.port}"]
        chains = [[url] for url in urls] + [[first, second] for first in urls for second in urls]
        for chain in chains:
            for host, port in ports.items():
                with self.subTest(chain=chain, host=host):
                    self.through(*[word for url in chain for word in ("--proxy", url)], f"{host}:{port}")

    def test_other_clients(self):
        port = self.echo()
        socks, web = self.proxy("socks"), self.proxy("http-proxy")
        clients = {
            "nc 4": ["nc", "-N", "-X", "4", "-x", f"127.0.0.1:{socks.port}", "127.0.0.1", port],
            "nc 5": ["nc", "-N", "-X", "5", "-x", f"127.0.0.1:{socks.port}", "127.0.0.1", port],
            "nc connect": ["nc", "-N", "-X", "connect", "-x", f"127.0.0.1:{web.port}", "127.0.0.1", port],
            "ncat 4": ["ncat", "--proxy-type", "socks4", "--proxy", f"127.0.0.1:{socks.port}", "127.0.0.1", port],
            "ncat 5": ["ncat", "--proxy-type", "socks5", "--proxy", f"127.0.0.1:{socks.port}", "127.0.0.1", port],
            "ncat http": ["ncat", "--proxy-type", "http", "--proxy", f"127.0.0.1:{web.port}", "127.0.0.1", port],
        }
        for name, words in clients.items():
            with self.subTest(name):
                result = self.run_for(*words, input=b"through")
                self.assertEqual((result.returncode, result.stdout), (0, b"through"), result.stderr)

    def test_tls_listeners(self):
        """The bytes are not the payload then: no crowd, but the same answers."""
        port, origin = self.echo(), self.origin()
        web = self.proxy("http-proxy", "--tls", "--proxy-auth", "me:secret")
        url = f"https://me:secret@127.0.0.1:{web.port}"
        self.through("--proxy", url, "--proxy-tls-insecure", f"127.0.0.1:{port}", data=BODY[:100_000])
        at = f"http://127.0.0.1:{origin.port}"
        words = ["-x", f"https://127.0.0.1:{web.port}", "--proxy-insecure", "-U", "me:secret", "--proxy-anyauth"]
        self.assertEqual(self.curl(*words, at + "/chunked"), BODY)
        self.curl(*words[:3], "-f", at, code=22)
        socks = self.proxy("socks", "--tls")
        request = b"\x05\x01\x00\x05\x01\x00\x01" + socket.inet_aton("127.0.0.1") + struct.pack(">H", port)
        words = [self.tcpbox, "connect", "--tls", "--tls-insecure", "--until-bytes", "17", f"127.0.0.1:{socks.port}"]
        process = self.start(*words)
        process.stdin.write(request + b"early")
        process.stdin.flush()
        self.assertEqual(process.stdout.read()[12:], b"early")

    def test_targets_are_judged_by_their_address(self):
        port = self.echo()
        request = b"CONNECT localhost:%d HTTP/1.1\r\n\r\n" % port
        for rules, status in ((["--deny-target", "127.0.0.0/8", "--deny-target", "::1"], 403),
                              (["--allow-target", "192.0.2.0/24"], 403), (["--allow-target", "127.0.0.1"], 200)):
            with self.subTest(rules=rules):
                proxy = self.proxy("http-proxy", *rules)
                connection = self.dial(proxy.port, request)
                self.assertEqual(connection.recv(12).split()[1], str(status).encode())
        proxy = self.proxy("http-proxy", "--deny-target", "127.0.0.0/8")
        mapped = b"CONNECT [::ffff:127.0.0.1]:%d HTTP/1.1\r\n\r\n" % port
        self.assertIn("403", self.head(proxy.port, mapped))
        proxy = self.proxy("http-proxy")
        for target in ("169.254.169.254", "[fe80::1]", "0.0.0.0", "224.0.0.1", "[::]", "[64:ff9b::a9fe:a9fe]"):
            with self.subTest(target=target):
                self.assertIn("403", self.head(proxy.port, f"CONNECT {target}:80 HTTP/1.1\r\n\r\n".encode()))

    def test_loopback_is_for_those_who_are_here(self):
        """Who comes from elsewhere, as a trusted PROXY header says, reaches no service of the proxy's own host."""
        port = self.echo()
        proxy = self.proxy("http-proxy", "--proxy-protocol", "--proxy-protocol-from", "127.0.0.1")
        request = b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n" % port
        for source, status in (("198.51.100.1", "403"), ("127.0.0.5", "200")):
            connection = self.dial(proxy.port, f"PROXY TCP4 {source} 127.0.0.1 1 2\r\n".encode() + request)
            self.assertEqual(connection.recv(12).split()[1].decode(), status)

    def test_rules_are_read_again(self):
        port = self.echo()
        rules = self.scratch / "rules"
        rules.write_text("")
        proxy = self.proxy("socks", "--deny-target", f"@{rules}")
        request = b"\x04\x01" + struct.pack(">H", port) + socket.inet_aton("127.0.0.1") + b"\0"
        self.assertEqual(self.read_exactly(self.dial(proxy.port, request), 8)[1], 90)
        rules.write_text("127.0.0.0/8\n")
        proxy.send_signal(signal.SIGHUP)
        lab.wait_for(lambda: self.read_exactly(self.dial(proxy.port, request), 8)[1] == 91, "the new rules")

    def test_limits(self):
        port = self.echo()
        proxy = self.proxy("socks", "--max-connections", "1", "--when-full", "refuse")
        request = b"\x04\x01" + struct.pack(">H", port) + socket.inet_aton("127.0.0.1") + b"\0"
        first = self.dial(proxy.port, request)
        self.assertEqual(self.read_exactly(first, 8)[1], 90)
        with self.assertRaises(ConnectionResetError):
            self.dial(proxy.port).recv(1)
        first.close()
        self.records(proxy, 1, "closed")
        third = self.dial(proxy.port, request)
        self.assertEqual(self.read_exactly(third, 8)[1], 90)

    def test_many_tunnels(self):
        """Each is its own: 300 at the same time, most of them silent."""
        port = self.echo()
        port_of_proxy, = self.listen("--serve", "socks").ports
        request = b"\x05\x01\x00\x05\x01\x00\x01" + socket.inet_aton("127.0.0.1") + struct.pack(">H", port)
        connections = [self.dial(port_of_proxy, request + b"%06d" % number) for number in range(300)]
        for number, connection in enumerate(connections):
            self.assertEqual(self.read_exactly(connection, 18)[12:], b"%06d" % number)


if __name__ == "__main__":
    lab.main()
