# SPDX-License-Identifier: MIT
"""Answers that no target gave: tcpbox scan believes none of them."""

import collections
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from lab.scan_case import ScanCase

PORTS = range(2001, 2041)
# Two tries are enough to be lied to, and a few hundred milliseconds to hear it.
WORDS = ("--retries", "1", "--timeout", "400ms", "-p", f"{PORTS.start}-{PORTS.stop - 1}")


class Forged(ScanCase):
    def outcome(self, kind, family="address4"):
        """How many ports have each (state, reason) when `kind` is all that comes back."""
        net = self.lab.many_targets()
        net.target.answer_by_hand(kind)
        document = self.scan(net.client, *WORDS, getattr(net.target, family), status=None)
        results = [row for row in document["results"] if row["type"] == "port"]
        self.assertEqual(len(results), len(PORTS))
        received = net.client.snmp("Ip", "InReceives") if family == "address4" else net.client.snmp("Ip6", "InReceives")
        self.assertGreaterEqual(received, len(PORTS), "the forgeries did not arrive")
        return collections.Counter((row["state"], row["reason"]) for row in results), document

    def test_the_right_answers_are_believed(self):
        for family in ("address4", "address6"):
            for kind, state, reason in (("right_syn_ack", "open", "syn-ack"), ("right_rst", "closed", "rst"),
                                        ("right_icmp", "filtered", "icmp")):
                with self.subTest(kind=kind, family=family):
                    outcome, _ = self.outcome(kind, family)
                    self.assertEqual({state for state, _ in outcome}, {state})
                    self.assertNotIn(("filtered", "silence"), outcome)

    def test_the_wrong_ones_are_not(self):
        for family in ("address4", "address6"):
            for kind in ("wrong_acknowledgment", "no_acknowledgment", "wrong_port", "wrong_address",
                         "wrong_destination_port", "wrong_checksum", "wrong_quote"):
                with self.subTest(kind=kind, family=family):
                    outcome, document = self.outcome(kind, family)
                    self.assertEqual(outcome, {("filtered", "silence"): len(PORTS)})
                    for row in document["results"]:
                        self.assertIsNone(row.get("icmp_sender"))

    def test_an_icmp_storm_hides_nothing(self):
        outcome, document = self.outcome("storm")
        self.assertEqual({state for state, _ in outcome}, {"closed"})
        self.assertTrue(document["summary"]["complete"])

    def test_a_flood_of_what_nobody_asked_for_changes_nothing(self):
        net = self.lab.many_targets()
        net.server.listen_many(range(2001, 2006))
        net.target.filter("tcp dport 2011-2015 drop")
        truth = {port: "open" if port < 2006 else "filtered" if port in range(2011, 2016) else "closed" for port in PORTS}
        for kind in ("icmp", "syn_ack", "rst"):
            with self.subTest(kind=kind):
                flood = net.target.flood(kind, net.client)
                before = net.client.snmp("Ip", "InReceives")
                document = self.scan(net.client, "-p", f"{PORTS.start}-{PORTS.stop - 1}", net.target.address4)
                arrived = net.client.snmp("Ip", "InReceives") - before
                flood.kill()
                flood.wait()
                self.assertGreater(arrived, 100 * len(PORTS), "that was no flood")
                self.assertEqual({port: state for (_, port), state in self.states(document).items()}, truth)
                self.assertEqual({row["icmp_sender"] for row in document["results"] if row["type"] == "port"}, {None})
                self.assertTrue(document["summary"]["complete"])

    def test_the_first_answer_counts(self):
        outcome, document = self.outcome("everything_twice")
        self.assertEqual(outcome, {("open", "syn-ack"): len(PORTS)})
        # The scan ends with the answer to its last pair; the copies of that one may come after it.
        self.assertIn(document["summary"]["duplicate_answers"], range(2 * len(PORTS) - 2, 2 * len(PORTS) + 1))

    def test_a_target_that_answers_from_another_address(self):
        net = self.lab.many_targets()
        net.server.listen_many([2001])
        # Without connection tracking, as a router on an asymmetric way would: the source of answers is rewritten.
        net.server.nft("table ip other {\n chain output {\n type filter hook output priority 300;\n"
                       f" ip saddr {net.target.address4} tcp sport 2001-2005 ip saddr set 10.200.0.99\n}}\n}}\n")
        document = self.scan(net.client, "--retries", "1", "--timeout", "300ms", "-p", "2001-2005,2010",
                             net.target.address4, "10.200.0.99", status=None)
        states = self.states(document)
        self.assertEqual({port: states[net.target.address4, port] for port in range(2001, 2006)},
                         dict.fromkeys(range(2001, 2006), "filtered"))
        self.assertEqual(states[net.target.address4, 2010], "closed")
        self.assertEqual(states["10.200.0.99", 2001], "open")

    def test_a_host_that_answers_every_port(self):
        net = self.lab.many_targets()
        net.server.listen_many([80])
        net.server.nft("table ip trap {\n chain prerouting {\n type nat hook prerouting priority -100;\n"
                       " ip daddr 10.200.0.7 meta l4proto tcp redirect to :80\n}\n}\n")
        document = self.scan(net.client, "-p", "1-1000", "10.200.0.7", net.target.address4)
        self.assertEqual(self.notes(document), {("10.200.0.7", "answers_everything")})


if __name__ == "__main__":
    lab.require("nft", "ss")
    lab.main()
