# SPDX-License-Identifier: MIT
"""connect --proxy against real proxies, and against ones that do not behave."""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from lab.stream import echo, free_port, serve_each

TCPBOX = os.environ["TCPBOX"]
HOSTS = {4: "127.0.0.1", 6: "[::1]"}


def connect(*arguments, data=b"", env=None):
    return subprocess.run([TCPBOX, "connect", *arguments], input=data, capture_output=True, timeout=60,
                          env={**os.environ, **(env or {})})


def exchange(*arguments, data, env=None):
    """Our end stays open until the answer is there: many proxies take a FIN for the end of both directions."""
    words = [TCPBOX, "connect", "--timeout", "20s", "--until-bytes", str(len(data)), *arguments]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, **(env or {})})

    def write():
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(data)
            process.stdin.flush()

    writer = threading.Thread(target=write)
    writer.start()
    output, errors = process.stdout.read(), process.stderr.read()
    writer.join()
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    process.stdout.close()
    process.stderr.close()
    return subprocess.CompletedProcess(words, process.wait(), output, errors)


class Peer(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        os.chmod(self.dir, 0o755)
        self.addCleanup(shutil.rmtree, self.dir)
        self.ports = {4: serve_each(self, echo), 6: serve_each(self, echo, "::1")}

    def start(self, port, *command):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for _ in range(2000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return port
            self.assertIsNone(process.poll(), f"{command} has ended")
            time.sleep(0.01)
        self.fail(f"{command} does not listen")

    def need(self, program):
        found = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin")
        if found is None:
            self.skipTest(f"{program} is not here")
        return found

    def microsocks(self, *arguments):
        port = free_port()
        return self.start(port, self.need("microsocks"), "-i", "127.0.0.1", "-p", str(port), *arguments)

    def dante(self):
        port = free_port()
        config = os.path.join(self.dir, "danted.conf")
        with open(config, "w") as file:
            file.write(f"logoutput: {self.dir}/log\ninternal: 127.0.0.1 port = {port}\nexternal: 127.0.0.1\n"
                       "clientmethod: none\nsocksmethod: none\nuser.privileged: root\nuser.unprivileged: nobody\n"
                       "client pass { from: 0/0 to: 0/0 }\nsocks pass { from: 0/0 to: 0/0 }\n")
        return self.start(port, self.need("danted"), "-f", config, "-p", f"{self.dir}/pid")

    def tinyproxy(self, auth=""):
        port = free_port()
        config = os.path.join(self.dir, f"tinyproxy-{port}.conf")
        with open(config, "w") as file:
            file.write(f"Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\n{auth}\n")
        return self.start(port, self.need("tinyproxy"), "-d", "-c", config)

    def ncat(self, *arguments):
        port = free_port()
        return self.start(port, self.need("ncat"), "-l", "-k", "127.0.0.1", str(port), "--proxy-type", "http",
                          *arguments)

    def check_echo(self, proxies, families=(4, 6), names=True):
        words = [word for url in proxies for word in ("--proxy", url)]
        for family in families:
            targets = [f"{HOSTS[family]}:{self.ports[family]}"]
            if names and family == 4:
                targets.append(f"localhost:{self.ports[4]}")
            for target in targets:
                with self.subTest(proxies=proxies, target=target):
                    result = exchange(*words, target, data=b"through")
                    self.assertEqual((result.returncode, result.stdout), (0, b"through"), result.stderr)

    def check_refused(self, proxies, *words, code=3, **more):
        result = connect(*[word for url in proxies for word in ("--proxy", url)], f"127.0.0.1:{self.ports[4]}", **more)
        self.assertEqual((result.returncode, result.stdout), (code, b""), result.stderr)
        self.assertEqual(result.stderr.count(b"tcpbox:"), 1, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr.decode())


class Real(Peer):
    def test_microsocks(self):
        port = self.microsocks()
        self.check_echo([f"socks5://127.0.0.1:{port}"])
        self.check_echo([f"socks5h://127.0.0.1:{port}"])

    def test_microsocks_password(self):
        port = self.microsocks("-u", "me", "-P", "p@ss")
        self.check_echo([f"socks5h://me:p%40ss@127.0.0.1:{port}"])
        self.check_refused([f"socks5://me:wrong@127.0.0.1:{port}"], "does not accept the user and password")
        self.check_refused([f"socks5://127.0.0.1:{port}"], "no credentials were given")

    def test_dante(self):
        port = self.dante()
        self.check_echo([f"socks4://me@127.0.0.1:{port}"], families=(4,))
        self.check_echo([f"socks4a://127.0.0.1:{port}"], families=(4,), names=False)
        self.check_echo([f"socks5://127.0.0.1:{port}"], families=(4,), names=False)
        self.check_refused([f"socks4a://127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}"], "(1 of 2)",
                           "rejected or failed (91)", code=1)
        self.check_refused([f"http://127.0.0.1:{self.tinyproxy()}", f"socks4://127.0.0.1:{self.ports[4]}"], "(2 of 2)",
                           "not SOCKS4")

    def test_tinyproxy(self):
        self.check_echo([f"http://127.0.0.1:{self.tinyproxy()}"])
        port = self.tinyproxy("BasicAuth me secret")
        self.check_echo([f"http://me:secret@127.0.0.1:{port}"])
        self.check_refused([f"http://me:wrong@127.0.0.1:{port}"], "it answers 401 Unauthorized")
        self.check_refused([f"http://127.0.0.1:{port}"], "no credentials were given")

    def test_ncat_digest(self):
        self.check_echo([f"http://me:secret@127.0.0.1:{self.ncat('--proxy-auth', 'me:secret')}"], names=False)

    def test_chains(self):
        urls = [f"socks5h://me:x@127.0.0.1:{self.microsocks('-u', 'me', '-P', 'x')}",
                f"http://you:y@127.0.0.1:{self.tinyproxy('BasicAuth you y')}",
                f"socks4a://127.0.0.1:{self.dante()}", f"http://127.0.0.1:{self.ncat()}"]
        for first in urls:
            for second in urls:
                if first is not second:
                    self.check_echo([first, second], names=False,
                                    families=(4,) if "socks4a" in second or first is second else (4, 6))

    def test_tls_through_and_to_a_proxy(self):
        inner = free_port()
        self.start(inner, TCPBOX, "listen", "-k", "--serve", "echo", "--tls", f"127.0.0.1:{inner}")
        front, back = free_port(), self.tinyproxy("BasicAuth me secret")
        self.start(front, "socat", f"OPENSSL-LISTEN:{front},bind=127.0.0.1,fork,reuseaddr,verify=0,cert={self.certificate()}",
                   f"TCP:127.0.0.1:{back}")
        url = f"https://me:secret@127.0.0.1:{front}"
        for chain in ([url], [url, url], [f"socks5://127.0.0.1:{self.microsocks()}", url]):
            words = [word for each in chain for word in ("--proxy", each)]
            result = exchange(*words, "--proxy-tls-insecure", "--tls", "--tls-insecure", f"127.0.0.1:{inner}",
                              data=b"x" * 300000)
            self.assertEqual((result.returncode, len(result.stdout)), (0, 300000), result.stderr)
            self.assertIn(b"--proxy-tls-insecure", result.stderr)
        self.check_refused([url], "proxy https://", "TLS handshake", "self")

    def certificate(self):
        path = os.path.join(self.dir, "both.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", path + ".key", "-out",
                        path + ".crt", "-subj", "/CN=p", "-days", "2"], check=True, capture_output=True)
        with open(path, "w") as file:
            file.write(pathlib.Path(path + ".key").read_text() + pathlib.Path(path + ".crt").read_text())
        return path


class Credentials(Peer):
    def setUp(self):
        super().setUp()
        self.url = f"socks5://127.0.0.1:{self.microsocks('-u', 'me', '-P', 'secret')}"

    def test_file_and_environment(self):
        path = os.path.join(self.dir, "auth")
        with open(path, "w") as file:
            file.write("me:secret\n")
        target = f"127.0.0.1:{self.ports[4]}"
        result = exchange("--proxy", self.url, "--proxy-auth-file", path, target, data=b"a")
        self.assertEqual(result.stdout, b"a", result.stderr)
        result = exchange("--proxy", self.url, target, data=b"b", env={"TCPBOX_PROXY_AUTH": "me:secret"})
        self.assertEqual(result.stdout, b"b", result.stderr)
        result = connect("--proxy", self.url, "--proxy-auth-file", path + "-not", target)
        self.assertEqual(result.returncode, 3)

    def test_never_shown(self):
        ready = threading.Event()
        seen = []

        def answer(connection):
            connection.recv(100)
            ready.wait()

        port = serve_each(self, answer)
        process = subprocess.Popen([TCPBOX, "connect", "--ndjson", "--proxy", f"socks5://me:secret@127.0.0.1:{port}",
                                    "127.0.0.1:1"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        seen.append(process.stderr.readline())  # the run has begun
        with open(f"/proc/{process.pid}/cmdline", "rb") as file:
            seen.append(file.read())
        ready.set()
        seen.append(process.communicate()[1])
        self.assertIn(b"socks5://*", seen[0], seen)
        self.assertIn(b"socks5://**", seen[1], seen)
        self.assertNotIn(b"secret", b"".join(seen))

    def test_env(self):
        target = f"127.0.0.1:{self.ports[4]}"
        dead = {"ALL_PROXY": f"socks5://127.0.0.1:{free_port()}"}
        self.assertEqual(connect("--proxy", "env", target, env=dead).returncode, 1)
        self.assertEqual(connect("--proxy", "env", target, data=b"c", env={**dead, "no_proxy": "127.0.0.0/8"}).stdout,
                         b"c")
        self.assertEqual(connect("--proxy", "env", target, env={"all_proxy": "x://y"}).returncode, 2)

    def test_report(self):
        result = connect("--json", "--proxy", self.url.replace("//", "//me:secret@"), f"127.0.0.1:{self.ports[4]}")
        events = json.loads(result.stderr)["results"]
        self.assertEqual(next(e for e in events if e["type"] == "connected")["proxies"], [self.url])


class Hostile(Peer):
    def through(self, answer, *arguments, kind="http"):
        return connect(*arguments, "--proxy", f"{kind}://127.0.0.1:{serve_each(self, answer)}", "example.test:1")

    def test_payload_with_the_answer(self):
        def http(connection):
            connection.recv(1000)
            connection.sendall(b"HTTP/1.0 200 ok\r\n\r\nSSH-2.0-first")
            connection.shutdown(socket.SHUT_WR)
            connection.recv(10)

        self.assertEqual(self.through(http).stdout, b"SSH-2.0-first")

        def socks(connection):
            connection.recv(1000)
            connection.sendall(b"\5\0")
            connection.recv(1000)
            for byte in b"\5\0\0\1abcdefSSH":
                connection.sendall(bytes([byte]))
            connection.shutdown(socket.SHUT_WR)
            connection.recv(10)

        self.assertEqual(self.through(socks, kind="socks5h").stdout, b"SSH")

    def test_a_name_by_socks4a(self):
        asked = []

        def answer(connection):
            asked.append(connection.recv(1000))
            connection.sendall(b"\0\x5aabcdef")
            connection.shutdown(socket.SHUT_WR)
            connection.recv(10)

        self.assertEqual(self.through(answer, kind="socks4a").returncode, 0)
        self.assertEqual(asked, [b"\4\1\0\1\0\0\0\1\0example.test\0"])

    def test_endless_header(self):
        def endless(connection):
            connection.recv(1000)
            connection.sendall(b"HTTP/1.0 200 ok\r\n")
            while True:
                connection.sendall(b"A: b\r\n" * 1000)

        result = self.through(endless)
        self.assertEqual(result.returncode, 3)
        self.assertIn(b"proxy http://127.0.0.1:", result.stderr)
        self.assertIn(b"64 KiB", result.stderr)

    def test_silence_garbage_and_an_end(self):
        done = threading.Event()
        self.addCleanup(done.set)
        result = self.through(lambda connection: done.wait(), "--timeout", "300ms")
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"proxy http://", result.stderr)
        result = self.through(lambda connection: (connection.recv(100), connection.sendall(b"SSH-2.0-x\r\n")))
        self.assertIn(b"its answer is not HTTP/1", result.stderr)
        result = self.through(lambda connection: connection.recv(1000), kind="socks4a")
        self.assertIn(b"closed the connection before", result.stderr)


class Refusals(unittest.TestCase):
    def test_words(self):
        for words in (["scan", "--proxy", "http://p:1", "127.0.0.1"],
                      ["handshake-trace", "--proxy", "http://p:1", "127.0.0.1"]):
            result = subprocess.run([TCPBOX, *words], capture_output=True, timeout=60)
            self.assertEqual(result.returncode, 2, words)
            self.assertIn(b"no SYN of ours", result.stderr)
        for words in (["--proxy", "p:1", "x:1"], ["--proxy", "http://p:1", "unix:/x"], ["--proxy-auth-file", "x", "x:1"],
                      ["--proxy", "env", "--proxy", "http://p:1", "x:1"], ["--proxy-tls-insecure", "x:1"],
                      ["--proxy", "http://p:1", "-z", "x:1-3"], ["--proxy", "http://p:1"] * 17 + ["x:1"]):
            result = connect(*words)
            self.assertEqual(result.returncode, 2, (words, result.stderr))


if __name__ == "__main__":
    unittest.main()
