# SPDX-License-Identifier: MIT
"""tcpbox scan against real kernels: states and their reasons, both families, both techniques, with and without root."""

import collections
import pathlib
import re
import signal
import sys
import xml.etree.ElementTree as xml_tree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema

OPEN = range(1000, 1100)
CLOSED = range(2000, 3000)
DROPPED = range(3000, 3100)
PROHIBITED = range(4000, 4050)
UNREACHABLE = range(4050, 4100)
RESET = range(5000, 5010)  # a filter that says RST cannot be told from a closed port
PORTS = ",".join(f"{part.start}-{part.stop - 1}" for part in (OPEN, CLOSED, DROPPED, PROHIBITED, UNREACHABLE, RESET))
TRUTH = {**{port: "open" for port in OPEN}, **{port: "closed" for port in (*CLOSED, *RESET)},
         **{port: "filtered" for port in (*DROPPED, *PROHIBITED, *UNREACHABLE)}}

RULES = f"""table inet filter {{
  chain input {{
    type filter hook input priority 0; policy accept;
    tcp dport {DROPPED.start}-{DROPPED.stop - 1} drop
    tcp dport {PROHIBITED.start}-{PROHIBITED.stop - 1} reject with icmpx type admin-prohibited
    tcp dport {UNREACHABLE.start}-{UNREACHABLE.stop - 1} reject with icmpx type port-unreachable
    tcp dport {RESET.start}-{RESET.stop - 1} reject with tcp reset
  }}
}}
"""


def nmap_states(xml):
    """What nmap says of each port, also of those that it sums up."""
    states = {}
    ports = xml_tree.fromstring(xml).find("host").find("ports")
    for extra in ports.findall("extraports"):
        for reasons in extra.findall("extrareasons"):
            for part in reasons.get("ports").split(","):
                first, _, last = part.partition("-")
                states.update({port: extra.get("state") for port in range(int(first), int(last or first) + 1)})
    states.update({int(port.get("portid")): port.find("state").get("state") for port in ports.findall("port")})
    return states


def ports_of(document):
    """The ports among the results. The kernel sends only so many ICMP errors a second, and a note may say so."""
    notes = {row["note"] for row in document["results"] if row["type"] == "host_note"}
    assert notes <= {"icmp_limited"}, notes
    return [row for row in document["results"] if row["type"] == "port"]


class ScanCase(lab.TestCase):
    def scan(self, host, *arguments, user=None, status=0, timeout=120):
        """Runs a scan with --json; its document, which the schema has seen."""
        done = host.run([self.lab.tcpbox, "scan", "--json", *arguments], user=user, timeout=timeout)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn("technique: ", done.stderr)
        return schema.validate(done.stdout, "scan")

    def one(self, host, *arguments, **keywords):
        """The only result of a scan."""
        results = self.scan(host, *arguments, **keywords)["results"]
        self.assertEqual(len(results), 1)
        return results[0]


class Truth(ScanCase):
    """One host with 100 open, 1,000 closed, 100 dropped and 100 rejected ports."""

    def setUp(self):
        super().setUp()
        self.net = self.lab.two_hosts()
        self.net.server.listen_many(OPEN)
        self.net.server.nft(RULES)

    def check(self, document, technique, target):
        self.assertEqual(document["run"]["technique"], technique)
        ports = ports_of(document)
        results = {result["port"]: result for result in ports}
        self.assertEqual(len(results), len(ports), "a port twice")
        self.assertEqual({port: result["state"] for port, result in results.items()}, TRUTH)
        for port in OPEN:
            self.assertEqual(results[port]["reason"], "syn-ack")
        for port in CLOSED:
            self.assertEqual(results[port]["reason"], "rst")
        for port in DROPPED:
            self.assertEqual(results[port]["explanation"], "no answer to 4 probes")
        v4 = "." in target
        for ports, kind in ((PROHIBITED, (3, 13) if v4 else (1, 1)), (UNREACHABLE, (3, 3) if v4 else (1, 4))):
            for port in ports:
                result = results[port]
                self.assertEqual((result["icmp_type"], result["icmp_code"], result["icmp_sender"]), (*kind, target))
        summary = document["summary"]
        self.assertTrue(summary["complete"])
        self.assertEqual([summary[state] for state in ("open", "closed", "filtered", "errors")], [100, 1010, 200, 0])

    def check_nothing_left(self):
        half_open = self.net.server.run(["ss", "-Htn", "state", "syn-recv"], check=True).stdout
        self.assertEqual(half_open, "")

    def raw(self, target):
        resets = self.net.client.snmp("Tcp", "OutRsts")
        document = self.scan(self.net.client, "--retries", "3", "-p", PORTS, target)
        self.check(document, "syn", target)
        self.assertEqual(self.net.client.snmp("Tcp", "OutRsts"), resets, "our kernel answered in our place")
        self.check_nothing_left()
        for result in ports_of(document):
            if result["state"] == "open":
                self.assertEqual(result["ttl"], 64)

    def test_raw_v4(self):
        self.raw(self.net.server.address4)

    def test_raw_v6(self):
        self.raw(self.net.server.address6)

    def connect(self, target, user):
        arguments = [] if user else ["--technique", "connect"]
        document = self.scan(self.net.client, "--retries", "3", "-p", PORTS, *arguments, target, user=user)
        self.check(document, "connect", target)
        self.check_nothing_left()
        return document

    def test_connect_v4_as_root(self):
        self.assertEqual(self.connect(self.net.server.address4, None)["run"]["technique_reason"], "asked for")

    def test_connect_v6_as_root(self):
        self.connect(self.net.server.address6, None)

    def test_connect_v4_as_ordinary_user(self):
        reason = self.connect(self.net.server.address4, "nobody")["run"]["technique_reason"]
        self.assertIn("cap_net_raw", reason)

    def test_connect_v6_as_ordinary_user(self):
        self.connect(self.net.server.address6, "nobody")

    def test_connect_with_few_descriptors(self):
        command = ["prlimit", "--nofile=64:64", self.lab.tcpbox, "scan", "--json", "--technique", "connect",
                   "--retries", "3", "--timeout", "300ms", "-p", PORTS, self.net.server.address4]
        done = self.net.client.run(command, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check(schema.validate(done.stdout, "scan"), "connect", self.net.server.address4)

    def test_nmap_agrees(self):
        if lab.missing_tools(["nmap"]):
            self.skipTest("not installed: nmap")
        for target, family in ((self.net.server.address4, []), (self.net.server.address6, ["-6"])):
            ours = self.scan(self.net.client, "-p", PORTS, target)
            command = ["nmap", "-sS", "-n", "-Pn", "-T4", "-oX", "-", "-p", PORTS, *family, target]
            theirs = nmap_states(self.net.client.run(command, timeout=200, check=True).stdout)
            self.assertEqual(len(theirs), len(TRUTH))
            self.assertEqual({result["port"]: result["state"] for result in ports_of(ours)}, theirs)

    def test_text(self):
        done = self.net.client.run([self.lab.tcpbox, "scan", "--retries", "3", "-p", PORTS, self.net.server.address4])
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], self.net.server.address4)
        self.assertIn("1010 closed (rst)", lines)
        self.assertIn("200 filtered (100 no answer to 4 probes,", done.stdout)
        self.assertEqual(len([line for line in lines if re.match(r"open +\d+ ", line)]), 100)
        self.assertIn("1 host, 1310 ports: 100 open, 1010 closed, 200 filtered;", done.stdout)
        self.assertLessEqual(max(map(len, lines)), 80)

    def test_ndjson_open_only(self):
        done = self.net.client.run([self.lab.tcpbox, "scan", "--ndjson", "--open", "-p", PORTS, self.net.server.address4])
        lines = schema.validate_ndjson(done.stdout, "scan")
        self.assertEqual({line["port"] for line in lines if line["type"] == "port"}, set(OPEN))
        self.assertEqual(lines[-1]["closed"], 1010)


class Outcomes(ScanCase):
    def test_loss_changes_no_state(self):
        net = self.lab.two_hosts()
        net.server.listen_many([80, 81])
        net.server.lose_every(3)
        document = self.scan(net.client, "--retries", "8", "-p", "1-400", net.server.address4)
        states = collections.Counter(result["state"] for result in ports_of(document))
        self.assertEqual(states, {"open": 2, "closed": 398})
        self.assertGreater(document["summary"]["loss"], 0.1)

    def test_each_try_has_its_own_source_port_and_an_rst_is_never_answered(self):
        net = self.lab.two_hosts()
        net.server.drop_ports([9])
        net.server.nft("""table inet count {
            counter resets { packets 0 bytes 0; }
            set ports { type inet_service; flags dynamic; size 64; }
            chain prerouting {
                type filter hook prerouting priority -300; policy accept;
                tcp dport 9 tcp flags syn update @ports { tcp sport }
                tcp flags rst counter name resets
            }
        }""")
        result = self.one(net.client, "--retries", "3", "-p", "9", net.server.address4, status=1)
        self.assertEqual(result["probes_sent"], 4)
        elements = net.server.run(["nft", "list", "set", "inet", "count", "ports"], check=True).stdout
        self.assertEqual(len(re.findall(r"\d{4,5}", elements.split("elements")[1])), 4)
        self.scan(net.client, "-p", "100-200", net.server.address4, status=1)
        counter = net.server.run(["nft", "list", "counter", "inet", "count", "resets"], check=True).stdout
        self.assertIn("packets 0", counter)

    def test_loopback_and_own_address(self):
        net = self.lab.two_hosts()
        net.client.listen_many([8080])
        for technique in ("syn", "connect"):
            for target in ("127.0.0.1", "::1", net.client.address4, net.client.address6):
                with self.subTest(technique=technique, target=target):
                    document = self.scan(net.client, "--technique", technique, "-p", "8079-8081", target)
                    states = {result["port"]: result["state"] for result in ports_of(document)}
                    self.assertEqual(states, {8079: "closed", 8080: "open", 8081: "closed"})

    def test_connect_never_meets_itself(self):
        net = self.lab.one_host()
        net.host.sysctl("net.ipv4.ip_local_port_range", "40000 40100")
        document = self.scan(net.host, "--technique", "connect", "-p", "40000-40100", "127.0.0.1", status=1)
        self.assertEqual({result["state"] for result in ports_of(document)}, {"closed"})

    def test_host_that_does_not_exist(self):
        net = self.lab.two_hosts()
        target = net.server.address4.rsplit(".", 1)[0] + ".77"
        for technique in ("syn", "connect"):
            with self.subTest(technique=technique):
                result = self.one(net.client, "--technique", technique, "-p", "80", target, status=1)
                self.assertEqual(result["state"], "filtered")
                self.assertEqual((result["icmp_type"], result["icmp_code"]), (3, 1), result["explanation"])
                self.assertEqual(result["icmp_sender"], net.client.address4)

    def test_no_route(self):
        net = self.lab.two_hosts()
        for technique in ("syn", "connect"):
            with self.subTest(technique=technique):
                result = self.one(net.client, "--technique", technique, "-p", "80", "203.0.113.1", status=3)
                self.assertEqual((result["state"], result["reason"]), ("error", "not-sent"))
                self.assertIn("Network is unreachable", result["error"])

    def test_router_says_prohibited(self):
        net = self.lab.routed()
        net.router.reject_ports([80], "icmpx type admin-prohibited")
        net.server.listen_many([80, 81])
        for technique in ("syn", "connect"):
            with self.subTest(technique=technique):
                document = self.scan(net.client, "--technique", technique, "-p", "80,81", net.server.address4)
                results = {result["port"]: result for result in ports_of(document)}
                self.assertEqual(results[81]["state"], "open")
                self.assertEqual((results[80]["state"], results[80]["icmp_sender"]), ("filtered", net.router.address4))

    def test_interrupted(self):
        net = self.lab.two_hosts()
        net.server.drop_ports([range(1, 65536)])
        process = net.client.popen([self.lab.tcpbox, "scan", "--ndjson", "--rate", "50", "-p", "-", net.server.address4],
                                   stdout=-1, stderr=-1)
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, -signal.SIGINT)
        summary = schema.validate_ndjson(first + rest, "scan")[-1]
        self.assertFalse(summary["complete"])
        self.assertEqual(summary["unfinished"], 65535)

    def test_several_hosts_and_exclusions(self):
        net = self.lab.two_hosts()
        net.server.listen_many([80])
        network = net.server.address4.rsplit(".", 1)[0]
        document = self.scan(net.client, "-p", "80", f"{network}.0/30", "--exclude", f"{network}.0", "--exclude",
                             f"{network}.3", "--technique", "syn")
        states = {result["target"]: result["state"] for result in ports_of(document)}
        self.assertEqual(states, {net.client.address4: "closed", net.server.address4: "open"})


class Refusals(ScanCase):
    def refused(self, *arguments, user=None):
        net = self.lab.one_host()
        done = net.host.run([self.lab.tcpbox, "scan", *arguments], user=user)
        self.assertEqual(done.stdout, "")
        return done.returncode, done.stderr

    def test_usage(self):
        for arguments, words in ((["10.0.0.9-1"], "reversed"), (["-p", "80-70", "127.0.0.1"], "80-70"),
                                 (["-p", "0", "127.0.0.1"], "port 0"), (["--retries", "15", "127.0.0.1"], "0 to 14"),
                                 (["--rate", "0", "127.0.0.1"], "--rate"), (["--technique", "x", "127.0.0.1"], "syn"),
                                 (["--timeout", "0", "127.0.0.1"], "1ms"), ([], "TARGET"),
                                 (["--exclude", "127.0.0.0/8", "127.0.0.1"], "nothing is left"),
                                 (["8.0.0.0/8"], "--i-am-allowed"), (["-6", "127.0.0.1"], "IPv6")):
            with self.subTest(arguments=arguments):
                status, error = self.refused(*arguments)
                self.assertEqual(status, 2, error)
                self.assertIn(words, error)

    def test_syn_without_permission(self):
        status, error = self.refused("--technique", "syn", "-p", "80", "127.0.0.1", user="nobody")
        self.assertEqual(status, 3)
        self.assertIn("cap_net_raw", error)

    def test_unknown_interface(self):
        status, error = self.refused("--interface", "nothere", "-p", "80", "127.0.0.1")
        self.assertEqual(status, 3)
        self.assertIn("nothere", error)


if __name__ == "__main__":
    lab.require("nft", "ss", "prlimit")
    lab.main()
