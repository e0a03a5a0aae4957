# SPDX-License-Identifier: MIT
"""The HTTP service of listen against curl and against clients that mean no good."""

import email.utils
import os
import pathlib
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema
from lab.stream import PATIENCE, StreamCase, digest

lab.require("curl")


def read_all(client):
    return b"".join(iter(lambda: client.recv(1 << 20), b""))


class Answers:
    """The answers on a connection, one after the other."""

    def __init__(self, client):
        self.file = client.makefile("rb")

    def next(self, method="GET"):
        status = int(self.file.readline().split()[1])
        fields = {}
        for line in iter(self.file.readline, b"\r\n"):
            name, _, value = line.decode().partition(":")
            fields[name.lower()] = value.strip()
        has_body = method != "HEAD" and status != 304
        return status, fields, self.file.read(int(fields["content-length"])) if has_body else b""


class HttpCase(StreamCase):
    def setUp(self):
        super().setUp()
        self.root = self.scratch / "root"
        (self.root / "sub" / "deep").mkdir(parents=True)
        (self.root / "with-index").mkdir()
        self.big = os.urandom(3 << 20)
        for name, data in (("a.txt", b"hello\n"), ("empty", b""), ("big.bin", self.big), (".secret", b"s"),
                           ("with-index/index.html", b"<p>index"), ("sub/deep/page.HTML", b"<p>deep"),
                           ("sub/a b&<c>\".txt", b"odd"), ("sub/\u00e4.txt", b"umlaut"), ("sub/x:y", b"colon")):
            (self.root / name).write_bytes(data)
        (self.root / ".well-known").mkdir()
        (self.root / ".well-known" / "x").write_bytes(b"known")
        (self.scratch / "outside").write_bytes(b"outside")
        (self.root / "link-out").symlink_to("../outside")
        (self.root / "link-absolute").symlink_to("/etc/passwd")
        (self.root / "link-in").symlink_to("a.txt")
        (self.root / "link-loop").symlink_to("link-loop")
        (self.root / "link-dir-out").symlink_to(self.scratch)
        os.mkfifo(self.root / "fifo")

    def serve(self, *words, **popen):
        return self.listen("--serve", f"http:{self.root}", "--json-fd", "2", "--ndjson", *words,
                           stdin=subprocess.DEVNULL, **popen)

    def raw(self, listener, request):
        """All that comes back for these bytes."""
        client = self.client(listener)
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        return read_all(client)

    def ask(self, listener, target, *fields, method="GET"):
        client = self.client(listener)
        lines = [f"{method} {target} HTTP/1.1", "Host: h", *fields, "", ""]
        client.sendall("\r\n".join(lines).encode())
        return Answers(client).next(method)

    def curl(self, listener, path, *words, code=0):
        ended = self.run_for("curl", "-sS", "--noproxy", "*", "--path-as-is", *words,
                             f"http://127.0.0.1:{listener.ports[0]}{path}")
        self.assertEqual(ended.returncode, code, ended.stderr)
        return ended.stdout


class Files(HttpCase):
    def test_curl_gets_files(self):
        listener = self.serve()
        for path, want in (("/a.txt", b"hello\n"), ("/empty", b""), ("/with-index/", b"<p>index"), ("/link-in", b"hello\n"),
                           ("//a.txt?query=/../x", b"hello\n"), ("/%61%2etxt", b"hello\n"), ("/sub/x:y", b"colon"),
                           ("/sub/a%20b%26%3Cc%3E%22.txt", b"odd"), ("/sub/%C3%A4.txt", b"umlaut"),
                           ("/.well-known/x", b"known")):
            with self.subTest(path=path):
                self.assertEqual(self.curl(listener, path, "-f"), want)
        self.assertEqual(digest(self.curl(listener, "/big.bin", "-f")), digest(self.big))
        self.assertEqual(digest(self.curl(listener, "/big.bin", "-f", "--http1.0")), digest(self.big))

    def test_over_tls(self):
        listener = self.serve("--tls")
        ended = self.run_for("curl", "-sSk", "--noproxy", "*", f"https://127.0.0.1:{listener.ports[0]}/big.bin")
        self.assertEqual(digest(ended.stdout), digest(self.big), ended.stderr)
        ranged = self.run_for("curl", "-sSk", "--noproxy", "*", "-r", "5-9", f"https://127.0.0.1:{listener.ports[0]}/big.bin")
        self.assertEqual(ranged.stdout, self.big[5:10])

    def test_fields_of_an_answer(self):
        status, fields, _ = self.ask(self.serve(), "/a.txt")
        self.assertEqual(status, 200)
        self.assertEqual(fields["content-type"], "text/plain; charset=utf-8")
        self.assertEqual(fields["content-length"], "6")
        self.assertEqual(fields["accept-ranges"], "bytes")
        modified = email.utils.parsedate_to_datetime(fields["last-modified"]).timestamp()
        self.assertEqual(int(modified), int((self.root / "a.txt").stat().st_mtime))
        self.assertRegex(fields["etag"], r'^"[0-9a-f]+-6"$')
        self.assertLess(abs(email.utils.parsedate_to_datetime(fields["date"]).timestamp() - time.time()), 3600)

    def test_content_types(self):
        listener = self.serve()
        for path, kind in (("/sub/deep/page.HTML", "text/html; charset=utf-8"), ("/big.bin", "application/octet-stream"),
                           ("/empty", "application/octet-stream")):
            self.assertEqual(self.ask(listener, path, method="HEAD")[1]["content-type"], kind)

    def test_head_is_get_without_its_body(self):
        listener = self.serve("--http-listing")
        for target in ("/a.txt", "/big.bin", "/none", "/sub/", "/sub", "/empty"):
            with self.subTest(target=target):
                status, fields, body = self.ask(listener, target)
                client = self.client(listener)
                client.sendall(f"HEAD {target} HTTP/1.1\r\nHost: h\r\n\r\nGET /empty HTTP/1.1\r\nHost: h\r\n\r\n".encode())
                answers = Answers(client)
                head_status, head_fields, _ = answers.next("HEAD")
                self.assertEqual((head_status, int(head_fields["content-length"])), (status, len(body)))
                self.assertEqual({**head_fields, "date": ""}, {**fields, "date": ""})
                self.assertEqual(answers.next()[0], 200)  # nothing came between them

    def test_a_file_that_shrinks_is_no_whole_one(self):
        path = self.root / "large"
        with path.open("wb") as file:
            file.truncate(64 << 20)
        listener = self.serve()
        client = self.client(listener)
        client.sendall(b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n")
        client.recv(1)
        os.truncate(path, 0)
        with self.assertRaises(ConnectionResetError):
            read_all(client)
        self.assertEqual(self.event(listener, "closed")["reason"], "input_failed")


class Ranges(HttpCase):
    def test_single_ranges(self):
        listener = self.serve()
        for words, want in (("0-0", b"h"), ("1-3", b"ell"), ("4-", b"o\n"), ("-2", b"o\n"), ("-100", b"hello\n"),
                            ("2-100", b"llo\n"), ("5-18446744073709551615", b"\n")):
            with self.subTest(range=words):
                status, fields, body = self.ask(listener, "/a.txt", f"Range: bytes={words}")
                first = b"hello\n".index(want) if len(want) > 1 else {b"h": 0, b"\n": 5}[want]
                self.assertEqual((status, body), (206, want))
                self.assertEqual(fields["content-range"], f"bytes {first}-{first + len(want) - 1}/6")

    def test_ranges_that_cannot_be(self):
        listener = self.serve()
        for target, words, length in (("/a.txt", "6-", 6), ("/a.txt", "-0", 6), ("/empty", "0-", 0), ("/empty", "-1", 0)):
            status, fields, _ = self.ask(listener, target, f"Range: bytes={words}")
            self.assertEqual((status, fields["content-range"]), (416, f"bytes */{length}"))

    def test_ranges_that_do_not_count(self):
        listener = self.serve()
        for words in ("bytes=0-1,3-4", "bytes=3-1", "bytes=", "bytes=-", "bytes=a-b", "lines=0-1", "bytes 0-1",
                      "bytes=0-18446744073709551616", "bytes=1-2-3"):
            with self.subTest(words=words):
                self.assertEqual(self.ask(listener, "/a.txt", f"Range: {words}")[::2], (200, b"hello\n"))
        self.assertEqual(self.ask(listener, "/a.txt", "Range: bytes=0-1", method="HEAD")[0], 200)

    def test_curl_goes_on_where_it_was(self):
        listener = self.serve()
        part = self.scratch / "part"
        part.write_bytes(self.big[:1_000_000])
        self.curl(listener, "/big.bin", "-f", "-C", "-", "-o", part)
        self.assertEqual(digest(part.read_bytes()), digest(self.big))
        self.assertEqual(self.curl(listener, "/big.bin", "-r", "100-199"), self.big[100:200])

    def test_if_range(self):
        listener = self.serve()
        fields = self.ask(listener, "/a.txt")[1]
        for value, status in ((fields["etag"], 206), (fields["last-modified"], 206), ('"other"', 200),
                              ("Sun, 06 Nov 1994 08:49:37 GMT", 200), ("W/" + fields["etag"], 200)):
            self.assertEqual(self.ask(listener, "/a.txt", "Range: bytes=0-0", f"If-Range: {value}")[0], status, value)


class Conditions(HttpCase):
    def test_conditions(self):
        listener = self.serve()
        fields = self.ask(listener, "/a.txt")[1]
        tag, date, old = fields["etag"], fields["last-modified"], "Sunday, 06-Nov-94 08:49:37 GMT"
        for words, status in (
                ([f"If-None-Match: {tag}"], 304), ([f'If-None-Match: "x", W/{tag}'], 304), (["If-None-Match: *"], 304),
                (['If-None-Match: "x"'], 200), (['If-None-Match: "x"', f"If-Modified-Since: {date}"], 200),
                ([f"If-Modified-Since: {date}"], 304), ([f"If-Modified-Since: {old}"], 200),
                (["If-Modified-Since: Sun Nov  6 08:49:37 1994"], 200), (["If-Modified-Since: never"], 200),
                ([f"If-Match: {tag}"], 200), ([f"If-Match: W/{tag}"], 412), (['If-Match: "x"'], 412),
                ([f"If-Unmodified-Since: {old}"], 412), ([f"If-Unmodified-Since: {date}"], 200)):
            with self.subTest(words=words):
                got, answer, body = self.ask(listener, "/a.txt", *words)
                self.assertEqual(got, status)
                if status == 304:
                    self.assertEqual(answer["etag"], tag)

    def test_curl_asks_only_for_what_is_newer(self):
        listener = self.serve()
        copy = self.scratch / "copy"
        self.curl(listener, "/a.txt", "-R", "-o", copy)
        status = self.curl(listener, "/a.txt", "-z", copy, "-o", self.scratch / "none", "-w", "%{http_code}")
        self.assertEqual(status, b"304")
        os.utime(copy, (0, 0))
        self.assertEqual(self.curl(listener, "/a.txt", "-z", copy), b"hello\n")


class Directories(HttpCase):
    def test_no_listing_unless_asked(self):
        listener = self.serve()
        self.assertEqual(self.ask(listener, "/sub/")[0], 403)
        self.assertEqual(self.ask(listener, "/")[0], 403)

    def test_listing(self):
        listener = self.serve("--http-listing")
        status, fields, body = self.ask(listener, "/sub/")
        page = body.decode()
        self.assertEqual((status, fields["content-type"]), (200, "text/html; charset=utf-8"))
        self.assertIn('<a href="./a%20b%26%3Cc%3E%22.txt">a b&amp;&lt;c&gt;&quot;.txt</a>', page)
        self.assertIn('<a href="./%C3%A4.txt">ä.txt</a>', page)
        self.assertIn('<a href="./x%3Ay">x:y</a>', page)
        self.assertIn('<a href="./deep/">deep/</a>', page)
        self.assertIn('<a href="../">../</a>', page)
        top = self.ask(listener, "/")[2].decode()
        self.assertNotIn("../", top)
        self.assertNotIn("secret", top)
        self.assertEqual(self.ask(listener, "/with-index/")[2], b"<p>index")

    def test_a_directory_without_its_slash(self):
        listener = self.serve()
        for target in ("/sub", "//sub", "//sub?x"):
            status, fields, _ = self.ask(listener, target)
            self.assertEqual((status, fields["location"]), (301, "/sub/"))
        self.assertEqual(self.curl(listener, "/with-index", "-L"), b"<p>index")


class Hostile(HttpCase):
    def test_nothing_outside(self):
        listener = self.serve("--http-listing")
        for target, status in (("/../outside", 404), ("/sub/../../outside", 404), ("/%2e%2e/outside", 404),
                               ("/..%2foutside", 404), ("/sub%2fdeep", 404), ("/a.txt%00.html", 404),
                               ("/link-out", 403), ("/link-absolute", 403), ("/link-dir-out/outside", 403),
                               ("/link-dir-out/", 403), ("/link-loop", 404), ("/fifo", 403), ("/.secret", 404),
                               ("/%252e%252e/outside", 404), ("/a.txt/", 404), ("/a.txt/x", 404), ("/%", 404),
                               ("/%4", 404), ("/%zz", 404), ("/" + "x" * 300, 404), ("*", 404), ("h:80", 404),
                               ("http://h/../outside", 404), ("/./a.txt", 404)):
            with self.subTest(target=target):
                got, _, body = self.ask(listener, target)
                self.assertEqual(got, status)
                self.assertNotIn(b"outside", body)

    def test_absolute_form(self):
        listener = self.serve()
        self.assertEqual(self.ask(listener, "http://anything:1/a.txt")[2], b"hello\n")

    def test_requests_that_are_none(self):
        listener = self.serve()
        get = "GET /a.txt HTTP/1.1\r\n"
        for request, status in (
                ("nonsense\r\n\r\n", 400), ("GET /a.txt\r\n\r\n", 400), (get + "\r\n", 400),
                (get + "Host: a\r\nHost: b\r\n\r\n", 400), (get + "Host : a\r\n\r\n", 400),
                (get + "Host: a\r\n folded\r\n\r\n", 400), (get + "Host: a\r\nX: \0\r\n\r\n", 400),
                ("GET /a.txt HTTP/2.0\r\nHost: a\r\n\r\n", 505), ("POST /a.txt HTTP/1.1\r\nHost: a\r\n\r\n", 405),
                ("DELETE /a.txt HTTP/1.1\r\nHost: a\r\n\r\n", 405), ("get /a.txt HTTP/1.1\r\nHost: a\r\n\r\n", 405),
                (get + "Host: a\r\nContent-Length: 3\r\n\r\nabc", 413),
                (get + "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
                (get + "Host: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nabc", 400),
                ("GET /" + "a" * 9000 + " HTTP/1.1\r\nHost: a\r\n\r\n", 414),
                ("GET /" + "a" * 40000, 414), (get + "X: " + "a" * 40000, 431), (get + "A: b\r\n" * 200 + "\r\n", 431),
                ("\r\n" * 20000, 400)):
            with self.subTest(request=request[:40]):
                answer = self.raw(listener, request.encode())
                self.assertEqual(int(answer.split()[1]), status)
                self.assertIn(b"\r\nConnection: close\r\n", answer)
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1)  # the body is not taken for another request
        self.assertIn(b"\r\nAllow: GET, HEAD\r\n", self.raw(listener, b"PUT / HTTP/1.1\r\nHost: a\r\n\r\n"))

    def test_an_endless_head_ends(self):
        listener = self.serve()
        client = self.client(listener)
        client.sendall(b"GET / HTTP/1.1\r\n")
        with self.assertRaises((ConnectionResetError, BrokenPipeError)):
            for _ in range(100_000):
                client.sendall(b"X-Line: " + b"x" * 1000 + b"\r\n")

    def test_a_byte_at_a_time(self):
        listener = self.serve()
        client = self.client(listener)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n":
            client.sendall(bytes([byte]))
        self.assertEqual(Answers(client).next()[2], b"hello\n")

    def test_a_request_that_never_ends(self):
        listener = self.serve("--http-timeout", "300ms")
        client = self.client(listener)
        client.sendall(b"GET /a.txt HTT")
        answer = read_all(client)
        self.assertTrue(answer.startswith(b"HTTP/1.1 408 "), answer)
        self.assertEqual(self.event(listener, "http_request"),
                         {"type": "http_request", "id": 1, "method": None, "target": None, "status": 408, "body_bytes": 20})

    def test_a_client_that_asks_nothing_is_idle(self):
        listener = self.serve("--idle-timeout", "300ms")
        self.assertEqual(read_all(self.client(listener)), b"")
        self.assertEqual(self.event(listener, "closed")["reason"], "idle")

    def test_a_client_that_takes_nothing_is_reset(self):
        with (self.root / "large").open("wb") as file:
            file.truncate(64 << 20)
        for words in ([], ["--rcvbuf", "4096"]):
            listener = self.serve("--idle-timeout", "300ms")
            client = self.client(listener)
            client.sendall(b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n")
            self.assertEqual(self.event(listener, "closed")["reason"], "idle")
            with self.assertRaises(ConnectionResetError):
                read_all(client)


class Connections(HttpCase):
    def test_pipelining_and_keep_alive(self):
        listener = self.serve()
        client = self.client(listener)
        one = b"GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n"
        client.sendall(one * 50 + b"HEAD /big.bin HTTP/1.1\r\nHost: h\r\n\r\n" + b"GET /big.bin HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        answers = Answers(client)
        for _ in range(50):
            self.assertEqual(answers.next()[::2], (200, b"hello\n"))
        self.assertEqual(answers.next("HEAD")[1]["content-length"], str(len(self.big)))
        status, fields, body = answers.next()
        self.assertEqual((digest(body), fields["connection"]), (digest(self.big), "close"))
        self.assertEqual(answers.file.read(1), b"")

    def test_http_1_0(self):
        listener = self.serve()
        answer = self.raw(listener, b"GET /a.txt HTTP/1.0\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"\r\n\r\nhello\n"))
        self.assertIn(b"\r\nConnection: close\r\n", answer)
        client = self.client(listener)
        client.sendall(b"GET /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 2)
        answers = Answers(client)
        for _ in range(2):
            status, fields, _ = answers.next()
            self.assertEqual((status, fields["connection"]), (200, "keep-alive"))

    def test_records(self):
        listener = self.serve()
        self.ask(listener, "/a.txt?q")
        self.ask(listener, "/none", method="HEAD")
        self.curl(listener, "/big.bin")
        listener.terminate()
        _, err = listener.communicate(timeout=PATIENCE)
        lines = schema.validate_ndjson(err.decode(), "listen")
        got = [(line["method"], line["target"], line["status"], line["body_bytes"])
               for line in lines if line["type"] == "http_request"]
        self.assertEqual(got, [("GET", "/a.txt?q", 200, 6), ("HEAD", "/none", 404, 0),
                               ("GET", "/big.bin", 200, len(self.big))])

    def test_bad_words(self):
        for words, message in (
                (["--serve", "http:"], "--serve 'http:': must be http:DIR"),
                (["--serve", "echo", "--http-listing"], "--http-listing: needs --serve http:DIR"),
                (["--http-listing"], "--http-listing: needs --serve http:DIR"),
                (["--serve", "echo", "--http-timeout", "1s"], "--http-timeout: needs --serve http:DIR"),
                (["--serve", f"http:{self.root}", "--http-timeout", "0"], "--http-timeout '0': must be longer than that"),
                (["--serve", f"http:{self.root}", "--rate", "1k"], "--rate: has no use with this --serve"),
                (["--serve", f"http:{self.root}", "--hexdump"], "--hexdump: has no use with this --serve")):
            with self.subTest(words=words):
                ended = self.run_for(self.tcpbox, "listen", "127.0.0.1:0", *words, stdin=subprocess.DEVNULL)
                self.assertEqual(ended.returncode, 2)
                self.assertIn(message, ended.stderr.decode())
        ended = self.run_for(self.tcpbox, "listen", "127.0.0.1:0", "--serve", "http:/nonexistent", stdin=subprocess.DEVNULL)
        self.assertEqual(ended.returncode, 3)
        self.assertIn("serve /nonexistent: No such file or directory", ended.stderr.decode())


if __name__ == "__main__":
    unittest.main()
