# SPDX-License-Identifier: MIT
"""Many handshakes side by side, and that nothing is left of them on either host."""

import datetime
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema

USERS = ("root", "nobody")


def addresses(host):
    return (host.address4, host.address6)


def endpoint(address, port=80):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Series(lab.TestCase):
    def setUp(self):
        super().setUp()
        self.net = self.lab.two_hosts()

    def records(self, *words, status=0, user="root"):
        done = self.net.client.run([self.lab.tcpbox, "handshake-trace", "--ndjson", *words], user=user)
        self.assertEqual(done.returncode, status, done.stderr)
        return schema.validate_ndjson(done.stdout, "handshake-trace")

    def of_type(self, records, kind):
        return [record for record in records if record["type"] == kind]


class Clean(Series):
    TRACES = 1000

    def test_a_thousand_leave_no_reset_and_no_connection(self):
        client, server = self.net.client, self.net.server
        server.nginx(80)
        resets = client.snmp("Tcp", "OutRsts")
        records = self.records("--count", str(self.TRACES), "--interval", "2ms", *map(endpoint, addresses(server)))
        self.assertEqual(client.snmp("Tcp", "OutRsts"), resets)
        probes = self.of_type(records, "probe")
        self.assertEqual(len(probes), 2 * self.TRACES)
        self.assertEqual({probe["outcome"] for probe in probes}, {"established"})
        for statistics in self.of_type(records, "statistics"):
            self.assertEqual((statistics["sent"], statistics["established"]), (self.TRACES, self.TRACES))
        lab.wait_for(lambda: not self.connections(server), "the server to have no connection left")
        self.assertEqual(client.snmp("Tcp", "OutRsts"), resets)

    def connections(self, host):
        """All that is neither a listener nor in TIME-WAIT."""
        text = host.run(["ss", "-tanH"], check=True).stdout
        return [line for line in text.splitlines() if line.split()[0] not in ("LISTEN", "TIME-WAIT")]


class Records(Series):
    def test_probes_and_statistics(self):
        self.net.server.listen_many([80])
        for user in USERS:
            with self.subTest(user=user):
                records = self.records("--count", "4", "--interval", "20ms", *map(endpoint, addresses(self.net.server)),
                                       user=user)
                self.assertEqual([record["type"] for record in records],
                                 ["start", *["probe"] * 8, *["statistics"] * 2, "summary"])
                for address, statistics in zip(addresses(self.net.server), self.of_type(records, "statistics")):
                    probes = [probe for probe in self.of_type(records, "probe") if probe["address"] == address]
                    self.assertEqual([probe["number"] for probe in probes], [1, 2, 3, 4])
                    self.assertEqual(len({probe["local_port"] for probe in probes}), 4)
                    times = sorted(probe["round_trip_us"] for probe in probes)
                    self.assertEqual((statistics["min_us"], statistics["median_us"], statistics["max_us"]),
                                     (times[0], times[1], times[3]))
                    self.assertEqual((statistics["answered"], statistics["lost"], statistics["loss_percent"]), (4, 0, 0))
                    self.assertEqual(sum(bin["count"] for bin in statistics["histogram"]), 4)
                self.assertEqual(records[-1]["established"], 2)

    def test_silence_is_loss_and_holds_up_nobody(self):
        self.net.server.listen_many([80])
        self.net.server.drop_ports([82])
        for user in USERS:
            with self.subTest(user=user):
                records = self.records("--count", "2", "--interval", "1ms", "--timeout", "700ms",
                                       endpoint(self.net.server.address4, 82), endpoint(self.net.server.address4), status=1,
                                       user=user)
                probes = self.of_type(records, "probe")
                self.assertEqual([probe["port"] for probe in probes], [80, 80, 82, 82])
                silent, answering = self.of_type(records, "statistics")
                self.assertEqual((silent["lost"], silent["loss_percent"], silent["min_us"]), (2, 100, None))
                self.assertEqual((answering["lost"], answering["established"]), (0, 2))

    def test_a_target_that_cannot_be_reached(self):
        self.net.server.listen_many([80])
        records = self.records("--count", "3", "--interval", "10ms", "no-such-name.invalid:80",
                               endpoint(self.net.server.address4), "203.0.113.9:80", status=3)
        nameless, fine, routeless = self.of_type(records, "statistics")
        self.assertEqual([one["failed"] for one in (nameless, fine, routeless)], [1, 0, 1])
        self.assertEqual(fine["established"], 3)

    def test_a_source_port_and_those_behind_it(self):
        self.net.server.listen_many([80])
        records = self.records("--count", "3", "--interval", "10ms", "--source-port", "4000",
                               endpoint(self.net.server.address4))
        self.assertEqual([probe["local_port"] for probe in self.of_type(records, "probe")], [4000, 4001, 4002])

    def test_the_rhythm_is_the_one_asked_for(self):
        self.net.server.listen_many([80])
        for user in USERS:
            records = self.records("--count", "4", "--interval", "200ms", endpoint(self.net.server.address4), user=user)
            starts = [datetime.datetime.fromisoformat(probe["started"]) for probe in self.of_type(records, "probe")]
            took = (starts[-1] - starts[0]).total_seconds()
            self.assertGreater(took, 0.5)
            self.assertLess(took, 2.9)  # without the option it is three seconds

    def test_half_open_ones_count(self):
        self.net.server.listen_many([80])
        records = self.records("--count", "2", "--interval", "10ms", "--half-open", "--timeout", "300ms",
                               endpoint(self.net.server.address4))
        self.assertEqual({probe["outcome"] for probe in self.of_type(records, "probe")}, {"half_open"})
        self.assertEqual((records[-1]["half_open"], records[-1]["established"]), (1, 0))

    def test_an_interruption_ends_with_the_statistics(self):
        self.net.server.listen_many([80])
        for user in USERS:
            with self.subTest(user=user):
                process = self.net.client.popen([self.lab.tcpbox, "handshake-trace", "--ndjson", "--count", "100000",
                                                 "--interval", "10ms", endpoint(self.net.server.address4)], user=user,
                                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                lines = [process.stdout.readline() for _ in range(4)]
                process.send_signal(signal.SIGINT)
                rest, _ = process.communicate(timeout=20)
                self.assertEqual(process.returncode, -signal.SIGINT)
                records = schema.validate_ndjson("".join(lines) + rest, "handshake-trace")
                self.assertEqual([record["type"] for record in records[-2:]], ["statistics", "summary"])
                self.assertFalse(records[-1]["complete"])
                self.assertGreaterEqual(records[-2]["established"], 2)

    def test_a_closed_pipe_ends_it(self):
        self.net.server.listen_many([80])
        words = f"{self.lab.tcpbox} handshake-trace --count 100000 --interval 1ms {self.net.server.address4}:80 | head -n 2"
        done = self.net.client.run(["sh", "-c", words], timeout=30)
        self.assertEqual(len(done.stdout.splitlines()), 2, done.stderr)


class Floods(Series):
    def test_only_ones_own_hosts(self):
        done = self.net.client.run([self.lab.tcpbox, "handshake-trace", "-c", "2", "--flood", "127.0.0.1:80",
                                    endpoint(self.net.server.address4)])
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn(self.net.server.address4, done.stderr)
        self.assertEqual(self.net.client.snmp("Tcp", "OutRsts"), 0)

    def test_loopback_private_and_link_local(self):
        client, server = self.net.client, self.net.server
        for host, last in ((client, 1), (server, 2)):
            host.run(["ip", "addr", "add", f"10.9.0.{last}/24", "dev", host.interface], check=True)
            host.run(["ip", "addr", "add", f"fd00:9::{last}/64", "dev", host.interface, "nodad"], check=True)
            host.listen_many([80])
        # Ports of their own: the server still remembers the connections of the first, and a kernel that meets such a
        # memory when it connects from the same port answers it with a reset (RFC 9293 §3.10.7.3).
        for user, ports in zip(USERS, ("20000 39999", "40000 59999")):
            client.sysctl("net.ipv4.ip_local_port_range", ports)
            records = self.records("-c", "100", "--flood", "127.0.0.1:80", "[::1]:80", "10.9.0.2:80", "[fd00:9::2]:80", user=user)
            self.assertEqual([one["established"] for one in self.of_type(records, "statistics")], [100] * 4)
        self.assertEqual(client.snmp("Tcp", "OutRsts"), 0)


class Text(Series):
    def test_lines_then_statistics(self):
        self.net.server.listen_many([80])
        for locale, block in (("C.UTF-8", "█"), ("C", "#")):
            done = self.net.client.run([self.lab.tcpbox, "handshake-trace", "-c", "20", "--interval", "5ms",
                                        endpoint(self.net.server.address6)], env={"LC_ALL": locale})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, r"(?m)^\[2001:db8:1::2\]:80 #1: open, \d+\.\d{3} ms, TTL 64$")
            self.assertRegex(done.stdout, r"(?m)^  20 sent, 20 answered, 0\.0% lost$")
            self.assertRegex(done.stdout, r"(?m)^  ms: min \d.*, median .*, p90 .*, p99 .*, max .*, stdev \d")
            self.assertIn(block, done.stdout)
            self.assertEqual(done.stdout.isascii(), locale == "C")
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80)

    def test_words_that_are_off_are_named(self):
        target = endpoint(self.net.server.address4)
        for words, name in ((["--count", "0"], "--count"), (["--count", "x"], "--count"), (["--interval", "1s"], "--count"),
                            (["--flood"], "--count"), (["-c", "2", "--interval", "1us"], "--interval"),
                            (["-c", "2", "--flood", "--interval", "1s"], "--flood"), (["-c", "1000001"], "--count"),
                            (["-c", "2", "--source-port", "9", "--technique", "connect"], "--source-port")):
            done = self.net.client.run([self.lab.tcpbox, "handshake-trace", *words, target])
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertIn(name, done.stderr.splitlines()[0])


if __name__ == "__main__":
    lab.require("ip", "nft", "ss")
    lab.main()
