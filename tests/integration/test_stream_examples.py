# SPDX-License-Identifier: MIT
"""Every recipe of the manual pages of listen and connect, word for word, against real peers.

The hosts, ports and paths that the pages name exist here: in private namespaces, /etc/hosts has the names, and the
loopback interface the addresses.
"""

import functools
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from lab.certificates import Authority, certificate_pin, self_signed
from lab.peers import Peers
from lab.process import missing_tools, wait_for
from lab.starttls import StartTlsServer
from lab.stream import PATIENCE, StreamCase, digest, is_listening, listening_ports
from recipes import recipes, rendered

lab.require("nc", "socat", "nginx", "curl", "openssl", "jq", "tshark", "tar", "mandoc")

PAGES = {page: lab.source_dir() / "man" / f"tcpbox-{page}.1" for page in ("listen", "connect")}
RECIPES = {page: recipes(path) for page, path in PAGES.items()}
KNOWN = {page: [] for page in PAGES}
DATA = os.urandom(1 << 20)
HELLO = b"hello from nginx\n"
HOST = "192.0.2.10"
NAMES = "www www.example.org db.example.org backup.example.org mail.example.org cache.example.org time.example.org nas"


def recipe(page, title):
    """Hands the text under this title to the test."""
    KNOWN[page].append(title)

    def knows(test):
        @functools.wraps(test)
        def run(self):
            self.assertIn(title, RECIPES[page], "the page has it no more")
            test(self, RECIPES[page][title])
        return run
    return knows


def nobody_listens():
    tables = [pathlib.Path("/proc/net", name).read_text() for name in ("tcp", "tcp6")]
    return not any(line.split()[3] == "0A" for table in tables for line in table.splitlines()[1:])


def setUpModule():
    for address in ("192.0.2.1/32", "192.0.2.2/32", "192.0.2.7/32", f"{HOST}/32"):
        subprocess.run(["ip", "addr", "add", address, "dev", "lo"], check=True)
    for address in ("2001:db8::1/128", "2001:db8::10/128"):
        subprocess.run(["ip", "addr", "add", address, "dev", "lo", "nodad"], check=True)
    with tempfile.NamedTemporaryFile("w") as hosts:
        hosts.write(f"127.0.0.1 localhost\n2001:db8::10 example.org\n{HOST} example.org {NAMES}\n")
        hosts.flush()
        subprocess.run(["mount", "--bind", hosts.name, "/etc/hosts"], check=True)


class Pages(StreamCase):
    def test_each_recipe_has_a_test_and_each_test_a_recipe(self):
        for page, texts in RECIPES.items():
            with self.subTest(page=page):
                self.assertEqual(sorted(KNOWN[page]), sorted(texts))
                self.assertGreaterEqual(len(texts), 12)

    def test_nothing_wraps_at_80_columns(self):
        for page, texts in RECIPES.items():
            lines = rendered(PAGES[page]).splitlines()
            for title, text in texts.items():
                with self.subTest(page=page, recipe=title):
                    shown = [" " * 11 + line for line in text.splitlines()]
                    self.assertLessEqual(max(map(len, shown)), 80)
                    for line in shown:
                        self.assertIn(line.rstrip(), lines)


class RecipeCase(StreamCase, Peers):
    """Peers wants to know who starts its servers."""

    name = "here"

    def setUp(self):
        super().setUp()
        # Those that a shell had started and that were killed with it may take a moment to go.
        wait_for(nobody_listens, "the ports of the test before", PATIENCE)
        self.work = self.scratch / "work"
        programs = self.scratch / "bin"
        for directory in (self.work, programs):
            directory.mkdir()
        self.scratch.chmod(0o755)
        (programs / "tcpbox").symlink_to(self.tcpbox)
        self.authority = Authority(self.scratch)
        self.env = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "SSL_CERT_FILE": str(self.authority.pem)}

    def popen(self, argv, **popen):
        return self.start(*argv, **popen)

    @staticmethod
    def listening():
        return listening_ports()

    def wait_listening(self, port, timeout=PATIENCE):
        wait_for(lambda: is_listening(port), f"a listener on {port}", timeout)

    def in_shell(self, *words, **popen):
        process = self.start("sh", *words, cwd=self.work, env=self.env, start_new_session=True, **popen)
        self.addCleanup(self.signal, process, signal.SIGKILL)
        return process

    @staticmethod
    def signal(process, number):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            pass

    def serve(self, text, port, **popen):
        """Starts a recipe that listens."""
        process = self.in_shell("-c", text, **{"stdin": subprocess.DEVNULL, **popen})
        wait_for(lambda: is_listening(port) or process.poll() is not None, f"a listener on {port}")
        self.assertIsNone(process.poll(), "it ended")
        return process

    def does(self, text, code=0, **run):
        """Runs a recipe to its end."""
        process = self.in_shell("-c", text, **{"stdin": subprocess.DEVNULL, **run})
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, code, err)
        return out, err

    def nc(self, port, data=b"", *words, host="127.0.0.1"):
        return self.run_for("nc", "-N", *words, host, port, input=data).stdout

    def nc_receives(self):
        """Returns what gives all that one client sends to port 9000."""
        path = self.scratch / "received"
        with path.open("wb") as file:
            peer = self.peer_listens(["nc", "-l", HOST, 9000], 9000, stdin=subprocess.DEVNULL, stdout=file)
        return lambda: (peer.wait(PATIENCE), path.read_bytes())[1]

    def curl(self, *words):
        done = self.run_for("curl", "-sS", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def said(self, where):
        """What the file of a recipe holds once something is in it."""
        path = self.work / where
        return wait_for(lambda: path.exists() and path.read_bytes(), f"something in {path}", PATIENCE)

    def answers(self, port, text, address="127.0.0.1", asked=False):
        """A server that says one thing to each client, or to one that has `asked`: it may miss the answer while it asks."""
        argv = ["socat", f"TCP-LISTEN:{port},bind={address},reuseaddr,fork", f"SYSTEM:{'read line; ' if asked else ''}echo {text}"]
        return self.peer_listens(argv, port, stdin=subprocess.DEVNULL)

    def listener_at(self, port, address=HOST):
        listener = socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
        self.addCleanup(listener.close)
        listener.settimeout(PATIENCE)
        return listener

    def on_client(self, listener, act):
        """act(connection) for one client, in a thread."""
        def run():
            connection, _ = listener.accept()
            connection.settimeout(PATIENCE)
            with connection:
                act(connection)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.addCleanup(thread.join, PATIENCE)

    def secure_web(self, certificate, *words, port=443):
        return self.peer_listens(["openssl", "s_server", "-accept", port, "-cert", certificate.pem, "-key",
                                  certificate.key, "-www", *words], port, stdin=subprocess.DEVNULL)

    def example_org(self, san="DNS:example.org"):
        return self.authority.issue("example", san)

    def certificate_in_place(self):
        """server.pem, server.key and ca.pem, as the recipes name them."""
        made = self.authority.issue("server")
        for name, path in (("server.pem", made.pem), ("server.key", made.key), ("ca.pem", self.authority.pem)):
            (self.work / name).write_bytes(path.read_bytes())

    def docker(self):
        """An HTTP service behind a Unix-domain socket."""
        self.nginx(8099)
        path = pathlib.Path("/run/docker.sock")
        self.start("socat", f"UNIX-LISTEN:{path},fork,unlink-close", "TCP:127.0.0.1:8099", stdin=subprocess.DEVNULL)
        self.addCleanup(path.unlink, missing_ok=True)
        wait_for(path.exists, path)

    def photos(self):
        """A directory, and the archive of it."""
        (self.work / "photos").mkdir()
        (self.work / "photos" / "one").write_bytes(DATA)
        archive = subprocess.run(["tar", "-czf", "-", "photos"], cwd=self.work, check=True, capture_output=True).stdout
        return archive

    def forget_photos(self):
        (self.work / "photos" / "one").unlink()
        (self.work / "photos").rmdir()

    def capture_holds_http(self, path):
        done = self.run_for("tshark", "-n", "-r", path, "-Y", "http", "-T", "fields", "-e", "http.request.method", "-e",
                            "http.response.code")
        self.assertEqual(done.stdout.split(), [b"HEAD", b"200"], done.stderr)


class Listen(RecipeCase):
    @recipe("listen", "Receive a file:")
    def test_receive_a_file(self, text):
        process = self.serve(text, 9000)
        self.nc(9000, DATA)
        self.ends(process, 0)
        self.assertEqual(digest((self.work / "archive.tar").read_bytes()), digest(DATA))

    @recipe("listen", "Receive a directory:")
    def test_receive_a_directory(self, text):
        archive = self.photos()
        self.forget_photos()
        process = self.serve(text, 9000)
        self.nc(9000, archive)
        self.ends(process, 0)
        self.assertEqual((self.work / "photos" / "one").read_bytes(), DATA)

    @recipe("listen", "Send a file to whoever comes first, at most 10 megabytes a second, and show how far it is:")
    def test_send_a_file(self, text):
        (self.work / "big.iso").write_bytes(DATA)
        process = self.serve(text, 9000)
        self.assertEqual(digest(self.nc(9000)), digest(DATA))
        _, err = self.ends(process, 0)
        self.assertRegex(err.decode(), r"1\.0* MiB.*/s")

    @recipe("listen", "Collect what many clients have to say, on two addresses:")
    def test_collect(self, text):
        self.serve(text, 9000)
        for host, words in (("192.0.2.1", b"four\n"), ("::1", b"six\n"), ("192.0.2.1", b"four again\n")):
            self.nc(9000, words, host=host)
        wait_for(lambda: self.said("log") == b"four\nsix\nfour again\n", "all of it")

    @recipe("listen", "Receive a file from whoever was told the pin that this prints:")
    def test_pin(self, text):
        process = self.serve(text, 9000)
        pin = re.search(rb"--tls-pin (sha256:[0-9a-f]{64})", process.stderr.readline())[1].decode()
        connect = [self.tcpbox, "connect", "127.0.0.1:9000", "--tls", "--tls-pin"]
        self.assertEqual(self.run_for(*connect, "sha256:" + "0" * 64, input=b"no").returncode, 3)
        self.assertEqual(self.run_for(*connect, pin, input=DATA).returncode, 0)
        self.ends(process, 0)
        self.assertEqual(digest((self.work / "archive.tar").read_bytes()), digest(DATA))

    @recipe("listen", "Only from those who have a certificate of our authority:")
    def test_client_certificates(self, text):
        self.certificate_in_place()
        process = self.serve(text, 9000)
        for certificate in (None, self_signed(self.scratch), self.authority.issue("client")):
            context = ssl.create_default_context(cafile=self.authority.pem)
            if certificate:
                context.load_cert_chain(certificate.pem, certificate.key)
            try:
                with context.wrap_socket(socket.create_connection(("127.0.0.1", 9000), PATIENCE),
                                         server_hostname="localhost") as client:
                    client.sendall(f"from {certificate and certificate.pem.stem}".encode())
                    client.unwrap()
            except OSError:
                pass  # turned away
        self.ends(process, 0)
        self.assertEqual((self.work / "archive.tar").read_bytes(), b"from client")

    @recipe("listen", "Forward a port to two servers, in turns:")
    def test_forward(self, text):
        self.answers(80, "one", "192.0.2.1")
        self.answers(80, "two", "192.0.2.2")
        self.serve(text, 8080)
        self.assertEqual([self.nc(8080) for _ in range(4)], [b"one\n", b"two\n"] * 2)

    @recipe("listen", "Speak TLS for a server that does not:")
    def test_tls_in_front(self, text):
        self.certificate_in_place()
        self.nginx(8080)
        self.serve(text, 443)
        self.assertEqual(self.curl("--cacert", self.authority.pem, "https://localhost/"), HELLO)

    @recipe("listen", "The other way round, for a program that knows no TLS:")
    def test_tls_behind(self, text):
        self.nginx(443, certificate=self.authority.issue("www", san="DNS:www.example.org"))
        self.serve(text, 8080)
        self.assertEqual(self.curl("http://127.0.0.1:8080/"), HELLO)

    @recipe("listen", "Reach a Unix-domain socket over TCP, from this host only:")
    def test_tcp_to_unix(self, text):
        self.docker()
        self.serve(text, 2375)
        self.assertEqual(self.curl("http://127.0.0.1:2375/_ping"), HELLO)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection((HOST, 2375), PATIENCE)

    @recipe("listen", "The other way round, for programs that know only a socket file:")
    def test_unix_to_tcp(self, text):
        self.nginx(5432)
        self.in_shell("-c", text, stdin=subprocess.DEVNULL)
        wait_for((self.work / "db.sock").exists, "the socket")
        self.assertEqual(self.curl("--unix-socket", self.work / "db.sock", "http://db/"), HELLO)

    @recipe("listen", "See in Wireshark what a client and a server say to each other:")
    def test_record(self, text):
        self.nginx(80)
        process = self.serve(text, 8080)
        self.assertIn(b"200 OK", self.curl("--head", "http://127.0.0.1:8080/"))
        self.signal(process, signal.SIGTERM)
        process.wait(PATIENCE)
        self.capture_holds_http(self.work / "talk.pcapng")

    @recipe("listen", "Run a program for each connection:")
    def test_exec(self, text):
        self.serve(text, 7000)
        for data in (DATA, b""):
            self.assertEqual(self.nc(7000, data), f"{digest(data)}  -\n".encode())

    @recipe("listen", "The same with a shell, which knows who is asking:")
    def test_shell(self, text):
        self.serve(text, 7001)
        self.assertEqual(self.nc(7001, b"Ann\n"), b"Ann from 127.0.0.1\n")

    @recipe("listen", "Take a port that only root can take, and be nobody from then on:")
    def test_user(self, text):
        server = self.serve(text, 13)
        pid = pathlib.Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().strip()  # of the shell
        self.assertRegex(pathlib.Path(f"/proc/{pid}/status").read_text(), r"Uid:\t(65534\t?){4}")
        self.assertRegex(self.nc(13), rb"\d\d:\d\d:\d\d")

    @recipe("listen", "A terminal for a program that wants one, for clients of this host:")
    def test_pty(self, text):
        self.env["TERM"] = "vt100"
        self.serve(text, 7000)
        with socket.create_connection(("127.0.0.1", 7000), timeout=PATIENCE) as client:
            seen = b""
            while b"load average" not in seen:
                piece = client.recv(4096)
                self.assertTrue(piece, seen)
                seen += piece

    @recipe("listen", "Tell a load balancer that all is well:")
    def test_health(self, text):
        self.serve(text, 8081)
        for _ in range(3):
            self.assertEqual(self.curl("--fail", "http://127.0.0.1:8081/health"), b"all is well\n")

    @recipe("listen", "An echo server to test clients with:")
    def test_echo(self, text):
        self.serve(text, 7)
        self.assertEqual(self.nc(7, b"hello"), b"hello")

    @recipe("listen", "Serve the files of this directory over HTTP, with lists of what is in it:")
    def test_serve_http(self, text):
        (self.work / "a b.txt").write_bytes(b"a and b")
        self.serve(text, 8080)
        self.assertIn(b'href="./a%20b.txt"', self.curl("--fail", "http://127.0.0.1:8080/"))
        self.assertEqual(self.curl("--fail", "http://127.0.0.1:8080/a%20b.txt"), b"a and b")

    @recipe("listen", "Give whoever comes the same file:")
    def test_serve_file(self, text):
        (self.work / "config.json").write_bytes(DATA)
        self.serve(text, 9000)
        for _ in range(2):
            self.assertEqual(digest(self.nc(9000)), digest(DATA))

    @recipe("listen", "What does a mail client do with a server that greets and then says nothing?")
    def test_serve_banner(self, text):
        self.serve(text, 2525)
        with socket.create_connection(("127.0.0.1", 2525), PATIENCE) as client:
            client.sendall(b"EHLO me\r\n")
            self.assertEqual(client.recv(100), b"220 mail.example.org ESMTP\r\n")
            client.settimeout(0.5)
            with self.assertRaises(TimeoutError):
                client.recv(1)

    @recipe("listen", "Does a downloader notice that it has only a part of the file?")
    def test_reset_after(self, text):
        (self.work / "file").write_bytes(os.urandom(3 << 20))
        self.serve(text, 8080)
        got = self.run_for("curl", "-sS", "http://127.0.0.1:8080/file")
        self.assertEqual(got.returncode, 56, got.stderr)
        self.assertLess(1 << 20, len(got.stdout) + 1024)

    @recipe("listen", "Does a client mind that it has to wait: five seconds for the connection, and for ever for the rest of "
            "an answer?")
    def test_slow(self, text):
        (self.work / "config.json").write_bytes(DATA)
        self.serve(text, 9000)
        with socket.create_connection((HOST, 9000), timeout=PATIENCE) as client:
            got = b""
            while len(got) < 100:
                got += client.recv(4096)
            self.assertEqual(got, DATA[:100])
            client.settimeout(0.2)
            self.assertRaises(TimeoutError, client.recv, 1)

    @recipe("listen", "Nothing of this host within reach of those who talk to it:")
    def test_cell(self, text):
        listener = self.serve(text, 7)
        self.assertEqual(self.nc(7, b"echo"), b"echo")
        pid, = subprocess.run(["pgrep", "-g", str(listener.pid), "tcpbox"], check=True, capture_output=True,
                              text=True).stdout.split()
        self.assertEqual(list(pathlib.Path(f"/proc/{pid}/root").iterdir()), [])

    @recipe("listen", "Behind a load balancer that says whose connection it is:")
    def test_behind_a_load_balancer(self, text):
        self.serve(text, 7001)
        with socket.create_connection((HOST, 7001), source_address=(HOST, 0)) as client:
            client.sendall(b"PROXY TCP4 192.0.2.77 192.0.2.10 1234 7001\r\n")
            self.assertEqual(self.read_all(client), b"hello 192.0.2.77\n")

    @recipe("listen", "The other way round: tell a server behind who the client is:")
    def test_tells_a_server(self, text):
        behind = self.listener_at(80)
        self.serve(text, 8080)
        with socket.create_connection((HOST, 8080), source_address=("192.0.2.7", 0)):
            connection, _ = behind.accept()
            with connection:
                header = connection.recv(28, socket.MSG_WAITALL)
        self.assertEqual(header[:12], b"\r\n\r\n\0\r\nQUIT\n")
        self.assertEqual(socket.inet_ntoa(header[16:20]), "192.0.2.7")

    @recipe("listen", "Look at what the programs of user 1000 say to web servers:")
    def test_transparent(self, text):
        self.addCleanup(subprocess.run, ["nft", "delete", "table", "inet", "proxied"], check=True)
        self.start(self.tcpbox, "listen", "-k", "--serve", "banner:real", f"{HOST}:80", stdin=subprocess.DEVNULL)
        wait_for(lambda: is_listening(80), "a listener on 80")
        listener = self.serve(text, 3128)
        client = self.start("setpriv", "--reuid=1000", "--clear-groups", "nc", "-N", HOST, 80)
        client.stdin.write(b"GET / HTTP/1.0\r\n\r\n")
        client.stdin.close()
        self.assertEqual(client.stdout.read(), b"real")
        self.assertTrue(any(b"GET / HTTP/1.0" in line for line in listener.stderr))

    @recipe("listen", "A proxy for the browsers of one network, with a password that stands in a file:")
    def test_http_proxy(self, text):
        (self.work / "proxy.secret").write_text("ann:lovelace\n")
        self.answers(9000, "behind", HOST, asked=True)
        self.serve(text, 8080)

        def asked(*words):
            return self.run_for("curl", "-sS", "--http0.9", "--proxytunnel", *words, f"http://{HOST}:9000/")

        proxy = f"http://{HOST}:8080"
        self.assertEqual(asked("--interface", HOST, "--proxy", proxy, "--proxy-user", "ann:lovelace").stdout, b"behind\n")
        self.assertIn(b"407", asked("--interface", HOST, "--proxy", proxy, "--proxy-user", "ann:byron").stderr)
        self.assertNotEqual(asked("--proxy", "http://127.0.0.1:8080", "--proxy-user", "ann:lovelace").returncode, 0)

    @recipe("listen", "A SOCKS server for this host alone, which leads to one network only:")
    def test_socks_server(self, text):
        self.answers(9000, "behind", HOST, asked=True)
        self.answers(9001, "elsewhere", asked=True)
        self.serve(text, 1080)
        socks = ("-sS", "--http0.9", "--proxy", "socks5://127.0.0.1:1080")
        self.assertEqual(self.run_for("curl", *socks, f"http://{HOST}:9000/").stdout, b"behind\n")
        self.assertEqual(self.run_for("curl", *socks, "http://127.0.0.1:9001/").returncode, 97)

    @recipe("listen", "Who asks a proxy for what, and what comes of it?")
    def test_proxy_requests(self, text):
        self.answers(9000, "behind", HOST, asked=True)
        asked = self.serve(text, 8080, stdout=subprocess.PIPE)
        self.run_for("curl", "-sS", "--http0.9", "--proxytunnel", "--proxy", "http://127.0.0.1:8080", f"http://{HOST}:9000/")
        self.assertEqual(asked.stdout.readline(), f"\tCONNECT\t{HOST}\t9000\t200\t\n".encode())

    @recipe("listen", "A server for measurements that takes whatever ten clients send:")
    def test_discard(self, text):
        self.serve(text, 9000)
        clients = [socket.create_connection(("127.0.0.1", 9000), PATIENCE) for _ in range(11)]
        for client in clients:
            self.addCleanup(client.close)
            client.sendall(b"x" * 100)
        # The kernel took the last one in; nobody else does before there is room.
        clients[10].shutdown(socket.SHUT_WR)
        clients[10].settimeout(0.3)
        with self.assertRaises(TimeoutError):
            clients[10].recv(1)
        clients[0].sendall(DATA)
        clients[0].shutdown(socket.SHUT_WR)
        clients[10].settimeout(PATIENCE)
        self.assertEqual((clients[0].recv(1), clients[10].recv(1)), (b"", b""))

    @recipe("listen", "Let people talk to each other, from one network only:")
    def test_chat(self, text):
        self.serve(text, 9000)
        self.assertEqual(self.nc(9000), b"")
        ann = self.start("nc", "-s", "192.0.2.2", "192.0.2.1", 9000)
        self.assertIn(b"you are user1", ann.stdout.readline())
        bob = self.start("nc", "-s", "192.0.2.7", "192.0.2.1", 9000)
        self.assertIn(b"user2 joined", ann.stdout.readline())
        self.assertIn(b"you are user2", bob.stdout.readline())
        ann.stdin.write(b"hello\n")
        ann.stdin.flush()
        self.assertEqual(bob.stdout.readline(), b"<user1> hello\n")

    @recipe("listen", "Let those in who stand in a file, and read it again after a change:")
    def test_friends(self, text):
        self.answers(22, "welcome")
        (self.work / "friends").write_text("127.0.0.1\n")
        shell = self.in_shell()
        start, *change = text.splitlines(keepends=True)
        shell.stdin.write(start.encode())
        shell.stdin.flush()
        self.wait_listening(2222)
        self.assertEqual(self.nc(2222), b"welcome\n")
        self.assertEqual(self.nc(2222, b"", "-s", "192.0.2.7", host=HOST), b"")
        shell.stdin.write("".join(change).encode())
        shell.stdin.flush()
        wait_for(lambda: self.nc(2222, b"", "-s", "192.0.2.7", host=HOST) == b"welcome\n", "the new friend", PATIENCE)

    @recipe("listen", "Take files from one sender after another:")
    def test_receive(self, text):
        (self.work / "notes.txt").write_bytes(DATA)
        self.serve(text, 9000)
        for _ in range(2):
            self.does("tcpbox connect www:9000 --send-file notes.txt")
        self.assertEqual((self.work / "inbox" / "notes.txt").read_bytes(), DATA)

    @recipe("listen", "Take them encrypted, from whoever is told the code that this prints:")
    def test_receive_by_code(self, text):
        (self.work / "notes.txt").write_bytes(DATA)
        receiver = self.serve(text, 9000)
        code = receiver.stderr.readline().decode().removeprefix("the code is: ").strip()
        self.does(f"tcpbox connect www:9000 --send-file notes.txt --code '{code}'")
        self.assertEqual(receiver.wait(PATIENCE), 0)
        self.assertEqual((self.work / "inbox" / "notes.txt").read_bytes(), DATA)

    @recipe("listen", "Let the kernel choose the port, and use it in a script:")
    def test_ready(self, text):
        self.does(text)
        self.assertEqual(self.said("received"), b"hello\n")

    @recipe("listen", "Who was here, for how many seconds, and how many bytes did they send?")
    def test_events(self, text):
        process = self.serve(text, 9000)
        for size in (5, 1000):
            self.nc(9000, b"x" * size)
            self.assertRegex(process.stdout.readline().decode(), rf"^127\.0\.0\.1\t[0-9.e-]+\t{size}\n$")
        self.assertEqual(self.said("log"), b"x" * 1005)

    @recipe("listen", "Keep the port open while the program is restarted: systemd has it, in forward.socket and "
                      "forward.service:")
    def test_systemd(self, text):
        if missing_tools(["systemd-socket-activate"]):
            self.skipTest("not installed: systemd-socket-activate")
        self.answers(80, "behind", "192.0.2.1")
        port = int(re.search(r"(?m)^ListenStream=(\d+)$", text)[1])
        program = re.search(r"(?m)^ExecStart=(.*)$", text)[1].split()
        self.serve(f"exec systemd-socket-activate -E PATH -l {port} {' '.join(program)}", port)
        self.assertEqual([self.nc(port) for _ in range(2)], [b"behind\n"] * 2)


class Connect(RecipeCase):
    @recipe("connect", "Send a directory and a file, and try again for as long as it takes:")
    def test_send_files(self, text):
        (self.work / "photos").mkdir()
        for name in ("photos/a.jpg", "notes.txt"):
            (self.work / name).write_bytes(DATA)
        receiver = self.serve("tcpbox listen 9000 --receive inbox", 9000)
        self.does(text)
        self.assertEqual(receiver.wait(PATIENCE), 0)
        self.assertEqual((self.work / "inbox" / "photos" / "a.jpg").read_bytes(), DATA)

    @recipe("connect", "Send a file to somebody who has read a code out on the phone:")
    def test_send_by_code(self, text):
        (self.work / "photo.jpg").write_bytes(DATA)
        receiver = self.serve("tcpbox listen 9000 --receive inbox --code acorn-violin-ledge-maple-otter", 9000)
        self.does(text)
        self.assertEqual(receiver.wait(PATIENCE), 0)
        self.assertEqual((self.work / "inbox" / "photo.jpg").read_bytes(), DATA)

    @recipe("connect", "Is the port open?")
    def test_open(self, text):
        self.does(text, 1)
        self.listener_at(5432)
        out, _ = self.does(text)
        self.assertIn(f"{HOST}:5432".encode(), out)

    @recipe("connect", "Which of these ports are open?")
    def test_ports(self, text):
        for port in (22, 8005):
            self.listener_at(port)
        out, _ = self.does(text, 1)
        want = {f"db.example.org:{port} {'open' if port in (22, 8005) else 'refused'}"
                for port in (22, 80, *range(8000, 8011))}
        self.assertEqual(set(out.decode().splitlines()), want)

    @recipe("connect", "Wait in a script until a service is up:")
    def test_wait(self, text):
        script = self.work / "start-the-rest"
        script.write_text("#!/bin/sh\ntouch started\n")
        script.chmod(0o755)
        process = self.in_shell("-c", text, stdin=subprocess.DEVNULL)
        time.sleep(0.3)  # it has nobody to talk to meanwhile
        self.assertIsNone(process.poll())
        self.assertFalse((self.work / "started").exists())
        self.listener_at(5432)
        self.ends(process, 0)
        self.assertTrue((self.work / "started").exists())

    @recipe("connect", "See which address won and how the path behaved:")
    def test_verbose(self, text):
        self.on_client(self.listener_at(80), lambda client: client.recv(1))
        _, err = self.does(text)
        self.assertIn(f"-> {HOST}:80", err.decode())  # nobody is at the other address, which is tried first
        self.assertRegex(err.decode(), r"RTT .*retransmits 0")

    @recipe("connect", "Ask a web server:")
    def test_http(self, text):
        self.nginx(80)
        self.assertTrue(self.does(text)[0].startswith(b"HTTP/1.1 200 OK\r\n"))

    @recipe("connect", "The same with the line ends that the protocol wants, seeing each byte:")
    def test_hexdump(self, text):
        self.nginx(80)
        out, err = self.does(text)
        self.assertTrue(out.startswith(b"HTTP/1.1 200 OK\r\n"))
        self.assertRegex(err, rb"> 00000010 +0a 0d 0a +\|\.{3}\|")

    @recipe("connect", "Ask a web server that speaks TLS; some end theirs abruptly for whoever has ended, hence the "
                       "pause:")
    def test_https(self, text):
        self.nginx(443, certificate=self.example_org())
        self.assertTrue(self.does(text)[0].endswith(HELLO))

    @recipe("connect", "Look at a server's certificate:")
    def test_certificate(self, text):
        self.secure_web(self.example_org())
        _, err = self.does(text)
        self.assertRegex(err.decode(), r"certificate CN=example: from CN=Test-CA, valid for \d+ more days")

    @recipe("connect", "Look at a mail server's, which begins in cleartext:")
    def test_mail_certificate(self, text):
        server = StartTlsServer("smtp", self.authority.issue("mail", "DNS:mail.example.org"), address=(HOST, 587))
        self.addCleanup(server.close)
        _, err = self.does(text)
        self.assertRegex(err.decode(), r"certificate CN=mail: from CN=Test-CA, valid for \d+ more days")

    @recipe("connect", "How many days is it still good?")
    def test_days_left(self, text):
        self.secure_web(self.authority.issue("soon", "DNS:www", days=9))
        self.assertIn(self.does(text)[0], (b"8\n", b"9\n"))

    @recipe("connect", "Does a server still take versions of TLS that it should not (status 0), or not (3)?")
    def test_old_versions(self, text):
        modern = self.secure_web(self.example_org())
        self.does(text, 3)
        self.end(modern)
        self.secure_web(self.example_org(), "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
        self.does(text)

    @recipe("connect", "Trust a self-signed server from now on, having seen its certificate once:")
    def test_pin(self, text):
        first = self.secure_web(self_signed(self.scratch, "nas", "DNS:elsewhere"))
        (self.work / "request").write_bytes(b"GET / HTTP/1.0\r\n\r\n")
        self.assertTrue(self.does(text)[0].startswith(b"HTTP/1.0 200 ok\r\n"))
        self.end(first)
        self.secure_web(self_signed(self.scratch, "other", "DNS:elsewhere"))
        pin = certificate_pin(self.scratch / "nas.pem")
        self.does(f"pin={pin}\n" + text.splitlines()[-1], 3)

    @recipe("connect", "Ask a service at a Unix-domain socket:")
    def test_unix(self, text):
        self.docker()
        out, _ = self.does(text)
        self.assertTrue(out.endswith(HELLO), out)

    @recipe("connect", "Ask a service that never hangs up:")
    def test_quit_after(self, text):
        heard = []

        def cache(client):
            heard.append(client.recv(100))
            client.sendall(b"+PONG\r\n")
            ended.wait(PATIENCE)

        ended = threading.Event()
        self.on_client(self.listener_at(6379), cache)
        self.assertEqual(self.does(text)[0], b"+PONG\r\n")
        ended.set()
        self.assertEqual(heard, [b"PING\r\n"])

    @recipe("connect", "Talk to a mail server, which wants one line after another:")
    def test_smtp(self, text):
        heard = []

        def mail(client):
            client.sendall(b"220 ready\r\n")
            for answer in (b"250 hello\r\n", b"221 bye\r\n"):
                heard.append(client.recv(1000))
                client.sendall(answer)

        self.on_client(self.listener_at(25), mail)
        self.assertEqual(self.does(text)[0], b"220 ready\r\n250 hello\r\n221 bye\r\n")
        self.assertEqual(heard, [b"EHLO me.example.org\r\n", b"QUIT\r\n"])

    @recipe("connect", "Send a file and know that it has arrived in full:")
    def test_send(self, text):
        (self.work / "archive.tar").write_bytes(DATA)
        received = self.nc_receives()
        self.does(text)
        self.assertEqual(digest(received()), digest(DATA))

    @recipe("connect", "Send a directory, leaving bandwidth to others, and show how far it is:")
    def test_send_a_directory(self, text):
        self.photos()
        received = self.nc_receives()
        _, err = self.does(text)
        done = self.run_for("tar", "-xzOf", "-", "photos/one", input=received())
        self.assertEqual(digest(done.stdout), digest(DATA))
        self.assertRegex(err.decode(), r"1\.0* MiB.*/s")

    @recipe("connect", "Receive one over TLS from a listener that printed its pin:")
    def test_receive_a_directory(self, text):
        archive = self.photos()
        self.forget_photos()
        (self.work / "archive").write_bytes(archive)
        sender = self.serve("exec tcpbox listen --tls --send-only 9000 < archive", 9000)
        pin = re.search(rb"sha256:[0-9a-f]{64}", sender.stderr.readline())[0]
        (self.work / "pin").write_bytes(pin + b"\n")
        self.does(text)
        self.assertEqual((self.work / "photos" / "one").read_bytes(), DATA)
        self.ends(sender, 0)

    @recipe("connect", "The first megabyte of what a server sends:")
    def test_until_bytes(self, text):
        def send(client):
            try:
                while True:
                    client.sendall(DATA)
            except OSError:
                pass

        self.on_client(self.listener_at(9000, "192.0.2.1"), send)
        self.does(text)
        self.assertEqual(digest((self.work / "sample").read_bytes()), digest(DATA[:1000000]))

    @recipe("connect", "Log in to a device and keep its configuration; the password is in no list of processes:")
    def test_expect(self, text):
        def device(client):
            with client.makefile("rwb", buffering=0) as talk:
                talk.write(b"\xff\xfb\1login: ")
                self.assertEqual(talk.readline(), b"\xff\xfe\1admin\r\n")
                talk.write(b"Password: ")
                self.assertEqual(talk.readline(), b"swordfish\r\n")
                talk.write(b"\r\nswitch> ")
                self.assertEqual(talk.readline(), b"show config\r\n")
                talk.write(b"hostname switch\r\nswitch> ")
                talk.read()

        self.on_client(self.listener_at(23, "192.0.2.7"), device)
        self.env["PW"] = "swordfish"
        self.does(text)
        self.assertTrue((self.work / "config.txt").read_bytes().endswith(b"switch> hostname switch\r\nswitch> "))

    @recipe("connect", "Does a mail server greet, and within two seconds?")
    def test_expect_in_time(self, text):
        def mail(greets):
            def talk(client):
                if greets:
                    client.sendall(b"220 mail.example.org ESMTP\r\n")
                if client.recv(100) == b"QUIT\r\n":
                    client.sendall(b"221 bye\r\n")
            return talk

        listener = self.listener_at(25)
        for greets, code in ((True, 0), (False, 4)):
            self.on_client(listener, mail(greets))
            self.does(text, code)

    def proxy(self, port, kind, *words):
        proxy = self.peer_listens([self.tcpbox, "listen", f"{HOST}:{port}", "--serve", kind, "--ndjson", *words], port,
                                  stdin=subprocess.DEVNULL)
        return lambda **fields: self.event(proxy, "proxy_request", **fields)

    @recipe("connect", "Through a SOCKS server, which looks the name up:")
    def test_socks(self, text):
        asked = self.proxy(1080, "socks")
        self.answers(5432, "behind", HOST)
        self.assertEqual(self.does(text)[0], b"behind\n")
        self.assertEqual(asked()["host"], "db.example.org")

    @recipe("connect", "Log in through two proxies; who we are there stands in a file, a line for each:")
    def test_ssh(self, text):
        (self.work / "proxies").write_text("ann:lovelace\nbob:builder\n")
        socks = self.proxy(1080, "socks", "--proxy-auth", "ann:lovelace")
        web = self.proxy(8080, "http-proxy", "--proxy-auth", "bob:builder")
        self.sshd()
        _, err = self.does(text.replace("ssh ", "ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=no "
                                        "-o UserKnownHostsFile=/dev/null ", 1), 255)
        self.assertIn(b"Permission denied (publickey", err)
        self.assertEqual(socks(user="ann")["port"], 8080)
        self.assertEqual(web(user="bob")["port"], 22)

    @recipe("connect", "Through the proxy that the environment names for all programs, if any:")
    def test_environment(self, text):
        asked = self.proxy(8080, "http-proxy")
        self.nginx(443, tls=True, certificate=self.authority.issue("www", san="DNS:www"))
        self.env.update(HTTPS_PROXY=f"http://{HOST}:8080", https_proxy=f"http://{HOST}:8080")
        self.does(text)
        self.assertEqual(asked()["host"], "www")
        self.env.update(NO_PROXY="www", no_proxy="www")
        _, err = self.does(text)
        self.assertNotIn(b"8080", err)

    @recipe("connect", "Only listen to a server that talks:")
    def test_recv_only(self, text):
        self.on_client(self.listener_at(13, "2001:db8::1"), lambda client: client.sendall(b"high noon\n"))
        self.assertEqual(self.does(text, stdin=subprocess.PIPE)[0], b"high noon\n")

    @recipe("connect", "Keep the conversation for Wireshark:")
    def test_record(self, text):
        self.nginx(80)
        self.does(text)
        self.capture_holds_http(self.work / "talk.pcapng")

    @recipe("connect", "How fast is the way to a server that throws everything away?")
    def test_discard(self, text):
        self.peer_listens(["socat", "-u", f"TCP-LISTEN:9,bind={HOST},reuseaddr", "OPEN:/dev/null"], 9)
        _, err = self.does(text)
        self.assertRegex(err.decode(), r"100\.0 MiB.*/s")

    @recipe("connect", "Let a program do the talking:")
    def test_shell(self, text):
        self.answers(13, "high noon", HOST)
        self.does(text)
        self.assertEqual((self.work / "time.txt").read_bytes(), b"high noon\n")

    @recipe("connect", "Bytes, milliseconds and retransmits of a conversation:")
    def test_events(self, text):
        self.nginx(80)
        (self.work / "request").write_bytes(b"GET / HTTP/1.0\r\n\r\n")
        out, _ = self.does(text)
        answer = (self.work / "answer").read_bytes()
        self.assertTrue(answer.endswith(HELLO))
        self.assertRegex(out.decode(), rf"^\[{len(answer)},[0-9.e-]+,0\]\n$")


if __name__ == "__main__":
    lab.main()
