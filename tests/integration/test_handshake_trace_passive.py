# SPDX-License-Identifier: MIT
"""tcpbox handshake-trace -i and --read: what it makes of traffic between real kernels, and of captures of others."""

import gzip
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema


class Passive(lab.TestCase):
    """Runs the command and reads its JSON."""

    def read(self, path, *words, status=0):
        done = subprocess.run([self.lab.tcpbox, "handshake-trace", "--json", "--read", path, *words],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        return schema.validate(done.stdout, "handshake-trace")

    def outcomes(self, document):
        return {name: count for name, count in document["summary"]["outcomes"].items() if name != "type" and count}

    def watch(self, host, *words):
        """The running command, once it sees packets."""
        process = host.popen([self.lab.tcpbox, "handshake-trace", "--ndjson", "-i", host.interface, *words],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.first_line = process.stdout.readline()
        self.assertEqual(json.loads(process.first_line)["type"], "start")
        return process

    def stopped(self, process, number=signal.SIGINT):
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        lines = schema.validate_ndjson(process.first_line + out, "handshake-trace")
        self.assertEqual(lines[-1]["type"], "summary", err)
        return lines[1:-1], lines[-1], err


def converse(client, address, port, reset=False, hold=0.0):
    with client.entered():
        connection = socket.create_connection((address, port), timeout=5)
    name = connection.getsockname()
    time.sleep(hold)
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()
    return name[1]


def refused(client, address, port):
    with client.entered():
        connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    connection.settimeout(5)
    try:
        connection.connect((address, port))
    except OSError:
        pass
    finally:
        connection.close()


class Live(Passive):
    def setUp(self):
        super().setUp()
        self.net = self.lab.two_hosts(delay_ms=5)
        self.net.server.nginx(80)

    def test_each_outcome_is_told_with_its_times_for_both_families(self):
        client, server = self.net.client, self.net.server
        server.drop_ports([81])
        server.reject_ports([82], "icmpx type admin-prohibited")
        watching = self.watch(server)
        for address in (server.address4, server.address6):
            converse(client, address, 80, hold=0.5)  # so that its process is still there to be named
            converse(client, address, 80, reset=True)
            refused(client, address, 79)
            refused(client, address, 82)
        wait = threading.Event()
        wait.wait(3.6)  # an ICMP error counts when nothing else came for three seconds
        told, summary, _ = self.stopped(watching)
        for address in (server.address4, server.address6):
            with self.subTest(address):
                mine = [line for line in told if line["server_address"] == address]
                by_port = {port: [line["outcome"] for line in mine if line["server_port"] == port] for port in (79, 80, 82)}
                self.assertEqual(by_port, {79: ["refused"], 80: ["established"] * 2, 82: ["unreachable"]})
                established = next(line for line in mine if line["server_port"] == 80)
                # Seen at the server: its own answer is quick, the client is 5 ms away in each direction.
                self.assertLess(established["server_side_us"], 5_000)
                self.assertGreaterEqual(established["client_side_us"], 10_000)
                self.assertEqual(established["process"]["name"], "nginx")
                icmp = next(line["icmp"] for line in mine if line["server_port"] == 82)
                self.assertEqual(icmp["sender"], address)
        self.assertEqual(summary["connections"]["reset_by_client"], 2)
        self.assertEqual(summary["frames"]["dropped_by_kernel"], 0)
        self.assertFalse(summary["complete"])  # a signal ended it

    def test_the_signal_ends_it_and_is_raised_again(self):
        watching = self.watch(self.net.client)
        self.stopped(watching)
        self.assertEqual(watching.returncode, -signal.SIGINT)

    def test_duration_ends_it_in_order(self):
        done = self.net.client.run([self.lab.tcpbox, "handshake-trace", "-i", self.net.client.interface, "--duration",
                                    "300ms", "--json"])
        self.assertEqual(done.returncode, 1, done.stderr)  # nothing passed
        self.assertTrue(schema.validate(done.stdout, "handshake-trace")["summary"]["complete"])

    def test_only_shows_what_was_asked_for(self):
        client, server = self.net.client, self.net.server
        watching = self.watch(client, "--only", "failed")
        slow = self.watch(client, "--only", "slow:8ms")
        fresh = self.watch(client, "--only", "new-peer")
        for _ in range(2):
            converse(client, server.address4, 80)
        refused(client, server.address4, 79)
        time.sleep(0.6)
        self.assertEqual([line["outcome"] for line in self.stopped(watching)[0]], ["refused"])
        self.assertEqual(len(self.stopped(slow)[0]), 3)
        self.assertEqual([line["server_port"] for line in self.stopped(fresh)[0]], [80])

    def test_an_ordinary_user_is_told_what_is_missing(self):
        done = self.net.client.run([self.lab.tcpbox, "handshake-trace", "-i", self.net.client.interface], user="nobody")
        self.assertEqual(done.returncode, 3)
        self.assertIn("needs CAP_NET_RAW", done.stderr)

    def test_what_is_dropped_is_reported(self):
        """Stopped, it reads nothing; more than its ring holds must show as drops, and seen plus dropped be all."""
        client, server = self.net.client, self.net.server
        watching = self.watch(server, "--summary", "--filter", "udp port 9999")
        watching.send_signal(signal.SIGSTOP)
        sent = 400_000
        with client.entered():
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.connect((server.address4, 9999))
        for _ in range(sent):
            try:
                sender.send(b"x")
            except OSError:
                pass  # the server says that nobody listens
        sender.close()
        time.sleep(0.2)
        watching.send_signal(signal.SIGCONT)
        time.sleep(0.5)
        _, summary, err = self.stopped(watching)
        self.assertGreater(summary["frames"]["dropped_by_kernel"], 0)
        self.assertIn("the kernel dropped", err)

    def test_vlans_of_an_interface_are_seen(self):
        client, server = self.net.client, self.net.server
        for host, last in ((client, 1), (server, 2)):
            made = host.run(["ip", "link", "add", "link", host.interface, "name", "v7", "type", "vlan", "id", "7"])
            if made.returncode != 0:
                self.skipTest("this kernel has no VLANs")
            host.run(["ip", "address", "add", f"10.77.0.{last}/24", "dev", "v7"], check=True)
            host.run(["ip", "link", "set", "v7", "up"], check=True)
        watching = self.watch(server)
        converse(client, "10.77.0.2", 80)
        time.sleep(0.5)
        told = [line for line in self.stopped(watching)[0] if line["server_address"] == "10.77.0.2"]
        self.assertEqual([(line["outcome"], line["way_in"]) for line in told], [("established", "vlan 7")])


class Tunnels(Passive):
    """The kernel's own tunnels, seen from outside."""

    def check(self, kind, words, expected):
        net = self.lab.two_hosts()
        client, server = net.client, net.server
        server.nginx(80)
        for host, here, there, last in ((client, client, server, 1), (server, server, client, 2)):
            command = [word.format(here=here.address4, there=there.address4, device=host.interface) for word in words]
            if host.run(command).returncode != 0:
                self.skipTest(f"this kernel has no {kind}")
            host.run(["ip", "address", "add", f"10.78.0.{last}/24", "dev", "t0"], check=False)
            host.run(["ip", "address", "add", f"fd78::{last}/64", "dev", "t0", "nodad"], check=False)
            host.run(["ip", "link", "set", "t0", "up"], check=True)
        address = "fd78::2" if kind == "sit" else "10.78.0.2"
        capture_path = self.lab.scratch / f"{kind}.pcap"
        with server.capture(capture_path):
            converse(client, address, 80)
            time.sleep(0.2)
        told = [line for line in self.read(capture_path)["results"] if line["server_address"] == address]
        self.assertEqual([line["outcome"] for line in told], ["established"])
        self.assertEqual(told[0]["way_in"], expected.format(a=client.address4, b=server.address4))

    def test_vxlan(self):
        self.check("vxlan", ["ip", "link", "add", "t0", "type", "vxlan", "id", "42", "local", "{here}", "remote", "{there}",
                             "dstport", "4789", "dev", "{device}"], "vxlan 42 ({a} to {b})")

    def test_geneve(self):
        self.check("geneve", ["ip", "link", "add", "t0", "type", "geneve", "id", "43", "remote", "{there}"],
                   "geneve 43 ({a} to {b})")

    def test_gre(self):
        self.check("gre", ["ip", "link", "add", "t0", "type", "gre", "local", "{here}", "remote", "{there}", "key", "5"],
                   "gre 5 ({a} to {b})")

    def test_ip_in_ip(self):
        self.check("ipip", ["ip", "link", "add", "t0", "type", "ipip", "local", "{here}", "remote", "{there}"],
                   "ipv4 ({a} to {b})")

    def test_six_in_four(self):
        self.check("sit", ["ip", "link", "add", "t0", "type", "sit", "local", "{here}", "remote", "{there}"],
                   "ipv6 ({a} to {b})")


class Files(Passive):
    def setUp(self):
        super().setUp()
        self.net = self.lab.two_hosts()
        self.net.server.nginx(80)
        self.path = self.lab.scratch / "wire.pcap"
        with self.net.server.capture(self.path):
            for address in (self.net.server.address4, self.net.server.address6):
                converse(self.net.client, address, 80)
                refused(self.net.client, address, 79)
            time.sleep(0.2)

    def test_a_capture_is_read_packed_and_from_a_pipe(self):
        expected = self.read(self.path)
        self.assertEqual(self.outcomes(expected), {"established": 2, "refused": 2})
        packed = self.lab.scratch / "wire.pcap.gz"
        packed.write_bytes(gzip.compress(self.path.read_bytes()))
        self.assertEqual(self.read(packed)["results"], expected["results"])
        with open(self.path, "rb") as file:
            piped = subprocess.run([self.lab.tcpbox, "handshake-trace", "--json", "--read", "-"], stdin=file,
                                   capture_output=True, text=True)
        self.assertEqual(json.loads(piped.stdout)["results"], expected["results"])

    def test_the_counts_are_those_of_tshark(self):
        if lab.missing_tools(["tshark"]):
            self.skipTest("not installed: tshark")
        segments = self.read(self.path)["summary"]["segments"]
        for key, filter in (("total", "tcp"), ("syn", "tcp.flags.syn==1 && tcp.flags.ack==0"), ("rst", "tcp.flags.reset==1"),
                            ("syn_ack", "tcp.flags.syn==1 && tcp.flags.ack==1"), ("fin", "tcp.flags.fin==1")):
            done = subprocess.run(["tshark", "-r", self.path, "-Y", filter], capture_output=True, text=True, check=True)
            self.assertEqual(segments[key], len(done.stdout.splitlines()), filter)

    def test_a_filter_applies(self):
        document = self.read(self.path, "--filter", "ip6")
        self.assertEqual(self.outcomes(document), {"established": 1, "refused": 1})
        self.assertGreater(document["summary"]["frames"]["filtered_out"], 0)

    def test_what_is_written_reads_the_same(self):
        copy = self.lab.scratch / "copy.pcapng"
        document = self.read(self.path, "--write", copy, "--filter", "tcp")
        self.assertEqual(self.read(copy)["results"], document["results"])
        if not lab.missing_tools(["tshark"]):
            done = subprocess.run(["tshark", "-r", copy], capture_output=True, text=True, check=True)
            self.assertEqual(len(done.stdout.splitlines()), document["summary"]["segments"]["total"])

    def test_the_file_that_is_read_is_not_written(self):
        before = self.path.read_bytes()
        for words in (["--write", self.path], ["--write", self.lab.scratch / "x.pcapng", "--filter", "no such filter"]):
            done = subprocess.run([self.lab.tcpbox, "handshake-trace", "--read", self.path, *words], capture_output=True,
                                  text=True)
            self.assertEqual(done.returncode, 2)
            self.assertEqual(self.path.read_bytes(), before)
        self.assertFalse((self.lab.scratch / "x.pcapng").exists())

    def test_what_was_read_of_a_broken_file_is_written(self):
        broken = self.lab.scratch / "broken.pcap"
        broken.write_bytes(self.path.read_bytes()[:-5])
        copy = self.lab.scratch / "copy.pcapng"
        self.read(broken, "--write", copy, status=3)
        self.assertGreater(self.read(copy)["summary"]["segments"]["total"], 10)

    def test_a_pipe_is_told_of_as_it_fills_and_can_be_left(self):
        reading = subprocess.Popen([self.lab.tcpbox, "handshake-trace", "--read", "-", "--ndjson"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=False)
        try:
            reading.stdin.write(self.path.read_bytes())
            reading.stdin.flush()
            types = [json.loads(reading.stdout.readline())["type"] for _ in range(3)]
            self.assertEqual(types, ["start", "observed", "observed"])  # though the pipe stays open
            reading.send_signal(signal.SIGINT)
            rest = reading.stdout.read()
            self.assertEqual(json.loads(rest.splitlines()[-1])["complete"], False)
            self.assertEqual(reading.wait(timeout=10), -signal.SIGINT)
        finally:
            reading.kill()
            reading.communicate()

    def test_frames_that_were_cut_stay_cut(self):
        if lab.missing_tools(["tshark", "editcap"]):
            self.skipTest("not installed: tshark, editcap")
        cut, copy = self.lab.scratch / "cut.pcap", self.lab.scratch / "copy.pcapng"
        subprocess.run(["editcap", "-F", "pcap", "-s", "90", self.path, cut], check=True)
        self.read(cut, "--write", copy)
        lengths = [subprocess.run(["tshark", "-r", path, "-T", "fields", "-e", "frame.len", "-e", "frame.cap_len"],
                                  capture_output=True, text=True, check=True).stdout for path in (cut, copy)]
        self.assertEqual(*lengths)

    def test_a_full_disk_is_an_error(self):
        done = subprocess.run([self.lab.tcpbox, "handshake-trace", "--read", self.path, "--write", "/dev/full"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 3)
        self.assertIn("write /dev/full: No space left on device", done.stderr)

    def test_a_broken_file_gives_what_could_be_read(self):
        whole = self.path.read_bytes()
        broken = self.lab.scratch / "broken.pcap"
        for cut in (len(whole) - 5, len(whole) // 2):
            broken.write_bytes(whole[:cut])
            done = subprocess.run([self.lab.tcpbox, "handshake-trace", "--read", broken], capture_output=True, text=True)
            self.assertEqual(done.returncode, 3)
            self.assertIn("established", done.stdout)
            self.assertEqual(done.stderr, f"tcpbox: read {broken}: it breaks off in the middle of a frame\n")
        document = self.read(broken, status=3)
        self.assertFalse(document["summary"]["complete"])

    def test_the_table_is_bounded_and_says_what_it_gave_up(self):
        document = self.read(self.path, "--most-connections", "16")
        self.assertEqual(document["summary"]["connections"]["evicted_half_open"], 0)

    def test_the_summary_is_text_of_eighty_columns(self):
        done = subprocess.run([self.lab.tcpbox, "handshake-trace", "--read", self.path, "--summary", "--top", "1"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0)
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80, done.stdout)
        self.assertIn("and 3 more servers", done.stdout)
        self.assertNotIn("CLIENT > SERVER", done.stdout)


class CommandLine(Passive):
    def test_what_makes_no_sense_is_refused(self):
        for words, part in ((["-i", "lo", "--read", "x"], "-i and --read"), (["-i", "lo", "host"], "'host'"), ([], "HOST"),
                            (["--summary", "host"], "--summary"), (["--read", "x", "--duration", "1s"], "--duration"),
                            (["-i", "lo", "--only", "bad"], "--only 'bad'"), (["-i", "lo", "--only", "slow:x"], "slow:x"),
                            (["-i", "lo", "--only", "failed", "--summary"], "--only with --summary"),
                            (["-i", "lo", "--top", "x"], "--top"), (["-i", "lo", "--most-connections", "1"], "16"),
                            (["-i", "lo", "--duration", "0"], "--duration 0"), (["-i", "lo", "--mss", "1400"], "--mss"),
                            (["-i", "lo", "--ecn"], "--ecn"), (["--read", "x", "--path"], "--path"),
                            (["--read", "x", "--count", "3"], "--count"), (["-i", "lo", "-4"], "-4")):
            done = subprocess.run([self.lab.tcpbox, "handshake-trace", *words], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(part, done.stderr)
            self.assertEqual(done.stdout, "")

    def test_a_wrong_filter_names_itself(self):
        done = subprocess.run([self.lab.tcpbox, "handshake-trace", "-i", "lo", "--filter", "tcp prot 80"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("filter 'tcp prot 80'", done.stderr)


class Foreign(Passive):
    """Captures of others, when TCPBOX_CAPTURES names a directory with them and truth.json, tshark's opinion, beside it."""

    # Where tshark is wrong, and what is right.
    DIFFERENCES = {
        # The SYN-ACK stands before the SYN: all the same one complete handshake.
        "tcp__handshake-reorder.pcap": {"established": 1},
        # The same, in one of its four connections.
        "ipv6-http-atomic-frag.pcap": {"established": 4},
        # Three connections with the same endpoints, on no VLAN, on 42 and on 10 in 20.
        "vlan-collisions.pcap": {"established": 3, "connections": 3, "syn_retransmissions": 0, "syn_ack_retransmissions": 0},
        # One SYN logged three times.
        "nflog-http.pcap": {"total": 11, "syn": 1, "syn_retransmissions": 0},
        # Every packet, or many, captured more than once.
        "tcp__ctu-64702-888.pcap": {"total": 8, "syn_ack": 1, "rst": 1, "fin": 2, "syn_ack_retransmissions": 0},
        "tcp__ssh-dups.pcap": {"total": 187, "fin": 2},
        # ICMP errors quote segments, they are none.
        "smtp.pcap": {"total": 118},
        # Lone resets are no connection.
        "llc.pcap": {"connections": 0, "partial": 0},
        "tcp__single-rst.pcap": {"connections": 0, "partial": 0},
        # First fragments whose rest is missing hold segments too.
        "tunnels__gtp__gtp1_gn_normal_incl_fragmentation.pcap": {"total": 72},
    }

    def test_every_count_is_right(self):
        directory = os.environ.get("TCPBOX_CAPTURES")
        if not directory:
            self.skipTest("TCPBOX_CAPTURES names no directory")
        directory = pathlib.Path(directory)
        truth = json.loads((directory.parent / "truth.json").read_text())
        for name, theirs in truth.items():
            with self.subTest(name):
                expected = {
                    "total": theirs["tcp_frames"], "syn": theirs["syn"], "syn_ack": theirs["synack"],
                    "rst": theirs["rst_frames"], "fin": theirs["fin_frames"],
                    "syn_retransmissions": theirs["syn_retransmissions"],
                    "syn_ack_retransmissions": theirs["synack_retransmissions"],
                    "established": theirs["complete_handshakes"], "connections": theirs["tcp_streams"],
                    "partial": theirs["streams_without_syn"],
                } | self.DIFFERENCES.get(name, {})
                done = subprocess.run([self.lab.tcpbox, "handshake-trace", "--json", "--summary", "--read",
                                       directory / name], capture_output=True, text=True)
                self.assertIn(done.returncode, (0, 1), done.stderr)
                summary = schema.validate(done.stdout, "handshake-trace")["summary"]
                counts = summary["segments"] | {"established": summary["outcomes"]["established"],
                                                "partial": summary["outcomes"]["partial"],
                                                "connections": summary["connections"]["total"]}
                self.assertEqual({key: counts[key] for key in expected}, expected)


if __name__ == "__main__":
    lab.main()
