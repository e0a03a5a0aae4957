# SPDX-License-Identifier: MIT
"""Wireshark's opinion of the frames that libtcp/packet writes: checksums, option values, nothing malformed."""

import functools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

WRITE_FRAMES = pathlib.Path(os.environ["TCPBOX_BUILD_DIR"]) / "tests" / "support" / "write_frames"
FIELDS = ["ip.checksum.status", "tcp.checksum.status", "icmp.checksum.status",
          "icmpv6.checksum.status", "_ws.expert.severity", "_ws.expert.message", "_ws.malformed",
          "tcp.option_kind", "tcp.options.mss_val", "tcp.options.wscale.shift", "tcp.options.sack_le",
          "tcp.options.sack_re", "tcp.options.timestamp.tsval", "tcp.options.timestamp.tsecr",
          "tcp.options.md5.digest", "tcp.options.ao.keyid", "tcp.options.ao.rnextkeyid", "tcp.options.ao.mac",
          "tcp.options.mptcp.subtype", "tcp.options.mptcp.version", "tcp.options.tfo.request",
          "tcp.options.tfo.cookie", "tcp.options.acc_ecn.ee0b", "tcp.options.acc_ecn.eceb",
          "tcp.options.acc_ecn.ee1b", "tcp.options.experimental.exid", "tcp.hdr_len", "tcp.payload", "tcp.srcport",
          "tcp.flags.str", "tcp.window_size_value", "vlan.id", "vlan.priority", "ieee8021ad.id", "sll.pkttype",
          "sll.ifindex", "ip.dsfield.dscp", "ip.dsfield.ecn", "ip.opt.type", "ipv6.fragment",
          "icmp.type", "icmp.code", "icmp.mtu", "icmpv6.type", "icmpv6.code", "icmpv6.mtu", "icmp.mpls.label",
          "icmp.ext.checksum.status"]
GOOD = "1"  # of the *.checksum.status fields
EXPERT_ERROR = 0x00800000

# What each frame means, as Wireshark words it. Frames without a row are judged by their checksums alone.
OPTIONS = {
    "no-options": {"tcp.option_kind": "", "tcp.hdr_len": "20"},
    "linux-syn": {"tcp.option_kind": "2,4,8,1,3", "tcp.options.mss_val": "1460", "tcp.options.wscale.shift": "7",
                  "tcp.options.timestamp.tsval": "16909060", "tcp.options.timestamp.tsecr": "0",
                  "tcp.window_size_value": "64240", "tcp.hdr_len": "40"},
    "mss": {"tcp.options.mss_val": "1220", "tcp.option_kind": "2"},
    "wscale": {"tcp.options.wscale.shift": "14", "tcp.option_kind": "3,0"},
    "sack-permitted": {"tcp.option_kind": "4,0,0"},
    "sack-1": {"tcp.options.sack_le": "3000", "tcp.options.sack_re": "3500"},
    "sack-4": {"tcp.options.sack_le": "3000,4000,5000,6000", "tcp.options.sack_re": "3500,4500,5500,6500",
               "tcp.hdr_len": "56"},
    "timestamps": {"tcp.options.timestamp.tsval": "4294967295", "tcp.options.timestamp.tsecr": "77"},
    "timestamps-sack-3": {"tcp.option_kind": "1,1,8,1,1,5", "tcp.hdr_len": "60"},
    "md5": {"tcp.options.md5.digest": "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"},
    "authentication": {"tcp.options.ao.keyid": "61", "tcp.options.ao.rnextkeyid": "84",
                       "tcp.options.ao.mac": "b0b1b2b3b4b5b6b7b8b9babb"},
    "mptcp": {"tcp.options.mptcp.subtype": "0", "tcp.options.mptcp.version": "1"},
    "fast-open-request": {"tcp.options.tfo.request": "1", "tcp.option_kind": "2,34,0,0"},
    "fast-open-cookie": {"tcp.options.tfo.cookie": "0123456789abcdef"},
    "fast-open-experimental": {"tcp.options.tfo.cookie": "0123456789abcdef", "tcp.option_kind": "2,254"},
    "accurate-ecn-0": {"tcp.options.acc_ecn.ee0b": "11", "tcp.options.acc_ecn.eceb": "22",
                       "tcp.options.acc_ecn.ee1b": "16777214"},
    "accurate-ecn-1": {"tcp.options.acc_ecn.ee1b": "33", "tcp.options.acc_ecn.eceb": "44",
                       "tcp.options.acc_ecn.ee0b": ""},
    "unknown": {"tcp.option_kind": "253,0,0", "tcp.options.experimental.exid": "0x1234"},
    "end-of-options": {"tcp.option_kind": "2,0,0,0,0"},
}
FRAMES = {
    "vlan-v4": {"vlan.id": "100", "vlan.priority": "3", "tcp.payload": "68656c6c6f0a"},
    "vlan-v6": {"vlan.id": "100"},
    "qinq": {"ieee8021ad.id": "200", "vlan.id": "100"},
    "qinq-old": {"vlan.id": "300,100"},
    "qinq-four-tags": {"vlan.id": "300,100,300,100"},
    "cooked-v1-v4": {"sll.pkttype": "4", "tcp.srcport": "41000"},
    "cooked-v2-v6": {"sll.pkttype": "4", "sll.ifindex": "3", "tcp.srcport": "41001"},
    "null-little-endian-v4": {"tcp.srcport": "41000"},
    "null-big-endian-v4": {"tcp.srcport": "41000"},
    "null-freebsd-v6": {"tcp.srcport": "41001"},
    "null-darwin-v6": {"tcp.srcport": "41001"},
    "loop-openbsd-v6": {"tcp.srcport": "41001"},
    "ipv4-options": {"ip.dsfield.dscp": "46", "ip.dsfield.ecn": "1", "ip.opt.type": "148,1,1,1,0"},
    "ipv4-fragment-last": {"tcp.payload": "68656c6c6f0a"},
    "ipv6-fragment-last": {"tcp.payload": "68656c6c6f0a"},
    "icmp-port-unreachable": {"icmp.type": "3", "icmp.code": "3"},
    "icmp-fragmentation-needed": {"icmp.code": "4", "icmp.mtu": "1400"},
    "icmp-time-exceeded-mpls": {"icmp.type": "11", "icmp.mpls.label": "24001", "icmp.ext.checksum.status": GOOD},
    "icmpv6-port-unreachable": {"icmpv6.type": "1", "icmpv6.code": "4"},
    "icmpv6-packet-too-big": {"icmpv6.type": "2", "icmpv6.mtu": "1280"},
    "icmpv6-time-exceeded-mpls": {"icmpv6.type": "3", "icmp.mpls.label": "24001"},
}
FRAMES.update({f"{name}-{family}": row for name, row in OPTIONS.items() for family in ("v4", "v6")})
# Frames with no whole segment whose checksum could be told: first fragments, a quote of eight bytes, echoes.
WITHOUT_SEGMENT = {"ipv4-fragment-first", "ipv6-fragment-first", "icmp-port-unreachable-28",
                   "icmp-echo-request", "icmpv6-echo-request"}


def dissect(path):
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,", "-E",
               "separator=/t"]
    for preference in ("ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "tcp.relative_sequence_numbers:FALSE"):
        command += ["-o", preference]
    for field in FIELDS:
        command += ["-e", field]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return [dict(zip(FIELDS, line.split("\t"))) for line in run.stdout.splitlines()]


@functools.cache
def frames():
    with tempfile.TemporaryDirectory() as directory:
        savefile = pathlib.Path(directory, "frames.pcapng")
        run = subprocess.run([WRITE_FRAMES, savefile], capture_output=True, text=True, timeout=60, check=True)
        return dict(zip(run.stdout.splitlines(), dissect(savefile), strict=True))


class Tshark(unittest.TestCase):
    def for_each_frame(self, check):
        for name, row in frames().items():
            with self.subTest(frame=name):
                check(name, row)

    def test_nothing_is_malformed(self):
        def check(_, row):
            self.assertEqual(row["_ws.malformed"], "", row["_ws.expert.message"])
            worst = max((int(value, 0) for value in row["_ws.expert.severity"].split(",") if value), default=0)
            self.assertLess(worst, EXPERT_ERROR, row["_ws.expert.message"])
        self.for_each_frame(check)

    def test_every_checksum_is_good(self):
        def check(name, row):
            sums = [row[field] for field in FIELDS if field.endswith("checksum.status") and row[field]]
            self.assertLessEqual(set(",".join(sums).split(",")) - {""}, {GOOD})
            if name not in WITHOUT_SEGMENT:
                self.assertIn(GOOD, row["tcp.checksum.status"])
            if "icmp" in name:
                self.assertEqual(row["icmpv6.checksum.status" if "icmpv6" in name else "icmp.checksum.status"], GOOD)
        self.for_each_frame(check)

    def test_values_are_what_was_meant(self):
        self.assertLessEqual(FRAMES.keys(), frames().keys())

        def check(name, row):
            meant = FRAMES.get(name, {})
            self.assertEqual({field: row[field] for field in meant}, meant)
        self.for_each_frame(check)


if __name__ == "__main__":
    if shutil.which("tshark") is None:
        print("skipped: tshark is not installed")
        sys.exit(77)
    unittest.main(verbosity=1)
