# SPDX-License-Identifier: MIT
"""tcpbox handshake-trace --path through real routers, some of which change, lose, hide or reject."""

import os
import pathlib
import pty
import signal
import subprocess
import sys

SUPPORT = pathlib.Path(__file__).resolve().parents[1] / "support"
sys.path.insert(0, str(SUPPORT))
import lab
import schema

ROUTERS = 4
END = ROUTERS + 1
BOX = 1  # the router that is hop 2


class Paths(lab.TestCase):
    def setUp(self):
        super().setUp()
        for tool in ("nginx", "nft", "tshark"):
            if lab.missing_tools([tool]):
                self.skipTest(f"not installed: {tool}")
        self.net = self.lab.routed(routers=ROUTERS)
        self.net.server.nginx(80)
        self.box = self.net.routers[BOX]

    def records(self, address, *words, port=80, user="root", status=0):
        done = self.net.client.run([self.lab.tcpbox, "handshake-trace", "--path", "-n", "--json", *words,
                                    f"[{address}]:{port}" if ":" in address else f"{address}:{port}"], user=user)
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        document = schema.validate(done.stdout, "handshake-trace")
        self.assertTrue(document["summary"]["complete"])
        *hops, path = document["results"]
        self.assertEqual(path["technique"], "raw" if user == "root" else "connect")
        self.assertEqual([hop["hop"] for hop in hops], list(range(1, len(hops) + 1)))
        return hops, path

    def addresses(self):
        server = self.net.server
        return (server.address4, server.address6)

    def routers(self, address):
        """What answers for each hop, in order."""
        left = [router.links[0] for router in self.net.routers]
        return [link.address6 if ":" in address else link.address4 for link in left] + [address]

    def check_hops(self, hops, address, silent=()):
        seen = [[entry["address"] for entry in hop["addresses"]] for hop in hops]
        wanted = [[] if number in silent else [router]
                  for number, router in enumerate(self.routers(address)[:len(hops)], start=1)]
        self.assertEqual(seen, wanted)

    def changes(self, path):
        return {change["field"]: (change["before"], change["after"], change["last_hop_without"],
                                  change["first_hop_with"]) for change in path["changes"]}

    def half_open(self):
        return self.net.server.run(["ss", "-tanH", "state", "syn-recv"], check=True).stdout

    def forward(self, rules, hook="forward", host=None):
        (host or self.box).nft(f"table inet box {{\nchain change {{ type filter hook {hook} priority -150;\n{rules}\n}}\n}}\n")


class TheWay(Paths):
    def test_every_hop_and_an_open_end(self):
        resets = self.net.client.snmp("Tcp", "OutRsts")
        for address in self.addresses():
            for words in ([], ["--paris"]):
                with self.subTest(address, words=words):
                    hops, path = self.records(address, *words)
                    self.assertEqual(len(hops), END)
                    self.check_hops(hops, address)
                    self.assertEqual((path["outcome"], path["last_hop"]), ("open", END))
                    self.assertEqual(path["changes"], [])
                    self.assertEqual(path["flows"], 1 if words else 3)
                    for hop in hops:
                        self.assertEqual((hop["sent"], hop["answered"]), (3, 3))
                        self.assertLessEqual(hop["round_trip_shortest_us"], hop["round_trip_average_us"])
                    self.assertEqual([hop["quoted_time_to_live"] for hop in hops], [1] * ROUTERS + [None])
                    self.assertEqual({hop["quoted_bytes"] for hop in hops[:ROUTERS]}, {40})
                    self.assertEqual(self.half_open(), "")
        self.assertEqual(self.net.client.snmp("Tcp", "OutRsts"), resets)

    def test_a_closed_end(self):
        for address in self.addresses():
            hops, path = self.records(address, port=81, status=1)
            self.assertEqual((len(hops), path["outcome"], path["sender"]), (END, "closed", address))

    def test_without_privilege(self):
        for address in self.addresses():
            for port, outcome, status in ((80, "open", 0), (81, "closed", 1)):
                hops, path = self.records(address, port=port, user="nobody", status=status)
                self.check_hops(hops, address)
                self.assertEqual((len(hops), path["outcome"]), (END, outcome))
                self.assertEqual({hop["quoted_bytes"] for hop in hops}, {None})

    def test_without_privilege_the_shape_is_asked_of_the_kernel(self):
        self.forward("tcp dport 80 tcp flags & (syn | ack) == syn tcp option maxseg size != 1000 drop\n"
                     "tcp dport 80 ip dscp != af11 drop\ntcp dport 80 ip6 dscp != af11 drop")
        for address in self.addresses():
            _, path = self.records(address, "--mss=1000", "--dscp=af11", user="nobody")
            self.assertEqual((path["outcome"], path["last_hop"]), ("open", END))

    def test_one_flow_is_one_flow_on_the_wire(self):
        for address in self.addresses():
            for words, flows in (([], 3), (["--paris"], 1)):
                with self.net.client.capture(self.lab.scratch / "wire.pcap", "tcp or ip6 proto 6") as capture:
                    self.records(address, *words)
                done = subprocess.run(["tshark", "-r", capture.path, "-Y", "tcp.flags==2 && !icmp && !icmpv6", "-T", "fields",
                                       "-e", "tcp.srcport", "-e", "ipv6.flow", "-e", "tcp.dstport"],
                                      check=True, capture_output=True, text=True)
                lines = done.stdout.split("\n")[:-1]
                self.assertGreaterEqual(len(lines), 3 * END)
                self.assertEqual(len(set(lines)), flows)

    def test_few_hops_and_many_queries(self):
        hops, path = self.records(self.net.server.address4, "--max-hops=2", "--queries=5", "--timeout=500ms", status=1)
        self.assertEqual([hop["sent"] for hop in hops], [5, 5])
        self.assertEqual((path["outcome"], path["last_hop"]), ("silent", 2))


class Trouble(Paths):
    def test_a_silent_hop(self):
        self.forward("icmp type time-exceeded drop\nicmpv6 type time-exceeded drop", "output", self.net.routers[2])
        for address in self.addresses():
            hops, path = self.records(address, "--timeout=500ms")
            self.check_hops(hops, address, silent=(3,))
            self.assertEqual([hop["loss_percent"] for hop in hops], [0, 0, 100, 0, 0])
            self.assertEqual(path["outcome"], "open")

    def test_a_hop_that_loses(self):
        self.forward("icmp type time-exceeded numgen inc mod 3 0 drop\nicmpv6 type time-exceeded numgen inc mod 3 0 drop",
                     "output", self.net.routers[2])
        for address in self.addresses():
            hops, _ = self.records(address, "--timeout=500ms")
            self.assertEqual([(hop["sent"], hop["answered"]) for hop in hops], [(3, 3), (3, 3), (3, 2), (3, 3), (3, 3)])

    def test_a_firewall_rejects(self):
        self.box.reject_ports(443, "icmpx type admin-prohibited")
        for address in self.addresses():
            hops, path = self.records(address, port=443, status=1)
            self.assertEqual(len(hops), 3)
            self.assertEqual((path["outcome"], path["sender"]), ("rejected", self.routers(address)[BOX]))
            self.assertEqual(path["sender_hop"], 2)
            self.assertIn("prohibited", path["rejection"])

    def test_silence_after_a_hop(self):
        self.box.drop_ports(443)
        hops, path = self.records(self.net.server.address4, "--timeout=300ms", "--max-hops=8", port=443, status=1)
        self.assertEqual((len(hops), path["outcome"], path["last_hop"]), (2, "silent", 2))


class Changes(Paths):
    def located(self, field, before, after, rule4, rule6=None, hook="forward", first=3):
        self.forward(f"{rule4}\n{rule6 or ''}", hook)
        for address in self.addresses():
            with self.subTest(address):
                _, path = self.records(address)
                self.assertEqual(self.changes(path), {field: (before(address), after, first - 1, first)})

    def test_a_clamped_mss(self):
        self.located("mss", lambda a: "1440" if ":" in a else "1460", "1400",
                     "tcp flags syn tcp option maxseg size set 1400")

    def test_a_rewritten_dscp(self):
        self.located("dscp", lambda _: "0", "10", "ip dscp set 10", "ip6 dscp set 10")

    def test_the_ecn_field(self):
        self.located("ecn", lambda _: "0", "3", "meta l4proto tcp ip ecn set ce", "meta l4proto tcp ip6 ecn set ce")

    def test_a_blanked_option(self):
        self.located("selective_ack", lambda _: "yes", "replaced by NOP", "tcp flags syn reset tcp option sack-perm")

    def test_ecn_that_is_asked_for_and_taken_away(self):
        self.forward("tcp flags == 0xc2 tcp flags set 0x02")
        for address in self.addresses():
            _, path = self.records(address, "--ecn")
            self.assertEqual(self.changes(path), {"control_bits": ("SEW", "S", 2, 3)})

    def test_a_syn_of_ones_own_shape(self):
        _, path = self.records(self.net.server.address4, "--mss=1000", "--dscp=af11", "--no-sack")
        self.assertEqual(path["changes"], [])
        self.forward("ip dscp set 0\ntcp flags syn tcp option maxseg size set 900")
        _, path = self.records(self.net.server.address4, "--mss=1000", "--dscp=af11", "--no-sack")
        self.assertEqual(self.changes(path), {"dscp": ("10", "0", 2, 3), "mss": ("1000", "900", 2, 3)})

    def test_a_flow_label(self):
        self.forward("meta l4proto tcp ip6 flowlabel set 0x12345")
        _, path = self.records(self.net.server.address6)
        _, after, *where = self.changes(path)["flow_label"]
        self.assertEqual((after, where), ("0x12345", [2, 3]))

    def test_what_a_box_does_before_it_counts_down_shows_in_its_own_quote(self):
        self.located("dscp", lambda _: "0", "12", "ip dscp set 12", "ip6 dscp set 12", hook="prerouting", first=2)

    def test_a_change_that_is_undone(self):
        self.forward("meta l4proto tcp ip dscp set 10")
        self.forward("meta l4proto tcp ip dscp set 0", host=self.net.routers[BOX + 1])
        _, path = self.records(self.net.server.address4)
        self.assertEqual([(c["before"], c["after"], c["last_hop_without"], c["first_hop_with"]) for c in path["changes"]],
                         [("0", "10", 2, 3), ("10", "0", 3, 4)])

    def test_a_translated_source(self):
        """Without connection tracking: the quotes are not translated back."""
        for address, ours, other, family in ((self.net.server.address4, self.net.client.address4, "192.0.2.77", "ip"),
                                             (self.net.server.address6, self.net.client.address6, "2001:db8:1::77", "ip6")):
            self.box.nft(f"""table {family} nat {{
                chain out {{ type filter hook postrouting priority 0; {family} saddr {ours} {family} saddr set {other}; }}
                chain back {{ type filter hook prerouting priority -300; {family} daddr {other} {family} daddr set {ours}; }}
}}\n""")
            _, path = self.records(address)
            self.assertEqual(self.changes(path), {"source_address": (ours, other, 2, 3)})

    def test_what_a_careful_translator_hides_is_not_claimed(self):
        self.box.nft("table inet nat { chain out { type nat hook postrouting priority 100; masquerade; }\n}\n")
        for address in self.addresses():
            _, path = self.records(address)
            self.assertEqual((path["outcome"], self.changes(path)), ("open", {}))

    def test_a_change_on_the_way_back_is_not_claimed(self):
        self.forward("tcp flags & (syn|ack) == (syn|ack) tcp option maxseg size set 500")
        for address in self.addresses():
            _, path = self.records(address)
            self.assertEqual(path["changes"], [])


class OtherRouters(Paths):
    """Hop 3 answers as a router that is not Linux."""

    def replace(self, address, kind):
        router = self.net.routers[2]
        self.forward("icmp type time-exceeded drop\nicmpv6 type time-exceeded drop", "output", router)
        link = router.links[0]
        answerer = router.popen([sys.executable, SUPPORT / "lab" / "expired.py", link.interface,
                                 link.address6 if ":" in address else link.address4, kind], stdout=subprocess.PIPE)
        self.assertEqual(answerer.stdout.readline(), "ready\n")
        return answerer

    def ended(self, answerer):
        answerer.kill()
        answerer.wait()
        self.net.routers[2].nft("flush ruleset\n")

    def test_labels(self):
        for address in self.addresses():
            answerer = self.replace(address, "mpls")
            hops, path = self.records(address)
            self.check_hops(hops, address)
            self.assertEqual([(label["label"], label["traffic_class"], label["bottom"])
                              for label in hops[2]["mpls_labels"]], [(16001, 0, False), (24, 5, True)])
            self.assertEqual([len(hop["mpls_labels"]) for hop in hops], [0, 0, 2, 0, 0])
            self.assertEqual(path["changes"], [])
            self.ended(answerer)

    def test_a_short_quote_says_nothing_of_options(self):
        self.forward("tcp flags syn tcp option maxseg size set 1400")
        for address in self.addresses():
            answerer = self.replace(address, "short")
            hops, path = self.records(address)
            self.assertEqual(hops[2]["quoted_bytes"], 8)
            self.assertEqual(self.changes(path)["mss"][2:], (2, 4))
            self.ended(answerer)

    def test_a_checksum_that_fits_no_more(self):
        for address in self.addresses():
            answerer = self.replace(address, "stale_checksum")
            _, path = self.records(address)
            self.assertEqual([(c["field"], c["after"], c["last_hop_without"], c["first_hop_with"]) for c in path["changes"]],
                             [("checksum", "wrong", 2, 3), ("checksum", "right", 3, 4)])
            self.ended(answerer)


class Text(Paths):
    def test_eighty_columns(self):
        self.forward("tcp flags syn tcp option maxseg size set 1400")
        for address in self.addresses():
            done = self.net.client.run([self.lab.tcpbox, "handshake-trace", "--path", "-n", f"[{address}]:80"
                                        if ":" in address else f"{address}:80"], check=True)
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80)
            self.assertIn("-> 1400, at hop 2 or on the way to hop 3", done.stdout)
            self.assertIn(f"open: the target accepts, at hop {END}", done.stdout)

    def test_words_that_are_wrong(self):
        for words in (["--max-hops=0", "--path"], ["--max-hops=256", "--path"], ["--queries=11", "--path"],
                      ["--count=2", "--path"], ["--flags=R", "--pmtu"], ["--ttl=3", "--path"],
                      ["--paris"], ["--watch=1ms", "--path"], ["--watch", "--path", "192.0.2.9"]):
            done = self.net.client.run([self.lab.tcpbox, "handshake-trace", *words, "192.0.2.1"])
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(words[0].split("=")[0], done.stderr)


class Watching(Paths):
    def command(self, *words):
        return [self.lab.tcpbox, "handshake-trace", "--path", "-n", "--watch=200ms", *words,
                f"{self.net.server.address4}:80"]

    def test_records_of_each_round(self):
        process = self.net.client.popen(self.command("--ndjson"), stdout=subprocess.PIPE)
        lines = []
        while not (lines and '"path"' in lines[-1] and '"round":3' in lines[-1]):
            lines.append(process.stdout.readline())
            self.assertTrue(lines[-1], "it ended by itself")
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
        self.assertEqual(process.returncode, -signal.SIGINT)
        records = schema.validate_ndjson("".join(lines) + rest, "handshake-trace")
        hops = [record for record in records if record["type"] == "hop" and record["round"] == 3]
        self.assertEqual([(hop["hop"], hop["sent"], hop["answered"]) for hop in hops],
                         [(number, 9, 9) for number in range(1, END + 1)])

    def test_long_addresses_fit(self):
        process = self.net.client.popen([self.lab.tcpbox, "handshake-trace", "--path", "-n", "--watch=100ms",
                                         f"[{self.net.server.address6}]:80"], stdout=subprocess.PIPE)
        lines = [process.stdout.readline() for _ in range(20)]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        self.assertLessEqual(max(len(line.rstrip()) for line in lines), 80)

    def test_a_terminal_is_given_back(self):
        master, slave = pty.openpty()
        process = self.net.client.popen(self.command(), stdout=slave, stderr=slave)
        os.close(slave)
        seen = b""
        while seen.count(b"open: the target") < 2:
            seen += os.read(master, 65536)
        self.assertTrue(seen.startswith(b"\x1b[?1049h"))
        process.send_signal(signal.SIGINT)
        try:
            while chunk := os.read(master, 65536):
                seen += chunk
        except OSError:
            pass  # the terminal has nobody at its other end any more
        os.close(master)
        self.assertEqual(process.wait(20), -signal.SIGINT)
        self.assertIn(b"\x1b[?1049l", seen)
        self.assertIn(b"open: the target", seen.rsplit(b"\x1b[?1049l")[1])


if __name__ == "__main__":
    lab.main()
