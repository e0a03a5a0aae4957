# SPDX-License-Identifier: MIT
"""tcpbox sockets against sockets that this process has made: what it selects, how it shows it, and its recipes."""

import json
import os
import pathlib
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import recipes
import schema
from socket_states import kernel_state, waiting_in

PAGE = lab.source_dir() / "man" / "tcpbox-sockets.1"
LONG6 = "fd12:3456:789a:bcde:f012:3456:789a:bcde"
ORDINARY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]


def listener(address, port=0, backlog=10, family=socket.AF_INET):
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((address, port))
    made.listen(backlog)
    return made


def connect(server):
    client = socket.create_connection(server.getsockname()[:2])
    return client, server.accept()[0]


def set_size(terminal, lines, columns):
    import fcntl
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


class Sockets(lab.TestCase):
    """Two listeners, a full one, three connections over IPv4 and one over long IPv6 addresses."""

    def setUp(self):
        super().setUp()
        self.sockets = []
        self.addCleanup(self.close_all)
        if "fd12" not in subprocess.run(["ip", "addr"], capture_output=True, text=True, check=True).stdout:
            subprocess.run(["ip", "addr", "add", LONG6 + "/64", "dev", "lo", "nodad"], check=True)
        self.server = self.keep(listener("127.0.0.1", 8080))
        self.full = self.keep(listener("127.0.0.1", 8081, backlog=1))
        self.waiting = [self.keep(socket.create_connection(("127.0.0.1", 8081))) for _ in range(2)]
        self.pairs = []
        for _ in range(3):
            self.pairs.append(connect(self.server))
            self.sockets.extend(self.pairs[-1])
        self.server6 = self.keep(listener(LONG6, 443, family=socket.AF_INET6))
        lab.wait_for(self.can_reach, f"a route to {LONG6}")
        self.pairs.append(connect(self.server6))
        self.sockets.extend(self.pairs[-1])
        lab.wait_for(lambda: waiting_in(self.full) == len(self.waiting), "connections to wait in a queue")

    @staticmethod
    def can_reach():
        """The kernel makes the routes of a new address a little later; connecting a datagram socket sends nothing."""
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            return probe.connect_ex((LONG6, 9)) == 0

    def close_all(self):
        for one in self.sockets:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # no TIME-WAIT for the next
            one.close()

    def keep(self, made):
        self.sockets.append(made)
        return made

    def run_it(self, *words, prefix=(), **more):
        return subprocess.run([*prefix, self.lab.tcpbox, "sockets", *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False, **more)

    def rows(self, *words, **more):
        """The sockets of the answer, held against the schema."""
        return [row for row in self.report(*words, **more)["results"] if row["type"] == "socket"]

    def report(self, *words, **more):
        done = self.run_it(*words, "--json", **more)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return schema.validate(done.stdout, "sockets")

    def locals(self, *words):
        return sorted(row["local_port"] for row in self.rows(*words))

    def client_port(self, index=0):
        return self.pairs[index][0].getsockname()[1]


class Selection(Sockets):
    def test_usual(self):
        rows = self.rows()
        self.assertEqual({row["state"] for row in rows}, {"LISTEN", "ESTABLISHED"})
        self.assertEqual(len(rows), 3 + 4 + 8)  # listeners; both ends of what waits; both ends of the pairs

    def test_listening(self):
        self.assertEqual(self.locals("-l"), [443, 8080, 8081])
        self.assertEqual(self.locals("--listening", "-4"), [8080, 8081])
        self.assertEqual(self.locals("-l", "-6"), [443])

    def test_states(self):
        client, accepted = self.pairs[0]
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(accepted.recv(1), b"")
        lab.wait_for(lambda: kernel_state(client) == "FIN-WAIT-2", "the acknowledgment of the FIN")
        self.assertEqual(self.locals("--state", "close-wait"), [8080])
        self.assertEqual(self.locals("--state", "fin_wait_2,listen"), sorted([443, 8080, 8081, self.client_port()]))
        self.assertEqual(self.locals("--state", "FIN-WAIT-2", "--state", "CLOSE-WAIT"), sorted([8080, self.client_port()]))
        self.assertEqual(self.locals("state", "close-wait"), [8080])
        self.assertEqual(len(self.rows("state", "all")), 15)
        self.assertEqual(len(self.rows("--state", "connected")), 12)
        self.assertEqual(len(self.rows("--all")), 15)
        self.assertEqual(len(self.rows()), 13)
        self.assertEqual(self.run_it("--state", "fin-wait-3").returncode, 2)

    def test_bound_inactive(self):
        bound = self.keep(socket.socket())
        bound.bind(("127.0.0.1", 7777))
        rows = self.rows("--bound-inactive")
        if not rows:
            self.skipTest("this kernel does not tell bound sockets")
        self.assertEqual([row["local_port"] for row in rows], [7777])
        self.assertEqual(self.locals("state", "bound-inactive", "pid", "=", str(os.getpid())), [7777])
        self.assertNotIn(7777, self.locals())

    def test_mptcp(self):
        try:
            server = self.keep(socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262))
        except OSError:
            self.skipTest("no Multipath TCP")
        server.bind(("127.0.0.1", 9443))
        server.listen()
        rows = self.rows("-l", "--mptcp")
        self.assertEqual([(row["protocol"], row["local_port"]) for row in rows], [("mptcp", 9443)])

    def test_filters(self):
        self.assertEqual(set(self.locals(":8080")), {8080, *(self.client_port(i) for i in range(3))})
        self.assertEqual(self.locals("sport", "=", ":8081", "state", "listen"), [8081])
        self.assertEqual(len(self.rows(LONG6)), 3)
        self.assertEqual(len(self.rows("pid", "=", str(os.getpid()))), 13)  # but what waits to be accepted
        self.assertEqual(self.run_it("sport", "=", ":9").returncode, 1)
        self.assertEqual(self.run_it("sport", "=").returncode, 2)

    def test_by_rate(self):
        client, accepted = self.pairs[0]
        stop = threading.Event()

        def move():
            while not stop.is_set():
                client.send(b"x" * 1000)
                accepted.recv(1000)

        mover = threading.Thread(target=move)
        mover.start()
        try:
            done = self.run_it("--no-owner", "sent_rate > 1KB")
        finally:
            stop.set()
            mover.join()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"127.0.0.1:{self.client_port()}", done.stdout)

    def test_empty_words(self):
        for option in ("--netns", "--columns", "--sort", "--top", "--group-by", "--rates"):
            done = self.run_it(option, "")
            self.assertEqual(done.returncode, 2, option)
            self.assertIn(option, done.stderr)

    def test_what_would_not_be_heeded(self):
        for words in (("--events", "process", "x"), ("--events", "--top", "3"), ("--events", "--info"),
                      ("--summary", "--columns", "local"), ("--watch", "2s"), ("--watch", "5"), ("--group-by", "state", "--info")):
            self.assertEqual(self.run_it(*words).returncode, 2, words)

    def test_numeric(self):
        self.assertEqual(self.run_it("-n", "dst", "localhost").returncode, 2)
        self.assertEqual(self.run_it("dst", "localhost").returncode, 0)
        self.assertIn("root", self.run_it("--columns", "user").stdout)
        self.assertNotIn("root", self.run_it("-n", "--columns", "user").stdout)

    def test_explain(self):
        explained = self.report("--explain", "dport", "=", ":443", "and", "process", "ngin*")["results"]
        self.assertEqual(len(explained), 1)
        self.assertIn("443", explained[0]["kernel"])
        self.assertNotIn("ngin", explained[0]["kernel"])
        self.assertIn("ngin*", explained[0]["here"])
        self.assertTrue(explained[0]["bytecode"])
        text = self.run_it("--explain", "dport", "=", ":443").stdout
        self.assertRegex(text, r"(?m)^kernel .*443")

    def test_netns(self):
        subprocess.run(["ip", "netns", "add", "elsewhere"], check=True)
        self.addCleanup(subprocess.run, ["ip", "netns", "delete", "elsewhere"], check=True)
        subprocess.run(["ip", "-n", "elsewhere", "link", "add", "away", "type", "veth", "peer", "back"], check=True)
        code = ("import socket,time; s=socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'away'); "
                "s.bind(('0.0.0.0',6000)); s.listen(); print(flush=True); time.sleep(99)")
        with subprocess.Popen(["ip", "netns", "exec", "elsewhere", sys.executable, "-c", code],
                              stdout=subprocess.PIPE) as there:
            self.addCleanup(there.kill)
            there.stdout.readline()
            self.assertNotIn(6000, self.locals("-l"))
            for word, label in (("elsewhere", "elsewhere"), (str(there.pid), f"(elsewhere|pid {there.pid})")):
                rows = self.rows("-l", "--netns", word)
                self.assertEqual([row["local_port"] for row in rows], [6000])
                self.assertRegex(rows[0]["netns"], f"^{label}$")
                self.assertEqual(rows[0]["holders"][0]["pid"], there.pid)
            self.assertEqual(self.locals("-l", "--netns", "all"), [443, 6000, 8080, 8081])
            self.assertIn("elsewhere", self.run_it("-l", "--netns", "all").stdout)
            self.assertEqual(self.locals("-l", "--netns", "all", "netns", "=", "elsewhere"), [6000])
            self.assertEqual(self.locals("-l", "--netns", "elsewhere", "dev", "=", "away"), [6000])
            self.assertEqual(self.locals("-l", "--netns", "elsewhere", "dev", "=", "lo"), [])
            for place in ((), ("--netns", "all")):
                unknown = self.run_it("-l", *place, "dev", "=", "away")
                self.assertEqual(unknown.returncode, 2)
                self.assertIn("'away'", unknown.stderr)
            there.kill()
        self.assertIn(self.run_it("--netns", "nowhere").returncode, (2, 3))


class Records(Sockets):
    def test_owner(self):
        row = self.rows("-l", "sport", "=", ":8080")[0]
        holder = row["holders"][0]
        self.assertEqual((holder["pid"], holder["fd"], holder["user"]), (os.getpid(), self.server.fileno(), "root"))
        self.assertEqual(row["inode"], os.fstat(self.server.fileno()).st_ino)
        self.assertIsNone(self.rows("-l", "--no-owner")[0]["holders"])

    def test_queues(self):
        client, accepted = self.pairs[0]
        client.send(b"x" * 1000)
        row = self.rows("sport", "=", ":8080", "dport", "=", f":{self.client_port()}")[0]
        self.assertEqual((row["recv_queue_bytes"], row["accept_queue"]), (1000, None))
        report = self.report("-l", "sport", "=", ":8081")
        self.assertEqual(report["results"][0]["accept_queue"], {"waiting": 2, "limit": 1, "full": True})
        self.assertIn("accept queue of 127.0.0.1:8081 is full (2 of 1)", report["summary"]["warnings"])
        self.assertIn("is full (2 of 1)", self.run_it("-l").stderr)
        self.assertEqual(accepted.recv(2000), b"x" * 1000)

    def test_tcp_info(self):
        client, accepted = self.pairs[0]
        client.send(b"x" * 5000)
        accepted.recv(5000)
        row = self.rows("sport", "=", f":{self.client_port()}")[0]
        kernel = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 280)
        self.assertEqual(row["tcp_info"]["bytes_sent"], 5000)
        self.assertEqual(row["tcp_info"]["rtt_us"], struct.unpack_from("I", kernel, 68)[0])
        self.assertEqual(row["tcp_info"]["rto_us"], struct.unpack_from("I", kernel, 8)[0])
        self.assertIn("timestamps", row["tcp_info"]["options"])

    def test_ndjson(self):
        done = self.run_it("--ndjson")
        lines = schema.validate_ndjson(done.stdout, "sockets")
        self.assertEqual(len(lines), 17)

    def test_timer(self):
        client, _ = self.pairs[0]
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 77)
        timer = self.rows("sport", "=", f":{self.client_port()}")[0]["timer"]
        self.assertEqual(timer["kind"], "keepalive")
        self.assertTrue(0 < timer["expires_ms"] <= 78000, timer)

    def test_ordinary_user(self):
        done = self.run_it("-l", prefix=ORDINARY)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("127.0.0.1:8080", done.stdout)
        self.assertIn("owners of 3 sockets need root", done.stderr)
        report = self.report("-l", prefix=ORDINARY)
        self.assertEqual(report["summary"]["unknown_owners"], 3)
        self.assertGreater(report["summary"]["forbidden_processes"], 0)
        self.assertEqual(report["results"][0]["holders"], [])


class Text(Sockets):
    def in_terminal(self, *words, lines=50, columns=80, keys=(), seconds=20):
        """What the command writes on a terminal; keys are (what must have been seen, what is then pressed)."""
        master, slave = pty.openpty()
        set_size(slave, lines, columns)
        environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        with subprocess.Popen([self.lab.tcpbox, "sockets", *words], stdin=slave, stdout=slave, stderr=slave,
                              env=environment, start_new_session=True,
                              preexec_fn=lambda: __import__("fcntl").ioctl(0, termios.TIOCSCTTY, 0)) as process:
            os.close(slave)
            text, keys, deadline = "", list(keys), time.monotonic() + seconds
            mark = 0
            while time.monotonic() < deadline:
                if not select.select([master], [], [], 0.2)[0]:
                    continue
                try:
                    text += os.read(master, 65536).decode()
                except OSError:
                    break
                while keys and re.search(keys[0][0], text[mark:]):
                    mark = len(text)
                    os.write(master, keys.pop(0)[1])
            process.wait(10)
            os.close(master)
        self.assertFalse(keys, text)
        return process.returncode, text.replace("\r\n", "\n")

    def test_80_columns(self):
        code, text = self.in_terminal()
        self.assertEqual(code, 0)
        for line in text.splitlines():
            self.assertLessEqual(len(line), 80, line)
        self.assertEqual(text.count(f"[{LONG6}]:443"), 3, text)  # whole, wherever it is
        self.assertRegex(text, rf"(?m)^ESTABLISHED .*127\.0\.0\.1:8080 .*127\.0\.0\.1:{self.client_port()} .*\[{os.getpid()}\]$")

    def test_long_names(self):
        pathlib.Path("/proc/self/comm").write_text("a\x1bvery-long-na")
        self.addCleanup(pathlib.Path("/proc/self/comm").write_text, "python3")
        _, text = self.in_terminal()
        self.assertNotIn("\x1b", text)
        self.assertIn(r"a\x1bvery", text)
        self.assertIn("…", text)
        piped = self.run_it().stdout
        self.assertNotIn("…", piped)
        self.assertIn(rf"a\x1bvery-long-na[{os.getpid()}]", piped)

    def test_pipe_is_one_line_each(self):
        lines = self.run_it().stdout.splitlines()
        self.assertEqual(len(lines), 16)
        self.assertEqual({len(line.split()) for line in lines}, {6})

    def test_columns(self):
        listed = self.run_it("--columns", "list").stdout
        self.assertRegex(listed, r"(?m)^rtt +us")
        done = self.run_it("--columns", "local_port,rtt,bytes_sent,cgroup_id", "state", "established")
        self.assertEqual(done.stdout.splitlines()[0].split(), ["LOCAL-PORT", "RTT-US", "BYTES-SENT", "CGROUP-ID"])
        done = self.run_it("--columns", "min_rt")
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean 'min_rtt'?", done.stderr)

    def test_every_column(self):
        names = [line.split()[0] for line in self.run_it("--columns", "list").stdout.splitlines()[1:]]
        for first in range(0, len(names), 50):
            some = names[first:first + 50]
            done = self.run_it("--columns", ",".join(some), "-a")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(len(done.stdout.splitlines()), 16)

    def test_human_and_bare_numbers(self):
        self.pairs[0][0].send(b"x" * 30000)
        _, text = self.in_terminal("--columns", "recv_queue", ":8080")
        self.assertIn("29.3 KiB", text)
        self.assertIn("30000", self.run_it("--columns", "recv_queue", ":8080").stdout)

    def test_info(self):
        done = self.run_it("--info", "sport", "=", f":{self.client_port()}")
        self.assertRegex(done.stdout.splitlines()[2], r"^    .*  snd_mss_bytes \d+  .*  rtt_us \d+  ")
        _, text = self.in_terminal("-i")
        for line in text.splitlines():
            self.assertLessEqual(len(line), 80, line)

    def test_no_owner(self):
        done = self.run_it("--no-owner")
        self.assertNotIn("PROCESS", done.stdout)
        self.assertNotIn("python3[", done.stdout)

    def test_closed_pipe(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([self.lab.tcpbox, "sockets"], stdout=writer, stderr=subprocess.PIPE, timeout=60,
                              check=False)
        os.close(writer)
        self.assertEqual((done.returncode, done.stderr), (-signal.SIGPIPE, b""))


class Order(Sockets):
    def test_sort_and_top(self):
        ports = [row["local_port"] for row in self.rows("-l", "--sort", "local_port")]
        self.assertEqual(ports, [443, 8080, 8081])
        self.assertEqual([row["local_port"] for row in self.rows("-l", "--sort", "local_port:desc")], ports[::-1])
        self.assertEqual([row["local_port"] for row in self.rows("-l", "--sort", "local_port", "--top", "1")], [8081])
        self.assertEqual([row["local_port"] for row in self.rows("-l", "--sort", "local_port:asc", "--top", "2")],
                         [443, 8080])
        self.assertEqual(len(self.rows("--top", "4")), 4)
        self.assertEqual(self.run_it("--sort", "nothing").returncode, 2)
        self.assertEqual(self.run_it("--sort", "rtt:up").returncode, 2)
        lines = self.run_it("-l", "--sort", "local").stdout.splitlines()
        self.assertEqual([line.split()[2] for line in lines[1:]], ["127.0.0.1:8080", "127.0.0.1:8081", f"[{LONG6}]:443"])

    def test_groups(self):
        self.pairs[0][0].send(b"x" * 700)
        self.pairs[1][0].send(b"x" * 300)
        groups = {row["group"]: row for row in self.report("--group-by", "local-port")["results"]}
        self.assertEqual(groups["8080"]["sockets"], 4)
        self.assertEqual(groups["8080"]["recv_queue_bytes"], 1000)
        self.assertEqual(groups["8080"]["bytes_received"], 1000)
        states = self.report("--group-by", "state", "--sort", "group")["results"]
        self.assertEqual([(row["group"], row["sockets"]) for row in states], [("ESTABLISHED", 12), ("LISTEN", 3)])
        process = self.report("--group-by", "process", "--top", "1")["results"]
        self.assertEqual((process[0]["by"], process[0]["sockets"]), ("process", 13))
        self.assertRegex(self.run_it("--group-by", "remote").stdout, r"(?m)^127\.0\.0\.1 +10 ")
        self.assertEqual(self.run_it("--group-by", "colour").returncode, 2)
        self.assertEqual(self.run_it("--group-by", "state", "--sort", "rtt").returncode, 2)

    def test_summary(self):
        counts = self.report("--summary")["results"][0]
        self.assertEqual({row["state"]: row["sockets"] for row in counts["states"] if row["sockets"]},
                         {"LISTEN": 3, "ESTABLISHED": 12})
        # One more SYN than the full queue takes.
        late = self.keep(socket.socket())
        late.setblocking(False)
        late.connect_ex(("127.0.0.1", 8081))
        overflows = [row["value"] for row in self.report("--summary")["results"][0]["counters"]
                     if row["counter"] == "listen_overflows"]
        self.assertGreater(overflows[0], 0)
        self.assertRegex(self.run_it("--summary").stdout, r"(?m)^LISTEN +3$")


class OverTime(Sockets):
    def popen(self, *words):
        process = subprocess.Popen([self.lab.tcpbox, "sockets", *words], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def talk(self, process, pair=0):
        """Sends until the process has ended."""
        client, accepted = self.pairs[pair]
        while process.poll() is None:
            client.send(b"x" * 1000)
            accepted.recv(1000)
            time.sleep(0.001)
        return process.communicate()

    def test_rates(self):
        out, _ = self.talk(self.popen("--rates", "300ms", "--json", "--no-owner"))
        rows = {row["local_port"]: row for row in schema.validate(out, "sockets")["results"]}
        self.assertGreater(rows[self.client_port()]["rates"]["sent_bytes_per_second"], 1000)
        self.assertEqual(rows[self.client_port(1)]["rates"]["sent_bytes_per_second"], 0)
        self.assertIsNone(self.rows("--no-owner")[0]["rates"])
        out, _ = self.talk(self.popen("--rates", "100ms"))
        self.assertIn("SEND-RATE", out)
        self.assertEqual(self.run_it("--rates", "1ms").returncode, 2)

    def test_watch_in_lines(self):
        process = self.popen("--watch=50ms", "--no-owner")
        headings = 0
        while headings < 3:
            headings += process.stdout.readline().startswith("LOCAL")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, -signal.SIGINT)

    def test_watch_json(self):
        process = self.popen("--watch=50ms", "--ndjson", "sport", "=", ":8080")
        text = ""
        while text.count('"type":"round"') < 3:
            text += process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        text += process.stdout.read()
        process.wait(20)
        lines = schema.validate_ndjson(text, "sockets")
        self.assertFalse(lines[-1]["complete"])
        rounds = [line["round"] for line in lines if line["type"] == "round"]
        self.assertEqual(rounds, list(range(1, len(rounds) + 1)))
        later = [line for line in lines if line["type"] == "socket" and line["rates"] is not None]
        self.assertTrue(later)

    def test_watch_keys(self):
        code, text = Text.in_terminal(
            self, "--watch=100ms", lines=20,
            keys=[(r"by rate, highest first", b"r"), (r"by rate, lowest first", b"s"), (r"by rtt, lowest", b"\x1b[D"),
                  (r"by rate, lowest", b"/sport = :443\r"), (r"sockets?, by rate, lowest first, sport = :443", b"/(\r"),
                  (r"filter|expected|missing|end", b"q")])
        self.assertEqual(code, 0, text)
        self.assertTrue(text.rstrip().endswith("\x1b[?1049l"), text[-200:])

    def test_watch_is_interrupted(self):
        code, text = Text.in_terminal(self, "--watch=100ms", keys=[(r"q quit", b"\x03")])
        self.assertEqual(code, -signal.SIGINT)
        self.assertIn("\x1b[?1049l", text)

    def test_events(self):
        process = self.popen("--events", "--ndjson", "dport", "=", ":8080")
        self.assertIn('"type":"start"', process.stdout.readline())
        client, accepted = connect(self.server)
        port = client.getsockname()[1]
        client.send(b"x" * 1234)
        accepted.recv(2000)
        # What resets has lost its remote end when it is told as closed; what is reset has not.
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        accepted.close()
        client.close()
        text = ""
        while not re.search(rf'"closed".*"local_port":{port}\b', text):
            line = process.stdout.readline()
            if not line:
                self.fail(process.stderr.read())
            text += line
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        self.assertEqual(process.wait(20), -signal.SIGINT)
        events = [json.loads(line) for line in (text + rest).splitlines()]
        closed = [one for one in events if one["type"] == "event" and one["event"] == "closed"][0]
        self.assertEqual((closed["local_port"], closed["bytes_sent"]), (port, 1234))
        for event in events:
            schema._check(event, "sockets", "line")

    def test_events_of_an_ordinary_user(self):
        process = subprocess.Popen([*ORDINARY, self.lab.tcpbox, "sockets", "--events"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        said = process.stderr.readline()
        self.assertTrue(said.startswith("tcpbox: "), said)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


class Kill(Sockets):
    def test_needs(self):
        self.assertEqual(self.run_it("--kill").returncode, 2)
        self.assertEqual(self.run_it("--kill", "--yes").returncode, 2)
        self.assertEqual(self.run_it("--kill", "--yes", "state", "all").returncode, 2)
        self.assertEqual(self.run_it("--kill", "--yes", "src = *").returncode, 2)
        done = self.run_it("--kill", ":8080")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--yes", done.stderr)
        self.assertEqual(self.run_it("--yes", ":8080").returncode, 2)
        self.assertEqual(self.run_it("--kill", "--yes", ":9").returncode, 1)
        self.assertEqual(len(self.rows()), 15)

    def test_closes_what_is_selected(self):
        done = self.run_it("--kill", "--yes", "sport", "=", f":{self.client_port()}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"closed 127.0.0.1:{self.client_port()} - 127.0.0.1:8080", done.stdout)
        with self.assertRaises(ConnectionError):
            self.pairs[0][0].recv(1)
        self.pairs[1][0].send(b"x")
        self.assertEqual(self.pairs[1][1].recv(1), b"x")

    def test_json(self):
        report = self.report("--kill", "--yes", "sport", "=", f":{self.client_port()}")
        closing = [row for row in report["results"] if row["type"] == "closing"]
        self.assertEqual([(row["local_port"], row["closed"]) for row in closing], [(self.client_port(), True)])
        self.assertEqual(report["summary"]["closed"], 1)

    def test_asks(self):
        words = ("--kill", "sport", "=", f":{self.client_port()}")
        code, text = Text.in_terminal(self, *words, keys=[(r"close this socket\? \[y/N\]", b"n\r")])
        self.assertEqual(code, 1, text)
        self.pairs[0][0].send(b"x")
        code, text = Text.in_terminal(self, *words, keys=[(r"close this socket\? \[y/N\]", b"y\r")])
        self.assertEqual(code, 0, text)
        with self.assertRaises(ConnectionError):
            self.pairs[0][0].recv(1)

    def test_needs_privilege(self):
        done = self.run_it("--kill", "--yes", ":8080", prefix=ORDINARY)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(len(self.rows()), 15)
        done = self.run_it("--kill", "--yes", "--json", ":8080", prefix=ORDINARY)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(schema.validate(done.stdout, "sockets")["summary"]["complete"], False)


class Recipes(Sockets):
    def test_each(self):
        self.pairs[0][0].send(b"x" * 500)
        self.keep(listener("0.0.0.0", 8888))
        empty = {"What is lost on the way to one network?", "What share has been retransmitted, where any was?"}
        found = recipes.recipes(PAGE)
        self.assertGreaterEqual(sum("jq" in text for text in found.values()), 6)
        for title, text in found.items():
            with self.subTest(title):
                script = text.replace("tcpbox ", f"{self.lab.tcpbox} ", 1)
                done = subprocess.run(["bash", "-o", "pipefail", "-c", script], capture_output=True, text=True,
                                      timeout=60, check=False)
                self.assertIn(done.returncode, (0, 1) if title in empty else (0,), done.stderr)
                self.assertEqual(title in empty, not done.stdout, done.stdout)

    def test_answers(self):
        def answer(title):
            script = recipes.recipes(PAGE)[title].replace("tcpbox ", f"{self.lab.tcpbox} ", 1)
            return subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=True).stdout
        self.pairs[0][0].send(b"x" * 500)
        self.assertIn("8080 python3\n", answer("The ports that are listened on, with their processes:"))
        self.assertEqual(answer("Accept queues, the fullest first:").splitlines()[0], "8081 2/1")
        self.assertEqual(json.loads(answer("How many connections are in each state, as one object:"))["LISTEN"], 3)
        self.assertGreater(int(answer("The median round trip, in microseconds:")), 0)
        self.keep(listener("0.0.0.0", 8888))
        self.assertEqual(answer("Listeners that anybody can reach:"), "8888\n")

    def test_page_fits(self):
        for line in recipes.rendered(PAGE).splitlines():
            self.assertLessEqual(len(line), 80, line)


if __name__ == "__main__":
    lab.main()
