# SPDX-License-Identifier: MIT
"""listen --transparent: clients that nft's tproxy, redirect or dnat brings go where they were going."""

import json
import pathlib
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema
from lab.stream import PATIENCE, Events

lab.require("nft", "ip")

# As the manual page has it, for another interface and port.
PAGE = (lab.source_dir() / "man" / "tcpbox-listen.1").read_text()
TPROXY = next(block.split(".Ed")[0] for block in PAGE.split(".Bd -literal -offset indent\n") if "tproxy to" in block)
TPROXY = TPROXY.replace('iifname "eth1" tcp dport 80 ', "tcp dport 8000 ")

REDIRECT = """
table inet tcpbox {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    tcp dport 8000 redirect to :3128
  }
}
"""

CIRCLE = """
table inet tcpbox {
  chain output {
    type nat hook output priority -100; policy accept;
    tcp dport 8000 redirect to :3128
  }
}
"""


class Transparent(Events, lab.TestCase):
    """The client, a router that the listener runs on, the server."""

    def setUp(self):
        super().setUp()
        self.net = self.lab.routed()
        self.router = self.net.router
        for option in ("rp_filter", "route_localnet"):
            self.router.sysctl(f"net.ipv4.conf.all.{option}", 0)
        self.server = self.net.server.popen([self.lab.tcpbox, "listen", "-k", "--ndjson", "--serve", "banner:real server", "8000"],
                                            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.net.server.wait_listening(8000)

    def transparent(self, *words, host=None, user=None):
        host = host or self.router
        process = host.popen([self.lab.tcpbox, "listen", "--transparent", "--ndjson", "3128", *words], user=user,
                             stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        host.wait_listening(3128)
        return process

    def talk(self, address, port=8000, host=None):
        with (host or self.net.client).entered():
            with socket.create_connection((address, port), PATIENCE) as client:
                return client.recv(100)

    def hand_over(self):
        self.router.nft(TPROXY)
        for family in ("-4", "-6"):
            self.router.run(["ip", family, "rule", "add", "fwmark", "1", "lookup", "100"], check=True)
            self.router.run(["ip", family, "route", "add", "local", "default", "dev", "lo", "table", "100"], check=True)

    def check_both_families(self, process):
        for number, address in enumerate((self.net.server.address4, self.net.server.address6), start=1):
            self.assertEqual(self.talk(address), b"real server")
            forwarded = self.event(process, "forwarded", id=number)
            self.assertEqual((forwarded["remote_address"], forwarded["remote_port"]), (address, 8000))
            # It was our connection that came to the server, not the client's.
            seen = self.event(self.server, "connected", id=number)
            self.assertNotIn(seen["remote_address"], (self.net.client.address4, self.net.client.address6))
            self.assertEqual(self.event(process, "closed", id=number)["sent_bytes"], len("real server"))

    def test_tproxy(self):
        self.hand_over()
        self.check_both_families(self.transparent("-k"))

    def test_redirect(self):
        self.router.nft(REDIRECT)
        self.check_both_families(self.transparent("-k"))

    def test_records(self):
        self.router.nft(REDIRECT)
        process = self.transparent()
        self.assertEqual(self.talk(self.net.server.address4), b"real server")
        _, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0, err)
        schema.validate_ndjson(err, "listen")

    def test_redirect_without_privilege(self):
        self.router.nft(REDIRECT)
        process = self.transparent("-k", user="nobody")
        self.assertIn("cap_net_admin", self.event(process, "warning")["message"])
        self.check_both_families(process)

    def test_a_client_that_nobody_redirected_is_refused(self):
        process = self.transparent("-k")
        for address in (self.router.links[0].address4, self.router.links[0].address6):
            with self.assertRaises(ConnectionResetError):
                self.talk(address, 3128)
            self.assertIn("is this listener itself", self.event(process, "closed")["error"])
        self.assertEqual(self.event_count(process, "forwarded"), 0)

    def event_count(self, process, kind):
        process.terminate()
        rest = process.communicate(timeout=PATIENCE)[1]
        return sum(json.loads(line)["type"] == kind for line in rest.splitlines())

    def test_a_circle_ends(self):
        """The firewall brings back what the listener itself sends."""
        self.router.nft(CIRCLE)
        process = self.transparent("-k")
        with self.assertRaises(ConnectionResetError):
            self.talk(self.net.server.address4, host=self.router)
        message = self.event(process, "warning")["message"]
        self.assertIn("brings our own connection back to us", message)
        self.assertLess(self.event_count(process, "connected"), 10)

    def test_a_target_that_refuses(self):
        self.router.nft(REDIRECT.replace("8000", "8001"))
        process = self.transparent()
        with self.assertRaises(ConnectionResetError):
            self.talk(self.net.server.address4, 8001)
        process.wait(PATIENCE)
        self.assertEqual(process.returncode, 3)

    def test_send_proxy_names_the_client(self):
        self.router.nft(REDIRECT)
        self.transparent("-k", "--send-proxy", "1")
        self.talk(self.net.server.address4)
        self.assertEqual(self.event(self.server, "closed")["received_bytes"] > 20, True)


class Words(lab.TestCase):
    def test_bad_words(self):
        for words, message in (
                (["3128", "--transparent", "--forward", "h:1"], "--transparent: each client has a target of its own"),
                (["3128", "--transparent", "--balance", "random"], "--balance: chooses among targets"),
                (["3128", "--transparent", "--serve", "echo"], "choose one of them"),
                (["unix:@x", "--transparent"], "--transparent: no firewall brings anybody to a Unix-domain socket")):
            with self.subTest(words=words):
                ended = subprocess.run([self.lab.tcpbox, "listen", *words], capture_output=True, timeout=PATIENCE)
                self.assertEqual(ended.returncode, 2)
                self.assertIn(message, ended.stderr.decode())


if __name__ == "__main__":
    lab.main()
