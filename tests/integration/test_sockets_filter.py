# SPDX-License-Identifier: MIT
"""Filters: the same sockets as ss selects, and what ss cannot say against what the listing tells of each socket."""

import json
import os
import pathlib
import random
import re
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab


def _socket(family, device=None, mark=None):
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if device:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    if mark:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
    return made


class Crowd:
    """Some sixty sockets of one host: families, ports, devices, marks and states."""

    def __init__(self, host, peer):
        self.host, self.peer = host, peer
        self.kept = []
        with host.entered():
            self._make_local()
            self._make_dual_stack()
        with peer.entered():
            far = self._listener(socket.AF_INET, peer.address4, 443), self._listener(socket.AF_INET6, peer.address6, 443)
        with host.entered():
            self._make_remote(far)
            self._make_unanswered()

    def close(self):
        for made in self.kept:
            made.close()

    def _listener(self, family, address, port, **options):
        made = _socket(family, **options)
        made.bind((address, port))
        made.listen(64)
        self.kept.append(made)
        return made

    def _connect(self, to, listener=None, source=None, **options):
        made = _socket(to.family, **options)
        if source:
            made.bind(source)
        made.connect(to.getsockname())
        accepted, _ = to.accept()
        self.kept += [made, accepted]
        return made, accepted

    def _make_local(self):
        for port in (22, 80, 8000, 8001):
            for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                listener = self._listener(family, address, port)
                for _ in range(2):
                    near, _ = self._connect(listener)
                    near.send(b"x" * port)
        listener = self._listener(socket.AF_INET, "127.1.2.3", 9000)
        self._connect(listener, source=("127.9.8.7", 40000))  # a port of the ephemeral range, chosen
        self._connect(listener, source=("127.9.8.8", 0))
        for mark in (1, 2, 0x31):
            self._connect(listener, mark=mark)
        for _ in range(3):  # TIME-WAIT
            near, far = self._connect(listener, mark=1)
            near.close()
            far.close()
        near, _ = self._connect(listener)
        near.shutdown(socket.SHUT_WR)  # FIN-WAIT-2 and CLOSE-WAIT

    def _make_dual_stack(self):
        both = _socket(socket.AF_INET6)
        both.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        both.bind(("::", 7000))
        both.listen(8)
        near = _socket(socket.AF_INET)
        near.connect(("127.0.0.1", 7000))  # at the other end it is ::ffff:127.0.0.1
        mapped = _socket(socket.AF_INET6)
        mapped.connect(("::ffff:127.0.0.1", 7000))
        self.kept += [both, near, mapped, both.accept()[0], both.accept()[0]]

    def _make_remote(self, far):
        for listener in far:
            for device, mark in ((None, None), (self.host.interface, None), (self.host.interface, 2), (None, 0x31)):
                self._connect(listener, device=device, mark=mark)
        self._listener(socket.AF_INET, "0.0.0.0", 6000, device=self.host.interface)

    def _make_unanswered(self):
        self.peer.drop_ports([81])
        lost = _socket(socket.AF_INET)
        lost.setblocking(False)
        try:
            lost.connect((self.peer.address4, 81))
        except BlockingIOError:
            pass
        self.kept.append(lost)


class Filters(lab.TestCase):
    def setUp(self):
        super().setUp()
        net = self.lab.two_hosts()
        self.host, self.peer = net.client, net.server
        self.crowd = Crowd(self.host, self.peer)
        self.addCleanup(self.crowd.close)

    def ask(self, *words):
        done = self.host.run([self.lab.tcpbox, "sockets", "--json", "--all", *words])
        self.assertIn(done.returncode, (0, 1), (words, done.stderr))  # 1: no socket matches
        return json.loads(done.stdout)["results"]

    def selected(self, *words):
        return sorted(record["cookie"] for record in self.ask("--no-owner", *words))

    def ss(self, *words):
        done = self.host.run(["ss", "-Htane", *words])
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return sorted(int(cookie, 16) for cookie in re.findall(r" sk:([0-9a-f]+)", done.stdout))

    def assert_same(self, *words):
        """Asked again when the sockets themselves change meanwhile (TIME-WAIT ends)."""
        for _ in range(5):
            theirs, ours = self.ss(*words), self.selected(*words)
            if ours == theirs or theirs == self.ss(*words):
                break
        self.assertEqual(ours, theirs, words)
        return len(ours)

    def test_the_examples_of_the_manual(self):
        self.assertGreater(self.assert_same(), 60)
        found = 0
        for expression in (
                "( dport = :ssh or sport = :ssh )",
                "( sport = :http or sport = :https ) dst 193.233.7/24",
                "( sport = :http or sport = :https ) dst 127.0.0/24",
                "fwmark = 0x01/0x03",
                "dst 127.0.0.1:8000",
                "src [::1]:22",
                "dport >= :1024 and not dport > :8000",
                "dport neq 22 and dport geq 22",
                f"dev = {self.host.interface}",
                f"dev != {self.host.interface} and fwmark != 0",
                f"dst {self.peer.address4} or dst [{self.peer.address6}]",
                "src 127.0.0.0/8 and not ( sport = 22 || dport = 22 )",
                "! sport = :22 & dst *:8001",
                "autobound"):
            with self.subTest(expression):
                found += self.assert_same(*expression.split())
                self.assert_same(expression)
        self.assertGreater(found, 60)

    def test_states_as_ss_takes_them(self):
        for words in ("state established", "state time-wait", "state listening", "state connected exclude established",
                      "state close-wait state fin-wait-2", "exclude time-wait", "state big", "state bucket",
                      "state synchronized", "state established ( dport = :ssh or sport = :ssh )"):
            with self.subTest(words):
                # Not of interest, and shown by newer ones only: what is bound and no more.
                self.assert_same(*words.split())

    def test_generated_expressions(self):
        chance = random.Random(6)
        hosts = ["127.0.0.0/8", "127.0.0.1", "127.1.2.3:9000", "[::1]", "[::1]:22", "[::ffff:127.0.0.1]", "*:8000",
                 self.peer.address4, f"[{self.peer.address6}]:443", "10/8", "[fd00::/8]"]
        ports = ["22", "80", "443", "7000", "8000", "9000", "40000", "0", "65535"]

        def term():
            kind = chance.randrange(7)
            if kind < 3:
                sign = chance.choice(["=", "!=", "<", "<=", ">", ">=", "lt", "ge"])
                return f"{chance.choice(['sport', 'dport'])} {sign} :{chance.choice(ports)}"
            if kind < 5:
                return f"{chance.choice(['src', 'dst'])} {chance.choice(['=', ''])} {chance.choice(hosts)}"
            if kind == 5:
                return f"fwmark {chance.choice(['=', '!='])} {chance.choice(['0', '1', '2', '0x31', '0x1/0x1'])}"
            return f"dev {chance.choice(['=', '!='])} {chance.choice([self.host.interface, 'lo'])}"

        def expression(depth):
            if depth == 0 or chance.random() < 0.25:
                return chance.choice(["", "", "not "]) + term()
            joint = chance.choice([" and ", " or ", " "])
            inner = joint.join(expression(depth - 1) for _ in range(chance.randint(2, 3)))
            return chance.choice(["", "", "not "]) + f"( {inner} )"

        some = 0
        for _ in range(100):
            words = expression(2)
            with self.subTest(words):
                found = self.assert_same(*words.split())
                some += 0 < found < 60
        self.assertGreater(some, 25)

    def test_and_binds_closer_than_or(self):
        """As ss documents it; ss itself reads from left to right."""
        both = self.selected("sport = :22 or sport = :80 and dport = :1")
        self.assertEqual(both, self.ss("sport = :22"))
        self.assertEqual(self.selected("sport = :22 or sport = :80 dport = :1"), both)

    def test_a_cgroup(self):
        mount = self.lab.scratch / "cgroup"
        mount.mkdir()
        program = ["unshare", "-m", "sh", "-c", 'mount -t cgroup2 none "$0" && exec "$@"', mount]
        if self.host.run([*program, "true"]).returncode != 0:
            self.skipTest("cgroup 2 cannot be mounted")
        for sign in ("=", "!="):
            with self.subTest(sign):
                words = ("cgroup", sign, str(mount))
                theirs = self.host.run([*program, "ss", "-Htane", *words], check=True)
                ours = self.host.run([*program, self.lab.tcpbox, "sockets", "--json", "--all", "--no-owner", *words])
                cookies = sorted(int(cookie, 16) for cookie in re.findall(r" sk:([0-9a-f]+)", theirs.stdout))
                self.assertTrue(cookies)  # in TIME-WAIT a socket is in none
                self.assertEqual(sorted(r["cookie"] for r in json.loads(ours.stdout)["results"]), cookies)

    def test_words_alone(self):
        self.assertEqual(self.selected(":22"), self.ss("( sport = :22 or dport = :22 )"))
        self.assertEqual(self.selected("127.0.0.0/8"), self.ss("( src 127.0.0.0/8 or dst 127.0.0.0/8 )"))
        everything = self.ask()
        name = pathlib.Path("/proc/self/comm").read_text().strip()
        held = sorted(r["cookie"] for r in everything if any(h["process"] == name for h in r["holders"]))
        self.assertGreater(len(held), 40)
        self.assertEqual(self.selected(name), held)
        self.assertEqual(self.selected(f":22 {name}"), sorted(set(held) & set(self.ss("( sport = :22 or dport = :22 )"))))
        self.assertEqual(self.selected(f"process != {name}"), [])  # TIME-WAIT is held by nobody: unknown

    def test_what_ss_cannot_say(self):
        records = self.ask()

        def that(decide):
            return sorted(r["cookie"] for r in records if decide(r))

        def info(r, name):
            return r["tcp_info"][name] if r["tcp_info"] and r["state"] != "LISTEN" else None

        pid = os.getpid()
        for words, decide in (
                (f"pid = {pid}", lambda r: any(h["pid"] == pid for h in r["holders"])),
                ("uid = 0", lambda r: r["inode"] not in (0, None)),
                ("user root", lambda r: r["inode"] not in (0, None)),
                ("recv_queue > 7999", lambda r: (r["recv_queue_bytes"] or 0) > 7999),
                ("send_queue = 0", lambda r: r["send_queue_bytes"] == 0),
                ("accept_queue = 0", lambda r: r["state"] == "LISTEN"),
                ("family = ipv6", lambda r: r["family"] == "IPv6"),
                ("congestion = *", lambda r: bool(r["congestion"])),
                ("bytes_received > 1kB", lambda r: (info(r, "bytes_received") or 0) > 1000),
                ("bytes_received >= 8kB", lambda r: (info(r, "bytes_received") or 0) >= 8000),
                ("rtt > 0us", lambda r: (info(r, "rtt_us") or 0) > 0),
                ("cwnd >= 1", lambda r: (info(r, "snd_cwnd_segments") or 0) >= 1),
                ("snd_mss < 2000", lambda r: (info(r, "snd_mss_bytes") or 2000) < 2000),
                ("bytes_received = 0", lambda r: info(r, "bytes_received") == 0)):
            with self.subTest(words):
                wanted = that(decide)
                self.assertTrue(wanted, words)
                self.assertEqual(self.selected(words), wanted)

    def test_age_and_idle(self):
        time.sleep(1.1)
        old = self.selected("state established age > 1s idle > 1s")
        self.assertEqual(old, self.selected("state established"))
        with self.host.entered():
            listener = self.crowd._listener(socket.AF_INET, "127.0.0.1", 5000)
            self.crowd._connect(listener)
        self.assertEqual(self.selected("( sport 5000 or dport 5000 ) age > 1m"), [])
        self.assertEqual(self.selected("age > 1m"), [])
        self.assertEqual(len(self.selected("( sport 5000 or dport 5000 ) idle < 1m")), 2)

    def test_without_privilege(self):
        done = self.host.run([self.lab.tcpbox, "sockets", "--json", "--all", "dport = :22"], user="nobody")
        self.assertEqual(sorted(r["cookie"] for r in json.loads(done.stdout)["results"]), self.ss("dport = :22"))
        done = self.host.run([self.lab.tcpbox, "sockets", "--all", "fwmark = 1"], user="nobody")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("CAP_NET_ADMIN", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_a_slip_is_explained(self):
        for words, said in (("rttt > 50ms", "did you mean 'rtt'?"), ("443", "say :443 for a port"),
                            ("age < 1h", "from below alone"), ("dport = :nosuch", "neither a port nor a service")):
            with self.subTest(words):
                done = self.host.run([self.lab.tcpbox, "sockets", words])
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(said, done.stderr)


class Names(lab.TestCase):
    def test_all_addresses_of_a_name(self):
        """ss takes the first address only."""
        host = self.lab.two_hosts().client
        made = []
        self.addCleanup(lambda: [one.close() for one in made])
        with host.entered():
            for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                listener = _socket(family)
                listener.bind((address, 7777))
                listener.listen()
                near = _socket(family)
                near.connect((address, 7777))
                made += [listener, near]
        hosts = self.lab.scratch / "hosts"
        hosts.write_text("127.0.0.1 two.test\n::1 two.test\n")
        program = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts]
        done = host.run([*program, self.lab.tcpbox, "sockets", "--json", "dst two.test dport = 7777"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual({r["remote_address"] for r in json.loads(done.stdout)["results"]}, {"127.0.0.1", "::1"})
        done = host.run([*program, self.lab.tcpbox, "sockets", "dst none.test"])
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("none.test", done.stderr)


if __name__ == "__main__":
    lab.require("ss", "nsenter", "unshare", "nft")
    lab.main()
