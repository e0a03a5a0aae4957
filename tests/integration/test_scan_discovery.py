# SPDX-License-Identifier: MIT
"""tcpbox scan --discover: which hosts are alive, how that is known, and that nobody else is bothered."""

import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema
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

    def test_loss_changes_nothing(self):
        # Of each echo, each segment and each of their answers.
        self.net.server.nft("""table inet wire {
          chain input { type filter hook prerouting priority -400; iifname "eth0" numgen random mod 100 < 5 drop; }
          chain output { type filter hook output priority -400; oifname "eth0" numgen random mod 100 < 5 drop; }
        }""")
        document = self.scan(self.net.client, "--discover", "--confidence", "99.99", "-p", PORTS, "10.200.0.0/24")
        self.assertEqual(self.alive(document), ALIVE)
        self.assertEqual({pair for pair, state in self.states(document).items() if state == "open"},
                         {(host, OPEN) for host in EVERYTHING})

    def test_connect_with_ping_sockets(self):
        self.net.client.sysctl("net.ipv4.ping_group_range", "0 2147483647")
        document = self.scan(self.net.client, "--discover", "-p", PORTS, "10.200.0.0/24", user="nobody")
        self.assertEqual(document["run"]["technique"], "connect")
        # A connection begins with a SYN, which those drop that let ACKs through.
        self.assertEqual(self.alive(document), ALIVE - ONLY_ACK)
        hosts = self.hosts(document)
        self.assertEqual({hosts[host] for host in EVERYTHING | ONLY_ECHO}, {("alive", "echo-reply")})
        self.assertEqual(self.scanned(document), ALIVE - ONLY_ACK)

    def test_connect_without_ping_sockets(self):
        self.net.client.sysctl("net.ipv4.ping_group_range", "1 0")
        document = self.scan(self.net.client, "--discover", "-p", PORTS, "10.200.0.0/24", user="nobody")
        self.assertEqual(self.alive(document), EVERYTHING | ONLY_443 | ONLY_22 | ERRORS)
        self.assertEqual({row["echo_requests"] for row in document["results"] if row["type"] == "host"}, {0})

    def test_connect_that_nobody_answers_tells_nothing(self):
        self.net.client.sysctl("net.ipv4.ping_group_range", "1 0")
        words = ["--json", "--discover", "--retries", "1", "-p", "1001", "10.200.0.64/30"]
        done = self.net.client.run([self.lab.tcpbox, "scan", *words], user="nobody", timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("discovery: nobody answers, which tells nothing without raw sockets: every host is scanned",
                      done.stderr)
        document = schema.validate(done.stdout, "scan")
        self.assertEqual(self.scanned(document), addresses(range(64, 68)))
        self.assertEqual(document["summary"]["left_out"], 0)

    def test_default(self):
        def reason(*words):
            document = self.scan(self.net.client, "--retries", "0", *words, status=None)
            return document["run"]["discovery"], document["run"]["discovery_reason"]
        self.assertEqual(reason("-p", PORTS, "10.200.0.0/24"), (True, "20 ports each of 256 hosts"))
        self.assertEqual(reason("--no-discover", "-p", PORTS, "10.200.0.0/24"), (False, "--no-discover"))
        self.assertEqual(reason("-p", "1001-1015", "10.200.0.0/23"), (False, "fewer than 16 ports a host"))
        self.assertEqual(reason("-p", "1001-1016", "10.200.0.0/24"), (False, "no more than 4096 ports in all"))
        self.assertEqual(reason("-p", "1-4097", "10.200.0.10"), (False, "one host"))
        self.assertEqual(reason("-p", "1-5000", "192.0.2.1", "10.200.0.10"),
                         (False, "fewer than two hosts are beyond the local link"))
        self.assertEqual(reason("--seed", "1", "--shard", "1/2", "-p", PORTS, "10.200.0.0/24"),
                         (False, "--shard: the parts might not agree on it"))

    def test_text_lists_silent_hosts_when_asked(self):
        words = [self.lab.tcpbox, "scan", "--discover", "-p", PORTS, "10.200.0.8/29"]
        short = self.net.client.run(words, timeout=60)
        self.assertEqual(short.returncode, 0, short.stderr)
        self.assertIn("\n6 hosts were not scanned: 6 silent, 0 down\n", short.stdout)
        self.assertNotIn("10.200.0.9 ", short.stdout)
        self.assertIn("2 of 8 hosts, 40 ports: 2 open, 38 closed, 0 filtered;", short.stdout)
        long = self.net.client.run([*words, "-v"], timeout=60)
        self.assertRegex(long.stdout, r"\n  10\.200\.0\.9  silent: no answer to \d echo requests and 3 TCP probes, each sent")

    def test_shards_agree_on_everything_that_is_alive(self):
        pairs = []
        for part in (1, 2, 3):
            document = self.scan(self.net.client, "--discover", "--seed", "5", "--shard", f"{part}/3", "-p", PORTS,
                                 "10.200.0.0/24", status=None)
            pairs += self.states(document)
            summary = document["summary"]
            self.assertEqual(summary["pairs"], summary["left_out"] + len(self.states(document)))
        self.assertEqual(len(pairs), len(set(pairs)))
        self.assertEqual(set(pairs), {(host, port) for host in ALIVE for port in range(1001, 1021)})

    def test_what_answered_before_is_never_left_out(self):
        baseline = self.lab.scratch / "before.json"
        done = self.net.client.run([self.lab.tcpbox, "scan", "--json", "-p", PORTS, "10.200.0.10", "10.200.0.11"])
        baseline.write_text(done.stdout)
        self.net.server.nft("add rule inet hosts input ip daddr 10.200.0.11 drop; "
                            "insert rule inet hosts input ip daddr 10.200.0.11 drop")
        document = self.scan(self.net.client, "--discover", "--baseline", str(baseline), "-p", PORTS, "10.200.0.8/29",
                             status=1)
        self.assertEqual(self.hosts(document)["10.200.0.11"], ("alive", "earlier-scan"))
        changes = {(row["target"], row["port"]): row["now"] for row in document["results"] if row["type"] == "change"}
        self.assertEqual(changes["10.200.0.11", OPEN], "filtered")

    def test_interrupt_while_hosts_are_looked_for(self):
        summary = self.interrupted(self.net.client, "--discover", "--rate", "100", "-p", PORTS, "10.200.0.0/24", after=1)
        self.assertFalse(summary["complete"])
        self.assertEqual((summary["probes_sent"], summary["hosts_silent"], summary["hosts_down"]), (0, None, None))
        self.assertGreater(summary["discovery_probes"], 10)
        self.assertEqual(summary["unfinished"], summary["pairs"])


class Resumed(DiscoveryCase):
    """A scan that goes on asks nobody again who is there."""

    def setUp(self):
        super().setUp()
        self.net = self.lab.many_targets()
        self.net.server.listen_many([OPEN])
        self.net.server.nft(rules(EVERYTHING, all_ports(EVERYTHING)))
        self.file = str(self.lab.scratch / "checkpoint")

    def resume(self, *words):
        self.net.target.count_probes()
        document = self.scan(self.net.client, *words, "--resume", self.file, "-p", PORTS, "10.200.0.0/24", status=None)
        return document, self.net.target.probes()

    def test_in_the_middle_of_the_ports(self):
        self.net.target.count_probes()
        first = self.interrupted_after_a_port("--rate", "200")
        known = {(row["target"], row["port"]) for row in first if row["type"] == "port"}
        document, probes = self.resume()
        self.assertEqual(document["run"]["discovery_reason"], "as the scan that is resumed")
        self.assertEqual({host for host, _ in probes}, EVERYTHING)
        rest = set(self.states(document))
        self.assertEqual(known & rest, set())
        self.assertEqual(known | rest, {(host, port) for host in EVERYTHING for port in range(1001, 1021)})
        summary = document["summary"]
        self.assertEqual((summary["hosts_alive"], summary["hosts_silent"], summary["discovery_probes"]), (2, 254, None))
        self.assertEqual(summary["left_out"], 254 * 20)
        self.assertEqual((summary["open"], summary["closed"], summary["unfinished"]), (2, 38, 0))
        refused = self.net.client.run([self.lab.tcpbox, "scan", "--no-discover", "--resume", self.file, "-p", PORTS,
                                       "10.200.0.0/24"])
        self.assertEqual(refused.returncode, 2)
        self.assertIn("--no-discover: the scan that --resume goes on with leaves hosts out", refused.stderr)

    def test_in_the_middle_of_the_hosts(self):
        summary = self.interrupted(self.net.client, "--discover", "--rate", "100", "--checkpoint", self.file, "-p", PORTS,
                                   "10.200.0.0/24", after=1)
        self.assertGreater(summary["discovery_probes"], 10)
        document, _ = self.resume("--discover")
        self.assertEqual(self.alive(document), EVERYTHING)
        self.assertEqual(self.scanned(document), EVERYTHING)

    def test_a_scan_of_every_host_stays_one(self):
        words = ["--retries", "0", "--no-discover", "--rate", "1000", "--checkpoint", self.file, "-p", PORTS]
        self.interrupted(self.net.client, *words, "10.200.0.0/24", after=1)
        document, _ = self.resume("--retries", "0")
        self.assertEqual(document["run"]["discovery_reason"], "the scan that is resumed probes every host")
        self.assertEqual(document["summary"]["left_out"], 0)
        self.assertEqual(document["summary"]["pairs"], 256 * 20)

    def interrupted_after_a_port(self, *words):
        process = self.net.client.popen([self.lab.tcpbox, "scan", "--ndjson", "--discover", *words, "--checkpoint",
                                         self.file, "-p", PORTS, "10.200.0.0/24"], stdout=subprocess.PIPE)
        lines = []
        for line in process.stdout:
            lines.append(line)
            if '"type":"port"' in line and not process.poll():
                process.send_signal(signal.SIGINT)
                break
        # Not communicate(): it passes over the lines that came together with the last one read.
        lines.append(process.stdout.read())
        process.wait(60)
        self.assertEqual(process.returncode, -signal.SIGINT)
        return schema.validate_ndjson("".join(lines), "scan")


class Version6(DiscoveryCase):
    def test_routed(self):
        net = self.lab.many_targets()
        net.server.listen_many([OPEN])
        everything, echo, tcp = {"fd00:200::10"}, {"fd00:200::20"}, {"fd00:200::30"}
        pairs = [*all_ports(everything), *((host, 443) for host in tcp)]
        net.server.nft(rules(everything | echo, pairs, family="ip6"))
        net.target.count_probes()
        document = self.scan(net.client, "--discover", "-p", PORTS, "fd00:200::/120")
        hosts = self.hosts(document)
        self.assertEqual({host: hosts[host] for host in self.alive(document)},
                         {"fd00:200::10": ("alive", "echo-reply"), "fd00:200::20": ("alive", "echo-reply"),
                          "fd00:200::30": ("alive", "rst")})
        self.assertEqual(len(hosts), 256)
        self.assertEqual({port for host, port in net.target.probes() if host not in everything | echo | tcp},
                         {443, 22, 80})


class Link(DiscoveryCase):
    """Hosts of the link are asked for by ARP and neighbour discovery."""

    def test_who_answers_only_that(self):
        net = self.lab.two_hosts()
        for address in ("192.0.2.10/24", "2001:db8:1::10/64"):
            net.server.run(["ip", "addr", "add", address, "dev", "eth0", *(["nodad"] if ":" in address else [])], check=True)
        net.server.nft("""table inet hosts { chain input { type filter hook input priority 0; policy accept;
          ip daddr 192.0.2.10 drop
          ip6 daddr 2001:db8:1::10 meta l4proto { tcp, udp } drop
          ip6 daddr 2001:db8:1::10 icmpv6 type echo-request drop
        }
        }""")
        document = self.scan(net.client, "--discover", "--retries", "0", "-p", "1001", "192.0.2.0/28",
                             "2001:db8:1::8/125", "2001:db8:1::10", status=1)
        hosts = self.hosts(document)
        self.assertEqual({host: hosts[host] for host in self.alive(document)},
                         {"192.0.2.1": ("alive", "own-address"), "192.0.2.2": ("alive", "neighbour"),
                          "192.0.2.10": ("alive", "neighbour"), "2001:db8:1::10": ("alive", "neighbour")})
        dead = {host: found for host, found in hosts.items() if host not in self.alive(document)}
        self.assertEqual(set(dead.values()), {("down", "no-neighbour")})
        self.assertEqual(document["summary"]["hosts_down"], 21)
        self.assertEqual(document["summary"]["hosts_silent"], 0)
        self.assertEqual(self.scanned(document), self.alive(document))

    def test_a_router_says_who_is_down(self):
        net = self.lab.routed()
        net.client.sysctl("net.ipv4.ping_group_range", "0 2147483647")
        for user in (None, "nobody"):
            with self.subTest(user=user):
                document = self.scan(net.client, "--discover", "-p", "1001", "198.51.100.0/29", status=1, user=user)
                self.assertEqual(self.alive(document), {"198.51.100.2"})
                down = {row["target"]: row for row in document["results"]
                        if row["type"] == "host" and row["state"] == "down"}
                self.assertTrue(down)
                for row in down.values():
                    self.assertEqual((row["reason"], row["icmp_type"], row["icmp_code"]), ("host-unreachable", 3, 1))
                    self.assertEqual(row["icmp_sender"], net.router.links[0].address4)


if __name__ == "__main__":
    lab.main()
