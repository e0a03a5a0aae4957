# SPDX-License-Identifier: MIT
"""tcpbox handshake-trace against real kernels and servers: what it says, and what it puts on the wire."""

import pathlib
import re
import signal
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema

NOBODY = "nobody"
USERS = ("root", NOBODY)
LINUX_SYN_KINDS = [2, 4, 8, 1, 3]


class Traces(lab.TestCase):
    """Runs the command and reads its JSON."""

    def document(self, host, *words, user="root", status=0):
        done = host.run([self.lab.tcpbox, "handshake-trace", "--json", *words], user=user)
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        return schema.validate(done.stdout, "handshake-trace")

    def trace(self, host, *words, user="root", status=0):
        document = self.document(host, *words, user=user, status=status)
        result, = document["results"]
        self.assertEqual(result["technique"], "raw" if user == "root" else "connect")
        self.assertTrue(document["summary"]["complete"])
        return result

    def outcomes(self, host, *words, user="root", status=1):
        result = self.trace(host, *words, user=user, status=status)
        return result["outcome"], result


def endpoint(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def addresses(host):
    return (host.address4, host.address6)


def roles(result):
    return [(event["from"], event["role"]) for event in result["events"]]


def icmp_of(result):
    """The ICMP error that ended it; more may follow when several SYNs were under way."""
    icmp, = [event["icmp"] for event in result["events"] if event["role"] == "icmp_error"]
    return icmp


def frames(path, *fields):
    """The TCP frames of a capture, each a dictionary of tshark's fields."""
    done = subprocess.run(
        ["tshark", "-r", path, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
         "-o", "tcp.relative_sequence_numbers:FALSE", "-Y", "tcp && !icmp && !icmpv6", "-T", "fields", "-E", "separator=;",
         *[word for field in fields for word in ("-e", field)]], check=True, capture_output=True, text=True)
    return [dict(zip(fields, line.split(";"))) for line in done.stdout.splitlines()]


def flags(frame):
    bits = int(frame["tcp.flags"], 16)
    return "".join(letter for letter, bit in (("S", 2), ("F", 1), ("R", 4), (".", 16)) if bits & bit)


class OnTheWire(Traces):
    def setUp(self):
        super().setUp()
        for tool in ("nginx", "tshark"):
            if lab.missing_tools([tool]):
                self.skipTest(f"not installed: {tool}")
        self.net = self.lab.two_hosts(delay_ms=2)
        self.net.server.nginx(80)

    def test_it_completes_and_closes_and_no_kernel_resets(self):
        client, server = self.net.client, self.net.server
        for address in addresses(server):
            with self.subTest(address):
                resets = client.snmp("Tcp", "OutRsts")
                with server.capture(self.lab.scratch / "wire.pcap") as capture:
                    result = self.trace(client, endpoint(address, "http"))
                self.assertEqual((result["outcome"], result["closing"]), ("established", "orderly"))
                self.assertEqual(client.snmp("Tcp", "OutRsts"), resets)
                self.check_wire(capture.path, client)
                lab.wait_for(lambda: not self.connections(server), "the server to have no connection left")

    def check_wire(self, path, client):
        seen = frames(path, "tcp.flags", "ip.src", "ipv6.src", "tcp.checksum.status", "ip.checksum.status", "ip.id",
                      "ip.flags.df", "ip.ttl", "ipv6.hlim", "tcp.option_kind", "tcp.window_size_value", "tcp.hdr_len",
                      "_ws.expert.severity")
        ours = [frame for frame in seen if (frame["ip.src"] or frame["ipv6.src"]) in addresses(client)]
        self.assertEqual([flags(frame) for frame in seen][:2], ["S", "S."])
        self.assertEqual([flags(frame) for frame in ours], ["S", ".", "F.", "."])
        self.assertEqual({frame["tcp.checksum.status"] for frame in ours}, {"1"})
        self.assertNotIn("R", "".join(flags(frame) for frame in seen))
        self.assertFalse({frame["_ws.expert.severity"] for frame in ours} & {"8388608", "6291456"}, "tshark complains")
        syn = ours[0]
        self.assertEqual([int(kind) for kind in syn["tcp.option_kind"].split(",")], LINUX_SYN_KINDS)
        self.assertEqual(syn["tcp.hdr_len"], "40")
        if syn["ip.src"]:
            self.assertEqual((syn["tcp.window_size_value"], syn["ip.ttl"]), ("64240", "64"))
            self.assertIn(syn["ip.flags.df"], ("1", "True"))
            self.assertEqual(syn["ip.checksum.status"], "1")
            self.assertNotIn(0, [int(frame["ip.id"], 16) for frame in ours])
        else:
            self.assertEqual((syn["tcp.window_size_value"], syn["ipv6.hlim"]), ("64800", "64"))

    def connections(self, host):
        """All that is neither a listener nor in TIME-WAIT."""
        text = host.run(["ss", "-tanH"], check=True).stdout
        return [line for line in text.splitlines() if line.split()[0] not in ("LISTEN", "TIME-WAIT")]

    def test_the_round_trip_is_the_captures(self):
        client = self.net.client
        for address in addresses(self.net.server):
            with client.capture(self.lab.scratch / "client.pcap") as capture:
                result = self.trace(client, endpoint(address, 80))
            seen = frames(capture.path, "frame.time_epoch", "tcp.flags")
            syn, syn_ack = (next(float(f["frame.time_epoch"]) for f in seen if flags(f) == kind) for kind in ("S", "S."))
            self.assertAlmostEqual(result["meaning"]["round_trip_us"], (syn_ack - syn) * 1e6, delta=100)
            self.assertGreater(result["meaning"]["round_trip_us"], 4000)
            self.assertEqual(result["meaning"]["round_trip_basis"], "only_syn")
            self.assertTrue(all(event["kernel_time"] for event in result["events"]))

    def test_the_ordinary_users_round_trip_is_the_kernels(self):
        result = self.trace(self.net.client, endpoint(self.net.server.address4, 80), user=NOBODY)
        self.assertEqual((result["outcome"], result["closing"]), ("established", "orderly"))
        self.assertEqual(result["meaning"]["round_trip_basis"], "kernel")
        self.assertGreater(result["meaning"]["round_trip_us"], 4000)
        self.assertIn("limits", [finding["topic"] for finding in result["meaning"]["findings"]])

    def test_what_the_options_mean(self):
        result = self.trace(self.net.client, endpoint(self.net.server.address4, 80))
        meaning = result["meaning"]
        self.assertEqual((meaning["mss_bytes"], meaning["implied_mtu_bytes"]), (1460, 1500))
        self.assertEqual((meaning["selective_ack"], meaning["timestamps"], meaning["hops"]), (True, True, 0))
        self.assertIsNotNone(meaning["window_scale"])
        first, second, third = result["events"][:3]
        shown = re.fullmatch(r"S 0:0\(0\) win 64240 <mss 1460,sackOK,TS val \d+ ecr 0,nop,wscale (\d+)>", first["notation"])
        self.assertIsNotNone(shown, first["notation"])  # the scale is the host's: net.ipv4.tcp_rmem
        window = -(-64240 >> int(shown[1]))
        self.assertRegex(second["notation"], r"^S\. 0:0\(0\) ack 1 win \d+ <mss 1460,")
        self.assertRegex(third["notation"], rf"^\. 1:1\(0\) ack 1 win {window} <nop,nop,TS val \d+ ecr \d+>$")


class Peers(Traces):
    def test_a_banner_is_counted(self):
        net = self.lab.two_hosts()
        net.server.sshd(22)
        result = self.trace(net.client, endpoint(net.server.address4, "ssh"))
        self.assertEqual(result["outcome"], "established")
        self.assertGreater(result["received_bytes"], 10)
        self.assertIn(("server", "data"), roles(result))
        self.assertEqual(net.client.snmp("Tcp", "OutRsts"), 0)

    def test_a_server_that_never_closes_is_reset_by_us_not_by_the_kernel(self):
        net = self.lab.two_hosts()
        with net.server.entered():
            listener = socket.create_server(("", 7), backlog=4)
        self.addCleanup(listener.close)
        result = self.trace(net.client, endpoint(net.server.address4, 7), "--close-timeout", "300ms")
        self.assertEqual((result["outcome"], result["closing"]), ("established", "reset_by_us"))
        self.assertEqual(roles(result)[-1], ("client", "reset"))
        self.assertEqual(net.client.snmp("Tcp", "OutRsts"), 0)
        result = self.trace(net.client, endpoint(net.server.address4, 7), "--close-timeout", "300ms", user=NOBODY)
        self.assertEqual((result["outcome"], result["closing"]), ("established", "left_open"))

    def test_a_lost_syn_is_told_from_its_repetition(self):
        net = self.lab.two_hosts()
        net.server.listen_many([80])
        net.server.lose_every(2)  # the first SYN, then our ACK, …
        result = self.trace(net.client, endpoint(net.server.address4, 80))
        self.assertEqual((result["outcome"], result["closing"], result["syn_count"]), ("established", "orderly", 2))
        self.assertEqual(result["meaning"]["round_trip_basis"], "timestamp")
        self.assertLess(result["meaning"]["round_trip_us"], 900_000)

    def test_routers_are_counted(self):
        net = self.lab.routed(routers=2)
        net.server.listen_many([80])
        for address in addresses(net.server):
            result = self.trace(net.client, endpoint(address, 80))
            self.assertEqual(result["meaning"]["hops"], 2)


class NotEstablished(Traces):
    def setUp(self):
        super().setUp()
        self.net = self.lab.two_hosts()

    def test_closed(self):
        for user in USERS:
            for address in addresses(self.net.server):
                with self.subTest(user=user, address=address):
                    outcome, result = self.outcomes(self.net.client, endpoint(address, 81), user=user)
                    self.assertEqual(outcome, "refused")
                    if user == "root":
                        self.assertEqual(roles(result)[0], ("client", "syn"))
                        self.assertEqual(roles(result)[-1], ("server", "reset"))

    def test_dropped(self):
        self.net.server.drop_ports([82])
        for user in USERS:
            for address in addresses(self.net.server):
                with self.subTest(user=user, address=address):
                    outcome, result = self.outcomes(self.net.client, endpoint(address, 82), "--timeout", "1500ms", user=user)
                    self.assertEqual((outcome, result["syn_count"]), ("filtered", 2))
        self.assertEqual(self.net.client.snmp("Tcp", "OutRsts"), 0)

    def test_syn_retries_bound_the_wait(self):
        self.net.server.drop_ports([82])
        outcome, result = self.outcomes(self.net.client, endpoint(self.net.server.address4, 82), "--syn-retries", "0")
        self.assertEqual((outcome, result["syn_count"]), ("filtered", 1))

    def test_rejected_with_its_code_and_sender(self):
        codes = {  # nftables' word: type and code, IPv4 and IPv6
            "port-unreachable": ((3, 3), (1, 4)), "host-unreachable": ((3, 1), (1, 3)),
            "no-route": ((3, 0), (1, 0)), "admin-prohibited": ((3, 13), (1, 1))}
        for i, word in enumerate(codes):
            self.net.server.reject_ports([90 + i], f"icmpx type {word}")
        for user in USERS:
            for i, (word, expected) in enumerate(codes.items()):
                for address, numbers in zip(addresses(self.net.server), expected):
                    with self.subTest(user=user, word=word, address=address):
                        outcome, result = self.outcomes(self.net.client, endpoint(address, 90 + i), user=user)
                        icmp = icmp_of(result)
                        self.assertEqual(outcome, "unreachable")
                        self.assertEqual((icmp["type_number"], icmp["code_number"]), numbers)
                        self.assertEqual(icmp["sender"], address)

    def test_rejected_with_a_reset(self):
        self.net.server.reject_ports([95], "tcp reset")
        outcome, _ = self.outcomes(self.net.client, endpoint(self.net.server.address4, 95))
        self.assertEqual(outcome, "refused")

    def test_nobody_on_the_link(self):
        nobody4 = self.net.server.address4.rsplit(".", 1)[0] + ".77"
        nobody6 = self.net.server.address6.rsplit(":", 1)[0] + ":77"
        for user in USERS:
            for address, own in zip((nobody4, nobody6), addresses(self.net.client)):
                with self.subTest(user=user, address=address):
                    outcome, result = self.outcomes(self.net.client, endpoint(address, 80), user=user)
                    self.assertEqual((outcome, icmp_of(result)["sender"]), ("unreachable", own))
                    self.assertIn("nobody on the link", result["meaning"]["findings"][0]["statement"])
                    self.assertIsNone(result["meaning"]["round_trip_us"])

    def test_no_route(self):
        for user in USERS:
            for address in ("203.0.113.9", "2001:db8:ffff::9"):
                with self.subTest(user=user, address=address):
                    outcome, result = self.outcomes(self.net.client, endpoint(address, 80), user=user, status=3)
                    self.assertEqual(outcome, "failed")
                    self.assertIn("unreachable", result["error"])

    def test_a_name_without_address_spoils_only_its_own_trace(self):
        self.net.server.listen_many([80])
        document = self.document(self.net.client, "no-such-name.invalid:80", endpoint(self.net.server.address4, 80), status=3)
        self.assertEqual([result["outcome"] for result in document["results"]], ["failed", "established"])
        self.assertIsNone(document["results"][0]["address"])
        self.assertEqual((document["summary"]["established"], document["summary"]["failed"]), (1, 1))


class Routers(Traces):
    def test_the_router_that_rejects_is_named(self):
        net = self.lab.routed()
        net.router.reject_ports([80], "icmpx type admin-prohibited")
        for user in USERS:
            for address, sender in zip(addresses(net.server), addresses(net.router)):
                with self.subTest(user=user, address=address):
                    outcome, result = self.outcomes(net.client, endpoint(address, 80), user=user)
                    self.assertEqual((outcome, icmp_of(result)["sender"]), ("unreachable", sender))


class SameHost(Traces):
    def test_loopback_and_own_address(self):
        net = self.lab.two_hosts()
        net.client.listen_many([80])
        for user in USERS:
            for address in ("127.0.0.1", "::1", *addresses(net.client)):
                with self.subTest(user=user, address=address):
                    resets = net.client.snmp("Tcp", "OutRsts")
                    result = self.trace(net.client, endpoint(address, 80), user=user)
                    self.assertEqual((result["outcome"], result["closing"]), ("established", "orderly"))
                    self.assertEqual(net.client.snmp("Tcp", "OutRsts"), resets)
                    if user == "root":
                        self.assertEqual(roles(result)[:3], [("client", "syn"), ("server", "syn_ack"), ("client", "ack")])
                        self.assertEqual(sum(role in ("fin", "fin_again") for _, role in roles(result)), 2)
                    outcome, _ = self.outcomes(net.client, endpoint(address, 81), user=user)
                    self.assertEqual(outcome, "refused")

    def test_an_ipv6_only_listener_on_a_link_local_address(self):
        net = self.lab.two_hosts()
        net.server.listen_many([80])
        text = net.server.run(["ip", "-6", "-o", "addr", "show", "dev", net.server.interface, "scope", "link"]).stdout
        found = re.search(r"inet6 (fe80::[0-9a-f:]+)/", text)
        if not found:
            self.skipTest("no link-local address")
        for user in USERS:
            result = self.trace(net.client, f"[{found[1]}%{net.client.interface}]:80", user=user)
            self.assertEqual((result["outcome"], result["closing"]), ("established", "orderly"))


class Privileges(Traces):
    def test_the_one_capability_is_enough(self):
        net = self.lab.two_hosts()
        net.server.listen_many([80])
        words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all,+net_raw",
                 "--ambient-caps=-all,+net_raw", "--bounding-set=-all,+net_raw"]
        done = net.client.run([*words, self.lab.tcpbox, "handshake-trace", "--json", endpoint(net.server.address4, 80)])
        self.assertEqual(done.returncode, 0, done.stderr)
        result, = schema.validate(done.stdout, "handshake-trace")["results"]
        self.assertEqual((result["technique"], result["closing"]), ("raw", "orderly"))
        self.assertEqual(net.client.snmp("Tcp", "OutRsts"), 0)


class Output(Traces):
    def setUp(self):
        super().setUp()
        self.host = self.lab.one_host().host
        self.host.listen_many([80])

    def run_text(self, *words, user="root", **arguments):
        return self.host.run([self.lab.tcpbox, "handshake-trace", *words], user=user, **arguments)

    def test_the_text_is_a_ladder_within_80_columns(self):
        for locale, arrow in (("C.UTF-8", "──▶"), ("C", "-->")):
            done = self.run_text("127.0.0.1:80", env={"LC_ALL": locale})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertLessEqual(max(len(line) for line in done.stdout.splitlines()), 80, done.stdout)
            self.assertRegex(done.stdout, rf"\+0\.000000 {arrow} SYN ")
            self.assertIn("open: a service accepts connections on port 80", done.stdout)
            self.assertEqual(done.stdout.isascii(), locale == "C")

    def test_the_ordinary_user_is_told_how_it_was_done(self):
        done = self.run_text("127.0.0.1:80", user=NOBODY)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("connect()", done.stdout)
        self.assertIn("setcap", done.stderr)
        done = self.run_text("--technique", "raw", "127.0.0.1:80", user=NOBODY)
        self.assertEqual(done.returncode, 3)
        self.assertIn("hint: ", done.stderr)

    def test_root_may_ask_for_connect(self):
        done = self.run_text("--technique", "connect", "--json", "127.0.0.1:80")
        self.assertEqual(schema.validate(done.stdout, "handshake-trace")["results"][0]["technique"], "connect")

    def test_ndjson(self):
        done = self.run_text("--ndjson", "127.0.0.1:80", "127.0.0.1:81")
        lines = schema.validate_ndjson(done.stdout, "handshake-trace")
        self.assertEqual([line["type"] for line in lines], ["start", "handshake", "handshake", "summary"])
        self.assertEqual(done.returncode, 1)

    def test_words_that_are_off_are_named(self):
        for words, name in (([], "TARGET"), (["h:0"], "port 0"), (["h:65536"], "65536"), (["h:no-such-service"], "no-such"),
                            (["--technique", "x", "h"], "--technique"), (["--timeout", "soon", "h"], "--timeout"),
                            (["--syn-retries", "-1", "h"], "--syn-retries"), (["[::1", ], "'['"), (["--frob", "h"], "--frob")):
            done = self.run_text(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertIn(name, done.stderr)

    def test_a_full_disk_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = self.run_text("127.0.0.1:80", stdout=full)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("standard output", done.stderr)

    def test_an_interrupted_run_still_has_its_summary(self):
        self.host.drop_ports([82])
        for user in USERS:
            process = self.host.popen([self.lab.tcpbox, "handshake-trace", "--ndjson", "127.0.0.1:82", "127.0.0.1:80"],
                                      user=user, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            first = process.stdout.readline()
            seen = self.host.snmp("Ip", "InReceives")
            lab.wait_for(lambda: self.host.snmp("Ip", "InReceives") > seen, "a SYN, the first or its repetition")
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=20)
            self.assertEqual(process.returncode, -signal.SIGINT)
            lines = schema.validate_ndjson(first + rest, "handshake-trace")
            self.assertFalse(lines[-1]["complete"])
            self.assertEqual(lines[1]["outcome"], "interrupted")


if __name__ == "__main__":
    lab.require("ip", "nft", "ss")
    lab.main()
