# SPDX-License-Identifier: MIT
"""The packet socket and the live capture see what passes a host's interfaces, when it passed."""

import pathlib
import shutil
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab

PORT = 80
HANDSHAKE = 3


class PacketSocket(lab.TestCase):
    def setUp(self):
        super().setUp()
        self.net = self.lab.two_hosts()
        self.net.server.listen_many([PORT])
        self.sniff = self.lab.scratch / "net_sniff"
        shutil.copyfile(lab.build_dir() / "tests" / "support" / "net_sniff", self.sniff)
        self.sniff.chmod(0o755)

    def start(self, host, *words, user=None):
        """A sniffer that is ready."""
        process = host.popen([self.sniff, *words], user=user, stdin=-1, stdout=-1)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def lines(self, process, kind):
        text, _ = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 0, text)
        lines = [line.split() for line in text.splitlines()]
        self.assertNotIn(["gave", "up"], lines, text)
        return [dict(zip(line[1::2], line[2::2])) for line in lines if line[0] == kind]

    def connect(self, host, address, port=PORT):
        with host.entered():
            socket.create_connection((address, port), 5).close()

    def index(self, host, interface):
        with host.entered():
            return str(socket.if_nametoindex(interface))

    def test_both_directions_in_one_stream_with_the_kernels_times(self):
        client, server = self.net.client, self.net.server
        server.listen_many([81, 82])
        # A connection may end late: what is counted has a port of its own.
        for address, version, port in ((server.address4, "4", 81), (server.address6, "6", 82)):
            self.connect(client, address)  # neighbours are known from here on: no ND among the packets
            sniffer = self.start(client, "packets", "-", "both", port, port, HANDSHAKE)
            before = time.time_ns()
            self.connect(client, address, port)
            after = time.time_ns()
            packets = self.lines(sniffer, "packet")
            self.assertEqual([p["outgoing"] for p in packets], ["true", "false", "true"])
            self.assertEqual({p["version"] for p in packets}, {version})
            self.assertEqual({p["interface"] for p in packets}, {self.index(client, client.interface)})
            self.assertEqual([p["length"] for p in packets], [p["of"] for p in packets])
            times = [int(p["time"]) for p in packets]
            self.assertEqual(times, sorted(times))
            self.assertTrue(before <= times[0] and times[-1] <= after, (before, times, after))

    def test_incoming_only(self):
        sniffer = self.start(self.net.client, "packets", "-", "incoming", PORT, PORT, 2)
        for _ in range(2):
            self.connect(self.net.client, self.net.server.address4)
        self.assertEqual({p["outgoing"] for p in self.lines(sniffer, "packet")}, {"false"})

    def test_only_the_interface_and_the_ports_asked_for(self):
        server = self.net.server
        server.listen_many([8081])
        index = self.index(server, "lo")
        sniffer = self.start(server, "packets", index, "both", PORT, PORT, 6)
        self.connect(self.net.client, server.address4)  # not on loopback
        with server.entered():
            socket.create_connection(("127.0.0.1", 8081), 5).close()  # not on the port
        self.connect(server, "127.0.0.1")
        packets = self.lines(sniffer, "packet")
        self.assertEqual({p["interface"] for p in packets}, {index})
        self.assertEqual([p["outgoing"] for p in packets], ["true", "false"] * 3)  # on loopback each is seen twice

    def test_a_checksum_that_is_left_to_the_hardware_is_marked(self):
        sniffer = self.start(self.net.server, "packets", self.index(self.net.server, "lo"), "both", PORT, PORT, 1)
        self.connect(self.net.server, "127.0.0.1")
        self.assertEqual(self.lines(sniffer, "packet")[0]["pending"], "true")

    def test_a_tagged_frame_is_seen_from_its_ip_header_on(self):
        client, server = self.net.client, self.net.server
        for host, address in ((client, "10.9.0.1/24"), (server, "10.9.0.2/24")):
            made = host.run(["ip", "link", "add", "link", host.interface, "name", "tagged", "type", "vlan", "id", "1365"])
            if made.returncode != 0:
                self.skipTest("this kernel makes no VLANs: " + made.stderr.strip())
            host.run(["ip", "address", "add", address, "dev", "tagged"], check=True)
            host.run(["ip", "link", "set", "tagged", "up"], check=True)
        sniffer = self.start(client, "packets", self.index(client, "tagged"), "both", PORT, PORT, HANDSHAKE)
        below = self.start(client, "packets", self.index(client, client.interface), "incoming", PORT, PORT, 1)
        self.connect(client, "10.9.0.2")
        packets = self.lines(sniffer, "packet") + self.lines(below, "packet")
        self.assertEqual({p["version"] for p in packets}, {"4"})

    def test_what_is_lost_is_counted_once(self):
        server = self.net.server
        sniffer = self.start(server, "drops")
        with server.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(100):
                sender.sendto(bytes(1000), ("127.0.0.1", 9))
        text, _ = sniffer.communicate(timeout=20)
        _, first, _, second = text.split()
        self.assertGreater(int(first), 50)
        self.assertEqual(second, "0")

    def test_a_lost_interface_ends_the_wait(self):
        server = self.net.server
        server.run(["ip", "link", "add", "gone", "type", "veth", "peer", "name", "gone2"], check=True)
        server.run(["ip", "link", "set", "gone", "up"], check=True)
        sniffer = self.start(server, "packets", self.index(server, "gone"), "both", PORT, PORT, 1)
        server.run(["ip", "link", "del", "gone"], check=True)
        text, _ = sniffer.communicate(timeout=20)
        self.assertEqual(text.splitlines()[0], "error receive packet: Network is down")

    def test_live_capture(self):
        client, server = self.net.client, self.net.server
        server.listen_many([81])
        for interface, link, port in ((client.interface, "1", PORT), ("any", "113", 81)):
            sniffer = self.start(client, "capture", interface, f"tcp port {port} and host {server.address4}", HANDSHAKE)
            before = time.time_ns()
            self.connect(client, server.address4, port)
            after = time.time_ns()
            frames = self.lines(sniffer, "frame")
            self.assertEqual({f["link"] for f in frames}, {link})
            self.assertTrue(all(before <= int(f["time"]) <= after for f in frames), (before, frames, after))
            self.assertTrue(any(int(f["time"]) % 1000 for f in frames), "no time has nanoseconds")

    def test_without_privilege(self):
        for words, attempt in ((["packets", "-", "both", "1", "1", "1"], "open packet socket"),
                               (["capture", "lo", "", "1"], "capture on lo")):
            done = self.net.client.run([self.sniff, *words], user="nobody")
            self.assertEqual(done.stdout, f"error {attempt}: needs CAP_NET_RAW\n"
                                          f"hint run as root, or: sudo setcap cap_net_raw+ep {self.sniff}\n")


if __name__ == "__main__":
    lab.main()
