# SPDX-License-Identifier: MIT
"""What a handshake of ours says about the way and the peer, each against the real thing."""

import json
import pathlib
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema
from lab.pcap import tcp_frames

SPIN = "while True: pass"


def addresses(host):
    return (host.address4, host.address6)


def endpoint(address, port=80):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Traces(lab.TestCase):
    def start(self, host, *words):
        return host.popen([self.lab.tcpbox, "handshake-trace", "--json", *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)

    def finish(self, process):
        out, err = process.communicate(timeout=60)
        self.assertIn(process.returncode, (0, 1), err)
        result, = schema.validate(out, "handshake-trace")["results"]
        return result

    def trace(self, host, *words):
        return self.finish(self.start(host, *words))


class SynCookies(Traces):
    def side_by_side(self, net, *words):
        running = [self.start(net.client, "--half-open", *words, endpoint(address)) for address in addresses(net.server)]
        return [self.finish(process) for process in running]

    def test_on_and_off(self):
        net = self.lab.two_hosts()
        net.server.listen_many([80])
        for setting, verdict in ((2, "likely"), (0, "unlikely")):
            net.server.sysctl("net.ipv4.tcp_syncookies", setting)
            for result in self.side_by_side(net):
                with self.subTest(setting=setting, address=result["address"]):
                    self.assertEqual((result["outcome"], result["meaning"]["syn_cookies"]), ("half_open", verdict))
                    again = [event["offset_us"] for event in result["events"] if event["role"] == "syn_ack_again"]
                    self.assertEqual(bool(again), verdict == "unlikely")
                    last = result["events"][-1]
                    self.assertEqual((last["from"], last["role"]), ("client", "reset"))
                    if again:
                        self.assertGreater(again[0], 900_000)
        lab.wait_for(lambda: "SYN-RECV" not in net.server.run(["ss", "-tanH"]).stdout, "no half-open connection")
        self.assertEqual(net.client.snmp("Tcp", "OutRsts"), 0)

    def test_too_short_to_tell(self):
        net = self.lab.two_hosts()
        net.server.listen_many([80])
        net.server.sysctl("net.ipv4.tcp_syncookies", 2)
        for result in self.side_by_side(net, "--timeout", "600ms"):
            self.assertIsNone(result["meaning"]["syn_cookies"])
            finding, = [f for f in result["meaning"]["findings"] if f["topic"] == "syn_cookies"]
            self.assertEqual(finding["statement"], "no evidence")

    def test_an_mss_alone_makes_them_possible(self):
        net = self.lab.two_hosts()
        net.server.listen_many([80])
        for setting, verdict in ((2, "possible"), (0, None)):
            net.server.sysctl("net.ipv4.tcp_syncookies", setting)
            for address in addresses(net.server):
                result = self.trace(net.client, "--no-timestamps", endpoint(address))
                self.assertEqual(result["meaning"]["syn_cookies"], verdict)


class Resets(Traces):
    def test_a_box_on_the_way_is_told_from_the_host(self):
        net = self.lab.routed()
        net.server.talkers({80: ("mute", b""), 81: ("reset", b"")})
        net.router.nft("table inet lab { chain forward { type filter hook forward priority 0; policy accept;\n"
                       "tcp dport 80 tcp flags & (syn | ack) == ack reject with tcp reset;\n}\n}\n")
        for address in addresses(net.server):
            for port, origin in ((80, "elsewhere"), (81, "host")):
                with self.subTest(address=address, port=port):
                    result = self.trace(net.client, endpoint(address, port))
                    self.assertEqual((result["outcome"], result["closing"]), ("established", "reset_by_peer"))
                    self.assertEqual(result["meaning"]["reset_origin"], origin)

    def test_a_lone_reset_is_no_evidence(self):
        net = self.lab.routed()
        net.router.reject_ports([82], "tcp reset")
        for address in addresses(net.server):
            for port in (82, 83):  # the router's, and the host's own
                result = self.trace(net.client, endpoint(address, port))
                self.assertEqual(result["outcome"], "refused")
                self.assertIsNone(result["meaning"]["reset_origin"])
                finding, = [f for f in result["meaning"]["findings"] if f["topic"] == "reset_origin"]
                self.assertEqual(finding["statement"], "no evidence")

    def test_a_reset_and_an_acceptance_have_two_senders(self):
        net = self.lab.two_hosts()
        net.server.drop_ports([80])
        net.server.forge("reset_and_acceptance")
        for address in addresses(net.server):
            result = self.trace(net.client, endpoint(address))
            self.assertEqual((result["outcome"], result["meaning"]["reset_origin"]), ("refused", "elsewhere"))


class Unreachable(Traces):
    """The router answers a SYN to port 1000 + n by ICMP unreachable of code n."""

    def check(self, host, codes, address, sender, protocol, kind):
        words = [endpoint(address, 1000 + code) for code in codes]
        done = host.run([self.lab.tcpbox, "handshake-trace", "--json", "--syn-retries", "0", *words])
        results = schema.validate(done.stdout, "handshake-trace")["results"]
        self.assertEqual(len(results), len(codes), done.stderr)
        names = set()
        for code, result in zip(codes, results):
            with self.subTest(protocol=protocol, code=code):
                icmp, = [event["icmp"] for event in result["events"] if event["icmp"] is not None]
                self.assertEqual((icmp["protocol"], icmp["type_number"], icmp["code_number"]), (protocol, kind, code))
                self.assertEqual(icmp["sender"], sender)
                names.add(icmp["name"])
                ends = (protocol, code) != ("icmp", 4)  # "fragmentation needed" ends nothing
                self.assertEqual(result["outcome"], "unreachable" if ends else "filtered")
        self.assertEqual(len(names), len(codes), "each code has a name of its own")

    def test_every_code_and_its_sender(self):
        net = self.lab.routed()
        net.router.drop_ports([range(1000, 1020)])
        net.router.forge("unreachable_by_port")
        self.check(net.client, range(16), net.server.address4, net.router.address4, "icmp", 3)
        self.check(net.client, range(9), net.server.address6, net.router.address6, "icmpv6", 1)


class Accuracy(Traces):
    """Our round trip against the kernel's times of captures at both ends of the wire."""

    TRACES = 11

    def trace_and_watch(self, net, address):
        """Of each trace: our round trip less what the peer took of it, and what the wire took, in microseconds."""
        near, far = self.lab.scratch / "near.pcap", self.lab.scratch / "far.pcap"
        with net.client.capture(near), net.server.capture(far):
            done = net.client.run([self.lab.tcpbox, "handshake-trace", "--ndjson", "--count", str(self.TRACES), "--interval",
                                   "30ms", endpoint(address)])
        self.assertEqual(done.returncode, 0, done.stderr)
        ends = [tcp_frames(path, 80) for path in (near, far)]
        for probe in map(json.loads, done.stdout.splitlines()):
            if probe["type"] == "probe":
                (left, came_back), (arrived, answered) = (self.syn_times(frames, probe["local_port"]) for frames in ends)
                yield probe["round_trip_us"] - (answered - arrived) * 1e6, (arrived - left + came_back - answered) * 1e6

    def syn_times(self, frames, port):
        mine = [frame for frame in frames if port in (frame.port, frame.source_port)]
        return [next(frame.time for frame in mine if frame.flags & 0x12 == kind) for kind in (0x02, 0x12)]

    def test_within_a_hundred_microseconds_on_a_busy_machine(self):
        for delay_ms in (0, 1, 10):
            net = self.lab.two_hosts(delay_ms=delay_ms)
            net.server.nginx(80)
            spinning = [net.client.popen([sys.executable, "-c", SPIN]) for _ in range(2)]
            for address in addresses(net.server):
                with self.subTest(delay_ms=delay_ms, address=address):
                    pairs = list(self.trace_and_watch(net, address))
                    self.assertEqual(len(pairs), self.TRACES)
                    self.assertLess(statistics.median(abs(ours - wire) for ours, wire in pairs), 100)
                    self.assertGreaterEqual(min(ours for ours, _ in pairs), 2000 * delay_ms)
            for process in spinning:
                process.kill()


if __name__ == "__main__":
    lab.require("ip", "nft", "ss")
    lab.main()
