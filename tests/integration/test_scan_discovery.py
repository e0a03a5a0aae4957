# SPDX-License-Identifier: MIT
"""tcpbox scan --discover: which hosts are alive, how that is known, and that nobody else is bothered."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
from lab.scan_case import ScanCase

PORTS = "1001-1020"
OPEN = 1005


def addresses(numbers):
    return {f"10.200.0.{number}" for number in numbers}


EVERYTHING = addresses({10, 11})  # answer whatever they are asked
ONLY_ECHO = addresses({20, 21})
ONLY_443 = addresses({30})
ONLY_22 = addresses({31})
ONLY_ACK = addresses({32})
ERRORS = addresses({40})  # says itself that it prohibits everything
ALIVE = EVERYTHING | ONLY_ECHO | ONLY_443 | ONLY_22 | ONLY_ACK | ERRORS
NETWORK = addresses(range(256))


def rules(echo, pairs, errors=(), family="ip"):
    """Hosts as they are: these answer echo requests, those pairs TCP, and others nothing."""
    icmp = "icmp type echo-request" if family == "ip" else "icmpv6 type echo-request"
    elements = ", ".join(f"{address} . {port}" for address, port in pairs)
    kind = "ipv4_addr" if family == "ip" else "ipv6_addr"
    lines = f"""table inet hosts {{
      set echo {{ type {kind}; {'elements = { ' + ', '.join(echo) + ' }' if echo else ''} }}
      set pairs {{ type {kind} . inet_service; {'elements = { ' + elements + ' }' if elements else ''} }}
      set errors {{ type {kind}; {'elements = { ' + ', '.join(errors) + ' }' if errors else ''} }}
      chain input {{
        type filter hook input priority 10; policy accept;
        iifname != "eth0" return
        {family} daddr @errors reject with {'icmp type admin-prohibited' if family == 'ip' else 'icmpv6 type admin-prohibited'}
        {icmp} {family} daddr @echo accept
        {icmp} {family} daddr {'10.200.0.0/16' if family == 'ip' else 'fd00:200::/64'} drop
        meta l4proto tcp {family} daddr . tcp dport @pairs accept
        meta l4proto tcp drop
      }}
    }}"""
    return lines


def all_ports(hosts, *more):
    return [(host, port) for host in hosts for port in (*range(1001, 1021), 443, 22, 80, *more)]


class DiscoveryCase(ScanCase):
    @staticmethod
    def hosts(document):
        return {row["target"]: (row["state"], row["reason"]) for row in document["results"] if row["type"] == "host"}

    def alive(self, document):
        return {host for host, (state, _) in self.hosts(document).items() if state == "alive"}

    def scanned(self, document):
        return {row["target"] for row in document["results"] if row["type"] == "port"}


class Routed(DiscoveryCase):
    """A /24 behind a router, with a few hosts of each kind."""

    def setUp(self):
        super().setUp()
        self.net = self.lab.many_targets()
        self.net.server.listen_many([OPEN])
        pairs = [*all_ports(EVERYTHING), *((host, 443) for host in ONLY_443), *((host, 22) for host in ONLY_22)]
        self.net.server.nft(rules(EVERYTHING | ONLY_ECHO, pairs, ERRORS))
        # Port 80 of these lets through what belongs to a conversation.
        self.net.server.nft(f"insert rule inet hosts input ip daddr {{ {', '.join(ONLY_ACK)} }} tcp dport 80 "
                            "tcp flags & (syn|ack) == ack accept")

    def test_every_kind_of_answer(self):
        self.net.target.count_probes()
        document = self.scan(self.net.client, "--discover", "-p", PORTS, "10.200.0.0/24")
        hosts = self.hosts(document)
        self.assertEqual(self.alive(document), ALIVE)
        self.assertEqual(set(hosts), NETWORK)
        for expected, group in (("echo-reply", EVERYTHING | ONLY_ECHO), ("rst", ONLY_443 | ONLY_22 | ONLY_ACK),
                                ("icmp", ERRORS)):
            self.assertEqual({hosts[host] for host in group}, {("alive", expected)})
        self.assertEqual({hosts[host] for host in NETWORK - ALIVE}, {("silent", "silence")})
        self.assertEqual(self.scanned(document), ALIVE)
        states = self.states(document)
        self.assertEqual({pair for pair, state in states.items() if state == "open"},
                         {(host, OPEN) for host in EVERYTHING})
        self.check_sums(document)
        self.check_probes(self.net.target.probes(), document)

    def check_sums(self, document):
        run, summary = document["run"], document["summary"]
        self.assertEqual((run["discovery"], run["discovery_reason"]), (True, "asked for"))
        dead = len(NETWORK - ALIVE)
        self.assertEqual((summary["hosts_alive"], summary["hosts_silent"], summary["hosts_down"]), (len(ALIVE), dead, 0))
        self.assertEqual((summary["pairs"], summary["left_out"]), (256 * 20, dead * 20))
        found = sum(summary[state] for state in ("open", "closed", "filtered", "errors", "unfinished"))
        self.assertEqual(found, len(ALIVE) * 20)
        self.assertTrue(summary["complete"])

    def check_probes(self, probes, document):
        for address in NETWORK - ALIVE:
            asked = {port for host, port in probes if host == address}
            self.assertEqual(asked, {443, 22, 80}, "a silent host got something else")
        silent = next(row for row in document["results"] if row["type"] == "host" and row["state"] == "silent")
        self.assertGreaterEqual(silent["echo_requests"], 2)
        self.assertGreaterEqual(silent["tcp_tries"], 2)
        self.assertEqual(probes[silent["target"], 443], silent["tcp_tries"])
        self.assertIn(f"no answer to {silent['echo_requests']} echo requests and 3 TCP probes", silent["explanation"])
        for address in EVERYTHING | ONLY_ECHO:
            self.assertEqual([probes[address, port] for port in (443, 22, 80)], [0, 0, 0], "asked without need")


if __name__ == "__main__":
    lab.main()
