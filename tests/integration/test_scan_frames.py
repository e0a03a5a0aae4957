# SPDX-License-Identifier: MIT
"""The frames of tcpbox scan, as a capture on the target sees them, and scans in places with little room."""

import collections
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from lab.scan_case import PORTS, ScanCase

OPEN = range(1100, 1110)
SILENT = range(2001, 2006)
FIELDS = ("frame.time_epoch", "ip.id", "ip.dst", "ipv6.dst", "tcp.srcport", "tcp.dstport", "tcp.flags", "tcp.seq_raw",
          "_ws.expert.message", "_ws.malformed", "ip.checksum.status", "tcp.checksum.status", "tcp.flags.str")
SYN, RST = 0x02, 0x04
GOOD = "1"


class Frames(ScanCase):
    def captured(self, family, *words):
        """What arrived from the scanner, a row a segment, in the eyes of tshark."""
        net = self.lab.many_targets()
        net.server.listen_many(OPEN)
        net.target.filter(f"tcp dport {SILENT.start}-{SILENT.stop - 1} drop")
        with net.server.capture(self.lab.scratch / "scan.pcap") as capture:
            self.scan(net.client, *words, "-p", self.all_ports(), getattr(net.target, family))
            time.sleep(0.1)
        source = getattr(net.client, family)
        address = "ip.src" if family == "address4" else "ipv6.src"
        command = ["tshark", "-n", "-r", capture.path, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE",
                   "-o", "tcp.analyze_sequence_numbers:FALSE", "-Y", f"tcp && {address} == {source}", "-T", "fields",
                   *(word for field in FIELDS for word in ("-e", field))]
        rows = [dict(zip(FIELDS, line.split("\t")))
                for line in net.server.run(command, check=True).stdout.splitlines()]
        self.assertGreater(len(rows), len(PORTS))
        return rows

    def check(self, family):
        rows = self.captured(family)
        self.check_valid(rows, family)
        syns = [row for row in rows if int(row["tcp.flags"], 16) & 0xFF == SYN]
        self.check_tries(syns)
        self.check_resets(rows, len(syns))
        if family == "address4":
            most_common = collections.Counter(row["ip.id"] for row in syns).most_common(1)[0][1]
            self.assertLess(most_common, 10, "IP identifications repeat")

    def check_valid(self, rows, family):
        for row in rows:
            self.assertEqual(row["tcp.checksum.status"], GOOD, row)
            self.assertEqual(row["_ws.malformed"], "", row)
            if family == "address4":
                self.assertEqual(row["ip.checksum.status"], GOOD, row)

    def check_tries(self, syns):
        """Each try of a silent port from a source port of its own, with its own sequence number, and not at once."""
        tries = collections.defaultdict(list)
        for row in syns:
            tries[int(row["tcp.dstport"])].append(row)
        self.assertEqual(set(tries), set(PORTS))
        for port, rows in tries.items():
            if port not in SILENT:
                self.assertEqual(len(rows), 1, f"port {port} answered and was probed again")
                continue
            self.assertGreater(len(rows), 1)
            for field in ("tcp.srcport", "tcp.seq_raw"):
                self.assertEqual(len({row[field] for row in rows}), len(rows), field)
            times = [float(row["frame.time_epoch"]) for row in rows]
            gaps = [later - earlier for earlier, later in zip(times, times[1:])]
            self.assertGreater(min(gaps), 0.05)

    def check_resets(self, rows, probes):
        """A reset for each SYN-ACK: none for a closed port, whose answer is a reset."""
        resets = [row for row in rows if int(row["tcp.flags"], 16) & RST]
        self.assertEqual(sorted(int(row["tcp.dstport"]) for row in resets), list(OPEN))
        self.assertEqual(len(rows), probes + len(resets))

    def test_v4(self):
        self.check("address4")

    def test_v6(self):
        self.check("address6")


class LittleRoom(ScanCase):
    def test_64_descriptors_and_1000_ephemeral_ports(self):
        net = self.lab.many_targets()
        net.client.sysctl("net.ipv4.ip_local_port_range", "40000 40999")
        net.server.listen_many(OPEN)
        for technique in ("syn", "connect"):
            with self.subTest(technique=technique):
                document = self.scan(net.client, "--technique", technique, "-p", self.all_ports(), net.target.address4,
                                     prefix=("prlimit", "--nofile=64:64"))
                self.assertEqual(collections.Counter(self.states(document).values()),
                                 {"open": len(OPEN), "closed": len(PORTS) - len(OPEN)})

    def test_a_quiet_link_ends_the_scan(self):
        net = self.lab.many_targets()
        net.target.filter("tcp dport 1-65535 drop")
        start = time.monotonic()
        document = self.scan(net.client, "--timeout", "300ms", "-p", "1-500", net.target.address4, status=1, timeout=30)
        self.assertEqual(set(self.states(document).values()), {"filtered"})
        # All of the timeouts of the tries, and as much again: nothing waits for a packet that does not come.
        self.assertLess(time.monotonic() - start, 15)

    def test_a_link_that_goes_down_is_an_error(self):
        net = self.lab.many_targets()
        process = net.client.popen([self.lab.tcpbox, "scan", "--ndjson", "--rate", "1000", "-p", "1-5000",
                                    net.target.address4], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        output = "".join(process.stdout.readline() for _ in range(200))
        net.client.run(["ip", "link", "set", net.client.interface, "down"], check=True)
        rest, error = process.communicate(timeout=60)
        output += rest
        states = collections.Counter(re.findall(r'"state":"([^"]*)"', output))
        self.assertGreater(states["closed"], 100)
        # What was under way when the link went is lost, not silent; what came after was never sent.
        self.assertEqual(states["filtered"], 0, states)
        self.assertRegex(output + error, "(?i)network is (down|unreachable)")
        self.assertNotIn(process.returncode, (0, -signal.SIGKILL))

    def test_a_reader_that_goes_away_ends_the_scan(self):
        net = self.lab.many_targets()
        process = net.client.popen([self.lab.tcpbox, "scan", "--ndjson", "--rate", "1000", "-p", "1-60000",
                                    net.target.address4], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        self.assertIn(process.wait(timeout=20), (0, -signal.SIGPIPE, 1))


if __name__ == "__main__":
    lab.require("nft", "ss", "tshark", "prlimit", "tcpdump")
    lab.main()
