# SPDX-License-Identifier: MIT
"""What a raw scan puts on the wire, and what it says when the wire is taken away."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab

PORTS = range(1, 2001)
CHECKS = [word for check in ("ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "tcp.relative_sequence_numbers:FALSE")
          for word in ("-o", check)]


class Wire(lab.TestCase):
    def setUp(self):
        super().setUp()
        self.net = self.lab.two_hosts()

    def dissect(self, path, *fields):
        command = ["tshark", "-r", path, *CHECKS, "-T", "fields", "-E", "separator=,"]
        for field in fields:
            command += ["-e", field]
        done = self.net.client.run(command, check=True)
        return [line.split(",") for line in done.stdout.splitlines()]

    def capture_of_scan(self, target):
        """The path of all that came from the scanner while it probed PORTS, of which two are open."""
        path = self.lab.scratch / "wire.pcap"
        source = self.net.client.address4 if "." in target else self.net.client.address6
        with self.net.server.capture(path, f"tcp and src host {source}"):
            done = self.net.client.run([self.lab.tcpbox, "scan", "--ndjson", "--technique", "syn", "-p",
                                        f"{PORTS.start}-{PORTS.stop - 1}", target])
        self.assertEqual(done.returncode, 0, done.stderr)
        return path

    def test_every_frame_is_valid_and_every_port_has_one(self):
        self.net.server.listen_many([100, 1900])
        for target in (self.net.server.address4, self.net.server.address6):
            with self.subTest(target=target):
                path = self.capture_of_scan(target)
                v4 = "." in target
                ip_checksum = "ip.checksum.status" if v4 else "ipv6.hlim"
                rows = self.dissect(path, "tcp.checksum.status", ip_checksum, "tcp.flags.syn", "tcp.dstport", "tcp.seq",
                                    "ip.id" if v4 else "ipv6.plen", "_ws.malformed", "eth.dst")
                self.assertEqual({row[0] for row in rows}, {"1"}, "a TCP checksum is wrong")
                self.assertEqual({row[1] for row in rows}, {"1"} if v4 else {"64"})
                self.assertEqual({row[6] for row in rows}, {""})
                self.assertEqual(len({row[7] for row in rows}), 1)
                probes = [row for row in rows if row[2] in ("1", "True")]
                self.assertEqual(sorted(int(row[3]) for row in probes), list(PORTS), "not one probe a port")
                self.assertGreater(len({row[4] for row in probes}), len(PORTS) - 10, "the sequence numbers repeat")
                if v4:
                    self.assertGreater(len({row[5] for row in probes}), len(PORTS) // 2, "the identification repeats")
                resets = [row for row in rows if row[2] not in ("1", "True")]
                self.assertEqual(sorted(int(row[3]) for row in resets), [100, 1900], "a reset for each SYN-ACK, no other")

    def frames_of(self, *arguments, target=None):
        """The probes that arrive, a row each: MAC addresses, source address and port, destination port."""
        path = self.lab.scratch / "way.pcap"
        target = target or self.net.server.address4
        with self.net.server.capture(path, "tcp"):
            done = self.net.client.run([self.lab.tcpbox, "scan", "--technique", "syn", "--retries", "0", "--timeout",
                                        "200ms", "-p", "80-89", *arguments, target])
        self.assertIn(done.returncode, (0, 1), done.stderr)
        v4 = "." in target
        source, destination = ("ip.src", "ip.dst") if v4 else ("ipv6.src", "ipv6.dst")
        rows = self.dissect(path, "eth.dst", "eth.src", source, destination, "tcp.srcport", "tcp.dstport", "tcp.flags")
        return [row for row in rows if row[3] == target and int(row[6], 16) == 0x02]

    def test_the_way_that_was_asked_for_is_the_way_of_the_frames(self):
        client, server = self.net.client, self.net.server
        network = client.address4.rsplit(".", 1)[0]
        client.run(["ip", "addr", "add", f"{network}.77/24", "dev", client.interface], check=True)
        plain = self.frames_of()
        self.assertEqual(sorted(int(row[5]) for row in plain), list(range(80, 90)))
        self.assertEqual({row[2] for row in plain}, {client.address4})
        for family in ("address4", "address6"):
            frames = self.frames_of("--source-port", "5353", target=getattr(server, family))
            self.assertEqual(({row[4] for row in frames}, len(frames)), ({"5353"}, 10))
        self.assertEqual({row[2] for row in self.frames_of("--source", f"{network}.77")}, {f"{network}.77"})
        self.assertEqual({row[1] for row in self.frames_of("--interface", client.interface)}, {plain[0][1]})
        other = self.frames_of("--gateway-mac", "02:00:5e:00:53:01")
        self.assertEqual(({row[0] for row in other}, len(other)), ({"02:00:5e:00:53:01"}, 10))
        self.assertEqual({row[0] for row in plain} & {row[0] for row in other}, set())

    def test_a_tag_is_on_every_frame(self):
        server = self.net.server
        counters = {"asked": "vlan id 7", "another": "vlan id != 7", "every": "ip daddr " + server.address4}
        server.nft("table netdev tags {\n" + "".join(f" counter {name} {{ packets 0 bytes 0; }}\n" for name in counters)
                   + f" chain in {{\n  type filter hook ingress device {server.interface} priority 0; policy accept;\n"
                   + "".join(f"  {match} counter name {name}\n" for name, match in counters.items()) + " }\n}\n")
        self.frames_of("--vlan", "7", "--gateway-mac", "02:00:5e:00:53:01")
        seen = {name: server.run(["nft", "list", "counter", "netdev", "tags", name], check=True).stdout
                for name in counters}
        for name, packets in {"asked": 10, "another": 0, "every": 10}.items():
            self.assertIn(f"packets {packets} ", seen[name], name)

    def test_each_target_is_probed_through_the_interface_of_its_route(self):
        net = self.lab.routed()
        ends = {}
        for host in (net.client, net.server):
            host.listen_many([80])
            path = self.lab.scratch / f"{host.address4}.pcap"
            ends[host] = (path, host.capture(path, "tcp"))
        with ends[net.client][1], ends[net.server][1]:
            done = net.router.run([self.lab.tcpbox, "scan", "--technique", "syn", "--open", "--csv", "-p", "80",
                                   net.client.address4, net.server.address4])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual({line.split(",")[0] for line in done.stdout.splitlines()[1:]},
                         {net.client.address4, net.server.address4})
        sources = []
        for host, (path, _) in ends.items():
            rows = self.dissect(path, "ip.src", "ip.dst", "tcp.flags")
            probes = {tuple(row[:2]) for row in rows if int(row[2], 16) == 0x02}
            self.assertEqual({destination for _, destination in probes}, {host.address4})
            sources += [source for source, _ in probes]
        self.assertEqual(len(set(sources)), 2, "each from the address of its own interface")

    def check_down(self, *arguments):
        self.net.server.drop_ports([range(1, 65536)])
        process = self.net.client.popen([self.lab.tcpbox, "scan", "--ndjson", "--technique", "syn", *arguments,
                                         self.net.server.address4], stdout=-1, stderr=-1)
        process.stdout.readline()
        time.sleep(0.5)
        self.net.client.run(["ip", "link", "set", self.net.client.interface, "down"], check=True)
        _, error = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 3, error)
        self.assertIn("Network is down", error)

    def test_an_interface_that_goes_down_while_probes_leave_ends_the_scan(self):
        self.check_down("--rate", "500", "-p", "-")

    def test_an_interface_that_goes_down_while_answers_are_awaited_ends_the_scan(self):
        self.check_down("--timeout", "20s", "-p", "1-10")


if __name__ == "__main__":
    lab.require("nft", "tshark", "tcpdump")
    lab.main()
