# SPDX-License-Identifier: MIT
"""Getting there: Unix-domain sockets, tries and waiting, several ports, names and sources, socket options by name."""

import contextlib
import ctypes
import json
import os
import pathlib
import resource
import select
import signal
import socket
import stat
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema
from lab.stream import PATIENCE, StreamCase, free_port

lab.require("nc", "socat", "tshark", "ss")

_SYS_PIDFD_GETFD = 438
_libc = ctypes.CDLL(None, use_errno=True)


class DialCase(StreamCase):
    def connect(self, *words, **run):
        run = {"stdin": subprocess.DEVNULL, "text": True, **run}
        if "input" in run:
            del run["stdin"]
        return self.run_for(self.tcpbox, "connect", *words, **run)

    def events(self, *words, **run):
        done = self.connect(*words, "--ndjson", **run)
        return done, schema.validate_ndjson(done.stderr, "connect")

    def silent_port(self):
        """A listener whose queue is full answers no SYN."""
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            filler = socket.socket()
            self.addCleanup(filler.close)
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        return listener.getsockname()[1]

    def refuses(self, words, complaint, code=2):
        with self.subTest(words=words):
            done = self.run_for(self.tcpbox, *words, stdin=subprocess.DEVNULL, text=True)
            self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
            self.assertIn(complaint, done.stderr.splitlines()[0])

    def hosts(self, text):
        """What /etc/hosts says in the namespace of this process."""
        path = self.scratch / "hosts"
        if not path.exists():
            path.write_text("127.0.0.1 localhost\n")
            subprocess.run(["mount", "--bind", path, "/etc/hosts"], check=True)
            self.addCleanup(subprocess.run, ["umount", "/etc/hosts"], check=True)
        path.write_text("127.0.0.1 localhost\n" + text)


class UnixSockets(DialCase):
    def test_listen_for_socat_and_nc(self):
        path = self.scratch / "s"
        for peer in (["socat", "-t60", "-", f"UNIX-CONNECT:{path}"], ["nc", "-N", "-U", path]):
            with self.subTest(peer=peer[0]):
                ours = self.listen_on(f"unix:{path}")
                self.assertEqual(ours.ready, [f"unix:{path}"])
                theirs = self.start(*peer)
                theirs.stdin.write(b"question\n")
                theirs.stdin.flush()
                self.assertEqual(ours.stdout.readline(), b"question\n")
                ours.stdin.write(b"answer\n")
                ours.stdin.flush()
                self.assertEqual(theirs.stdout.readline(), b"answer\n")
                theirs.stdin.close()
                ours.stdin.close()
                self.assertEqual(ours.wait(PATIENCE), 0, ours.stderr.read())
                self.assertFalse(path.exists())

    def test_connect_to_socat_by_path_and_abstract_name(self):
        path = self.scratch / "s"
        for address, theirs in ((f"unix:{path}", f"UNIX-LISTEN:{path}"),
                                ("unix:@tcpbox-dial", "ABSTRACT-LISTEN:tcpbox-dial")):
            with self.subTest(address=address):
                peer = self.start("socat", "-t60", theirs, "SYSTEM:tr a-z A-Z")
                done = self.connect(address, "--wait", "60s", input="hello")
                self.assertEqual((done.returncode, done.stdout), (0, "HELLO"), done.stderr)
                peer.wait(PATIENCE)

    def test_an_abstract_listener(self):
        ours = self.listen_on("unix:@tcpbox-dial-2", "--recv-only", stdin=subprocess.DEVNULL)
        done = self.run_for("socat", "-u", "-", "ABSTRACT-CONNECT:tcpbox-dial-2", input=b"hello")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.ends(ours, 0)[0], b"hello")
        taken = self.listen_on("unix:@tcpbox-dial-2")
        self.refuses(["listen", "unix:@tcpbox-dial-2"], "listen on unix:@tcpbox-dial-2: Address already in use", 3)
        self.end(taken)

    def test_a_large_payload_both_ways(self):
        path = self.scratch / "s"
        data = os.urandom(1 << 20) * 8
        source, target = self.scratch / "source", self.scratch / "target"
        source.write_bytes(data)
        with source.open("rb") as there, source.open("rb") as back, target.open("wb") as received:
            ours = self.start(self.tcpbox, "listen", f"unix:{path}", stdin=back, stdout=received)
            done = self.start(self.tcpbox, "connect", f"unix:{path}", "--wait", "60s", stdin=there)
            self.assertEqual(self.ends(done, 0)[0], data)
            self.assertEqual(ours.wait(PATIENCE), 0)
        self.assertEqual(target.read_bytes(), data)

    def test_the_file_goes_at_the_end_also_by_a_signal(self):
        path = self.scratch / "s"
        for number in (signal.SIGTERM, signal.SIGINT):
            ours = self.listen_on(f"unix:{path}", "-k")
            self.assertTrue(stat.S_ISSOCK(path.lstat().st_mode))
            ours.send_signal(number)
            self.assertEqual(ours.wait(PATIENCE), -number)
            self.assertFalse(path.exists())

    def test_the_umask_decides_who_may_connect(self):
        path = self.scratch / "s"
        for mask in (0o077, 0o007):
            ours = self.listen_on(f"unix:{path}", preexec_fn=lambda mask=mask: os.umask(mask))
            self.assertEqual(stat.S_IMODE(path.lstat().st_mode), 0o777 & ~mask)
            ours.terminate()
            ours.wait(PATIENCE)

    def test_what_a_killed_listener_left_is_replaced(self):
        path = self.scratch / "s"
        dead = self.listen_on(f"unix:{path}")
        self.end(dead)
        self.assertTrue(path.exists())
        ours = self.listen_on(f"unix:{path}", stdin=subprocess.DEVNULL)
        self.assertEqual(self.connect(f"unix:{path}", input="x").returncode, 0)
        self.assertEqual(self.ends(ours, 0)[0], b"x")

    def test_a_living_listener_keeps_its_name_and_gets_no_client_out_of_it(self):
        path = self.scratch / "s"
        peer = self.start("nc", "-l", "-U", path, stdin=subprocess.DEVNULL)
        lab.wait_for(path.exists, "nc to listen")
        self.refuses(["listen", f"unix:{path}"], f"listen on unix:{path}: Address already in use", 3)
        done = self.connect(f"unix:{path}", "--wait", "60s", input="only once")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(peer.communicate(timeout=PATIENCE)[0], b"only once")

    def test_another_file_stays(self):
        path = self.scratch / "precious"
        path.write_text("precious")
        self.refuses(["listen", f"unix:{path}"], "no socket", 3)
        (self.scratch / "link").symlink_to(path)
        self.refuses(["listen", f"unix:{self.scratch}/link"], "no socket", 3)
        self.assertEqual(path.read_text(), "precious")

    def test_json_has_no_ports(self):
        path = self.scratch / "s"
        report = self.scratch / "report"
        with report.open("wb") as target:
            ours = self.listen_on(f"unix:{path}", "--json", stdin=subprocess.DEVNULL, stderr=target)
            done, events = self.events(f"unix:{path}")
            self.assertEqual(done.returncode, 0, done.stderr)
            ours.communicate(timeout=PATIENCE)
        self.assertEqual((events[1]["remote_address"], events[1]["remote_port"]), (f"unix:{path}", None))
        listening, connected, closed = schema.validate(report.read_text(), "listen")["results"]
        self.assertEqual((listening["local_address"], listening["local_port"]), (f"unix:{path}", None))
        self.assertEqual((connected["remote_address"], closed["tcp"]), ("unix:", None))

    def test_zero(self):
        path = self.scratch / "s"
        self.listen_on(f"unix:{path}", "-k")
        done = self.connect("-z", f"unix:{path}")
        self.assertEqual((done.returncode, done.stdout), (0, f"unix:{path} connected\n"))
        done, events = self.events("-z", f"unix:{self.scratch}/none")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(events[1]["type"], "attempt_failed")
        self.assertIsNone(events[1]["remote_port"])

    def test_words_that_are_off(self):
        for words, complaint in (
                (["connect", "unix:"], "a name is missing"),
                (["connect", "unix:@"], "a name is missing"),
                (["connect", "unix:/" + "x" * 107], "107 bytes"),
                (["connect", "unix:/x", "80"], "has no port"),
                (["connect", "unix:/x", "-4"], "-4"),
                (["connect", "unix:/x", "-s", "127.0.0.1"], "--source"),
                (["connect", "unix:/x", "--source-port", "1"], "--source-port"),
                (["connect", "unix:/x", "--interface", "lo"], "--interface"),
                (["connect", "unix:/x", "--mptcp"], "--mptcp"),
                (["listen", "unix:/x", "--mptcp"], "--mptcp"),
                (["listen", "unix:"], "a name is missing")):
            self.refuses(words, complaint)


class Tries(DialCase):
    def test_so_many_tries_each_an_event(self):
        port = free_port()
        done, events = self.events(f"127.0.0.1:{port}", "--retry", "2", "--retry-delay", "10ms")
        self.assertEqual(done.returncode, 1)
        self.assertEqual([event["type"] for event in events],
                         ["start", "attempt_failed", "retry", "attempt_failed", "retry", "attempt_failed", "summary"])
        first, second = (event for event in events if event["type"] == "retry")
        self.assertTrue(5e3 <= first["delay_us"] <= 10e3 and 10e3 <= second["delay_us"] <= 20e3, events)
        self.assertEqual((first["failed_tries"], second["failed_tries"]), (1, 2))
        self.assertIn("Connection refused", events[-1]["error"])
        verbose = self.connect(f"127.0.0.1:{port}", "--retry", "1", "--retry-delay", "10ms", "-v")
        self.assertIn("try 1 failed, the next one in ", verbose.stderr)

    def test_without_it_there_is_one_try(self):
        _, events = self.events(f"127.0.0.1:{free_port()}")
        self.assertNotIn("retry", [event["type"] for event in events])

    def late_listener(self, *words):
        """connect starts, fails at least once, then somebody listens."""
        port = free_port()
        process = self.start(self.tcpbox, "connect", "-v", f"127.0.0.1:{port}", *words, stdin=subprocess.DEVNULL)
        while b"try 1 failed" not in (line := process.stderr.readline()):
            self.assertTrue(line, "connect ended")
        listener = socket.create_server(("127.0.0.1", port))
        self.addCleanup(listener.close)
        return process, port

    def test_wait_until_the_port_opens(self):
        process, port = self.late_listener("-z", "--wait", "60s")
        self.assertEqual(self.ends(process, 0)[0], f"127.0.0.1:{port} connected\n".encode())

    def test_retry_forever(self):
        process, _ = self.late_listener("-z", "--retry", "forever", "--retry-delay", "10ms")
        self.ends(process, 0)

    def test_a_wait_that_is_over(self):
        port = free_port()
        done = self.connect("-z", f"127.0.0.1:{port}", "--wait", "150ms")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, f"tcpbox: wait for 127.0.0.1:{port}: not open after 150 ms; "
                                      f"connect to 127.0.0.1:{port}: Connection refused\n")

    def test_a_wait_bounds_a_try_that_hangs(self):
        port = self.silent_port()
        done = self.connect("-z", f"127.0.0.1:{port}", "--wait", "100ms", "--timeout", "1h")
        self.assertEqual(done.returncode, 1)
        self.assertIn("not open after 100 ms; connect to ", done.stderr)

    def test_the_timeout_is_each_tries_own(self):
        port = self.silent_port()
        done, events = self.events("-z", f"127.0.0.1:{port}", "--timeout", "30ms", "--retry", "2", "--retry-delay",
                                   "1ms")
        self.assertEqual(done.returncode, 1)
        self.assertEqual([event["error"] for event in events if event["type"] == "retry"],
                         [f"connect to 127.0.0.1:{port}: timed out"] * 2)

    def test_a_name_that_becomes_known(self):
        self.hosts("")
        _, port = self.server()
        process = self.start(self.tcpbox, "connect", "-v", "-z", f"late.test:{port}", "--wait", "60s")
        while b"try 1 failed" not in (line := process.stderr.readline()):
            self.assertTrue(line, "connect ended")
        self.hosts("127.0.0.1 late.test\n")
        self.assertEqual(self.ends(process, 0)[0], f"127.0.0.1:{port} connected\n".encode())

    def test_what_cannot_change_is_not_tried_again(self):
        done = self.connect("127.0.0.1:1", "--retry", "forever", "--congestion", "foo")
        self.assertEqual((done.returncode, done.stderr),
                         (3, "tcpbox: set --congestion foo: No such file or directory\n"))

    def test_words_that_are_off(self):
        for words, complaint in (
                (["--retry", "often"], "--retry 'often'"),
                (["--retry", "-1"], "--retry"),
                (["--retry-delay", "1s"], "needs --retry or --wait"),
                (["--retry", "1", "--retry-delay", "0"], "at least 1ms"),
                (["--retry", "1", "--retry-delay", "x"], "--retry-delay: duration 'x'"),
                (["--wait", "0"], "longer than nothing"),
                (["--wait", "x"], "--wait: duration 'x'")):
            self.refuses(["connect", "127.0.0.1:1", *words], complaint)


class SeveralPorts(DialCase):
    def test_a_line_for_each(self):
        _, first = self.server()
        _, second = self.server()
        closed = free_port()
        silent = self.silent_port()
        done = self.connect("-z", "--timeout", "1s", "127.0.0.1", f"{first},{closed},{silent},{second}")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(sorted(done.stdout.splitlines()), sorted([
            f"127.0.0.1:{first} open", f"127.0.0.1:{second} open", f"127.0.0.1:{closed} refused",
            f"127.0.0.1:{silent} timed out"]))
        done = self.connect("-z", f"localhost:{first},{second}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(done.stdout.splitlines()), sorted([f"localhost:{first} open", f"localhost:{second} open"]))

    def test_services_and_many_ports_with_few_descriptors(self):
        done = self.connect("-z", "127.0.0.1", "http,https,20000-22000",
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (45, 45)))
        self.assertEqual(done.returncode, 1)
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 2003)
        self.assertTrue({"127.0.0.1:80 refused", "127.0.0.1:443 refused"} <= set(lines))
        self.assertTrue(all(line.endswith(" refused") for line in lines), done.stdout[:1000])

    def test_waiting_for_all(self):
        port = free_port()
        _, other = self.server()
        process = self.start(self.tcpbox, "connect", "-v", "-z", f"127.0.0.1:{port},{other}", "--wait", "60s",
                             stdin=subprocess.DEVNULL)
        while b"try 1 failed" not in (line := process.stderr.readline()):
            self.assertTrue(line, "connect ended")
        listener = socket.create_server(("127.0.0.1", port))
        self.addCleanup(listener.close)
        self.ends(process, 0)

    def test_events(self):
        _, port = self.server()
        closed = free_port()
        done, events = self.events("-z", "127.0.0.1", f"{port},{closed}")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        states = {event["port"]: event["state"] for event in events if event["type"] == "port"}
        self.assertEqual(states, {port: "open", closed: "refused"})
        self.assertEqual(events[-1]["connections"], 1)

    def test_interrupted(self):
        port = self.silent_port()
        process = self.start(self.tcpbox, "connect", "-z", f"127.0.0.1:1,{port}", stdin=subprocess.DEVNULL)
        self.assertEqual(process.stdout.readline(), b"127.0.0.1:1 refused\n")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), -signal.SIGTERM)

    def test_a_name_that_is_not_known(self):
        self.hosts("")
        done = self.connect("-z", "unknown.invalid", "1-3")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertEqual(len(done.stderr.splitlines()), 1)

    def test_words_that_are_off(self):
        for words, complaint in ((["127.0.0.1", "1,2"], "single"), (["-z", "127.0.0.1", "0-3"], "port 0"),
                                 (["-z", "127.0.0.1", "9-3"], "9-3"), (["-z", "127.0.0.1", "1,,2"], "port")):
            self.refuses(["connect", *words], complaint)


class Ways(DialCase):
    def test_source_ports(self):
        _, port = self.server()
        first = free_port()
        done, events = self.events("-z", f"127.0.0.1:{port}", "--source-port", f"{first}-{first}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(events[1]["local_port"], first)
        with socket.socket() as other:
            other.bind(("0.0.0.0", 0))
            first = other.getsockname()[1]
            done = self.connect("-z", f"127.0.0.1:{port}", "--source-port", first)
            self.assertEqual(done.returncode, 3)
            self.assertIn(f"{first}: Address already in use", done.stderr)
            done, events = self.events("-z", f"127.0.0.1:{port}", "--source-port", f"{first}-{min(first + 20, 65535)}")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(events[1]["local_port"], range(first + 1, first + 21))

    def test_one_connection_for_each_port_of_the_range(self):
        """A port that leads to the same remote endpoint already is taken as well."""
        listening = self.listen("-k", "--recv-only")
        base = 23000
        seen = set()
        for _ in range(3):
            process = self.start(self.tcpbox, "connect", "-v", "--source-port", f"{base}-{base + 2}",
                                 f"127.0.0.1:{listening.ports[0]}")
            line = process.stderr.readline().decode()
            seen.add(int(line.split()[1].rsplit(":", 1)[1]))
        self.assertEqual(seen, {base, base + 1, base + 2})

    def test_interface(self):
        _, port = self.server()
        self.assertEqual(self.connect("-z", f"127.0.0.1:{port}", "--interface", "lo").returncode, 0)
        done = self.connect("-z", f"127.0.0.1:{port}", "--interface", "nosuch0")
        self.assertEqual((done.returncode, done.stderr), (3, "tcpbox: set --interface nosuch0: No such device\n"))

    def test_internationalized_names(self):
        self.hosts("127.0.0.1 xn--bcher-kva.example\n")
        _, port = self.server()
        for environment in ({"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"}):
            done = self.connect("-z", f"bücher.example:{port}", env={**os.environ, **environment})
            self.assertEqual((done.returncode, done.stdout), (0, f"127.0.0.1:{port} connected\n"), done.stderr)

    def test_zones(self):
        done = self.connect("-z", "[fe80::1%nosuch0]:80")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stderr, "tcpbox: zone 'nosuch0': no such interface\n")

    def test_words_that_are_off(self):
        for words, complaint in ((["--source-port", "0"], "--source-port '0'"), (["--source-port", "9-3"], "--source-port"),
                                 (["--source-port", "9-"], "--source-port"), (["--source-port", "-9"], "--source-port"),
                                 (["--source-port", "http"], "--source-port 'http'"),
                                 (["--interface", "x" * 16], "longer than 15")):
            self.refuses(["connect", "127.0.0.1:1", *words], complaint)


class Wires(lab.TestCase):
    """What only shows between two hosts."""

    def listening(self, host, *words, address="9000"):
        process = host.popen([self.lab.tcpbox, "listen", "-k", "--recv-only", address, *words],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        host.wait_listening(9000)
        return process

    def test_a_black_hole_is_overtaken(self):
        net = self.lab.two_hosts()
        hosts = self.lab.scratch / "hosts"
        hosts.write_text(f"{net.server.address6} twofold.test\n{net.server.address4} twofold.test\n")
        subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
        self.addCleanup(subprocess.run, ["umount", "/etc/hosts"], check=True)
        self.listening(net.server)
        net.server.nft("table ip6 lab {\nchain input {\ntype filter hook input priority 0\nmeta l4proto tcp drop\n}\n}\n")
        wire = self.lab.scratch / "wire.pcap"
        with net.server.capture(wire, "tcp") as _:
            done = net.client.run([self.lab.tcpbox, "connect", "-z", "--ndjson", "twofold.test:9000"])
        self.assertEqual(done.returncode, 0, done.stderr)
        events = [json.loads(line) for line in done.stderr.splitlines()]
        self.assertEqual([event["type"] for event in events], ["start", "connected", "closed", "summary"])
        self.assertEqual(events[1]["remote_address"], net.server.address4)
        syns = fields(wire, "tcp.flags.syn==1 && tcp.flags.ack==0", "ipv6.dst")
        self.assertEqual(syns[:2], [[net.server.address6], [""]])

    def test_link_local_with_a_zone(self):
        net = self.lab.two_hosts()
        self.listening(net.server)
        shown = net.server.run(["ip", "-6", "-o", "addr", "show", "dev", net.server.interface, "scope", "link"]).stdout
        address = shown.split("inet6 ")[1].split("/")[0]
        done = net.client.run([self.lab.tcpbox, "connect", "-z", f"[{address}%{net.client.interface}]:9000"])
        self.assertEqual(done.returncode, 0, done.stderr)
        done = net.client.run([self.lab.tcpbox, "connect", "-z", "--interface", net.client.interface,
                               f"[{address}]:9000"])
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_interface(self):
        net = self.lab.two_hosts()
        self.listening(net.server)
        for interface, timeout, connects in ((net.client.interface, "30s", True), ("lo", "200ms", False)):
            done = net.client.run([self.lab.tcpbox, "connect", "-z", "--interface", interface, "--timeout", timeout,
                                   f"{net.server.address4}:9000"])
            self.assertEqual(done.returncode == 0, connects, done.stderr)

    def exchange(self, net, words, listen_words=(), expected=0, family=4):
        """A short conversation, captured at the server; answers come from the listener's socket."""
        listener = self.listening(net.server, *listen_words)
        self.captures = getattr(self, "captures", 0) + 1
        wire = self.lab.scratch / f"wire{self.captures}.pcap"
        address = net.server.address4 if family == 4 else f"[{net.server.address6}]"
        with net.server.capture(wire, "tcp"):
            done = net.client.run([self.lab.tcpbox, "connect", "--send-only", f"{address}:9000", *words], input="hello")
        self.assertEqual(done.returncode, expected, done.stderr)
        listener.terminate()
        listener.wait()
        return wire

    def test_ttl_dscp_and_mss_on_the_wire(self):
        net = self.lab.two_hosts()
        words = ["--ttl", "77", "--dscp", "af41", "--mss", "700"]
        answers = ["--ttl", "99", "--dscp", "cs1", "--mss", "600"]
        for family, ttl, dscp in ((4, "ip.ttl", "ip.dsfield.dscp"), (6, "ipv6.hlim", "ipv6.tclass.dscp")):
            with self.subTest(family=family):
                wire = self.exchange(net, words, answers, family=family)
                there = fields(wire, "tcp.dstport==9000", ttl, dscp)
                back = fields(wire, "tcp.srcport==9000", ttl, dscp)
                self.assertEqual(set(map(tuple, there)), {("77", "34")})
                # The SYN-ACK is the listener's, the rest the accepted socket's: both have it.
                self.assertEqual(set(map(tuple, back)), {("99", "8")})
                self.assertEqual(fields(wire, "tcp.flags.syn==1", "tcp.options.mss_val"), [["700"], ["600"]])

    def test_min_ttl(self):
        net = self.lab.two_hosts()
        for family in (4, 6):
            with self.subTest(family=family):
                self.exchange(net, ["--ttl", "255"], ["--min-ttl", "255"], family=family)
                self.exchange(net, ["--ttl", "254", "--timeout", "300ms"], ["--min-ttl", "255"], expected=1,
                              family=family)
                self.exchange(net, ["--min-ttl", "65", "--timeout", "300ms"], expected=1, family=family)

    def test_multipath(self):
        net = self.lab.two_hosts()
        wire = self.exchange(net, ["--mptcp"], ["--mptcp"])
        self.assertEqual(len(fields(wire, "tcp.flags.syn==1 && tcp.option_kind==30", "tcp.port")), 2)
        net.client.sysctl("net.mptcp.enabled", 0)
        refused = net.client.run([self.lab.tcpbox, "connect", f"{net.server.address4}:9000", "--mptcp"])
        self.assertEqual((refused.returncode, refused.stderr), (3, "tcpbox: set --mptcp: Protocol not available\n"))
        net.client.sysctl("net.mptcp.enabled", 1)
        plain = self.exchange(net, ["--mptcp"])  # with a peer that has none
        self.assertEqual(len(fields(plain, "tcp.flags.syn==1 && tcp.option_kind==30", "tcp.port")), 1)

    def test_fast_open(self):
        net = self.lab.two_hosts()
        for host in (net.client, net.server):
            host.sysctl("net.ipv4.tcp_fastopen", 3)
        first = self.exchange(net, ["--fastopen"], ["--fastopen"])
        second = self.exchange(net, ["--fastopen"], ["--fastopen"])
        syn = "tcp.flags.syn==1 && tcp.flags.ack==0"
        self.assertEqual(fields(first, syn, "tcp.len"), [["0"]])
        self.assertEqual(fields(second, syn, "tcp.len"), [["5"]])
        self.listening(net.server, "--fastopen")
        for words in ([], ["--ndjson"]):  # the end of an empty input is sent as well
            done = net.client.run([self.lab.tcpbox, "connect", "--fastopen", f"{net.server.address4}:9000", *words])
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stderr.splitlines()[1])["remote_address"], net.server.address4)

    def test_md5_signatures(self):
        net = self.lab.two_hosts()
        key, other = self.lab.scratch / "key", self.lab.scratch / "other"
        key.write_text("secret\n")
        other.write_text("another")
        for family in (4, 6):
            with self.subTest(family=family):
                wire = self.exchange(net, ["--md5", key], ["--md5", key], family=family)
                self.assertEqual(len(fields(wire, "tcp.option_kind==19", "tcp.port")), len(fields(wire, "tcp", "tcp.port")))
                for words in (["--md5", other], []):
                    self.exchange(net, [*words, "--timeout", "300ms"], ["--md5", key], expected=1, family=family)

    def test_mark(self):
        net = self.lab.two_hosts()
        net.client.nft("table inet lab {\nchain output {\ntype filter hook output priority 0\nmeta mark 7 drop\n}\n}\n")
        self.exchange(net, ["--mark", "8"])
        self.exchange(net, ["--mark", "7", "--timeout", "300ms"], expected=1)

    def test_without_privilege(self):
        net = self.lab.two_hosts()
        for words, complaint in ((["--mark", "7"], "set --mark 7: Operation not permitted"),
                                 (["--recv-buffer", "1GB"], "set --recv-buffer 1GB: the kernel gives no more than ")):
            done = net.client.run([self.lab.tcpbox, "connect", f"{net.server.address4}:9000", *words], user="nobody")
            self.assertEqual(done.returncode, 3)
            first, hint = done.stderr.splitlines()
            self.assertTrue(first.startswith("tcpbox: " + complaint), first)
            self.assertTrue(hint.startswith("hint: "), hint)
        self.listening(net.server)  # SO_BINDTODEVICE needs none
        done = net.client.run([self.lab.tcpbox, "connect", "-z", "--interface", net.client.interface,
                               f"{net.server.address4}:9000"], user="nobody")
        self.assertEqual(done.returncode, 0, done.stderr)


def fields(capture, filter, *names):
    """One row a frame."""
    words = [word for name in names for word in ("-e", name)]
    done = subprocess.run(["tshark", "-n", "-r", capture, "-Y", filter, "-T", "fields", *words], check=True,
                          capture_output=True, text=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


@contextlib.contextmanager
def sockets_of(process):
    """Descriptors of our own for the TCP sockets of another process."""
    pidfd = os.pidfd_open(process.pid)
    found = []
    for entry in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
        if os.readlink(entry).startswith("socket:"):
            found.append(socket.socket(fileno=_libc.syscall(_SYS_PIDFD_GETFD, pidfd, int(entry.name), 0)))
    try:
        yield found
    finally:
        for each in found:
            each.close()
        os.close(pidfd)


class InForce(DialCase):
    """Each option, asked of the sockets themselves: the dialled one, and one that was accepted."""

    OPTIONS = (
        (["--nodelay"], socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (["--keepalive", "20,5s,3"], socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (["--keepalive", "20,5s,3"], socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 20),
        (["--keepalive", "20,5s,3"], socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
        (["--keepalive", "20,5s,3"], socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
        (["--user-timeout", "1500ms"], socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1500),
        (["--congestion", "reno"], socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno"),
        (["--ttl", "70"], socket.IPPROTO_IP, socket.IP_TTL, 70),
        (["--min-ttl", "5"], socket.IPPROTO_IP, 21, 5),
        (["--dscp", "ef"], socket.IPPROTO_IP, socket.IP_TOS, 46 << 2),
        (["--mark", "9"], socket.SOL_SOCKET, socket.SO_MARK, 9),
        (["--recv-buffer", "100k"], socket.SOL_SOCKET, socket.SO_RCVBUF, 204800),
        (["--send-buffer", "100k"], socket.SOL_SOCKET, socket.SO_SNDBUF, 204800),
        (["--notsent-lowat", "16k"], socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, 16384),
        (["--linger", "7"], socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 7)),
    )

    def check(self, process, words, level, name, value):
        with sockets_of(process) as found:
            values = [each.getsockopt(level, name, 16) for each in found]
            want = value if isinstance(value, bytes) else struct.pack("i", value)
            self.assertTrue(values, words)
            self.assertTrue(all(each[:len(want)] == want for each in values), (words, values))

    def test_dialled(self):
        listener, port = self.server()
        for words, level, name, value in self.OPTIONS:
            with self.subTest(words=words):
                process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}", *words)
                client, _ = listener.accept()
                with client:
                    client.sendall(b"x")
                    self.assertEqual(process.stdout.read(1), b"x")  # nothing else is open by now
                    self.check(process, words, level, name, value)
                self.end(process)

    def test_accepted(self):
        for words, level, name, value in self.OPTIONS:
            for address in ("127.0.0.1:0", "0"):
                with self.subTest(words=words, address=address):
                    process = self.listen_on(address, *words)
                    port = int(process.ready[0].rsplit(":", 1)[1])
                    with socket.create_connection(("127.0.0.1", port)) as client:
                        client.sendall(b"x")
                        self.assertEqual(process.stdout.read(1), b"x")  # the listening socket is closed by now
                        self.check(process, words, level, name, value)
                    self.end(process)

    def test_a_linger_of_0_is_a_reset(self):
        listener, port = self.server()
        for words in ([], ["--linger", "0"]):
            process = self.start(self.tcpbox, "connect", f"127.0.0.1:{port}", "--send-only", *words,
                                 stdin=subprocess.DEVNULL)
            client, _ = listener.accept()
            with client:
                self.assertEqual(process.wait(PATIENCE), 0, process.stderr.read())
                # Writing to who has closed is answered by a reset only after the first byte; a reset came before it.
                poll = select.poll()
                poll.register(client, 0)
                self.assertEqual(bool(poll.poll(0)), bool(words))

    def test_what_the_kernel_refuses(self):
        for command in (["connect", "127.0.0.1:1"], ["listen", "127.0.0.1:0"]):
            self.refuses([*command, "--congestion", "foo"], "tcpbox: set --congestion foo: No such file or directory", 3)
        self.refuses(["connect", f"unix:{self.scratch}/s", "--nodelay"], "set --nodelay: Operation not supported", 3)
        self.refuses(["listen", f"unix:{self.scratch}/s", "--nodelay"], "set --nodelay: Operation not supported", 3)
        self.assertFalse((self.scratch / "s").exists())

    def test_keys_that_are_off(self):
        key = self.scratch / "key"
        for content, complaint in ((None, "No such file"), ("", "1 to 80 bytes"), ("\n", "1 to 80 bytes"),
                                   ("x" * 81, "1 to 80 bytes")):
            if content is not None:
                key.write_text(content)
            for command in ("connect", "listen"):
                self.refuses([command, "127.0.0.1:1", "--md5", key], complaint, 3)
        _, events = self.events("127.0.0.1:1", "--md5", key)
        self.assertIn("1 to 80 bytes", events[-1]["error"])

    def test_words_that_are_off(self):
        for words, complaint in (
                (["--keepalive", "0"], "--keepalive '0': must be whole seconds from 1"),
                (["--keepalive", "x"], "--keepalive: duration 'x'"),
                (["--user-timeout", "x"], "--user-timeout: duration 'x'"),
                (["--congestion", ""], "--congestion"),
                (["--mss", "1"], "--mss '1': must be a number from 88 to 32767"),
                (["--ttl", "256"], "--ttl '256'"),
                (["--min-ttl", "0"], "--min-ttl '0'"),
                (["--dscp", "af44"], "--dscp 'af44': must be 0 to 63 or a name"),
                (["--mark", "x"], "--mark 'x'"),
                (["--recv-buffer", "x"], "--recv-buffer: size 'x'"),
                (["--send-buffer", "0"], "--send-buffer '0'"),
                (["--notsent-lowat", "4GiB"], "--notsent-lowat '4GiB'"),
                (["--linger", "1.5s"], "--linger '1.5s'"),
                (["--mptcp", "--md5", "x"], "exclude each other")):
            for command in ("connect", "listen"):
                self.refuses([command, "127.0.0.1:1", *words], complaint)
        for words in (["--fastopen", "-z"], ["--fastopen", "--recv-only"]):
            self.refuses(["connect", "127.0.0.1:1", *words], "exclude each other")


if __name__ == "__main__":
    lab.main()
