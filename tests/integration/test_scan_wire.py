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
