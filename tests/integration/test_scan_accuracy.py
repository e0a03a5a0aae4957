# SPDX-License-Identifier: MIT
"""What tcpbox scan says against what is true, over wires of every kind, and what the target saw of it."""

import collections
import contextlib
import os
import pathlib
import random
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from lab.scan_case import PORTS, ScanCase

OPEN = sorted(random.Random(5).sample(PORTS, 40))
SILENT = [port for port in PORTS if port % 100 == 7 and port not in OPEN]
TRUTH = {port: "open" if port in OPEN else "filtered" if port in SILENT else "closed" for port in PORTS}

# By default one silence in a thousand may be a loss, and there are two thousand ports.
SURE = ("--confidence", "99.9999")


class Wires(ScanCase):
    """Found is true, whatever the wire does."""

    def found_is_true(self, *words, loss=0, conditions=None, families=("address4",), truth=TRUTH):
        net = self.lab.many_targets(**(conditions or {}))
        net.server.listen_many(OPEN)
        silent = [port for port, state in truth.items() if state == "filtered"]
        if silent:
            net.target.filter(f"tcp dport {{ {', '.join(map(str, silent))} }} drop")
        net.target.lose(loss)
        for family in families:
            target = getattr(net.target, family)
            document = self.scan(net.client, *words, "-p", self.all_ports(), target)
            self.assertEqual(self.states(document), {(target, port): state for port, state in truth.items()})
            self.assertTrue(document["summary"]["complete"])
        return net, document

    def test_clean(self):
        _, document = self.found_is_true(families=("address4", "address6"))
        self.assertEqual(document["summary"]["loss"], 0)

    def test_loss_of_5_percent(self):
        _, document = self.found_is_true(*SURE, loss=5, families=("address4", "address6"))
        self.assertGreater(document["summary"]["loss"], 0.02)

    def test_loss_of_20_percent(self):
        # Of the silent ports nothing tells how many tries are enough: there are none here.
        closed = {port: "open" if port in OPEN else "closed" for port in PORTS}
        self.found_is_true(*SURE, loss=20, truth=closed)

    def test_40_ms(self):
        _, document = self.found_is_true(conditions={"delay_ms": 20})
        self.assertGreaterEqual(document["summary"]["longest_rtt_us"], 40_000)

    def test_40_ms_and_loss_of_1_percent(self):
        self.found_is_true(conditions={"delay_ms": 20, "loss_percent": 1})

    def test_bottleneck(self):
        conditions = {"delay_ms": 20, "packets_per_second": 1000, "queue_frames": 50}
        self.found_is_true(conditions=conditions)

    def test_duplicated(self):
        _, document = self.found_is_true(conditions={"duplicate_percent": 30})
        self.assertGreater(document["summary"]["duplicate_answers"], 100)

    def test_reordered_with_jitter(self):
        self.found_is_true(conditions={"delay_ms": 2, "jitter_ms": 5, "reorder_percent": 20})

    def test_resets_are_limited(self):
        net = self.lab.many_targets()
        net.server.listen_many(OPEN)
        net.target.limit_resets(500)
        document = self.scan(net.client, "-p", self.all_ports(), net.target.address4)
        self.assertEqual(collections.Counter(self.states(document).values()),
                         {"open": len(OPEN), "closed": len(PORTS) - len(OPEN)})

    def test_one_host_of_two_limits_its_resets(self):
        net = self.lab.many_targets()
        net.server.listen_many(OPEN)
        net.target.filter("tcp dport 1108 drop")
        limited = "10.200.0.9"
        net.target.limit_resets(200, source=limited)
        document = self.scan(net.client, "-p", "1001-2000", net.target.address4, limited)
        truth = {port: "open" if port in OPEN else "filtered" if port == 1108 else "closed" for port in range(1001, 2001)}
        states = self.states(document)
        for host in (net.target.address4, limited):
            wrong = {port: state for port, state in truth.items() if states[host, port] != state}
            self.assertEqual(wrong, {}, host)
        # So few ports may all be known before it is sure that it was a limit; in virtual time the note is certain.
        self.assertLessEqual(self.notes(document), {(limited, "rst_limited")})

    def test_connect(self):
        for conditions in ({}, {"delay_ms": 20, "loss_percent": 1}):
            with self.subTest(conditions=conditions):
                self.found_is_true("--technique", "connect", conditions=conditions)


class WhatTheTargetSaw(ScanCase):
    def test_every_pair_is_probed_once_and_nothing_else(self):
        net = self.lab.many_targets()
        for network, hosts in (("10.200.7.0/28", [f"10.200.7.{i}" for i in range(16)]),
                               ("fd00:200::40/124", [f"fd00:200::{i:x}" for i in range(0x40, 0x50)])):
            net.target.count_probes()
            words = ["--exclude", hosts[3], "--exclude", f"{hosts[8]}-{hosts[9]}", "-p", "1-150,9000", network, hosts[5]]
            self.scan(net.client, *words, status=1)
            wanted = {(host, port) for i, host in enumerate(hosts) if i not in (3, 8, 9) for port in (*range(1, 151), 9000)}
            self.assertEqual(net.target.probes(), {pair: 1 for pair in wanted})

    @unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "needs two cores")
    def test_two_cores_send_each_probe_once(self):
        net = self.lab.many_targets()
        net.target.filter("tcp dport 1-2000 drop")
        net.target.count_probes()
        process = net.client.popen([self.lab.tcpbox, "scan", "--json", "--open", "--no-discover", "--timing", "line-rate",
                                    "--retries", "0", "-p", "1-2000", "10.200.7.0/28"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        threads = 0
        while process.poll() is None:
            with contextlib.suppress(OSError):
                threads = max(threads, len(os.listdir(f"/proc/{process.pid}/task")))
            time.sleep(0.001)
        self.assertEqual(process.returncode, 1, process.stderr.read())  # nothing is open
        self.assertEqual(threads, 2)
        probes = net.target.probes()
        self.assertLessEqual(set(probes), {(f"10.200.7.{host}", port) for host in range(16) for port in range(1, 2001)})
        self.assertEqual(set(probes.values()), {1})
        self.assertGreater(len(probes), 16 * 2000 * 0.9)  # a machine that is busy drops some of so many

    def test_only_the_silent_get_another_probe(self):
        net = self.lab.many_targets()
        net.server.listen_many(OPEN)
        net.target.filter("tcp dport 2001-2005 drop")
        net.target.count_probes()
        document = self.scan(net.client, "-p", self.all_ports(), net.target.address4)
        tries = {(row["target"], row["port"]): row["probes_sent"] for row in document["results"]}
        probes = net.target.probes()
        self.assertEqual(probes, tries)
        self.assertEqual({port for (_, port), count in probes.items() if count > 1}, set(range(2001, 2006)))

    def test_many_hosts(self):
        net = self.lab.many_targets()
        net.server.listen_many([80, 81])
        pick = random.Random(3).sample([(f"10.200.9.{i}", port) for i in range(256) for port in (80, 81)], 150)
        is_open, is_closed = pick[:100], pick[100:]
        net.target.hosts("80-81", is_open, is_closed)
        document = self.scan(net.client, "-p", "80,81", "10.200.9.0/24")
        states = self.states(document)
        self.assertEqual({pair for pair, state in states.items() if state == "open"}, set(is_open))
        self.assertEqual({pair for pair, state in states.items() if state == "closed"}, set(is_closed))

    def test_shards_are_disjoint_and_complete(self):
        net = self.lab.many_targets()
        wanted = {(f"10.200.3.{i}", port) for i in range(8) for port in range(1, 126)}
        seen = []
        for shard in ("1/3", "2/3", "3/3"):
            net.target.count_probes()
            self.scan(net.client, "--shard", shard, "--seed", "77", "-p", "1-125", "10.200.3.0/29", status=1)
            seen.append(net.target.probes())
            self.assertEqual(set(seen[-1].values()), {1})
            self.assertGreater(len(seen[-1]), 300)
        self.assertEqual(sum(map(len, seen)), len(wanted))
        self.assertEqual(set().union(*seen), wanted)

    def test_resume_probes_nothing_twice(self):
        net = self.lab.many_targets()
        net.server.listen_many(OPEN)
        net.target.count_probes()
        file = self.lab.scratch / "checkpoint"
        words = ["-p", self.all_ports(), net.target.address4]
        first = self.interrupted(net.client, "--rate", "1000", "--checkpoint", file, *words, after=0.8)
        self.assertFalse(first["complete"])
        before = net.target.probes()
        self.assertTrue(0 < len(before) < len(PORTS), len(before))
        for other in (["--flags", "syn,ece"], ["--ttl", "3"], ["--technique", "ack"], ["--exclude-ports", "2001"]):
            done = net.client.run([self.lab.tcpbox, "scan", "--resume", file, *other, *words])
            self.assertEqual((done.returncode, done.stdout, len(done.stderr.splitlines())), (2, "", 1), done.stderr)
            self.assertIn("is of a scan of other targets", done.stderr)
        document = self.scan(net.client, "--resume", file, "--rate", "5000", *words)
        self.assertEqual(net.target.probes(), {(net.target.address4, port): 1 for port in PORTS})
        self.assertEqual(document["summary"]["open"], len(OPEN))

    def test_nothing_is_left_behind(self):
        net = self.lab.many_targets()
        net.server.listen_many(OPEN)
        for target in (net.target.address4, net.target.address6):
            before = self.traces_on(net.client)
            resets = net.target.counter("resets_in")
            self.scan(net.client, "-p", self.all_ports(), target)
            lab.wait_for(lambda: not net.target.half_open(), "the end of half-open connections", timeout=1.0)
            self.assertEqual(self.traces_on(net.client), before)
            # One reset for each SYN-ACK and none for a reset.
            self.assertEqual(net.target.counter("resets_in") - resets, len(OPEN))

    def traces_on(self, host):
        """Resets of its own kernel, rules, routes, addresses."""
        commands = (["nft", "list", "ruleset"], ["ip", "route", "show", "table", "all"],
                    ["ip", "-6", "route", "show", "table", "all"], ["ip", "rule"], ["ip", "-o", "addr"],
                    ["ip", "-o", "-d", "link"])
        shown = [host.run(command, check=True).stdout for command in commands]
        return [host.snmp("Tcp", "OutRsts"), *shown]


if __name__ == "__main__":
    lab.require("nft", "ss")
    lab.main()
