# SPDX-License-Identifier: MIT
"""OpenSSH beside proxies: its client through ours, by ProxyCommand, and ours through its, by ssh -D and squid."""

import os
import pathlib
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from lab import missing_tools
from lab.stream import PATIENCE, StreamCase, echo, free_port, serve_each

DATA = os.urandom(1_000_000)


class SshCase(StreamCase):
    def setUp(self):
        super().setUp()
        missing = missing_tools(("sshd", "ssh", "ssh-keygen"))
        if missing or os.geteuid() != 0:
            self.skipTest("needs root, sshd and ssh")
        pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.keys = self.scratch / "keys"
        self.keys.mkdir(mode=0o700)
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.keys / name], check=True)
        self.port = free_port()
        self.peer_listens(["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-p", self.port, "-h", self.keys / "host",
                           "-o", "ListenAddress=127.0.0.1", "-o", f"AuthorizedKeysFile={self.keys}/user.pub",
                           "-o", "StrictModes=no", "-o", "PermitRootLogin=prohibit-password"], self.port)

    def ssh(self, *words):
        return ["ssh", "-F", "/dev/null", "-i", self.keys / "user", "-p", self.port, "-o", "BatchMode=yes",
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", *words]


class ProxyCommand(SshCase):
    def through(self, command):
        result = self.run_for(*self.ssh("-o", f"ProxyCommand={command}", "root@127.0.0.1", "cat"), input=DATA)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assertEqual(result.stdout, DATA)

    def test_our_client(self):
        self.through(f"{self.tcpbox} connect %h %p")

    def test_our_client_through_our_servers(self):
        for kind, scheme in (("socks", "socks4"), ("socks", "socks5h"), ("http-proxy", "http")):
            with self.subTest(scheme):
                proxy = self.listen("--serve", kind, *(() if scheme == "socks4" else ("--proxy-auth", "me:secret")))
                user = "" if scheme == "socks4" else "me:secret@"
                self.through(f"{self.tcpbox} connect --proxy {scheme}://{user}127.0.0.1:{proxy.ports[0]} %h %p")

    def test_nc_through_our_servers(self):
        for kind, version in (("socks", "4"), ("socks", "5"), ("http-proxy", "connect")):
            with self.subTest(version):
                proxy = self.listen("--serve", kind)
                self.through(f"nc -X {version} -x 127.0.0.1:{proxy.ports[0]} %h %p")

    def test_steps_before_it(self):
        """What a step has read of the peer's first words stays out of the way of what comes after it."""
        proxy = self.listen("--serve", "socks")
        result = self.run_for(self.tcpbox, "connect", "--proxy", f"socks5://127.0.0.1:{proxy.ports[0]}",
                              f"127.0.0.1:{self.port}", "--expect", "SSH-2.0-", "--send", "SSH-2.0-steps\\r\\n",
                              "--until", "\n", stdin=subprocess.DEVNULL)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, rb"^SSH-2\.0-OpenSSH[^\n]*\n$")


class Dynamic(SshCase):
    def test_through_ssh(self):
        """ssh -D is a SOCKS server."""
        port = free_port()
        self.peer_listens(self.ssh("-N", "-D", f"127.0.0.1:{port}", "root@127.0.0.1"), port)
        targets = {address: serve_each(self, echo, address) for address in ("127.0.0.1", "::1")}
        for scheme in ("socks4", "socks4a", "socks5", "socks5h"):
            for address, target in targets.items():
                if scheme.startswith("socks4") and ":" in address:
                    continue
                with self.subTest(scheme=scheme, address=address):
                    self.echoed("--proxy", f"{scheme}://127.0.0.1:{port}", address, target)

    def test_through_squid(self):
        if missing_tools(("squid",)):
            self.skipTest("squid is not here")
        port, users = free_port(), self.scratch / "users"
        hashed = subprocess.run(["openssl", "passwd", "-apr1", "secret"], check=True, capture_output=True, text=True).stdout
        users.write_text(f"me:{hashed}")
        configuration = self.scratch / "squid.conf"
        configuration.write_text(
            f"http_port 127.0.0.1:{port}\nauth_param basic program /usr/lib/squid/basic_ncsa_auth {users}\n"
            "acl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all\n"
            "access_log none\ncache_log /dev/null\ncache deny all\npid_filename none\nshutdown_lifetime 0 seconds\n"
            "pinger_enable off\nnetdb_filename none\n")
        for path in (self.scratch, users, configuration):
            path.chmod(0o755)
        squid = self.peer_listens(["squid", "-N", "-f", configuration], port)
        self.addCleanup(squid.wait, PATIENCE)  # it removes what it has in shared memory
        self.addCleanup(squid.terminate)
        targets = {address: serve_each(self, echo, address) for address in ("127.0.0.1", "::1")}
        for address, target in targets.items():
            self.echoed("--proxy", f"http://me:secret@127.0.0.1:{port}", address, target)
        result = self.run_for(self.tcpbox, "connect", "--proxy", f"http://me:wrong@127.0.0.1:{port}",
                              f"127.0.0.1:{targets['127.0.0.1']}", stdin=subprocess.DEVNULL)
        self.assertEqual(result.returncode, 3)
        self.assertIn(b"407", result.stderr)

    def echoed(self, *words):
        """Our end comes after the echo: squid takes the end of one direction for that of both."""
        process = self.start(self.tcpbox, "connect", *words)
        writer = threading.Thread(target=process.stdin.write, args=(DATA,))
        writer.start()
        got = process.stdout.read(len(DATA))
        writer.join()
        self.assertTrue(got == DATA, f"{len(got)} bytes came back")
        process.stdin.close()
        self.assertEqual((process.wait(PATIENCE), process.stdout.read()), (0, b""), process.stderr.read())


if __name__ == "__main__":
    lab.main()
