#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What listen and connect cost beside nc, ncat, socat and iperf3: one run, taken in turns, medians.

    tests/bench/stream.py [--tcpbox PATH] [--rounds 5] [--gib 1] [--only NAME]...

Everything is on loopback and bounded. Peers that are not installed are left out. Many idle clients: many_clients.py.
"""

import argparse
import contextlib
import json
import os
import pathlib
import resource
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
NULL = subprocess.DEVNULL
PATIENCE = 120


def free_port():
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_listening(port, process):
    wanted = {f"0100007F:{port:04X}", f"00000000:{port:04X}"}
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[1] in wanted and fields[3] == "0A":
                return
        time.sleep(0.002)
    raise SystemExit(f"{process.args} does not listen")


class Tools:
    """The command lines of each tool; {} is the port."""

    def __init__(self, tcpbox, scratch):
        certificate = self.certificate(scratch)
        self.pairs = {
            "tcpbox": ([tcpbox, "listen", "127.0.0.1:{}"], [tcpbox, "connect", "127.0.0.1:{}"]),
            "nc": (["nc", "-l", "-N", "127.0.0.1", "{}"], ["nc", "-N", "127.0.0.1", "{}"]),
            "ncat": (["ncat", "-l", "127.0.0.1", "{}"], ["ncat", "127.0.0.1", "{}"]),
            "socat": (["socat", "-u", "TCP-LISTEN:{},bind=127.0.0.1,reuseaddr", "-"],
                      ["socat", "-u", "-", "TCP:127.0.0.1:{}"]),
            "socat -b 131072": (["socat", "-u", "-b", "131072", "TCP-LISTEN:{},bind=127.0.0.1,reuseaddr", "-"],
                                ["socat", "-u", "-b", "131072", "-", "TCP:127.0.0.1:{}"]),
        }
        self.both_ways = {
            **{name: self.pairs[name] for name in ("tcpbox", "nc", "ncat")},
            "socat": (["socat", "TCP-LISTEN:{},bind=127.0.0.1,reuseaddr", "-"], ["socat", "-", "TCP:127.0.0.1:{}"]),
        }
        self.tls = {
            "tcpbox": ([tcpbox, "listen", "--tls", "--tls-cert", certificate, "127.0.0.1:{}"],
                       [tcpbox, "connect", "--tls", "--tls-insecure", "127.0.0.1:{}"]),
            "ncat": (["ncat", "-l", "--recv-only", "--ssl", "--ssl-cert", certificate, "--ssl-key", certificate,
                      "127.0.0.1", "{}"],
                     ["ncat", "--send-only", "--ssl", "127.0.0.1", "{}"]),
        }
        self.keep_open = {
            "tcpbox": [tcpbox, "listen", "-k", "--recv-only", "127.0.0.1:{}"],
            "ncat": ["ncat", "-l", "-k", "--recv-only", "127.0.0.1", "{}"],
        }
        self.forward = {
            "tcpbox": [tcpbox, "listen", "-k", "127.0.0.1:{}", "--forward", "127.0.0.1:{target}"],
            "socat": ["socat", "TCP-LISTEN:{},bind=127.0.0.1,reuseaddr,fork,backlog=4096", "TCP:127.0.0.1:{target}"],
        }

    @staticmethod
    def certificate(scratch):
        path = scratch / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=localhost", "-days", "2", "-keyout", path, "-out", scratch / "cert.pem"],
                       check=True, capture_output=True)
        path.write_bytes(path.read_bytes() + (scratch / "cert.pem").read_bytes())
        return str(path)


def words(argv, port, target=""):
    return [word.replace("{}", str(port)).replace("{target}", str(target)) for word in argv]


def installed(table):
    return {name: argv for name, argv in table.items()
            if shutil.which(argv[0] if isinstance(argv[0], str) else argv[0][0])}


def finish(process):
    """CPU seconds."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def end(process):
    if process.poll() is None:
        process.terminate()
    process.wait()


class Throughput:
    """MB/s and CPU seconds per GiB of both ends together."""

    def __init__(self, table, source, sink, payload, gib):
        self.table, self.source, self.sink, self.payload, self.gib = installed(table), source, sink, payload, gib

    def once(self, name):
        listen, connect = self.table[name]
        port = free_port()
        feeder = subprocess.Popen(["cat", self.payload], stdout=subprocess.PIPE) if self.source == "pipe" else None
        drain = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=NULL) if self.sink == "pipe" else None
        server = subprocess.Popen(words(listen, port), stdin=NULL, stdout=drain.stdin if drain else NULL,
                                  stderr=subprocess.PIPE)
        wait_listening(port, server)
        with open(self.payload, "rb") as file:
            start = time.monotonic()
            client = subprocess.Popen(words(connect, port), stdin=feeder.stdout if feeder else file, stdout=NULL,
                                      stderr=subprocess.PIPE)
            cpu = finish(server)
            took = time.monotonic() - start
        cpu += finish(client)
        for helper in (feeder, drain):
            for stream in (helper.stdin, helper.stdout) if helper else ():
                if stream:
                    stream.close()
            if helper:
                helper.wait()
        return self.gib * 1024**3 / took / 1e6, cpu / self.gib

    columns = ("MB/s", "CPU s/GiB")


class RoundTrips:
    """All tools' conversations stand at once and talk in turns of a few milliseconds, so that what else the machine does
    meets them alike: they differ by less than it does from one second to the next."""

    columns = ("1/s", "µs each")
    TURNS, COUNT = 40, 500

    def __init__(self, table):
        self.table = installed(table)

    def once_each(self):
        talks = {name: self.start(*commands) for name, commands in self.table.items()}
        took = {name: 0.0 for name in talks}
        for _ in range(self.TURNS):
            for name, processes in talks.items():
                took[name] += self.talk(*processes)
        for server, client in talks.values():
            for process in (client, server):
                process.stdin.close()
                end(process)
                process.stdout.close()
        trips = self.TURNS * self.COUNT
        return {name: (trips / seconds, seconds / trips * 1e6) for name, seconds in took.items()}

    @staticmethod
    def start(listen, connect):
        port = free_port()
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": NULL}
        server = subprocess.Popen(words(listen, port), **pipes)
        wait_listening(port, server)
        return server, subprocess.Popen(words(connect, port), **pipes)

    def talk(self, server, client):
        out, back = client.stdin.fileno(), client.stdout.fileno()
        there, reply = server.stdout.fileno(), server.stdin.fileno()
        start = time.monotonic()
        for _ in range(self.COUNT):
            os.write(out, b"x")
            os.read(there, 1)
            os.write(reply, b"y")
            os.read(back, 1)
        return time.monotonic() - start


class Accepts:
    """From the first connection until the last one's byte came out. Whose queue is too short for so many at a time loses
    some. Fewer than there are ephemeral ports, which are not free again for a minute."""

    columns = ("1/s", "CPU µs each", "lost")
    COUNT = 5000

    def __init__(self, table, load, flight):
        self.table, self.load, self.flight = installed(table), load, flight

    def once(self, name):
        port = free_port()
        server = subprocess.Popen(words(self.table[name], port), stdin=NULL,
                                  stdout=subprocess.PIPE, stderr=NULL)
        wait_listening(port, server)
        before = cpu_seconds(server.pid)
        start = last = time.monotonic()
        client = subprocess.Popen([self.load, "knock", str(port), str(self.COUNT), str(self.flight)])
        served = 0
        while served < self.COUNT:
            if select.select([server.stdout], [], [], 1)[0]:
                got = len(os.read(server.stdout.fileno(), 65536))
                if not got:
                    raise SystemExit(f"{name} ended early")
                served += got
                last = time.monotonic()
            elif client.poll() is not None or time.monotonic() - last > PATIENCE / 8:
                break
        cpu = cpu_seconds(server.pid) - before
        end(client)
        end(server)
        server.stdout.close()
        return served / (last - start), cpu / served * 1e6, self.COUNT - served


def cpu_seconds(pid):
    """In nanosecond steps, unlike /proc/PID/stat."""
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


class Memory:
    """MiB of one process, or of several together: proportional set size, what is nobody else's, what is no file's."""

    KEYS = {"Pss": 0, "Private_Clean": 1, "Private_Dirty": 1, "Pss_Anon": 2}

    def __init__(self, *pids):
        self.values = [0.0, 0.0, 0.0]
        for pid in pids:
            try:
                lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:  # gone meanwhile
                continue
            for line in lines:
                key, _, rest = line.partition(":")
                if key in self.KEYS:
                    self.values[self.KEYS[key]] += int(rest.split()[0]) / 1024


def family(pid):
    """A process and its children."""
    try:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(child for each in children for child in family(int(each)))]


def established_to(port):
    want = f"0100007F:{port:04X}"
    rows = (line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:])
    return sum(1 for fields in rows if fields[2] == want and fields[3] == "01")


class Forward:
    """Many connections at once through a forwarder; memory is that of all its processes while all of them stand, after
    as many have passed. What the connections add to an idle program is the last column."""

    columns = ("MB/s", "PSS MiB", "private", "anonymous", "anon. added")
    CONNECTIONS = 1000
    BYTES = 1 << 20

    def __init__(self, table, load):
        self.table, self.load = installed(table), load

    def once(self, name):
        port, target = free_port(), free_port()
        sink = subprocess.Popen([self.load, "sink", str(target)])
        wait_listening(target, sink)
        server = subprocess.Popen(words(self.table[name], port, target), stdin=NULL, stdout=NULL, stderr=NULL)
        wait_listening(port, server)
        idle = Memory(server.pid).values[2]
        start = time.monotonic()
        pushed = subprocess.run([self.load, "push", str(port), str(self.CONNECTIONS), str(self.BYTES)], check=False)
        took = time.monotonic() - start
        most = self.memory_with_all(server, port, target)
        end(server)
        end(sink)
        if pushed.returncode:
            raise SystemExit(f"{name}: a connection failed")
        return self.CONNECTIONS * self.BYTES / took / 1e6, *most, most[2] - idle

    def memory_with_all(self, server, port, target):
        with contextlib.ExitStack() as connections:
            for _ in range(self.CONNECTIONS):
                connections.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE)).sendall(b"x")
            give_up = time.monotonic() + PATIENCE
            while established_to(target) < self.CONNECTIONS:
                if time.monotonic() > give_up:
                    raise SystemExit(f"{server.args[0]} does not forward {self.CONNECTIONS} connections at once")
                time.sleep(0.05)
            return Memory(*family(server.pid)).values


class Iperf3:
    columns = ("MB/s", "CPU s/GiB")

    def __init__(self):
        self.table = {"iperf3": "iperf3"} if shutil.which("iperf3") else {}

    def once(self, _):
        port = free_port()
        server = subprocess.Popen(["iperf3", "-s", "-1", "-p", str(port), "-B", "127.0.0.1"], stdout=NULL)
        wait_listening(port, server)
        report = subprocess.run(["iperf3", "-c", "127.0.0.1", "-p", str(port), "-t", "2", "-J"], capture_output=True,
                                check=True)
        server.wait()
        return json.loads(report.stdout)["end"]["sum_received"]["bits_per_second"] / 8e6, float("nan")


def compile_load(scratch):
    load = scratch / "stream_load"
    subprocess.run([os.environ.get("CXX", "g++"), "-std=c++20", "-O2", "-o", load,
                    ROOT / "tests" / "bench" / "stream_load.cpp"], check=True)
    return str(load)


def once_each(bench):
    if hasattr(bench, "once_each"):
        return bench.once_each().items()
    return ((name, bench.once(name)) for name in bench.table)


def measure(title, bench, rounds):
    print(f"\n{title}")
    print(f"  {'':18}" + "".join(f"{column:>13}" for column in bench.columns))
    taken = {name: [] for name in bench.table}
    for _ in range(rounds):
        for name, row in once_each(bench):
            taken[name].append(row)
    for name, rows in taken.items():
        medians = [statistics.median(column) for column in zip(*rows)]
        print(f"  {name:18}" + "".join(f"{value:13.2f}" for value in medians), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tcpbox", default=str(ROOT / "build" / "release" / "cmd" / "tcpbox"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gib", type=int, default=1)
    parser.add_argument("--only", action="append", default=[])
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(dir="/dev/shm" if pathlib.Path("/dev/shm").is_dir() else None) as scratch:
        scratch = pathlib.Path(scratch)
        tools, load = Tools(options.tcpbox, scratch), compile_load(scratch)
        payload = scratch / "payload"
        with payload.open("wb") as file:
            file.truncate(0)
            for _ in range(options.gib * 16):
                file.write(os.urandom(1 << 20) * 64)
        benches = {
            "file": ("file -> TCP -> /dev/null", Throughput(tools.pairs, "file", "null", payload, options.gib)),
            "pipe": ("pipe -> TCP -> pipe", Throughput(tools.pairs, "pipe", "pipe", payload, options.gib)),
            "iperf3": ("one stream, the limit", Iperf3()),
            "tls": ("file -> TLS -> /dev/null", Throughput(tools.tls, "file", "null", payload, options.gib)),
            "roundtrip": ("1-byte round trips through both", RoundTrips(tools.both_ways)),
            "accept": [("accepts, 32 in flight", Accepts(tools.keep_open, load, 32)),
                       ("accepts, 8 in flight (ncat's backlog is 10)", Accepts(tools.keep_open, load, 8))],
            "forward": ("1,000 connections forwarded, 1 MiB each", Forward(tools.forward, load)),
        }
        unknown = set(options.only) - set(benches)
        if unknown:
            parser.error(f"--only: {', '.join(sorted(unknown))}; there are {', '.join(benches)}")
        for name, rows in benches.items():
            for title, bench in rows if isinstance(rows, list) else [rows]:
                if not options.only or name in options.only:
                    measure(title, bench, options.rounds)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
