# SPDX-License-Identifier: MIT
"""tcpbox handshake-trace --pmtu: smaller links on the way, told of or not, and servers of real kernels."""

import pathlib
import socket
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema


class PathMtu(lab.TestCase):
    def setUp(self):
        super().setUp()
        for tool in ("nginx", "nft"):
            if lab.missing_tools([tool]):
                self.skipTest(f"not installed: {tool}")
        self.net = self.lab.routed(routers=4)
        self.net.server.nginx(80)

    def find(self, address, port=80, *words, status=0, user="root"):
        done = self.net.client.run([self.lab.tcpbox, "handshake-trace", "--pmtu", "--json", *words,
                                    f"[{address}]:{port}" if ":" in address else f"{address}:{port}"], user=user)
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        result, = schema.validate(done.stdout, "handshake-trace")["results"]
        return result

    def addresses(self):
        return (self.net.server.address4, self.net.server.address6)

    def narrow(self, mtu):
        """The link from hop 2 to hop 3."""
        left, right = self.net.routers[1], self.net.routers[2]
        for host, link in ((left, left.links[1]), (right, right.links[0])):
            host.run(["ip", "link", "set", link.interface, "mtu", str(mtu)], check=True)

    def silence(self):
        self.net.routers[1].nft("""table inet quiet { chain out { type filter hook output priority 0;
            icmp type destination-unreachable drop; icmpv6 type packet-too-big drop; }\n}\n""")

    def router(self, address, hop):
        link = self.net.routers[hop - 1].links[0]
        return link.address6 if ":" in address else link.address4

    def left_over(self):
        text = self.net.server.run(["ss", "-tanH"], check=True).stdout
        return [line for line in text.splitlines() if line.split()[0] not in ("LISTEN", "TIME-WAIT")]

    def test_nothing_is_smaller_than_our_own_link(self):
        resets = self.net.client.snmp("Tcp", "OutRsts")
        for address in self.addresses():
            result = self.find(address)
            self.assertEqual((result["outcome"], result["mtu_bytes"], result["local_mtu_bytes"]), ("found", 1500, 1500))
            self.assertEqual(result["mss_bytes"], 1440 if ":" in address else 1460)
            self.assertEqual((result["black_hole"], result["notices"], result["closing"]), (False, [], "orderly"))
        self.assertEqual(self.net.client.snmp("Tcp", "OutRsts"), resets)
        lab.wait_for(lambda: not self.left_over(), "the server to have no connection left")

    def test_a_router_says_what_fits(self):
        self.narrow(1400)
        for address in self.addresses():
            result = self.find(address)
            self.assertEqual((result["mtu_bytes"], result["black_hole"]), (1400, False))
            self.assertEqual([(n["sender"], n["size_bytes"], n["mtu_bytes"], n["plausible"]) for n in result["notices"]],
                             [(self.router(address, 2), 1500, 1400, True)])

    def test_two_links_one_after_the_other(self):
        self.narrow(1400)
        third, fourth = self.net.routers[2:]
        for host, link in ((third, third.links[1]), (fourth, fourth.links[0])):
            host.run(["ip", "link", "set", link.interface, "mtu", "1300"], check=True)
        for address in self.addresses():
            result = self.find(address)
            self.assertEqual(result["mtu_bytes"], 1300)
            self.assertEqual([n["mtu_bytes"] for n in result["notices"]], [1400, 1300])

    def test_a_black_hole_is_named(self):
        self.narrow(1400)
        self.silence()
        for address in self.addresses():
            result = self.find(address)
            self.assertEqual((result["outcome"], result["mtu_bytes"], result["notices"]), ("found", 1400, []))
            self.assertTrue(result["black_hole"])
            self.assertEqual((result["black_hole_after_hop"], result["black_hole_after_address"]),
                             (2, self.router(address, 2)))
            self.assertEqual((result["black_hole_before_hop"], result["black_hole_before_address"]),
                             (3, self.router(address, 3)))
            text = self.net.client.run([self.lab.tcpbox, "handshake-trace", "--pmtu", f"[{address}]:80"
                                        if ":" in address else f"{address}:80"], check=True).stdout
            self.assertIn("packets above 1400 bytes vanish between hop 2", " ".join(text.split()))
            self.assertIn("nobody says so", " ".join(text.split()))
            self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_the_application_is_given_nothing(self):
        got = []
        with self.net.server.entered():
            listener = socket.create_server((self.net.server.address4, 8080))
        listener.settimeout(30)

        def serve():
            connection, _ = listener.accept()
            connection.settimeout(30)
            connection.sendall(b"banner\n")
            got.append(connection.recv(65536))
            connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        result = self.find(self.net.server.address4, 8080)
        thread.join()
        listener.close()
        self.assertEqual((result["mtu_bytes"], result["closing"], got), (1500, "orderly", [b""]))

    def test_without_duplicate_sacks_and_time_stamps(self):
        for key in ("tcp_dsack", "tcp_sack", "tcp_timestamps"):
            self.net.server.sysctl(f"net.ipv4.{key}", 0)
            self.narrow(1400)
            self.assertEqual(self.find(self.net.server.address4)["mtu_bytes"], 1400, key)

    def test_a_port_that_is_closed(self):
        result = self.find(self.net.server.address4, 81, status=1)
        self.assertEqual((result["outcome"], result["mtu_bytes"]), ("not_connected", None))

    def test_without_privilege(self):
        for address in self.addresses():
            result = self.find(address, user="nobody")
            self.assertEqual((result["technique"], result["outcome"], result["mtu_bytes"]), ("connect", "found", 1500))
        result = self.find(self.net.server.address4, 81, user="nobody", status=1)
        self.assertEqual(result["outcome"], "not_connected")

    def test_without_privilege_the_shape_is_asked_of_the_kernel(self):
        self.net.routers[0].nft("""table inet shape { chain change { type filter hook forward priority 0;
            tcp dport 80 tcp flags & (syn | ack) == syn tcp option maxseg size != 1000 drop
            tcp dport 80 ip dscp != af11 drop\n tcp dport 80 ip6 dscp != af11 drop\n}\n}\n""")
        for address in self.addresses():
            self.assertEqual(self.find(address, 80, "--mss=1000", "--dscp=af11", user="nobody")["outcome"], "found")

    def test_not_with_a_path(self):
        done = self.net.client.run([self.lab.tcpbox, "handshake-trace", "--pmtu", "--path", "192.0.2.1"])
        self.assertEqual(done.returncode, 2)
        self.assertIn("--pmtu", done.stderr)


if __name__ == "__main__":
    lab.main()
