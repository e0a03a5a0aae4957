# SPDX-License-Identifier: MIT
"""Our first segment is what the kernel's would be, byte for byte, and the peer's answer to it is understood."""

import contextlib
import pathlib
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema
from lab.pcap import tcp_frames

PORT = 80
_MPTCP = 262
_TCP_MAXSEG, _TCP_FASTOPEN = 2, 23
_SYN, _ACK, _ECE, _CWR, _AE = 0x02, 0x10, 0x40, 0x80, 0x100


def addresses(host):
    return (host.address4, host.address6)


def endpoint(address, port=PORT):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Traces(lab.TestCase):
    def setUp(self):
        super().setUp()
        self.net = self.lab.two_hosts()

    def trace(self, address, *words, status=0, port=PORT):
        done = self.net.client.run([self.lab.tcpbox, "handshake-trace", "--json", *words, endpoint(address, port)])
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        result, = schema.validate(done.stdout, "handshake-trace")["results"]
        return result

    def first_sent(self, action, port=PORT, flags=_SYN):
        """The first segment with these flags that arrives at the server's port while `action` runs: others may still be
        those that end an earlier connection."""
        with self.net.server.capture(self.lab.scratch / "first.pcap") as capture:
            action()
        return next(frame for frame in tcp_frames(capture.path, port)
                    if frame.port == port and frame.flags & flags == flags)


class ByteForByte(Traces):
    """Against this very kernel, which is told to do the same by its settings or by socket options."""

    def kernel_connects(self, address, protocol=0, options=(), fast_open=False):
        with self.net.client.entered():
            made = socket.socket(family_of(address), socket.SOCK_STREAM, protocol)
        with made:
            for option in options:
                made.setsockopt(*option)
            if fast_open:
                made.sendto(b"", socket.MSG_FASTOPEN, (address, PORT))
            else:
                made.connect((address, PORT))

    def check_same(self, words=(), settings=(), v4_options=(), v6_options=(), **arguments):
        self.net.server.listen_many([PORT])
        for name, value in settings:
            self.net.client.sysctl(name, value)
        for address in addresses(self.net.server):
            options = v6_options if ":" in address else v4_options
            with self.subTest(address=address):
                kernel = self.first_sent(lambda: self.kernel_connects(address, options=options, **arguments))
                ours = self.first_sent(lambda: self.trace(address, *words))
                self.assertEqual(ours.constant(), kernel.constant())

    def test_as_it_comes(self):
        self.check_same()

    def test_another_largest_buffer(self):
        self.check_same(settings=[("net.ipv4.tcp_rmem", "4096 131072 8388608")])

    def test_another_mtu(self):
        self.net.client.run(["ip", "link", "set", self.net.client.interface, "mtu", "1400"], check=True)
        self.check_same()

    def test_mss(self):
        option = (socket.IPPROTO_TCP, _TCP_MAXSEG, 1000)
        self.check_same(["--mss", "1000"], v4_options=[option], v6_options=[option])

    def test_no_sack(self):
        self.check_same(["--no-sack"], [("net.ipv4.tcp_sack", 0)])

    def test_no_timestamps(self):
        self.check_same(["--no-timestamps"], [("net.ipv4.tcp_timestamps", 0)])

    def test_no_sack_and_no_timestamps(self):
        self.check_same(["--no-sack", "--no-timestamps"], [("net.ipv4.tcp_sack", 0), ("net.ipv4.tcp_timestamps", 0)])

    def test_no_window_scale(self):
        self.check_same(["--window-scale", "none"], [("net.ipv4.tcp_window_scaling", 0)])

    def test_ecn(self):
        self.check_same(["--ecn"], [("net.ipv4.tcp_ecn", 1)])

    def test_fast_open(self):
        self.check_same(["--fastopen"], [("net.ipv4.tcp_fastopen", 1)], fast_open=True)

    def test_mptcp(self):
        try:
            socket.socket(socket.AF_INET, socket.SOCK_STREAM, _MPTCP).close()
        except OSError:
            self.skipTest("the kernel has no MPTCP")
        self.check_same(["--mptcp"], protocol=_MPTCP)

    def test_ttl_and_dscp(self):
        self.check_same(["--ttl", "9", "--dscp", "ef"],
                        v4_options=[(socket.IPPROTO_IP, socket.IP_TTL, 9), (socket.IPPROTO_IP, socket.IP_TOS, 46 << 2)],
                        v6_options=[(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 9),
                                    (socket.IPPROTO_IPV6, socket.IPV6_TCLASS, 46 << 2)])


class OnTheWire(Traces):
    """What no kernel can be told to do."""

    def test_fields(self):
        self.net.server.listen_many([PORT])
        for address in addresses(self.net.server):
            with self.subTest(address=address):
                seen = self.first_sent(lambda: self.trace(address, "--window", "4321", "--window-scale", "3", "--accecn",
                                                          "--source-port", "4000"))
                self.assertEqual((seen.window, seen.source_port), (4321, 4000))
                self.assertEqual(seen.flags, _SYN | _ECE | _CWR | _AE)
                self.assertEqual(seen.options[-3:], bytes([3, 3, 3]))

    def test_tshark_has_no_complaint(self):
        if lab.missing_tools(["tshark"]):
            self.skipTest("not installed: tshark")
        self.net.server.listen_many([PORT])
        with self.net.server.capture(self.lab.scratch / "all.pcap") as capture:
            for address in addresses(self.net.server):
                self.trace(address, "--ecn", "--fastopen", "--mptcp", "--send", "x" * 700)
        done = subprocess.run(["tshark", "-r", capture.path, "-o", "tcp.check_checksum:TRUE", "-Y", "tcp", "-T", "fields",
                               "-e", "tcp.checksum.status", "-e", "tcp.options.mptcp.subtype", "-e", "tcp.len",
                               "-e", "_ws.malformed"], check=True, capture_output=True, text=True)
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        self.assertEqual({row[0] for row in rows}, {"1"})
        self.assertEqual({row[3] for row in rows}, {""})
        self.assertEqual([row[1] for row in rows].count("0"), 2)
        self.assertEqual([row[2] for row in rows].count("700"), 2)

    def test_connect_takes_what_it_can(self):
        self.net.server.listen_many([PORT])
        for address in addresses(self.net.server):
            with self.subTest(address=address):
                seen = self.first_sent(lambda: self.trace(address, "--technique", "connect", "--mss", "1000", "--ttl", "9",
                                                          "--dscp", "af41", "--source-port", "4001"))
                self.assertEqual((seen.ttl, seen.source_port, seen.traffic_class), (9, 4001, 34 << 2))
                self.assertEqual(seen.options[:4], bytes([2, 4, 1000 >> 8, 1000 & 255]))


class Answers(Traces):
    def serve(self, protocol=0, fast_open=False):
        with self.net.server.entered():
            listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM, protocol)
        self.addCleanup(listener.close)
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if fast_open:
            listener.setsockopt(socket.IPPROTO_TCP, _TCP_FASTOPEN, 5)
        listener.bind(("::", PORT))
        listener.listen(64)

    def meanings(self, *words):
        return [self.trace(address, "--close-timeout", "100ms", *words)["meaning"] for address in addresses(self.net.server)]

    def check(self, field, value, *words):
        for meaning in self.meanings(*words):
            self.assertEqual(meaning[field], value)

    def test_ecn(self):
        self.serve()
        for setting, words, answer in ((1, ["--ecn"], "classic"), (0, ["--ecn"], "none"), (1, ["--accecn"], "classic"),
                                       (0, ["--accecn"], "none"), (1, [], None)):
            with self.subTest(setting=setting, words=words):
                self.net.server.sysctl("net.ipv4.tcp_ecn", setting)
                self.check("ecn_answer", answer, *words)

    def test_accurate_ecn_of_a_kernel_that_has_it(self):
        self.serve()
        with contextlib.suppress(OSError):
            self.net.server.sysctl("net.ipv4.tcp_ecn", 3)
        if self.net.server.sysctl("net.ipv4.tcp_ecn") != "3":
            self.skipTest("the kernel has no accurate ECN")
        self.check("ecn_answer", "accurate_not_ect", "--accecn")

    def test_accurate_ecn_as_a_peer_with_it_would_answer(self):
        self.net.server.drop_ports([PORT])
        self.net.server.forge("accurate_ecn")
        for address in addresses(self.net.server):
            result = self.trace(address, "--accecn", "--close-timeout", "100ms")
            self.assertEqual(result["meaning"]["ecn_answer"], "accurate_ect0")
            self.assertTrue(result["meaning"]["ecn"])

    def test_fast_open(self):
        self.net.server.sysctl("net.ipv4.tcp_fastopen", 2)
        self.serve(fast_open=True)
        self.check("fast_open", True, "--fastopen")
        self.check("fast_open", None)
        self.net.server.sysctl("net.ipv4.tcp_fastopen", 0)
        self.check("fast_open", False, "--fastopen")

    def test_mptcp(self):
        try:
            self.serve(protocol=_MPTCP)
        except OSError:
            self.skipTest("the kernel has no MPTCP")
        self.check("multipath", True, "--mptcp")
        self.check("multipath", None)

    def test_no_mptcp(self):
        self.serve()
        self.check("multipath", False, "--mptcp")

    def test_what_is_said_is_heard_and_answered(self):
        self.net.server.talkers({7: ("answer", b"hello back")})
        for address in addresses(self.net.server):
            for words in ([], ["--technique", "connect"]):
                with self.subTest(address=address, words=words):
                    with self.net.server.capture(self.lab.scratch / "said.pcap") as capture:
                        result = self.trace(address, "--send", "ping\\r\\n\\x00\\\\", *words, port=7)
                    said = b"".join(frame.payload for frame in tcp_frames(capture.path, 7) if frame.port == 7)
                    self.assertEqual(said, b"ping\r\n\0\\")
                    self.assertEqual((result["sent_bytes"], result["received_bytes"]), (8, 10))
                    self.assertEqual(result["closing"], "orderly")
        self.assertEqual(self.net.client.snmp("Tcp", "OutRsts"), 0)


class Probes(Traces):
    def test_a_segment_without_syn(self):
        self.net.server.listen_many([PORT])
        for address in addresses(self.net.server):
            for letters, port, outcome in ((".", 80, "reset"), (".", 81, "reset"), ("F", 81, "reset"), ("S.", 80, "reset"),
                                           ("F", 80, "unanswered"), ("-", 80, "unanswered"), ("FPU", 81, "reset")):
                with self.subTest(address=address, letters=letters, port=port):
                    result = self.trace(address, f"--flags={letters}", "--syn-retries", "0", port=port, status=1)
                    self.assertEqual(result["outcome"], outcome)
                    self.assertEqual(result["closing"], "none")
        self.assertEqual(self.net.client.snmp("Tcp", "OutRsts"), 0)

    def test_the_bits_are_those(self):
        self.net.server.listen_many([PORT])
        seen = self.first_sent(lambda: self.trace(self.net.server.address4, "--flags", "SEWPU"))
        self.assertEqual(seen.flags, _SYN | _ECE | _CWR | 0x08 | 0x20)
        seen = self.first_sent(lambda: self.trace(self.net.server.address6, "--flags", ".", status=1), flags=_ACK)
        self.assertEqual((seen.flags, seen.options), (_ACK, b""))


class Words(Traces):
    def test_words_that_are_off_are_named_and_nothing_is_sent(self):
        cases = [(["--mss", "0"], "--mss"), (["--mss", "65536"], "--mss"), (["--window", "65536"], "--window"),
                 (["--window-scale", "15"], "--window-scale"), (["--ttl", "0"], "--ttl"), (["--ttl", "256"], "--ttl"),
                 (["--dscp", "64"], "--dscp"), (["--dscp", "gold"], "--dscp"), (["--source-port", "0"], "--source-port"),
                 (["--flags", "SX"], "--flags"), (["--flags", "R"], "--flags"), (["--flags", "S", "--ecn"], "--flags"),
                 (["--flags", ".", "--mss", "9"], "--mss"), (["--flags", ".", "--half-open"], "--half-open"),
                 (["--ecn", "--accecn"], "--accecn"), (["--half-open", "--send", "x"], "--half-open"),
                 (["--send", "\\q"], "--send"), (["--send", "\\x4"], "--send"), (["--send", "x" * 1025], "--send")]
        crafted = ["--window=1", "--window-scale=1", "--no-sack", "--no-timestamps", "--ecn", "--accecn", "--fastopen",
                   "--mptcp", "--flags=.", "--half-open"]
        cases += [(["--technique", "connect", word], word.split("=")[0]) for word in crafted]
        cases += [(["--technique", "connect", "--mss", "87"], "--mss")]
        for words, name in cases:
            with self.subTest(words=words):
                done = self.net.client.run([self.lab.tcpbox, "handshake-trace", *words, endpoint(self.net.server.address4)])
                self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
                self.assertIn(name, done.stderr.splitlines()[0])
        self.assertEqual(self.net.client.snmp("Ip", "OutRequests"), 0)

    def test_crafted_options_need_the_permission(self):
        done = self.net.client.run([self.lab.tcpbox, "handshake-trace", "--ecn", endpoint(self.net.server.address4)],
                                   user="nobody")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("hint: ", done.stderr)


if __name__ == "__main__":
    lab.require("ip", "nft")
    lab.main()
