# SPDX-License-Identifier: MIT
"""The hub of listen (broker, chat, services) and the limits at its door, against nc, ncat, socat and kernel sockets."""

import json
import os
import pathlib
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lab
import schema
from lab.process import wait_for
from lab.stream import PATIENCE, StreamCase, digest

lab.require("nc", "ncat", "socat")

PIECE = os.urandom(1 << 20)
SERVICES = ("echo", "discard", "chargen", "daytime")


def read_all(client):
    return b"".join(iter(lambda: client.recv(1 << 20), b""))


def read_exactly(client, size):
    data = b""
    while len(data) < size:
        some = client.recv(size - len(data))
        if not some:
            break
        data += some
    return data


class HubCase(StreamCase):
    def assertReset(self, listener, source=None, address="127.0.0.1"):
        """The reset may come before connect(2) returns."""
        with self.assertRaises(ConnectionResetError):
            self.client(listener, source, address).recv(1)

    def hub(self, *words, **popen):
        """A listener whose events are read line by line."""
        return self.with_events(self.listen("--ndjson", *words, stdin=subprocess.DEVNULL, **popen))

    @staticmethod
    def with_events(listener):
        listener.lines = []
        return listener

    def event(self, listener, kind, **fields):
        """The next event of a kind; those before it are passed over."""
        for line in listener.stderr:
            listener.lines.append(line)
            event = json.loads(line)
            if event["type"] == kind and all(event[key] == value for key, value in fields.items()):
                return event
        self.fail(f"no event {kind} {fields}")

    def stop(self, listener, number=signal.SIGTERM):
        listener.send_signal(number)
        self.assertEqual(listener.wait(PATIENCE), -number)


class Broker(HubCase):
    def test_everybody_hears_what_the_others_say(self):
        hub = self.hub("--broker")
        first = self.client(hub)
        nc = self.start("nc", "127.0.0.1", hub.ports[0])
        ncat = self.start("ncat", "127.0.0.1", hub.ports[0])
        for count in range(3):
            self.event(hub, "connected", id=count + 1)
        first.sendall(b"hello\n")
        for peer in (nc, ncat):
            self.assertEqual(peer.stdout.readline(), b"hello\n")
        nc.stdin.write(b"nc here\n")
        nc.stdin.flush()
        self.assertEqual(ncat.stdout.readline(), b"nc here\n")
        self.assertEqual(read_exactly(first, 8), b"nc here\n")
        first.shutdown(socket.SHUT_WR)
        self.assertEqual(read_all(first), b"")
        closed = self.event(hub, "closed", id=1)
        self.assertEqual((closed["reason"], closed["received_bytes"], closed["sent_bytes"]), ("finished", 6, 8))
        self.stop(hub)
        self.assertEqual({self.event(hub, "closed")["reason"] for _ in range(2)}, {"interrupted"})
        self.assertEqual(self.event(hub, "summary")["connections"], 3)

    def test_40_mib_reach_the_others_past_a_stuck_client(self):
        hub = self.hub("--broker", "--stuck-timeout", "4")
        self.client(hub)
        readers = [self.client(hub) for _ in range(2)]
        sender = self.client(hub)
        self.event(hub, "connected", id=4)
        sums = {}

        def read(reader):
            sums[reader] = digest(read_exactly(reader, 40 << 20))
        threads = [threading.Thread(target=read, args=[reader]) for reader in readers]
        for thread in threads:
            thread.start()
        for _ in range(40):
            sender.sendall(PIECE)
        for thread in threads:
            thread.join(PATIENCE)
        want = digest(PIECE * 40)
        self.assertEqual([sums.get(reader) for reader in readers], [want, want])
        warning = self.event(hub, "warning")
        self.assertIn("reads too slowly", warning["message"])
        closed = self.event(hub, "closed", id=1)
        self.assertEqual(closed["reason"], "connection_failed")
        self.assertIn("takes nothing any more and was dropped", closed["error"])
        self.assertLess(closed["duration_us"], 28e6, "that is sooner than by default")
        self.stop(hub)
        rest = [json.loads(line) for line in hub.stderr]
        self.assertEqual([event for event in rest if event["type"] == "warning"], [])

    def test_a_small_queue_is_bounded(self):
        hub = self.hub("--broker", "--queue", "64KiB")
        self.client(hub)
        sender = self.client(hub)
        self.event(hub, "connected", id=2)
        for _ in range(64):
            sender.sendall(PIECE)
        self.event(hub, "warning")
        status = pathlib.Path(f"/proc/{hub.pid}/status").read_text()
        peak = int(re.search(r"VmRSS:\s+(\d+)", status)[1])
        if "asan" not in pathlib.Path(f"/proc/{hub.pid}/maps").read_text():
            self.assertLess(peak, 40 << 10)

    def test_a_large_queue_keeps_everything_for_who_comes_back(self):
        hub = self.hub("--broker", "--queue", "256MiB")
        slow, sender = self.client(hub), self.client(hub)
        self.event(hub, "connected", id=2)
        for _ in range(48):
            sender.sendall(PIECE)
        sender.shutdown(socket.SHUT_WR)
        self.assertEqual(read_all(sender), b"")
        self.assertEqual(digest(read_exactly(slow, 48 << 20)), digest(PIECE * 48))
        self.stop(hub)
        self.assertEqual([line for line in hub.stderr if b'"warning"' in line], [])

    def test_no_idle_client_stays(self):
        hub = self.hub("--broker", "--idle-timeout", "300ms")
        client = self.client(hub)
        self.assertEqual(read_all(client), b"")
        closed = self.event(hub, "closed")
        self.assertEqual((closed["reason"], closed["id"]), ("idle", 1))


class Chat(HubCase):
    def test_between_nc_ncat_and_socat(self):
        hub = self.hub("--chat")
        peers = []
        for argv in (["nc"], ["ncat"], ["socat", "-t60", "-"]):
            where = [f"TCP:127.0.0.1:{hub.ports[0]}"] if argv[0] == "socat" else ["127.0.0.1", hub.ports[0]]
            peers.append(self.start(*argv, *where))
            number = len(peers)
            self.assertEqual(peers[-1].stdout.readline(), b"* you are user%d; others here: %d\n" % (number, number - 1))
            for other in peers[:-1]:
                self.assertEqual(other.stdout.readline(), b"* user%d joined\n" % number)
        nc, ncat, socat = peers
        nc.stdin.write(b"half a ")
        nc.stdin.flush()
        ncat.stdin.write(b"one\ntwo\x1b[2J\xff\n")
        ncat.stdin.flush()
        for peer in (nc, socat):
            self.assertEqual(peer.stdout.readline(), b"<user2> one\n")
            self.assertEqual(peer.stdout.readline(), b"<user2> two\\x1b[2J\xef\xbf\xbd\n")
        nc.stdin.write(b"line\n")
        nc.stdin.flush()
        for peer in (ncat, socat):
            self.assertEqual(peer.stdout.readline(), b"<user1> half a line\n")
        socat.stdin.write(b"unfinished")
        socat.stdin.close()
        for peer in (nc, ncat):
            self.assertEqual(peer.stdout.readline(), b"<user3> unfinished\n")
            self.assertEqual(peer.stdout.readline(), b"* user3 left\n")
        self.assertEqual(socat.wait(PATIENCE), 0)

    def test_a_line_is_bounded(self):
        hub = self.hub("--chat")
        reader, writer = self.client(hub), self.client(hub)
        lines = reader.makefile("rb")
        lines.readline(), lines.readline()
        writer.sendall(b"x" * 3000 + b"\n")
        self.assertEqual([len(lines.readline()) for _ in range(3)],
                         [len("<user2> \n") + size for size in (1024, 1024, 952)])


class Services(HubCase):
    def test_echo_returns_everything_and_then_the_end(self):
        hub = self.hub("-k", "--serve", "echo")
        with open(self.scratch / "data", "wb") as file:
            file.write(PIECE * 8)
        with open(self.scratch / "data", "rb") as file:
            nc = self.run_for("nc", "-N", "127.0.0.1", hub.ports[0], stdin=file)
        self.assertEqual(digest(nc.stdout), digest(PIECE * 8))
        socat = self.run_for("socat", "-t60", "-", f"TCP:127.0.0.1:{hub.ports[0]}", input=b"hello")
        self.assertEqual(socat.stdout, b"hello")
        closed = self.event(hub, "closed", id=2)
        self.assertEqual((closed["reason"], closed["received_bytes"], closed["sent_bytes"]), ("finished", 5, 5))

    def test_echo_stops_reading_while_nobody_reads_it(self):
        hub = self.hub("--serve", "echo")
        client = self.client(hub)
        client.setblocking(False)
        sent = 0
        while select.select([], [client], [], 1)[1]:
            sent += client.send(PIECE)
            self.assertLess(sent, 256 << 20, "it must stop reading")
        client.setblocking(True)
        client.settimeout(PATIENCE)
        threading.Thread(target=client.shutdown, args=[socket.SHUT_WR]).start()
        self.assertEqual(len(read_all(client)), sent)
        self.assertEqual(hub.wait(PATIENCE), 0)

    def test_discard(self):
        hub = self.hub("--serve", "discard")
        client = self.client(hub)
        for _ in range(8):
            client.sendall(PIECE)
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(read_all(client), b"")
        self.assertEqual(hub.wait(PATIENCE), 0)
        self.assertEqual(self.event(hub, "closed")["received_bytes"], 8 << 20)

    def test_chargen(self):
        printing = bytes(range(32, 127))
        want = b"".join((printing * 2)[line:line + 72] + b"\r\n" for line in range(95))
        hub = self.hub("-k", "--serve", "chargen")
        client = self.client(hub)
        client.sendall(b"is thrown away")
        got = read_exactly(client, 4 << 20)
        self.assertEqual(digest(got), digest((want * (len(got) // len(want) + 1))[:len(got)]))
        client.close()
        self.assertEqual(self.event(hub, "closed", id=1)["reason"], "finished")
        nc = self.start("nc", "127.0.0.1", hub.ports[0], stdin=subprocess.DEVNULL)
        self.assertEqual(nc.stdout.read(len(want)), want)

    def test_daytime(self):
        hub = self.hub("-k", "--serve", "daytime")
        line = re.compile(rb"\w+day, \w+ \d\d, 2\d{3} \d\d:\d\d:\d\d-UTC\r\n")
        for argv in (["nc", "-N"], ["ncat"]):
            peer = self.run_for(*argv, "127.0.0.1", hub.ports[0], stdin=subprocess.DEVNULL)
            self.assertRegex(peer.stdout, line)
        silent = self.client(hub)
        self.assertRegex(read_all(silent), line)
        self.event(hub, "closed", id=3)  # although it says nothing

    def test_one_client_without_keep_open(self):
        hub = self.hub("--serve", "daytime")
        self.assertTrue(read_all(self.client(hub)).endswith(b"-UTC\r\n"))
        self.assertEqual(hub.wait(PATIENCE), 0)
        hub = self.hub("--serve", "echo")
        client = self.client(hub)
        self.event(hub, "connected")
        with self.assertRaises(ConnectionRefusedError):
            self.client(hub)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        self.assertEqual(hub.wait(PATIENCE), 3)

    def test_it_ends_when_nobody_comes_and_nobody_is_there(self):
        hub = self.hub("-k", "--serve", "echo", "--accept-timeout", "300ms")
        client = self.client(hub)
        time.sleep(0.6)  # what is tested: nobody else comes for twice as long
        client.sendall(b"x")
        self.assertEqual(client.recv(1), b"x")
        client.close()
        self.assertEqual(hub.wait(PATIENCE), 0)

    def test_standard_input_is_left_alone(self):
        reader, writer = os.pipe()
        os.write(writer, b"kept")
        os.close(writer)
        hub = self.listen("--serve", "discard", stdin=reader)
        client = self.client(hub)
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(read_all(client), b"")
        hub.wait(PATIENCE)
        self.assertEqual(os.read(reader, 100), b"kept")
        os.close(reader)


class Many(HubCase):
    def test_2000_idle_clients(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        # The soft limit of a login is too small for that: it is raised.
        hub = self.hub("--broker", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard)))
        clients = [self.client(hub) for _ in range(2000)]
        self.event(hub, "connected", id=2000)
        clients[0].sendall(b"hello")
        for client in clients[1:]:
            self.assertEqual(read_exactly(client, 5), b"hello")
        for client in clients:
            client.close()
        for _ in clients:
            self.event(hub, "closed")

    def test_no_descriptors_left(self):
        limit = 24
        hub = self.hub("-k", "--serve", "echo",
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
        clients = [self.client(hub) for _ in range(limit)]
        self.assertIn("Too many open files", self.event(hub, "warning")["message"])
        before, started = self.cpu_seconds(hub), time.monotonic()
        clients[0].sendall(b"still here")
        self.assertEqual(read_exactly(clients[0], 10), b"still here")
        time.sleep(1)  # what is tested: how much it works meanwhile
        self.assertLess((self.cpu_seconds(hub) - before) / (time.monotonic() - started), 0.05)
        for client in clients[:-1]:
            client.close()
        clients[-1].sendall(b"served at last")
        self.assertEqual(read_exactly(clients[-1], 14), b"served at last")
        self.stop(hub)
        self.assertEqual([line for line in hub.stderr if b'"warning"' in line], [])

    def test_no_descriptors_left_and_refused(self):
        limit = 24
        hub = self.hub("-k", "--serve", "echo", "--max-connections", "1000", "--when-full", "refuse",
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
        clients = [self.client(hub)]
        with self.assertRaises(ConnectionResetError):
            for _ in range(limit):
                clients.append(self.client(hub))
                clients[-1].sendall(b"x")
                self.assertEqual(read_exactly(clients[-1], 1), b"x")
        clients[0].sendall(b"still here")
        self.assertEqual(read_exactly(clients[0], 10), b"still here")
        self.assertEqual(self.event(hub, "rejected")["reason"], "full")

    @staticmethod
    def cpu_seconds(process):
        fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Door(HubCase):
    def test_the_next_one_waits(self):
        for words in (["--serve", "echo"], []):
            with self.subTest(words=words):
                hub = self.hub("-k", "--max-connections", "1", *words, stdout=subprocess.PIPE)
                first, second = self.client(hub), self.client(hub)
                first.sendall(b"1")
                second.sendall(b"2")
                self.event(hub, "connected", id=1)
                first.shutdown(socket.SHUT_WR)
                self.event(hub, "closed", id=1)
                self.event(hub, "connected", id=2)
                self.stop(hub)

    def test_the_next_one_is_refused(self):
        hub = self.hub("-k", "--serve", "echo", "--max-connections", "2", "--when-full", "refuse")
        first, second = self.client(hub), self.client(hub)
        self.event(hub, "connected", id=2)
        self.assertReset(hub)
        self.assertEqual(self.event(hub, "rejected")["reason"], "full")
        first.close()
        self.event(hub, "closed", id=1)
        third = self.client(hub)
        third.sendall(b"x")
        self.assertEqual(third.recv(1), b"x")
        self.stop(hub)
        summary = self.event(hub, "summary")
        self.assertEqual((summary["connections"], summary["rejected"]), (3, 1))
        schema.validate_ndjson(b"".join(hub.lines).decode(), "listen")

    def test_so_many_from_one_address(self):
        hub = self.hub("--broker", "--max-per-host", "1")
        first = self.client(hub, "127.0.0.2")
        self.event(hub, "connected", id=1)
        self.assertReset(hub, "127.0.0.2")
        self.assertEqual(self.event(hub, "rejected")["reason"], "too_many_from_host")
        self.client(hub, "127.0.0.3")
        self.event(hub, "connected", id=2)
        first.close()
        self.event(hub, "closed", id=1)
        self.client(hub, "127.0.0.2")
        self.event(hub, "connected", id=3)

    def test_allowed_and_denied(self):
        hub = self.hub("-k", "--serve", "echo", "--allow", "127.0.0.0/29", "--allow", "127.0.1.1-127.0.1.9",
                       "--deny", "127.0.0.3")
        for source, served in (("127.0.0.2", True), ("127.0.0.3", False), ("127.0.0.9", False), ("127.0.1.9", True)):
            with self.subTest(source=source):
                if served:
                    client = self.client(hub, source)
                    client.sendall(b"x")
                    self.assertEqual(client.recv(1), b"x")
                else:
                    self.assertReset(hub, source)
                    event = self.event(hub, "rejected")
                    self.assertEqual((event["remote_address"], event["reason"]), (source, "denied"))

    def test_a_denied_client_is_not_the_first(self):
        listener = self.listen("-v", "--deny", "127.0.0.2")
        self.assertReset(listener, "127.0.0.2")
        client = self.client(listener)
        client.sendall(b"hello")
        client.shutdown(socket.SHUT_WR)
        out, err = self.ends(listener, 0, b"")
        self.assertEqual(out, b"hello")
        self.assertRegex(err, rb"rejected 127\.0\.0\.2:\d+: denied\n")

    def test_an_ipv4_client_of_an_ipv6_socket(self):
        hub = self.hub("-k", "--serve", "echo", "--deny", "127.0.0.2", "--allow", "127.0.0.0/8", address="0")
        self.assertTrue(hub.ready[0].startswith("[::]"), hub.ready)
        self.assertReset(hub, "127.0.0.2")
        client = self.client(hub, "127.0.0.4")
        client.sendall(b"x")
        self.assertEqual(client.recv(1), b"x")
        self.assertReset(hub, address="::1")

    def test_a_file_is_read_again(self):
        rules = self.scratch / "rules"
        rules.write_text("# nobody else\n127.0.0.2 # one\n")
        hub = self.hub("-k", "--serve", "echo", "--allow", f"@{rules}")
        self.assertReset(hub, "127.0.0.3")
        self.event(hub, "rejected")
        rules.write_text("127.0.0.3\n")
        hub.send_signal(signal.SIGHUP)

        def is_served():
            try:
                client = self.client(hub, "127.0.0.3")
                client.sendall(b"x")
                return client.recv(1) == b"x"
            except OSError:
                return False
        wait_for(is_served, "the new list")
        self.assertReset(hub, "127.0.0.2")
        rules.write_text("127.0.0.2\nnonsense\n")
        hub.send_signal(signal.SIGHUP)
        warning = self.event(hub, "warning")["message"]
        self.assertIn(f"{rules} line 2: address 'nonsense'", warning)
        self.assertIn("the list stays as it was", warning)
        self.assertTrue(is_served())
        self.stop(hub)

    def test_without_files_a_hangup_ends_it(self):
        hub = self.hub("-k", "--serve", "echo", "--allow", "127.0.0.1")
        self.stop(hub, signal.SIGHUP)

    def test_two_processes_share_a_port(self):
        first = self.hub("-k", "--serve", "echo", "--reuse-port")
        second = self.hub("-k", "--serve", "echo", "--reuse-port", address=f"127.0.0.1:{first.ports[0]}")
        self.assertEqual(second.ports, first.ports)
        third = self.run_for(self.tcpbox, "listen", f"127.0.0.1:{first.ports[0]}", stdin=subprocess.DEVNULL)
        self.assertEqual(third.returncode, 3)
        self.assertIn(b"Address already in use", third.stderr)


# What systemd does: the sockets become descriptors 3 and on, and the variables name them.
LAUNCHER = """
import os, sys
count, pid, *argv = sys.argv[1:]
os.environ["LISTEN_FDS"] = count
os.environ["LISTEN_PID"] = str(os.getpid()) if pid == "self" else pid
os.environ["LISTEN_FDNAMES"] = "a:b"
os.execv(argv[0], argv)
"""


class Inherited(HubCase):
    def launch(self, sockets, *words, pid="self", count=None):
        wanted = [os.dup(each.fileno()) for each in sockets]

        def place():
            high = [os.dup2(fd, 100 + i) for i, fd in enumerate(wanted)]
            for i, fd in enumerate(high):
                os.dup2(fd, 3 + i)
        process = self.start(sys.executable, "-c", LAUNCHER, len(sockets) if count is None else count, pid, self.tcpbox,
                             "listen", *words, preexec_fn=place, pass_fds=range(3, 3 + max(len(sockets), 1)),
                             stdin=subprocess.DEVNULL)
        for fd in wanted:
            os.close(fd)
        return self.with_events(process)

    def test_sockets_are_handed_over(self):
        listeners = [self.server(), self.server("::1")]
        path = self.scratch / "socket"
        local = socket.socket(socket.AF_UNIX)
        self.addCleanup(local.close)
        local.bind(str(path))
        local.listen()
        hub = self.launch([listeners[0][0], listeners[1][0], local], "-k", "--serve", "echo", "--ndjson")
        self.assertEqual([self.event(hub, "listening")["local_port"] for _ in range(2)],
                         [port for _, port in listeners])
        for address, (_, port) in zip(("127.0.0.1", "::1"), listeners):
            client = socket.create_connection((address, port), PATIENCE)
            self.addCleanup(client.close)
            client.sendall(b"x")
            self.assertEqual(client.recv(1), b"x")
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.settimeout(PATIENCE)
        client.connect(str(path))
        client.sendall(b"x")
        self.assertEqual(client.recv(1), b"x")
        self.stop(hub)

    def test_flags_are_put_back(self):
        listener, _ = self.server()
        listener.setblocking(True)
        hub = self.launch([listener], "-k", "--serve", "echo", "--ndjson")
        self.event(hub, "listening")
        self.assertFalse(os.get_blocking(listener.fileno()))
        self.stop(hub)
        self.assertTrue(os.get_blocking(listener.fileno()))

    def test_those_of_another_process_are_left_alone(self):
        listener, _ = self.server()
        _, err = self.ends(self.launch([listener], pid="1"), 2)
        self.assertIn(b"[ADDRESS:]PORT: is required", err)

    def test_what_cannot_be_taken(self):
        listener, port = self.server()
        client = socket.create_connection(("127.0.0.1", port))
        self.addCleanup(client.close)
        for sockets, count, message in (
                ([client], 1, b"LISTEN_FDS: descriptor 3: is no listening stream socket"),
                ([listener], 2, b"LISTEN_FDS: descriptor 4: is not open"),
                ([listener], "x", b"LISTEN_FDS 'x': must be a number up to 1024"),
                ([listener], 4000, b"LISTEN_FDS '4000': must be a number up to 1024")):
            with self.subTest(message=message):
                _, err = self.ends(self.launch(sockets, count=count), 2)
                self.assertIn(message, err)


class Words(HubCase):
    def test_bad_words(self):
        broken = self.scratch / "broken"
        broken.write_text("127.0.0.1\n1.2.3\n")
        for words, message in (
                (["--broker", "--chat"], "--broker, --chat and --serve: choose one of them"),
                (["--serve", "time"], "--serve 'time': must be echo, discard, chargen, daytime, file:PATH"),
                (["--queue", "1MiB"], "--queue: needs --broker or --chat"),
                (["--stuck-timeout", "1"], "--stuck-timeout: needs --broker or --chat"),
                (["--chat", "--queue", "1"], "--queue '1': must be 4KiB to 1GiB"),
                (["--chat", "--queue", "much"], "--queue: "),
                (["--chat", "--stuck-timeout", "long"], "--stuck-timeout: "),
                (["--broker", "--recv-only"], "--recv-only: is about standard input and output"),
                (["--broker", "--send-only"], "--send-only: is about standard input and output"),
                (["--max-connections", "0"], "--max-connections '0': must be a number from 1 on"),
                (["--max-per-host", "x"], "--max-per-host 'x': must be a number from 1 on"),
                (["--when-full", "queue"], "--when-full: needs --max-connections"),
                (["--max-connections", "1", "--when-full", "wait"], "--when-full 'wait': must be queue or refuse"),
                (["--allow", "host"], "--allow: address 'host': must be ADDRESS, ADDRESS/LENGTH or ADDRESS-ADDRESS"),
                (["--deny", "1.1.1.9-1.1.1.1"], "--deny: address '1.1.1.9-1.1.1.1': is reversed"),
                (["--deny", "@/nonexistent"], "--deny: read /nonexistent: No such file or directory"),
                (["--deny", f"@{broken}"], f"--deny: {broken} line 2: address '1.2.3'")):
            with self.subTest(words=words):
                ended = self.run_for(self.tcpbox, "listen", "127.0.0.1:0", *words, stdin=subprocess.DEVNULL)
                self.assertEqual(ended.returncode, 2)
                self.assertIn(message, ended.stderr.decode())


if __name__ == "__main__":
    unittest.main()
